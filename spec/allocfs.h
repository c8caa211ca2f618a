/* SPDX-License-Identifier: MIT */
/*
 * The binary records of allocfs, and the ioctls of /proc/allocinfo.
 *
 * Integers are in the host's byte order. The interface of the kernel has the names, the nesting and
 * the types of Linux 7.3's <linux/alloc_tag.h>, so a program that is written for one header
 * compiles with the other. To have both, include <linux/alloc_tag.h> first. C11 or C++11, and later.
 */
#ifndef ALLOCFS_H
#define ALLOCFS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <linux/types.h>

#ifndef ALLOCINFO_IOC_BASE

/* Names are NUL-terminated and NUL-padded; of a longer name the last 63 bytes are kept. */
#define ALLOCINFO_STR_SIZE 64

/* The identity of a call site. */
struct allocinfo_tag {
	char modname[ALLOCINFO_STR_SIZE]; /* empty for built-in code */
	char function[ALLOCINFO_STR_SIZE];
	char filename[ALLOCINFO_STR_SIZE]; /* as the kernel spells it */
	__u64 lineno;
};

struct allocinfo_counter {
	__u64 bytes;   /* not yet freed; a signed sum that can be below 0: read it as __s64 */
	__u64 calls;   /* allocations not yet freed */
	__u8 accurate; /* 1 if every allocation is counted, else 0 */
	__u8 pad[7];   /* zero */
} __attribute__((aligned(8)));

/* One record of /records, /by-file/..., /by-function/... and /by-module/...; record N is at
 * offset N * sizeof. */
struct allocinfo_tag_data {
	struct allocinfo_tag tag;
	struct allocinfo_counter counter;
};

/* The argument of ALLOCINFO_IOC_CONTENT_ID: changes at every load and unload of a module. */
struct allocinfo_content_id {
	__u64 id;
};

/* The criteria of a filter, by the number of their bit in allocinfo_filter.mask. */
enum {
	ALLOCINFO_FILTER_MODNAME = 0,
	ALLOCINFO_FILTER_FUNCTION = 1,
	ALLOCINFO_FILTER_FILENAME = 2,
	ALLOCINFO_FILTER_LINENO = 3,
	ALLOCINFO_FILTER_INACCURATE = 4,
	ALLOCINFO_FILTER_MIN_SIZE = 5,
	ALLOCINFO_FILTER_MAX_SIZE = 6,
	__ALLOCINFO_FILTER_LAST = 6
};

#define ALLOCINFO_FILTER_MASK_MODNAME (1 << ALLOCINFO_FILTER_MODNAME)
#define ALLOCINFO_FILTER_MASK_FUNCTION (1 << ALLOCINFO_FILTER_FUNCTION)
#define ALLOCINFO_FILTER_MASK_FILENAME (1 << ALLOCINFO_FILTER_FILENAME)
#define ALLOCINFO_FILTER_MASK_LINENO (1 << ALLOCINFO_FILTER_LINENO)
#define ALLOCINFO_FILTER_MASK_INACCURATE (1 << ALLOCINFO_FILTER_INACCURATE)
#define ALLOCINFO_FILTER_MASK_MIN_SIZE (1 << ALLOCINFO_FILTER_MIN_SIZE)
#define ALLOCINFO_FILTER_MASK_MAX_SIZE (1 << ALLOCINFO_FILTER_MAX_SIZE)

/* All bits that a mask may have. */
#define ALLOCINFO_FILTER_MASKS ((1 << (__ALLOCINFO_FILTER_LAST + 1)) - 1)

/* Selects the tags that meet every criterion whose bit is set in mask. */
struct allocinfo_filter {
	__u64 mask;
	struct allocinfo_tag fields; /* an empty modname selects built-in code */
	__u64 min_size; /* inclusive; bytes are compared as unsigned */
	__u64 max_size; /* inclusive */
	__u64 inaccurate; /* nonzero selects tags that are not accurate, zero those that are */
};

/* The argument of ALLOCINFO_IOC_GET_AT. */
struct allocinfo_get_at {
	__u64 pos; /* in: counts the tags that the filter selects */
	struct allocinfo_filter filter; /* in */
	struct allocinfo_tag_data data; /* out */
};

#define _ALLOCINFO_IOC_CONTENT_ID 0
#define _ALLOCINFO_IOC_GET_AT 1
#define _ALLOCINFO_IOC_GET_NEXT 2

#define ALLOCINFO_IOC_BASE 0xA6
#define ALLOCINFO_IOC_CONTENT_ID \
	_IOR(ALLOCINFO_IOC_BASE, _ALLOCINFO_IOC_CONTENT_ID, struct allocinfo_content_id)
