/*
 * _fuseops: handlers that pyfuse3 lacks, added to the operations that it gives to libfuse.
 *
 * pyfuse3 tells its read and write handlers the file handle alone, and that is 0 for every
 * file once the kernel has stopped sending open. It has no handler for ioctl. And it goes
 * through its main loop for each request, which takes longer than to answer one.
 *
 * So reads, opens, releases and ioctls are answered here by calling Python directly, and while
 * requests come close upon each other they are taken without going back to the loop.
 *
 * This module defines fuse_session_new. Loaded with RTLD_GLOBAL before pyfuse3, it comes
 * first where the dynamic linker looks for that name on behalf of pyfuse3. It changes a copy
 * of the operations and calls libfuse's own fuse_session_new with it. See spec/fuseops.md.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <errno.h>
#include <linux/fuse.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FUSE_USE_VERSION 35 /* the first in which ioctl's command is unsigned */
/*
 * Both entry points are defined here whatever version the headers are of, since pyfuse3 may
 * have been built with another. Keep the headers' own declarations out of the way: the newer
 * call is absent before libfuse 3.17, where the older one becomes a macro.
 */
#define fuse_session_new_versioned declared_fuse_session_new_versioned
#include <fuse_lowlevel.h>
#undef fuse_session_new_versioned
#undef fuse_session_new

#define ALLOCINFO_IOC_BASE 0xA6

/*
 * Set in the handle of a read that fills the page cache and was left to pyfuse3, whose handler gets
 * the handle alone. Handles count up from 1, and inode numbers have 63 bits.
 */
#define TO_CACHE (1ULL << 63)

#define LINGER_NS 100000  /* how long to wait for the next request before going to the loop */
#define STAY_NS	  2000000 /* how long the loop, with all that it runs, is kept waiting */

struct libfuse_version;

typedef int receive_buf(struct fuse_session *, struct fuse_buf *);
typedef struct fuse_session *new_session(struct fuse_args *, const struct fuse_lowlevel_ops *,
					 size_t, void *);
typedef struct fuse_session *new_session_versioned(struct fuse_args *,
						   const struct fuse_lowlevel_ops *, size_t,
						   struct libfuse_version *, void *);

static struct fuse_lowlevel_ops original; /* as pyfuse3 gave them */
static receive_buf *receive;		  /* libfuse's own fuse_session_receive_buf */
static bool active;			  /* a session was made through this module */
static bool direct_io;			  /* whether open files bypass the page cache */
static bool left;			  /* a handler left the present request to pyfuse3 */
static PyObject *ioctl_handler, *read_handler, *open_handler, *release_handler;

/* Without open, the inode number takes the place of the file handle. */
static void identify(fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (fi->fh == 0)
		fi->fh = ino;
}

/* pyfuse3 has a write handler too; libfuse calls that only where there is no write_buf. */
static void write_identified(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *bufv, off_t off,
			     struct fuse_file_info *fi)
{
	identify(ino, fi);
	original.write_buf(req, ino, bufv, off, fi);
}

/* An exception is a bug in a handler: report it, as no caller can catch it. */
static void reply_bug(fuse_req_t req, PyObject *handler)
{
	PyErr_WriteUnraisable(handler);
	fuse_reply_err(req, EIO);
}

static int send_ioctl(fuse_req_t req, const char *data, size_t size)
{
	return fuse_reply_ioctl(req, 0, data, size);
}

/*
 * Drop a request that has to wait without a reply. It is processed once more, see
 * fuse_session_receive_buf(), and then goes to pyfuse3.
 */
static void leave(fuse_req_t req)
{
	left = true;
	fuse_reply_none(req);
}

/* Send the result of a handler: bytes, no more than there is room for, or an error number. */
static void reply_bytes(fuse_req_t req, PyObject *handler, PyObject *returned, size_t room,
			int (*send)(fuse_req_t, const char *, size_t))
{
	if (returned && PyLong_Check(returned)) {
		fuse_reply_err(req, (int)PyLong_AsLong(returned));
	} else if (!returned || !PyBytes_Check(returned)) {
		reply_bug(req, handler);
	} else if ((size_t)PyBytes_GET_SIZE(returned) > room) {
		PyErr_Format(PyExc_ValueError, "%zd bytes where %zu fit", PyBytes_GET_SIZE(returned), room);
		reply_bug(req, handler);
	} else {
		send(req, PyBytes_AS_STRING(returned), (size_t)PyBytes_GET_SIZE(returned));
	}
}

/*
 * Whether a read fills the page cache. Linux fills it for sendfile, splice, copy_file_range and
 * private maps even of a file that bypasses it (direct_io), and would serve these pages without
 * end. Such reads carry no lock owner; direct ones carry that of the caller (fuse_send_read() in
 * fs/fuse/file.c, as in Linux 6.18).
 */
