/* SPDX-License-Identifier: MIT */
/*
 * A client of the ioctls of /proc/allocinfo as the kernel documents them: it knows spec/allocfs.h
 * and nothing else of allocfs.
 *
 * Usage: allocinfo_ioctl FILE STEP...
 *
 * The steps are done in their order on one open file, and each prints a line: what it got in hex, or
 * the name of its errno. Only `all` prints as many as there are records, and the last errno.
 *
 *   id                      CONTENT_ID
 *   at:POS[,KEY=VALUE...]   GET_AT; the keys are the members of struct allocinfo_filter. Each sets
 *                           its bit of the mask but `mask`, which sets the mask. In values %XX is a
 *                           byte.
 *   next                    GET_NEXT
 *   all[,KEY=VALUE...]      GET_AT from 0, then GET_NEXT until it fails
 *   read:SIZE               read() so many bytes
 *   call:NUMBER             an ioctl of that number, in hex, whose argument is zeros
 *   bad:id bad:at bad:next  the three with a pointer to nowhere
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocfs.h"

static int fd;

static void print_hex(const void *data, size_t size)
{
	const unsigned char *byte = data;

	while (size--)
		printf("%02x", *byte++);
	printf("\n");
}

/* Prints the outcome of an ioctl; returns whether it succeeded. */
static bool print_outcome(int result, const void *data, size_t size)
{
	if (result < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		print_hex(data, size);
	return result >= 0;
}

static void decode(char *to, size_t size, const char *value)
{
	unsigned int byte;

	for (size_t i = 0; *value && i < size; i++) {
		if (sscanf(value, "%%%2x", &byte) == 1) {
			to[i] = (char)byte;
			value += 3;
		} else {
			to[i] = *value++;
		}
	}
}

static void set(struct allocinfo_filter *filter, const char *key, const char *value)
{
	const struct {
		const char *key;
		__u64 bit;
		char *name;
		__u64 *number;
	} members[] = {
		{ "mask", 0, NULL, &filter->mask },
		{ "modname", ALLOCINFO_FILTER_MASK_MODNAME, filter->fields.modname, NULL },
		{ "function", ALLOCINFO_FILTER_MASK_FUNCTION, filter->fields.function, NULL },
		{ "filename", ALLOCINFO_FILTER_MASK_FILENAME, filter->fields.filename, NULL },
		{ "lineno", ALLOCINFO_FILTER_MASK_LINENO, NULL, &filter->fields.lineno },
		{ "inaccurate", ALLOCINFO_FILTER_MASK_INACCURATE, NULL, &filter->inaccurate },
		{ "min_size", ALLOCINFO_FILTER_MASK_MIN_SIZE, NULL, &filter->min_size },
		{ "max_size", ALLOCINFO_FILTER_MASK_MAX_SIZE, NULL, &filter->max_size },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (strcmp(members[i].key, key))
			continue;
		filter->mask |= members[i].bit;
		if (members[i].name)
			decode(members[i].name, ALLOCINFO_STR_SIZE, value);
		else
			*members[i].number = strtoull(value, NULL, 0);
		return;
	}
	errx(2, "a filter has no %s", key);
}

static bool get_at(uint64_t pos, char *filter)
{
	struct allocinfo_get_at argument = { .pos = pos };
	char *term;

	while ((term = strsep(&filter, ",")) != NULL) {
		char *key = strsep(&term, "=");

		set(&argument.filter, key, term ? term : "");
	}
	return print_outcome(ioctl(fd, ALLOCINFO_IOC_GET_AT, &argument), &argument.data,
			     sizeof(argument.data));
}

static bool get_next(void)
{
	struct allocinfo_tag_data data;

	return print_outcome(ioctl(fd, ALLOCINFO_IOC_GET_NEXT, &data), &data, sizeof(data));
}

static void content_id(void)
{
	struct allocinfo_content_id content;

	print_outcome(ioctl(fd, ALLOCINFO_IOC_CONTENT_ID, &content), &content.id,
		      sizeof(content.id));
}

static void read_text(size_t size)
{
	char *data = malloc(size);
	ssize_t length = data ? read(fd, data, size) : -1;

	print_outcome(length < 0 ? -1 : 0, data, length < 0 ? 0 : (size_t)length);
	free(data);
}

static void call(unsigned long number)
{
	static char argument[1 << 14]; /* as large as the number of an ioctl can say */

	print_outcome(ioctl(fd, number, argument), "", 0);
}

static void call_badly(const char *which)
{
	unsigned long number = !strcmp(which, "id") ? ALLOCINFO_IOC_CONTENT_ID :
			       !strcmp(which, "at") ? ALLOCINFO_IOC_GET_AT :
						      ALLOCINFO_IOC_GET_NEXT;

	print_outcome(ioctl(fd, number, (void *)8), "", 0);
}

static void step(char *what)
{
	char *name = strsep(&what, ":,");

	if (!strcmp(name, "id")) {
		content_id();
	} else if (!strcmp(name, "at") && what) {
		char *pos = strsep(&what, ",");

		get_at(strtoull(pos, NULL, 0), what);
	} else if (!strcmp(name, "next")) {
		get_next();
	} else if (!strcmp(name, "all")) {
		for (bool more = get_at(0, what); more;)
			more = get_next();
	} else if (!strcmp(name, "read") && what) {
		read_text(strtoull(what, NULL, 0));
	} else if (!strcmp(name, "call") && what) {
		call(strtoul(what, NULL, 16));
	} else if (!strcmp(name, "bad") && what) {
		call_badly(what);
	} else {
		errx(2, "no such step: %s", name);
	}
}

int main(int count, char **arguments)
{
	if (count < 3)
		errx(2, "usage: %s FILE STEP...", arguments[0]);
	fd = open(arguments[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", arguments[1]);
	for (int i = 2; i < count; i++)
		step(arguments[i]);
	return 0;
}
