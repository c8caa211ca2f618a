/* SPDX-License-Identifier: MIT */
#ifndef TAGS_H
#define TAGS_H

#include <stddef.h>
#include <stdint.h>

extern volatile uint64_t sink;	/* a use of all results, or the compiler would drop the work */

void make_tags(size_t number, size_t number_of_cpus);

/* Both work on the tags from first to last - 1. count_everywhere() writes the counters of all
 * CPUs, which sum_counters() reads. */
void sum_counters(size_t first, size_t last);
void count_everywhere(size_t first, size_t last);

/* These work on all tags. */
void format_lines(void);
void compare_names(void);
void fill_records(void);

#endif
