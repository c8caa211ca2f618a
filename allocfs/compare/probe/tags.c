/* SPDX-License-Identifier: MIT */
/*
 * The kernel's work on its codetags. Kernel code cannot be called here, so each function repeats
 * the steps of one in lib/alloc_tag.c, in the same order.
 */
#define _GNU_SOURCE
#include "tags.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	NAME = 64,
	LINE = 256,
	UNIT = 256 * 1024,	/* between the areas of two CPUs: setup_percpu's `u262144` */
	WORD = 64,
};

struct counters {		/* struct alloc_tag_counters */
	int64_t bytes;
	uint64_t calls;
};

struct tag {			/* struct codetag */
	unsigned int flags;
	unsigned int lineno;
	const char *modname;
	const char *function;
	const char *filename;
	struct counters *counters;
};

struct record {			/* struct allocinfo_tag_data */
	char names[3][NAME];
	uint64_t lineno, bytes, calls, accurate;
};

volatile uint64_t sink;

static size_t cpus, tags;
static struct tag *table;
static char *areas;		/* of all CPUs */
static uint64_t *possible;	/* cpu_possible_mask */
static size_t *offset;		/* __per_cpu_offset */

/* find_next_bit(), the step of for_each_possible_cpu() */
static __attribute__((noinline)) size_t next_cpu(size_t from)
{
	while (from < cpus) {
		uint64_t word = possible[from / WORD] >> from % WORD;

		if (word)
			return from + __builtin_ctzll(word);
		from = (from / WORD + 1) * WORD;
	}
	return cpus;
}

static struct counters *on_cpu(const struct tag *tag, size_t cpu)
{
	return (struct counters *)((char *)tag->counters + offset[cpu]);
}

/* alloc_tag_read() */
static struct counters sum_tag(const struct tag *tag)
{
	struct counters sum = { 0, 0 };

	for (size_t cpu = next_cpu(0); cpu < cpus; cpu = next_cpu(cpu + 1)) {
		const struct counters *counter = on_cpu(tag, cpu);

		sum.bytes += counter->bytes;
		sum.calls += counter->calls;
	}
	return sum;
}

void sum_counters(size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		sink += sum_tag(&table[i]).bytes;
}

void count_everywhere(size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		for (size_t cpu = 0; cpu < cpus; cpu++)
			on_cpu(&table[i], cpu)->bytes++;
}

/* alloc_tag_to_text() */
void format_lines(void)
{
	for (size_t i = 0; i < tags; i++) {
		const struct tag *tag = &table[i];
		char line[LINE];
		int length = snprintf(line, LINE, "%12lli %8llu ", 4096LL * i, 1ULL * i);

		length += snprintf(line + length, LINE - length, "%s:%u func:%s", tag->filename,
				   tag->lineno, tag->function);
		line[length] = ' ';
		line[length + 1] = '\n';
		sink += line[length / 2];
	}
}

/* allocinfo_str() */
static const char *tail(const char *name)
{
	size_t length = strlen(name);

	return length < NAME ? name : name + length - NAME + 1;
}

/* matches_filter() */
void compare_names(void)
{
	static char wanted[NAME] = "arch/x86/events/rapl.c";

	for (size_t i = 0; i < tags; i++)
		sink += strncmp(tail(table[i].filename), wanted, NAME) == 0;
}

static void copy_name(char *record, const char *name)
{
	size_t length = strnlen(tail(name), NAME - 1);

	memcpy(record, tail(name), length);
	memset(record + length, 0, NAME - length);
}

/* allocinfo_to_params() */
void fill_records(void)
{
	for (size_t i = 0; i < tags; i++) {
		struct record record = { .lineno = table[i].lineno, .accurate = 1 };

		copy_name(record.names[0], table[i].modname);
		copy_name(record.names[1], table[i].function);
		copy_name(record.names[2], table[i].filename);
		sink += record.names[2][i % NAME];
	}
}

static void make_areas(void)
{
	size_t unit = UNIT, size;

	while (unit < tags * sizeof(struct counters))
		unit *= 2;
	size = cpus * unit;
	areas = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	possible = calloc(cpus / WORD + 1, sizeof(*possible));
	offset = calloc(cpus, sizeof(*offset));
	if (areas == MAP_FAILED || !possible || !offset)
		err(1, "no memory for the counters of %zu tags on %zu CPUs", tags, cpus);
	for (size_t cpu = 0; cpu < cpus; cpu++) {
		possible[cpu / WORD] |= UINT64_C(1) << cpu % WORD;
		offset[cpu] = cpu * unit;
	}
}

static const char *name(const char *format, size_t number)
{
	char *made;

	if (asprintf(&made, format, number) < 0)
		err(1, "no memory for names");
	return made;
}

static void make_table(void)
{
	table = calloc(tags, sizeof(*table));
	if (!table)
		err(1, "no memory for %zu tags", tags);
	for (size_t i = 0; i < tags; i++) {
		table[i].lineno = i;
		table[i].modname = "";
		table[i].function = name("function_%06zu", i);
		table[i].filename = name("drivers/some/file_%06zu.c", i);
		table[i].counters = (struct counters *)areas + i;
		for (size_t cpu = 0; cpu < cpus; cpu++)
			on_cpu(&table[i], cpu)->bytes = i;
	}
}

void make_tags(size_t number, size_t number_of_cpus)
{
	tags = number;
	cpus = number_of_cpus;
	make_areas();
	make_table();
}
