/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thousand clients that come, work and die at random, half of them hostile: afterwards the daemon is as it was before.
 *
 *     stories/load [SECONDS]     of each of the two storms; 4 without it
 *
 * The first storm is for whatever grows once. What the daemon then has of memory and descriptors it has behind the second
 * one, too. What clients made goes with them, from the kernel and from the ledger.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "clock.h"
#include "objects.h"
#include "storm.h"
#include "world.h"

enum { HONEST = 4242, HOSTILE = 4243, PROCESSES = 20, CLIENTS = 50 };

/* What allocators keep for themselves, and sanitizers. */
#define SLACK_KIB 4096

#define WEATHERS 4

/* How long a slow machine has until the first of them has made anything. */
#define LATE_S (30 * SLOWEST)

static unsigned int seconds = 4;

static const char policy[] = "allow * all\n"
			     "quota 4243 connections=500 bytes=8M requests=2000/s\n";

static size_t count_descriptors(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* KiB that are the daemon's own. */
static unsigned long count_memory(pid_t pid)
{
	unsigned long kib = 0, value;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Anonymous: %lu kB", &value) == 1)
			kib = value;
	fclose(file);
	assert_true(kib > 0);
	return kib;
}

static size_t count_lines(const char *command)
{
	char *text = shell("%s | wc -l", command);
	size_t n = strtoul(text, NULL, 10);

	free(text);
	return n;
}

/* What is there of the storm in the kernel; objects_count() is what the ledger has. */
static size_t count_in_kernel(void)
{
	return count_lines("ip -o -4 addr show dev lo | grep -v 127.0.0.1") +
	       count_lines("ip -4 route show table main | grep '^11\\.'");
}

/* The daemon takes away what the dead have made. */
static void wait_until_clean(struct world *w)
{
	objects_wait(w->h, 0);
	assert_int_equal(count_in_kernel(), 0);
}

static void weather(struct world *w, unsigned int seed)
{
	const struct storm storm = { .socket = w->socket,
		                     .processes = PROCESSES,
		                     .clients = CLIENTS,
		                     .honest = HONEST,
		                     .hostile = HOSTILE,
		                     .seed = seed,
		                     .cpu = -1 };
	time_t until = time(NULL) + (time_t)seconds;
	pid_t pid = storm_begin(&storm);
	unsigned long served = 0, made = 0, n;

	assert_true(pid > 0);
	/* whoever asks meanwhile is served; on a slow machine until somebody has made anything at all */
	for (; time(NULL) < until || (made == 0 && time(NULL) < until + LATE_S); served++) {
		assert_done(w->h, hycan_link_get(w->h, "lo", NULL));
		n = objects_count(w->h);
		made = n > made ? n : made;
	}
	storm_end(pid);
	print_message("%lu requests of another one were served meanwhile; there were up to %lu objects\n", 2 * served, made);
	assert_true(made > 0);
	clients_wait(w->h, 1);
	wait_until_clean(w);
}

static void test_load(void **state)
{
	const struct world_options options = { .policy = policy, .open_to_all = true, .arguments = { "--log-level", "warning" } };
	struct rlimit limit;
	size_t descriptors;
	unsigned long memory, later;
	struct world *w;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 4096)
		skip();
	/* memory that was given back is counted as given back */
	setenv("ASAN_OPTIONS", "detect_leaks=1:quarantine_size_mb=0:thread_local_quarantine_size_kb=0:malloc_context_size=1", 1);
	w = world_start(&options);
	*state = w;
	free(shell("ip link set lo up"));
	weather(w, 1);
	descriptors = count_descriptors(w->daemon);
	memory = count_memory(w->daemon);
	/* how much the clients come to do is the machine's: more than the time before, maybe, but not more and more */
	for (unsigned int seed = 2; seed <= WEATHERS; seed++) {
		weather(w, seed);
		later = count_memory(w->daemon);
		print_message("memory %lu KiB, then %lu KiB; %zu descriptors, then %zu\n", memory, later, descriptors,
		              count_descriptors(w->daemon));
		assert_int_equal(count_descriptors(w->daemon), descriptors);
		if (later < memory + SLACK_KIB)
			return;
		memory = later;
	}
	fail_msg("It has more memory after each of them.");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_load, world_end),
	};

	if (argc > 1)
		seconds = (unsigned int)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
