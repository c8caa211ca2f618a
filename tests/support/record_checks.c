/*
 * Prints what a C compiler makes of spec/allocfs.h, for test_record_abi.py to compare:
 *   size STRUCT SIZE      member STRUCT NAME OFFSET SIZE      value NAME NUMBER      dump NAME HEX
 */
#include "allocfs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The layout before the merge, as its header nested it. */
struct earlier_tag {
	char modname[64];
	char function[64];
	char filename[64];
	uint64_t lineno;
	uint64_t inaccurate;
};

struct earlier_tag_data {
	struct earlier_tag tag;
	struct {
		uint64_t bytes;
		uint64_t calls;
		uint8_t accurate;
	} __attribute__((aligned(8))) counter;
};

struct earlier_filter {
	uint64_t mask;
	struct earlier_tag tag;
	uint64_t min_size;
	uint64_t max_size;
};

struct earlier_get_at {
	uint64_t pos;
	struct earlier_filter filter;
	struct earlier_tag_data data;
};

#define SIZE(type) printf("size " #type " %zu\n", sizeof(struct type))
#define MEMBER(type, path, name)                                                  \
	printf("member " #type " " #name " %zu %zu\n", offsetof(struct type, path), \
	       sizeof(((struct type *)0)->path))
#define SAME(type, name) MEMBER(type, name, name)
#define NAMES_AND_LINE(type, tag)             \
	MEMBER(type, tag modname, modname);   \
	MEMBER(type, tag function, function); \
	MEMBER(type, tag filename, filename); \
	MEMBER(type, tag lineno, lineno)
#define VALUE(name, number) printf("value " name " %" PRIu64 "\n", (uint64_t)(number))

