/* SPDX-License-Identifier: MIT */
/*
 * The binary records of allocfs, and the ioctls of /proc/allocinfo.
 *
 * Integers are in the host's byte order. The layouts are those of Linux's <linux/alloc_tag.h>,
 * which declares structs and macros of the same names with its members nested: include one
 * header or the other. C11 or C++11, and later.
 */
#ifndef ALLOCFS_H
#define ALLOCFS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* Names are NUL-terminated and NUL-padded; of a longer name the last 63 bytes are kept. */
#define ALLOCINFO_STR_SIZE 64

/* One record of /records, /by-file/..., /by-function/... and /by-module/...; record N is at
 * offset N * sizeof. */
struct allocinfo_tag_data {
	char modname[ALLOCINFO_STR_SIZE];  /* empty for built-in code */
	char function[ALLOCINFO_STR_SIZE];
	char filename[ALLOCINFO_STR_SIZE]; /* as the kernel spells it */
	uint64_t lineno;
	int64_t bytes;     /* not yet freed; u64 in the kernel's header, but a signed sum */
	uint64_t calls;    /* allocations not yet freed */
	uint8_t accurate;  /* 1 if every allocation is counted, else 0 */
	uint8_t pad[7];    /* zero */
};

/* One record of the same files below /counters. */
struct allocfs_counters {
	uint64_t index; /* number of the tag's record in /records at this file's content_id */
	int64_t bytes;
	uint64_t calls;
	uint64_t flags; /* ALLOCFS_ACCURATE; the other bits are zero */
};

#define ALLOCFS_ACCURATE (UINT64_C(1) << 0)

/* The argument of ALLOCINFO_IOC_CONTENT_ID: changes at every load and unload of a module. */
struct allocinfo_content_id {
	uint64_t id;
};

/* Bits of allocinfo_filter.mask. */
#define ALLOCINFO_FILTER_MASK_MODNAME (UINT64_C(1) << 0)
#define ALLOCINFO_FILTER_MASK_FUNCTION (UINT64_C(1) << 1)
#define ALLOCINFO_FILTER_MASK_FILENAME (UINT64_C(1) << 2)
#define ALLOCINFO_FILTER_MASK_LINENO (UINT64_C(1) << 3)
#define ALLOCINFO_FILTER_MASK_INACCURATE (UINT64_C(1) << 4)
#define ALLOCINFO_FILTER_MASK_MIN_SIZE (UINT64_C(1) << 5)
#define ALLOCINFO_FILTER_MASK_MAX_SIZE (UINT64_C(1) << 6)

/* Selects the tags that meet every criterion whose bit is set in mask. */
struct allocinfo_filter {
	uint64_t mask;
	char modname[ALLOCINFO_STR_SIZE];  /* empty selects built-in code */
	char function[ALLOCINFO_STR_SIZE];
	char filename[ALLOCINFO_STR_SIZE];
	uint64_t lineno;
	uint64_t min_size; /* inclusive; bytes are compared as unsigned */
	uint64_t max_size; /* inclusive */
	uint64_t inaccurate; /* nonzero selects tags that are not accurate, zero those that are */
};

/* The argument of ALLOCINFO_IOC_GET_AT. */
struct allocinfo_get_at {
	uint64_t pos; /* in: counts the tags that the filter selects */
	struct allocinfo_filter filter; /* in */
	struct allocinfo_tag_data data; /* out */
};

#define ALLOCINFO_IOC_BASE 0xA6
#define ALLOCINFO_IOC_CONTENT_ID _IOR(ALLOCINFO_IOC_BASE, 0, struct allocinfo_content_id)
#define ALLOCINFO_IOC_GET_AT _IOWR(ALLOCINFO_IOC_BASE, 1, struct allocinfo_get_at)
#define ALLOCINFO_IOC_GET_NEXT _IOR(ALLOCINFO_IOC_BASE, 2, struct allocinfo_tag_data)

#define ALLOCFS_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#define ALLOCFS_AT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)

ALLOCFS_SIZE(allocinfo_tag_data, 224);
ALLOCFS_AT(allocinfo_tag_data, modname, 0);
ALLOCFS_AT(allocinfo_tag_data, function, 64);
ALLOCFS_AT(allocinfo_tag_data, filename, 128);
ALLOCFS_AT(allocinfo_tag_data, lineno, 192);
ALLOCFS_AT(allocinfo_tag_data, bytes, 200);
ALLOCFS_AT(allocinfo_tag_data, calls, 208);
ALLOCFS_AT(allocinfo_tag_data, accurate, 216);
ALLOCFS_AT(allocinfo_tag_data, pad, 217);

ALLOCFS_SIZE(allocfs_counters, 32);
ALLOCFS_AT(allocfs_counters, index, 0);
ALLOCFS_AT(allocfs_counters, bytes, 8);
ALLOCFS_AT(allocfs_counters, calls, 16);
ALLOCFS_AT(allocfs_counters, flags, 24);

ALLOCFS_SIZE(allocinfo_content_id, 8);
ALLOCFS_AT(allocinfo_content_id, id, 0);

ALLOCFS_SIZE(allocinfo_filter, 232);
ALLOCFS_AT(allocinfo_filter, mask, 0);
ALLOCFS_AT(allocinfo_filter, modname, 8);
ALLOCFS_AT(allocinfo_filter, function, 72);
ALLOCFS_AT(allocinfo_filter, filename, 136);
ALLOCFS_AT(allocinfo_filter, lineno, 200);
ALLOCFS_AT(allocinfo_filter, min_size, 208);
ALLOCFS_AT(allocinfo_filter, max_size, 216);
ALLOCFS_AT(allocinfo_filter, inaccurate, 224);

ALLOCFS_SIZE(allocinfo_get_at, 464);
ALLOCFS_AT(allocinfo_get_at, pos, 0);
ALLOCFS_AT(allocinfo_get_at, filter, 8);
ALLOCFS_AT(allocinfo_get_at, data, 240);

#undef ALLOCFS_SIZE
#undef ALLOCFS_AT

#endif /* ALLOCFS_H */