static bool fills_page_cache(const struct fuse_file_info *fi)
{
	return fi->lock_owner == 0;
}

static void answer_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	PyGILState_STATE gil;
	PyObject *returned;

	identify(ino, fi);
	if (!read_handler || left) {
		if (left && fills_page_cache(fi))
			fi->fh |= TO_CACHE;
		left = false;
		original.read(req, ino, size, off, fi);
		return;
	}
	gil = PyGILState_Ensure();
	returned = PyObject_CallFunction(read_handler, "KLni", (unsigned long long)fi->fh,
					 (long long)off, (Py_ssize_t)size, fills_page_cache(fi));
	if (returned == Py_NotImplemented)
		leave(req);
	else
		reply_bytes(req, read_handler, returned, size, fuse_reply_buf);
	Py_XDECREF(returned);
	PyGILState_Release(gil);
}

/* Handles are above 0, so that an error number is told from one by its sign. */
static void answer_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	PyGILState_STATE gil;
	PyObject *returned;
	long long handle;

	if (!open_handler || left) {
		left = false;
		original.open(req, ino, fi);
		return;
	}
	gil = PyGILState_Ensure();
	returned = PyObject_CallFunction(open_handler, "Ki", (unsigned long long)ino, fi->flags);
	if (returned == Py_NotImplemented) {
		leave(req);
		goto out;
	}
	handle = returned ? PyLong_AsLongLong(returned) : 0;
	if (handle > 0) {
		fi->fh = (uint64_t)handle;
		fi->direct_io = direct_io;
		fi->keep_cache = !direct_io;
		fuse_reply_open(req, fi);
	} else if (PyErr_Occurred()) {
		reply_bug(req, open_handler);
	} else {
		fuse_reply_err(req, (int)-handle);
	}
out:
	Py_XDECREF(returned);
	PyGILState_Release(gil);
}

static void answer_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	PyGILState_STATE gil;
	PyObject *returned;

	if (!release_handler) {
		original.release(req, ino, fi);
		return;
	}
	gil = PyGILState_Ensure();
	returned = PyObject_CallFunction(release_handler, "K", (unsigned long long)fi->fh);
	reply_bytes(req, release_handler, returned, 0, fuse_reply_buf);
	Py_XDECREF(returned);
	PyGILState_Release(gil);
}

/* Go to Python for allocinfo's type alone: open() in Python asks each file if it is a terminal. */
static void answer_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
			 struct fuse_file_info *fi, unsigned flags, const void *in,
			 size_t in_size, size_t room)
{
	PyGILState_STATE gil;
	PyObject *returned;

	(void)arg;
	if (!ioctl_handler || _IOC_TYPE(cmd) != ALLOCINFO_IOC_BASE || flags & FUSE_IOCTL_DIR) {
		fuse_reply_err(req, ENOTTY);
		return;
	}
	gil = PyGILState_Ensure();
	returned = PyObject_CallFunction(ioctl_handler, "KKIy#", (unsigned long long)ino,
					 (unsigned long long)fi->fh, cmd, in ? in : "",
					 (Py_ssize_t)in_size);
	reply_bytes(req, ioctl_handler, returned, room, send_ioctl);
	Py_XDECREF(returned);
	PyGILState_Release(gil);
}

/*
 * Copy pyfuse3's operations and change the copy. Either side's struct may be the longer one:
 * pyfuse3's operations beyond ours are kept, those it does not know are NULL. *size becomes
 * no larger than it has to be, so that libfuse does not take itself for too old.
 */
static struct fuse_lowlevel_ops *extend(const struct fuse_lowlevel_ops *ops, size_t *size)
{
	const size_t through_ioctl = offsetof(struct fuse_lowlevel_ops, ioctl) + sizeof(ops->ioctl);
	struct fuse_lowlevel_ops *copy;

	copy = calloc(1, *size > sizeof(*copy) ? *size : sizeof(*copy));
	if (!copy)
		return NULL;
	memcpy(copy, ops, *size);
	/* From 3.17 on libfuse's own fuse_session_new calls our fuse_session_new_versioned. */
	if (copy->ioctl == answer_ioctl)
		return copy;
	if (*size < through_ioctl)
		*size = through_ioctl;
	original = *copy;
	if (copy->read)
		copy->read = answer_read;
	if (copy->open)
		copy->open = answer_open;
	if (copy->release)
		copy->release = answer_release;
	if (copy->write_buf)
		copy->write_buf = write_identified;
	copy->ioctl = answer_ioctl;
	receive = (receive_buf *)dlsym(RTLD_NEXT, "fuse_session_receive_buf");
	active = true;
	return copy;
}

