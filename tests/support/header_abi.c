/* SPDX-License-Identifier: MIT */
/*
 * A program for the header of the kernel or for spec/allocfs.h: HEADER names one of them.
 * It prints the size of each struct, offset and size of each member, and each number:
 *   size STRUCT SIZE      member STRUCT PATH OFFSET SIZE      value NAME NUMBER
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include HEADER

#define SIZE(type) printf("size " #type " %zu\n", sizeof(struct type))
#define MEMBER(type, path)                                                        \
	printf("member " #type " " #path " %zu %zu\n", offsetof(struct type, path), \
	       sizeof(((struct type *)0)->path))
#define VALUE(name) printf("value " #name " %llu\n", (unsigned long long)(name))

static void print_data(void)
{
	SIZE(allocinfo_content_id);
	MEMBER(allocinfo_content_id, id);

	SIZE(allocinfo_tag);
	MEMBER(allocinfo_tag, modname);
	MEMBER(allocinfo_tag, function);
	MEMBER(allocinfo_tag, filename);
	MEMBER(allocinfo_tag, lineno);

	SIZE(allocinfo_counter);
	MEMBER(allocinfo_counter, bytes);
	MEMBER(allocinfo_counter, calls);
	MEMBER(allocinfo_counter, accurate);
	MEMBER(allocinfo_counter, pad);

	SIZE(allocinfo_tag_data);
	MEMBER(allocinfo_tag_data, tag);
	MEMBER(allocinfo_tag_data, tag.modname);
	MEMBER(allocinfo_tag_data, tag.lineno);
	MEMBER(allocinfo_tag_data, counter);
	MEMBER(allocinfo_tag_data, counter.bytes);
	MEMBER(allocinfo_tag_data, counter.accurate);
}

static void print_requests(void)
{
	SIZE(allocinfo_filter);
	MEMBER(allocinfo_filter, mask);
	MEMBER(allocinfo_filter, fields);
	MEMBER(allocinfo_filter, fields.modname);
	MEMBER(allocinfo_filter, fields.function);
	MEMBER(allocinfo_filter, fields.filename);
	MEMBER(allocinfo_filter, fields.lineno);
	MEMBER(allocinfo_filter, min_size);
	MEMBER(allocinfo_filter, max_size);
	MEMBER(allocinfo_filter, inaccurate);

	SIZE(allocinfo_get_at);
	MEMBER(allocinfo_get_at, pos);
	MEMBER(allocinfo_get_at, filter);
	MEMBER(allocinfo_get_at, filter.fields.filename);
	MEMBER(allocinfo_get_at, data);
	MEMBER(allocinfo_get_at, data.counter.calls);
}

static void print_values(void)
{
	VALUE(ALLOCINFO_STR_SIZE);
	VALUE(ALLOCINFO_FILTER_MODNAME);
	VALUE(ALLOCINFO_FILTER_FUNCTION);
	VALUE(ALLOCINFO_FILTER_FILENAME);
	VALUE(ALLOCINFO_FILTER_LINENO);
	VALUE(ALLOCINFO_FILTER_INACCURATE);
	VALUE(ALLOCINFO_FILTER_MIN_SIZE);
	VALUE(ALLOCINFO_FILTER_MAX_SIZE);
	VALUE(__ALLOCINFO_FILTER_LAST);
	VALUE(ALLOCINFO_FILTER_MASK_MODNAME);
	VALUE(ALLOCINFO_FILTER_MASK_FUNCTION);
	VALUE(ALLOCINFO_FILTER_MASK_FILENAME);
	VALUE(ALLOCINFO_FILTER_MASK_LINENO);
	VALUE(ALLOCINFO_FILTER_MASK_INACCURATE);
	VALUE(ALLOCINFO_FILTER_MASK_MIN_SIZE);
	VALUE(ALLOCINFO_FILTER_MASK_MAX_SIZE);
	VALUE(ALLOCINFO_FILTER_MASKS);
	VALUE(_ALLOCINFO_IOC_CONTENT_ID);
	VALUE(_ALLOCINFO_IOC_GET_AT);
	VALUE(_ALLOCINFO_IOC_GET_NEXT);
	VALUE(ALLOCINFO_IOC_BASE);
	VALUE(ALLOCINFO_IOC_CONTENT_ID);
	VALUE(ALLOCINFO_IOC_GET_AT);
	VALUE(ALLOCINFO_IOC_GET_NEXT);
}

/* Compiles only with the types of the kernel's header. */
static __u64 use_types(void)
{
	struct allocinfo_get_at get_at = { .filter.mask = ALLOCINFO_FILTER_MASKS };
	struct allocinfo_counter *counter = &get_at.data.counter;
	__u64 *numbers[] = {
		&get_at.pos, &get_at.filter.mask, &get_at.filter.fields.lineno,
		&get_at.filter.min_size, &get_at.filter.max_size, &get_at.filter.inaccurate,
		&get_at.data.tag.lineno, &counter->bytes, &counter->calls,
	};
	__u8 *accurate = &counter->accurate;

	strncpy(get_at.filter.fields.filename, "mm/slub.c", ALLOCINFO_STR_SIZE);
	return *numbers[1] + *accurate;
}

int main(void)
{
	print_data();
	print_requests();
	print_values();
	return use_types() != ALLOCINFO_FILTER_MASKS;
}