#define ALLOCINFO_IOC_GET_AT \
	_IOWR(ALLOCINFO_IOC_BASE, _ALLOCINFO_IOC_GET_AT, struct allocinfo_get_at)
#define ALLOCINFO_IOC_GET_NEXT \
	_IOR(ALLOCINFO_IOC_BASE, _ALLOCINFO_IOC_GET_NEXT, struct allocinfo_tag_data)

#endif /* ALLOCINFO_IOC_BASE */

/* One record of the same files below /counters. */
struct allocfs_counters {
	uint64_t index; /* number of the tag's record in /records, or in records of its moment */
	int64_t bytes;
	uint64_t calls; /* in a difference signed: read it as int64_t */
	uint64_t flags; /* those below; the other bits are zero */
};

#define ALLOCFS_ACCURATE (UINT64_C(1) << 0)
#define ALLOCFS_NEW (UINT64_C(1) << 1)         /* in a difference: not in the moment before */
#define ALLOCFS_GONE (UINT64_C(1) << 2)        /* in a difference: not in the moment after */
#define ALLOCFS_APPROXIMATE (UINT64_C(1) << 3) /* its bytes were rounded */
#define ALLOCFS_MOVED (UINT64_C(1) << 4)       /* in a difference: its line moved */
#define ALLOCFS_UNKNOWN (UINT64_C(1) << 5)     /* in a difference: a partial list lacks it */

/* One record of the files of a trend, /trend/.../records and the like. */
struct allocfs_trend {
	uint64_t index; /* number of the tag in the list of the trend */
	int64_t first;  /* bytes, in the samples that have the tag */
	int64_t last;
	int64_t min;
	int64_t max;
	double mean;
	double slope;     /* bytes per second, by least squares; 0 if times are not known */
	double rising;    /* share of the steps between these samples that grew, 0 to 1 */
	uint64_t samples; /* samples that have the tag */
	double seconds;   /* from the first of them to the last */
	int64_t calls;    /* in the last of them */
	uint64_t flags;   /* ALLOCFS_ACCURATE; the other bits are zero */
};

#define ALLOCFS_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#define ALLOCFS_AT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)

ALLOCFS_SIZE(allocinfo_tag, 200);
ALLOCFS_AT(allocinfo_tag, modname, 0);
ALLOCFS_AT(allocinfo_tag, function, 64);
ALLOCFS_AT(allocinfo_tag, filename, 128);
ALLOCFS_AT(allocinfo_tag, lineno, 192);

ALLOCFS_SIZE(allocinfo_counter, 24);
ALLOCFS_AT(allocinfo_counter, bytes, 0);
ALLOCFS_AT(allocinfo_counter, calls, 8);
ALLOCFS_AT(allocinfo_counter, accurate, 16);
ALLOCFS_AT(allocinfo_counter, pad, 17);

ALLOCFS_SIZE(allocinfo_tag_data, 224);
ALLOCFS_AT(allocinfo_tag_data, tag, 0);
ALLOCFS_AT(allocinfo_tag_data, counter, 200);

ALLOCFS_SIZE(allocfs_counters, 32);
ALLOCFS_AT(allocfs_counters, index, 0);
ALLOCFS_AT(allocfs_counters, bytes, 8);
ALLOCFS_AT(allocfs_counters, calls, 16);
ALLOCFS_AT(allocfs_counters, flags, 24);

ALLOCFS_SIZE(allocfs_trend, 96);
ALLOCFS_AT(allocfs_trend, index, 0);
ALLOCFS_AT(allocfs_trend, first, 8);
ALLOCFS_AT(allocfs_trend, last, 16);
ALLOCFS_AT(allocfs_trend, min, 24);
ALLOCFS_AT(allocfs_trend, max, 32);
ALLOCFS_AT(allocfs_trend, mean, 40);
ALLOCFS_AT(allocfs_trend, slope, 48);
ALLOCFS_AT(allocfs_trend, rising, 56);
ALLOCFS_AT(allocfs_trend, samples, 64);
ALLOCFS_AT(allocfs_trend, seconds, 72);
ALLOCFS_AT(allocfs_trend, calls, 80);
ALLOCFS_AT(allocfs_trend, flags, 88);

ALLOCFS_SIZE(allocinfo_content_id, 8);
ALLOCFS_AT(allocinfo_content_id, id, 0);

ALLOCFS_SIZE(allocinfo_filter, 232);
ALLOCFS_AT(allocinfo_filter, mask, 0);
ALLOCFS_AT(allocinfo_filter, fields, 8);
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
