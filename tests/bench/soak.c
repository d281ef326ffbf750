/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A well-behaved client beside a thousand others, half of them hostile: how long it waits, against what it waits without
 * them.
 *
 * The daemon and the one who is measured have a processor for themselves, the storm has another one and the lowest
 * priority: what is measured is how the daemon divides its time, not how the kernel does. Quiet and storm come in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"
#include "storm.h"

#define ROUNDS      5u
#define DURATION_NS UINT64_C(2000000000)

enum { HONEST = 4242, HOSTILE = 4243, PROCESSES = 20, CLIENTS = 50 };

static const char policy[] = "allow * all\n"
			     "quota 4243 connections=500 bytes=8M requests=2000/s\n";

static void measure(struct hycan *h, uint64_t duration_ns, struct sample *sample)
{
	uint64_t until = bench_now_ns() + duration_ns, start, now = 0;

	while (now < until) {
		start = bench_now_ns();
		if (hycan_link_get(h, "lo", NULL) != 0)
			bench_fail("link.get: %s", hycan_error_message(h));
		now = bench_now_ns();
		sample_add(sample, now - start);
		/* somebody who thinks between two requests */
		nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
	}
}

static void write_policy(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(policy, file) < 0 || fclose(file) != 0)
		bench_fail("%s cannot be written.", path);
}

void bench_soak(struct bench *b)
{
	struct storm storm = {
		.socket = b->socket, .processes = PROCESSES, .clients = CLIENTS, .honest = HONEST, .hostile = HOSTILE, .seed = 1
	};
	const uint64_t duration_ns = DURATION_NS / b->scale;
	struct sample quiet = { 0 }, loud = { 0 };
	char path[256], directory[128];
	struct hycan *h = NULL;
	double p[2][3];

	snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(b->socket, '/') - b->socket), b->socket);
	snprintf(path, sizeof(path), "%s/policy", directory);
	write_policy(path);
	b->policy = path;
	bench_start_daemon(b);
	b->policy = NULL;
	if (chmod(directory, 0755) < 0 || chmod(b->socket, 0666) < 0)
		bench_fail("Nobody else can reach the socket.");
	bench_pin(0, 0);
	bench_pin(b->pid, 0);
	storm.cpu = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0;
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		measure(h, duration_ns, &quiet);
		pid = storm_begin(&storm);
		measure(h, duration_ns, &loud);
		storm_end(pid);
		storm.seed++;
		/* those who were killed are gone, too */
		nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
	}
	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &loud : &quiet;

		p[i][0] = (double)sample_percentile(s, 0.50) / 1000;
		p[i][1] = (double)sample_percentile(s, 0.99) / 1000;
		p[i][2] = (double)sample_percentile(s, 1.0) / 1000;
	}
	printf("one client beside %u others, half of them hostile (link.get): µs\n", PROCESSES * CLIENTS);
	printf("  %-44s p50 %8.2f   p99 %8.2f   longest %8.2f\n", "quiet", p[0][0], p[0][1], p[0][2]);
	printf("  %-44s p50 %8.2f   p99 %8.2f   longest %8.2f\n", "in the storm", p[1][0], p[1][1], p[1][2]);
	printf("  %-44s p50 %8.2f   p99 %8.2f\n\n", "ratio: storm / quiet", p[1][0] / p[0][0], p[1][1] / p[0][1]);
	sample_free(&quiet);
	sample_free(&loud);
	hycan_close(h);
	bench_pin(0, -1);
	bench_stop_daemon(b);
	unlink(path);
}
