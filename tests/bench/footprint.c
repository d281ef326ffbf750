/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of the daemon, idle and for each idle client, and the time from exec to the first answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define STARTS  51u
#define CLIENTS 1000u

/* A line of /proc/PID/smaps_rollup in KiB. */
static long memory_kib(pid_t pid, const char *what)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtol(line + strlen(what), NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

void bench_footprint(struct bench *b)
{
	struct rlimit limit;
	static struct hycan *h[CLIENTS];
	struct sample start = { 0 };
	long idle, private, busy;

	for (unsigned int i = 0; i < STARTS / b->scale + 1; i++) {
		sample_add(&start, bench_start_daemon(b));
		bench_stop_daemon(b);
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	bench_start_daemon(b);
	idle = memory_kib(b->pid, "Rss:");
	private = memory_kib(b->pid, "Private_Dirty:");
	for (unsigned int i = 0; i < CLIENTS; i++)
		if (hycan_open(&h[i], b->socket) < 0 || hycan_link_up(h[i], "lo") != 0)
			bench_fail("%s", hycan_error_message(h[i]));
	busy = memory_kib(b->pid, "Private_Dirty:");
	printf("from exec to the first answer: p50 %.1f ms\n", (double)sample_percentile(&start, 0.5) / 1e6);
	printf("memory of the idle daemon: %ld KiB resident, %ld KiB of them its own; for each of %u idle clients: %.2f KiB\n\n",
	       idle, private, CLIENTS, (double)(busy - private) / CLIENTS);
	for (unsigned int i = 0; i < CLIENTS; i++)
		hycan_close(h[i]);
	sample_free(&start);
	bench_stop_daemon(b);
}
