/*
 * Measure the time of an operation on a file, without the overhead of an interpreter.
 *
 *	client OPERATION PATH OFFSET SIZE COUNT PROCESSES
 *
 * does the operation COUNT times in each of PROCESSES processes, after a tenth as many to warm
 * up, and prints the nanoseconds from the first process's start to the last one's end.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *path;
static off_t offset;
static size_t size;
static char *buffer;
static int opened;

static void check(const char *what, int right)
{
	if (right)
		return;
	fprintf(stderr, "client: %s: ", path);
	perror(what);
	_exit(1);
}

static int open_path(void)
{
	int fd = open(path, O_RDONLY);

	check("open", fd >= 0);
	return fd;
}

static void one_pread(long number)
{
	(void)number;
	check("pread", pread(opened, buffer, size, offset) == (ssize_t)size);
}

static void open_pread_close(long number)
{
	opened = open_path();
	one_pread(number);
	close(opened);
}

/* Read to the end of the file, size bytes at a time. */
static void read_whole(long number)
{
	ssize_t got;
	int fd = open_path();

	(void)number;
	while ((got = read(fd, buffer, size)) > 0)
		;
	check("read", got == 0);
	close(fd);
}

static void one_stat(long number)
{
	struct stat st;

	(void)number;
	check("stat", !stat(path, &st));
}

/* Look up a name for the first time: the path contains %ld, and each number is used once. */
static void stat_numbered(long number)
{
	char name[PATH_MAX];
	struct stat st;

	snprintf(name, sizeof(name), path, number);
	check("stat", !stat(name, &st));
}

static void list(long number)
{
	DIR *dir = opendir(path);

	(void)number;
	check("opendir", dir != NULL);
	while (readdir(dir))
		;
	closedir(dir);
}

static const struct operation {
	const char *name;
	void (*once)(long number);
} operations[] = {
	{"pread", one_pread},
	{"open+pread+close", open_pread_close},
	{"whole", read_whole},
	{"stat", one_stat},
	{"lookup", stat_numbered},
	{"list", list},
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static const struct operation *find(const char *name)
{
	for (size_t n = 0; n < OPERATIONS; n++)
		if (!strcmp(operations[n].name, name))
			return &operations[n];
	fprintf(stderr, "client: no operation %s\n", name);
	exit(2);
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

struct span {
	long begin, end;
};

/*
 * Warm up, write to ready, wait until go is closed, then measure. The numbers of the operations
 * start at the current time in nanoseconds, so that no later run uses the same numbers.
 */
static struct span measure(const struct operation *operation, long count, int ready, int go)
{
	long first = now(), warm = count / 10 + 1;
	struct span span;
	char byte = 0;

	if (operation->once == one_pread)
		opened = open_path();
	for (long number = 0; number < warm; number++)
		operation->once(first + number);
	check("write", write(ready, &byte, 1) == 1);
	close(ready);
	check("read", read(go, &byte, 1) == 0);
	span.begin = now();
	for (long number = warm; number < warm + count; number++)
		operation->once(first + number);
	span.end = now();
	return span;
}

/* Start the processes, close go when all are ready, and wait until all have ended. */
static void run(const struct operation *operation, long count, int processes, struct span *spans)
{
	int ready[2], go[2], status, failed = 0;
	char byte;

	check("pipe", !pipe(ready) && !pipe(go));
	for (int n = 0; n < processes; n++) {
		if (fork())
			continue;
		close(go[1]);
		spans[n] = measure(operation, count, ready[1], go[0]);
		_exit(0);
	}
	close(ready[1]);
	while (read(ready[0], &byte, 1) == 1)
		;
	close(go[1]);
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		exit(1);
}

static long whole(const struct span *spans, int processes)
{
	struct span found = spans[0];

	for (int n = 1; n < processes; n++) {
		if (spans[n].begin < found.begin)
			found.begin = spans[n].begin;
		if (spans[n].end > found.end)
			found.end = spans[n].end;
	}
	return found.end - found.begin;
}

int main(int argc, char **argv)
{
	struct span *spans;
	int processes;

	if (argc != 7) {
		fprintf(stderr, "usage: %s OPERATION PATH OFFSET SIZE COUNT PROCESSES\n", argv[0]);
		return 2;
	}
	path = argv[2];
	offset = atol(argv[3]);
	size = (size_t)atol(argv[4]);
	processes = atoi(argv[6]);
	buffer = calloc(1, size + 1);
	spans = mmap(NULL, sizeof(*spans) * processes, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check("memory", buffer && spans != MAP_FAILED);
	run(find(argv[1]), atol(argv[5]), processes, spans);
	printf("%ld\n", whole(spans, processes));
	return 0;
}