static void dump(const char *name, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	printf("dump %s ", name);
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static void print_layouts(void)
{
	SIZE(allocinfo_tag_data);
	NAMES_AND_LINE(allocinfo_tag_data, tag.);
	MEMBER(allocinfo_tag_data, counter.bytes, bytes);
	MEMBER(allocinfo_tag_data, counter.calls, calls);
	MEMBER(allocinfo_tag_data, counter.accurate, accurate);
	MEMBER(allocinfo_tag_data, counter.pad, pad);

	SIZE(allocfs_counters);
	SAME(allocfs_counters, index);
	SAME(allocfs_counters, bytes);
	SAME(allocfs_counters, calls);
	SAME(allocfs_counters, flags);

	SIZE(allocfs_trend);
	SAME(allocfs_trend, index);
	SAME(allocfs_trend, first);
	SAME(allocfs_trend, last);
	SAME(allocfs_trend, min);
	SAME(allocfs_trend, max);
	SAME(allocfs_trend, mean);
	SAME(allocfs_trend, slope);
	SAME(allocfs_trend, rising);
	SAME(allocfs_trend, samples);
	SAME(allocfs_trend, seconds);
	SAME(allocfs_trend, calls);
	SAME(allocfs_trend, flags);

	SIZE(allocinfo_content_id);
	SAME(allocinfo_content_id, id);

	SIZE(allocinfo_filter);
	SAME(allocinfo_filter, mask);
	NAMES_AND_LINE(allocinfo_filter, fields.);
	SAME(allocinfo_filter, min_size);
	SAME(allocinfo_filter, max_size);
	SAME(allocinfo_filter, inaccurate);

	SIZE(allocinfo_get_at);
	SAME(allocinfo_get_at, pos);
	SAME(allocinfo_get_at, filter);
	SAME(allocinfo_get_at, data);
}

static void print_earlier_layouts(void)
{
	SIZE(earlier_tag);
	NAMES_AND_LINE(earlier_tag, );
	SAME(earlier_tag, inaccurate);

	SIZE(earlier_tag_data);
	NAMES_AND_LINE(earlier_tag_data, tag.);
	MEMBER(earlier_tag_data, tag.inaccurate, inaccurate);
	MEMBER(earlier_tag_data, counter.bytes, bytes);
	MEMBER(earlier_tag_data, counter.calls, calls);
	MEMBER(earlier_tag_data, counter.accurate, accurate);

	SIZE(earlier_filter);
	SAME(earlier_filter, mask);
	NAMES_AND_LINE(earlier_filter, tag.);
	MEMBER(earlier_filter, tag.inaccurate, inaccurate);
	SAME(earlier_filter, min_size);
	SAME(earlier_filter, max_size);

	SIZE(earlier_get_at);
	SAME(earlier_get_at, pos);
	SAME(earlier_get_at, filter);
	SAME(earlier_get_at, data);
}

static void print_values(void)
{
	VALUE("CONTENT_ID", ALLOCINFO_IOC_CONTENT_ID);
	VALUE("GET_AT", ALLOCINFO_IOC_GET_AT);
	VALUE("GET_NEXT", ALLOCINFO_IOC_GET_NEXT);
	VALUE("EARLIER_GET_AT", _IOWR(0xA6, 1, struct earlier_get_at));
	VALUE("EARLIER_GET_NEXT", _IOR(0xA6, 2, struct earlier_tag_data));
	VALUE("FLAG_ACCURATE", ALLOCFS_ACCURATE);
	VALUE("FLAG_NEW", ALLOCFS_NEW);
	VALUE("FLAG_GONE", ALLOCFS_GONE);
	VALUE("FLAG_APPROXIMATE", ALLOCFS_APPROXIMATE);
	VALUE("FLAG_MOVED", ALLOCFS_MOVED);
	VALUE("FLAG_UNKNOWN", ALLOCFS_UNKNOWN);
	VALUE("MODNAME", ALLOCINFO_FILTER_MASK_MODNAME);
	VALUE("FUNCTION", ALLOCINFO_FILTER_MASK_FUNCTION);
	VALUE("FILENAME", ALLOCINFO_FILTER_MASK_FILENAME);
	VALUE("LINENO", ALLOCINFO_FILTER_MASK_LINENO);
	VALUE("INACCURATE", ALLOCINFO_FILTER_MASK_INACCURATE);
	VALUE("MIN_SIZE", ALLOCINFO_FILTER_MASK_MIN_SIZE);
	VALUE("MAX_SIZE", ALLOCINFO_FILTER_MASK_MAX_SIZE);
}

static void dump_samples(void)
{
	static const struct allocinfo_tag_data tag = {
		.tag = {
			.modname = "xfs",
			.function = "xfs_buf_alloc",
			.filename = "fs/xfs/xfs_buf.c",
			.lineno = 87,
		},
		.counter = { .bytes = -4096, .calls = UINT64_MAX, .accurate = 1 },
	};
	static const struct allocfs_counters counters = {
		.index = 3218, .bytes = -4096, .calls = UINT64_MAX, .flags = ALLOCFS_ACCURATE,
	};
	static const struct allocfs_trend trend = {
		.index = 3218,
		.first = INT64_MIN,
		.last = INT64_MAX,
		.min = INT64_MIN,
		.max = INT64_MAX,
		.mean = -0.5,
		.slope = 1024.25,
		.rising = 0.75,
		.samples = 360,
		.seconds = 3590.5,
		.calls = -1,
		.flags = ALLOCFS_ACCURATE,
	};
	static const struct allocinfo_get_at get_at = {
		.pos = 5,
		.filter = {
			.mask = ALLOCINFO_FILTER_MASK_FILENAME | ALLOCINFO_FILTER_MASK_MAX_SIZE,
			.fields = { .filename = "fs/xfs/xfs_buf.c" },
			.min_size = 1,
			.max_size = UINT64_MAX,
			.inaccurate = 2,
		},
	};
	static const struct earlier_get_at earlier = {
		.pos = 5,
		.filter = {
			.mask = ALLOCINFO_FILTER_MASK_FILENAME | ALLOCINFO_FILTER_MASK_MAX_SIZE,
			.tag = { .filename = "fs/xfs/xfs_buf.c", .inaccurate = 2 },
			.min_size = 1,
			.max_size = UINT64_MAX,
		},
	};

	dump("tag_data", &tag, sizeof(tag));
	dump("counters", &counters, sizeof(counters));
	dump("trend", &trend, sizeof(trend));
	dump("get_at", &get_at, sizeof(get_at));
	dump("earlier_get_at", &earlier, sizeof(earlier));
}

int main(void)
{
	print_layouts();
	print_earlier_layouts();
	print_values();
	dump_samples();
	return 0;
}