struct fuse_session *fuse_session_new(struct fuse_args *args, const struct fuse_lowlevel_ops *ops,
				      size_t size, void *userdata)
{
	new_session *next = (new_session *)dlsym(RTLD_NEXT, "fuse_session_new");
	struct fuse_lowlevel_ops *extended = extend(ops, &size);
	struct fuse_session *session = NULL;

	if (next && extended)
		session = next(args, extended, size, userdata);
	free(extended); /* libfuse has a copy */
	return session;
}

struct fuse_session *fuse_session_new_versioned(struct fuse_args *args,
						const struct fuse_lowlevel_ops *ops, size_t size,
						struct libfuse_version *version, void *userdata)
{
	new_session_versioned *next =
		(new_session_versioned *)dlsym(RTLD_NEXT, "fuse_session_new_versioned");
	struct fuse_lowlevel_ops *extended = extend(ops, &size);
	struct fuse_session *session = NULL;

	if (next && extended)
		session = next(args, extended, size, version, userdata);
	free(extended);
	return session;
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Whether a request is answered in this module, so that it does not need pyfuse3's loop. */
static bool is_answered_here(const struct fuse_buf *buf, int received)
{
	const struct fuse_in_header *request = buf->mem;

	if (received < (int)sizeof(*request) || buf->flags & FUSE_BUF_IS_FD)
		return false;
	switch (request->opcode) {
	case FUSE_READ:
		return read_handler != NULL;
	case FUSE_OPEN:
		return open_handler != NULL;
	case FUSE_RELEASE:
		return release_handler != NULL;
	case FUSE_IOCTL:
		return true;
	default:
		return false;
	}
}

static bool another_comes(struct fuse_session *session)
{
	const struct timespec linger = {.tv_nsec = LINGER_NS};
	struct pollfd device = {.fd = fuse_session_fd(session), .events = POLLIN};
	bool comes;

	Py_BEGIN_ALLOW_THREADS
	comes = ppoll(&device, 1, &linger, NULL) == 1 && device.revents == POLLIN;
	Py_END_ALLOW_THREADS
	return comes;
}

/*
 * Receive a request for pyfuse3, which calls this when there is one. Those that are answered
 * here do not get there, except one that its handler left. After each, wait a little for the
 * next: a client that reads in a loop sends it at once. -EINTR, which a signal gives too, makes
 * pyfuse3 go back to its loop.
 */
int fuse_session_receive_buf(struct fuse_session *session, struct fuse_buf *buf)
{
	const long long begun = now_ns();

	do {
		int received = receive(session, buf);

		if (!is_answered_here(buf, received))
			return received;
		fuse_session_process_buf(session, buf);
		if (left)
			return received;
	} while (!fuse_session_exited(session) && now_ns() - begun < STAY_NS &&
		 another_comes(session));
	return -EINTR;
}

/* Keep a handler for good; None stands for pyfuse3's. */
static void keep(PyObject **handler, PyObject *given)
{
	PyObject *kept = given == Py_None ? NULL : given;

	Py_XINCREF(kept);
	Py_XSETREF(*handler, kept);
}

static PyObject *set_handlers(PyObject *module, PyObject *args)
{
	PyObject *on_ioctl, *on_read, *on_open, *on_release;
	int direct;

	(void)module;
	if (!PyArg_ParseTuple(args, "OOOOp", &on_ioctl, &on_read, &on_open, &on_release, &direct))
		return NULL;
	keep(&ioctl_handler, on_ioctl);
	keep(&read_handler, on_read);
	keep(&open_handler, on_open);
	keep(&release_handler, on_release);
	direct_io = direct;
	Py_RETURN_NONE;
}

static PyObject *is_active(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyBool_FromLong(active);
}

static PyMethodDef functions[] = {
	{"set_handlers", set_handlers, METH_VARARGS,
	 "Register handlers of ioctls of type 0xA6, reads, opens and releases; None: pyfuse3.\n\n"
	 "ioctl(inode, handle, command, data) and read(handle, offset, size, to_cache) return bytes or\n"
	 "an error number, open(inode, flags) a handle or the negative of one, release(handle) one.\n"
	 "A read or an open that returns NotImplemented is answered by pyfuse3.\n"
	 "The last argument tells whether open files bypass the page cache."},
	{"active", is_active, METH_NOARGS,
	 "Tell whether a session was made with the operations of this module."},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT, "_fuseops", "Handlers that pyfuse3 lacks.", -1, functions,
	NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__fuseops(void)
{
	return PyModule_Create(&definition);
}
