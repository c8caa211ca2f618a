/* SPDX-License-Identifier: MIT */
#ifndef TAGS_H
#define TAGS_H

#include <stddef.h>
#include <stdint.h>

extern volatile uint64_t sink;	/* keeps the compiler from leaving work out */

void make_tags(size_t number, size_t number_of_cpus);

/* From one tag to another, the last excluded; count_everywhere() writes what the other reads. */
void sum_counters(size_t first, size_t last);
void count_everywhere(size_t first, size_t last);

/* For all tags. */
void format_lines(void);
void compare_names(void);
void fill_records(void);

#endif
