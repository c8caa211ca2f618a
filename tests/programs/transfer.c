/*
 * transfer: write one file into another by one way of Linux to move bytes.
 *
 *   transfer KIND FROM TO    the kinds are those of kinds[] below
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1 << 20)

static void put(int to, const char *bytes, size_t size)
{
	for (ssize_t wrote; size; bytes += wrote, size -= (size_t)wrote)
		if ((wrote = write(to, bytes, size)) < 0)
			err(1, "write");
}

static void by_read(int from, int to)
{
	static char bytes[CHUNK];
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		put(to, bytes, (size_t)got);
	if (got < 0)
		err(1, "read");
}

static void by_sendfile(int from, int to)
{
	ssize_t sent;

	while ((sent = sendfile(to, from, NULL, CHUNK)) > 0)
		;
	if (sent < 0)
		err(1, "sendfile");
}

static void by_copy_file_range(int from, int to)
{
	ssize_t copied;

	while ((copied = copy_file_range(from, NULL, to, NULL, CHUNK, 0)) > 0)
		;
	if (copied < 0)
		err(1, "copy_file_range");
}

static void by_splice(int from, int to)
{
	ssize_t in, out;
	int ends[2];

	if (pipe(ends))
		err(1, "pipe");
	while ((in = splice(from, NULL, ends[1], NULL, CHUNK, 0)) > 0)
		for (; in; in -= out)
			if ((out = splice(ends[0], NULL, to, NULL, (size_t)in, 0)) <= 0)
				err(1, "splice out");
	if (in < 0)
		err(1, "splice");
}

static void by_map(int from, int to, int flags)
{
	struct stat about;
	char *bytes;

	if (fstat(from, &about))
		err(1, "fstat");
	bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, flags, from, 0);
	if (bytes == MAP_FAILED)
		err(1, "mmap");
	/* Touch it from this program, so that a page that cannot be read is a signal. */
	char *copy = malloc((size_t)about.st_size);
	if (!copy)
		err(1, "malloc");
	memcpy(copy, bytes, (size_t)about.st_size);
	put(to, copy, (size_t)about.st_size);
}

static void by_private_map(int from, int to)
{
	by_map(from, to, MAP_PRIVATE);
}

static void by_shared_map(int from, int to)
{
	by_map(from, to, MAP_SHARED);
}

static const struct {
	const char *name;
	void (*move)(int from, int to);
} kinds[] = {
	{"read", by_read},
	{"sendfile", by_sendfile},
	{"splice", by_splice},
	{"copy_file_range", by_copy_file_range},
	{"private", by_private_map},
	{"shared", by_shared_map},
};

int main(int count, char **words)
{
	if (count != 4)
		errx(2, "usage: transfer KIND FROM TO");
	int from = open(words[2], O_RDONLY);
	if (from < 0)
		err(1, "%s", words[2]);
	int to = open(words[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (to < 0)
		err(1, "%s", words[3]);
	for (size_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++)
		if (!strcmp(kinds[n].name, words[1])) {
			kinds[n].move(from, to);
			return 0;
		}
	errx(2, "%s: no such kind", words[1]);
}
