/* SPDX-License-Identifier: MIT */
/*
 * Read a record file with pread(), one record at a time.
 *
 * pread_consumer FILE N prints the fields of record N, one a line;
 * pread_consumer FILE writes all records as they are.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "allocfs.h"

/* Returns 1, or 0 at the end of the file. */
static int read_record(int fd, uintmax_t number, struct allocinfo_tag_data *record)
{
	ssize_t got = pread(fd, record, sizeof *record, (off_t)(number * sizeof *record));

	if (got == 0)
		return 0;
	if (got == (ssize_t)sizeof *record)
		return 1;
	if (got < 0)
		perror("pread");
	else
		fprintf(stderr, "record %ju ends after %zd bytes\n", number, got);
	exit(1);
}

static void print_fields(const struct allocinfo_tag_data *record)
{
	printf("modname %s\n", record->tag.modname);
	printf("function %s\n", record->tag.function);
	printf("filename %s\n", record->tag.filename);
	printf("lineno %llu\n", record->tag.lineno);
	printf("bytes %lld\n", (__s64)record->counter.bytes);
	printf("calls %llu\n", record->counter.calls);
	printf("accurate %u\n", record->counter.accurate);
}

int main(int argc, char **argv)
{
	struct allocinfo_tag_data record;
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0) {
		perror(argc > 1 ? argv[1] : "pread_consumer FILE [N]");
		return 1;
	}
	if (argc > 2) {
		if (!read_record(fd, strtoumax(argv[2], NULL, 10), &record)) {
			fprintf(stderr, "there is no record %s\n", argv[2]);
			return 1;
		}
		print_fields(&record);
		return 0;
	}
	for (uintmax_t number = 0; read_record(fd, number, &record); number++)
		fwrite(&record, sizeof record, 1, stdout);
	return fflush(stdout) != 0;
}
