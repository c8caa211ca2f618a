/* SPDX-License-Identifier: MIT */
/*
 * Measure the parts of a query on this machine, and print one `name cost` a line, in nanoseconds.
 *
 * Usage: costs CPUS TAGS FILE, where FILE is a file of BLOCK bytes some directories deep.
 *
 * Each cost is the least of REPEATS, since other processes can only make a measurement longer.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tags.h"

enum {
	REPEATS = 15,
	CALLS = 10000,
	OPENS = 1000,
	STARTS = 100,
	BLOCK = 4096,
	TOGETHER = 64,		/* tags that another CPU writes before they are summed */
};

static size_t tags;
static const char *deep;
static char buffer[BLOCK];
static int nothing, block;	/* open files: an empty one, one of BLOCK bytes */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return 1e9 * time.tv_sec + time.tv_nsec;
}

static double least(void (*work)(void))
{
	double best = 0;

	for (int i = 0; i < REPEATS; i++) {
		double began = now(), took;

		work();
		took = now() - began;
		if (i == 0 || took < best)
			best = took;
	}
	return best;
}

static void report(const char *name, double cost)
{
	printf("%s %.3f\n", name, cost);
}

static void call(void)
{
	for (int i = 0; i < CALLS; i++)
		sink += pread(nothing, buffer, 1, 0);
}

static void copy_byte(void)
{
	for (int i = 0; i < CALLS; i++)
		sink += pread(block, buffer, 1, 0);
}

static void copy_block(void)
{
	for (int i = 0; i < CALLS; i++)
		sink += pread(block, buffer, BLOCK, 0);
}

static void open_close(const char *path)
{
	for (int i = 0; i < OPENS; i++)
		close(open(path, O_RDONLY | O_CLOEXEC));
}

static void open_proc(void)
{
	open_close("/proc/version");
}

static void open_path(void)
{
	open_close(deep);
}

static double cpu_of_children(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return 1e9 * (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e3 * (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Without arguments this program ends at once, so almost all of its CPU time is the kernel's. User
 * and system time are added: for so short a program the kernel's split of them is arbitrary. */
static double start_program(const char *program)
{
	char *arguments[] = { (char *)program, NULL };
	double began = cpu_of_children();

	for (int i = 0; i < STARTS; i++) {
		pid_t child;

		if (posix_spawn(&child, program, NULL, NULL, arguments, NULL))
			errx(1, "%s cannot be started", program);
		waitpid(child, NULL, 0);
	}
	return (cpu_of_children() - began) / STARTS;
}

static void run_on(int number)
{
	cpu_set_t allowed, one;

	CPU_ZERO(&one);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && number-- == 0)
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static pthread_barrier_t turn;

static size_t end_of(size_t first)
{
	return first + TOGETHER < tags ? first + TOGETHER : tags;
}

static void *count_elsewhere(void *unused)
{
	run_on(1);
	for (int i = 0; i < REPEATS; i++)
		for (size_t first = 0; first < tags; first += TOGETHER) {
			count_everywhere(first, end_of(first));
			pthread_barrier_wait(&turn);	/* between these the other thread sums */
			pthread_barrier_wait(&turn);
		}
	return unused;
}

static double sum_in_turns(void)
{
	double took = 0;

	for (size_t first = 0; first < tags; first += TOGETHER) {
		double began;

		pthread_barrier_wait(&turn);
		began = now();
		sum_counters(first, end_of(first));
		took += now() - began;
		pthread_barrier_wait(&turn);
	}
	return took;
}

/* Each counter is in the cache of the CPU that wrote it last: summing has to fetch it from there. */
static double sum_from_another_cpu(void)
{
	pthread_t thread;
	double best = 0;

	pthread_barrier_init(&turn, NULL, 2);
	if (pthread_create(&thread, NULL, count_elsewhere, NULL))
		errx(1, "no thread can be started");
	run_on(0);
	for (int i = 0; i < REPEATS; i++) {
		double took = sum_in_turns();

		if (i == 0 || took < best)
			best = took;
	}
	pthread_join(thread, NULL);
	return best;
}

static int open_or_fail(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

int main(int count, char **arguments)
{
	size_t cpus;
	double one;

	if (count == 1)
		return 0;
	if (count != 4)
		errx(2, "usage: costs CPUS TAGS FILE");
	cpus = strtoul(arguments[1], NULL, 10);
	tags = strtoul(arguments[2], NULL, 10);
	deep = arguments[3];
	nothing = open_or_fail("/dev/null");
	block = open_or_fail(deep);
	make_tags(tags, cpus);

	report("call", least(call) / CALLS);
	one = least(copy_byte);
	report("byte", (least(copy_block) - one) / CALLS / (BLOCK - 1));
	report("open_proc", least(open_proc) / OPENS);
	report("open_path", least(open_path) / OPENS);
	report("line", least(format_lines) / tags);
	report("compare", least(compare_names) / tags);
	report("record", least(fill_records) / tags);
	report("counter", sum_from_another_cpu() / tags / cpus);
	report("start", start_program(arguments[0]));
	return 0;
}
