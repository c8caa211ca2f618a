/*
 * A minimal libfuse daemon as a baseline. It serves two files of fixed content at their paths in
 * allocfs, with the timeouts and flags of a live mount, so that a client causes the same sequence
 * of requests. It has one thread; a read neither copies nor computes.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_SIZE 224
#define RECORDS 3219
#define NAMES_VALID 60.0 /* seconds, as in allocfs */
#define FILES_VALID 10.0

static const struct node {
	const char *name;
	fuse_ino_t parent;
	size_t size; /* 0: a directory */
} nodes[] = {
	/* Node N has inode N; there is no inode 0. */
	{"", 0, 0},
	{"", 0, 0},
	{"by-file", 1, 0},
	{"arch", 2, 0},
	{"x86", 3, 0},
	{"events", 4, 0},
	{"rapl.c", 5, 2 * RECORD_SIZE},
	{"records", 1, RECORDS * RECORD_SIZE},
};

#define NODES (sizeof(nodes) / sizeof(nodes[0]))

static const char content[RECORDS * RECORD_SIZE];

static double valid(fuse_ino_t ino)
{
	return nodes[ino].size ? FILES_VALID : NAMES_VALID;
}

static struct stat describe(fuse_ino_t ino)
{
	struct stat st = {.st_ino = ino, .st_nlink = 1, .st_blksize = 4096};

	st.st_uid = getuid();
	st.st_gid = getgid();
	st.st_mode = nodes[ino].size ? S_IFREG | 0400 : S_IFDIR | 0500;
	st.st_size = (off_t)nodes[ino].size;
	return st;
}

static void baseline_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.entry_timeout = NAMES_VALID};

	for (fuse_ino_t ino = 2; ino < NODES; ino++) {
		if (nodes[ino].parent != parent || strcmp(nodes[ino].name, name))
			continue;
		entry.ino = ino;
		entry.attr = describe(ino);
		entry.attr_timeout = valid(ino);
		fuse_reply_entry(req, &entry);
		return;
	}
	fuse_reply_err(req, ENOENT);
}

static void baseline_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = describe(ino);

	(void)fi;
	fuse_reply_attr(req, &st, valid(ino));
}

static void baseline_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void baseline_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			  struct fuse_file_info *fi)
{
	size_t end = nodes[ino].size, start = (size_t)offset;

	(void)fi;
	if (start > end)
		start = end;
	if (size > end - start)
		size = end - start;
	fuse_reply_buf(req, content + start, size);
}

static void baseline_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = baseline_lookup,
	.getattr = baseline_getattr,
	.open = baseline_open,
	.read = baseline_read,
	.flush = baseline_flush,
};

/* Serve in the foreground until unmounted or signalled. */
int main(int argc, char **argv)
{
	char *options[] = {argv[0], "-o", "fsname=baseline,default_permissions,noatime"};
	struct fuse_args args = FUSE_ARGS_INIT(3, options);
	struct fuse_session *session;
	int failed = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: %s MOUNTPOINT\n", argv[0]);
		return 2;
	}
	session = fuse_session_new(&args, &operations, sizeof(operations), NULL);
	if (!session)
		return 1;
	if (!fuse_set_signal_handlers(session) && !fuse_session_mount(session, argv[1])) {
		failed = fuse_session_loop(session) < 0;
		fuse_session_unmount(session);
	}
	fuse_session_destroy(session);
	return failed;
}
