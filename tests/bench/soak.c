/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A well-behaved client beside a thousand others, half of them hostile: how long it waits, against what it waits without
 * them.
 *
 * The storm has the lowest priority, and a processor that is not the daemon's; the one who is measured is beside the daemon,
 * where it waits for the scheduler too, or beside the storm. Of two storms one takes all that the machine has left, and the other
 * rests a moment after each thing that it does. Quiet and storm come in turn. What the kernel does is measured
 * along: an echo whose server is beside the daemon, and the same netlink request made directly, which waits for the kernel's
 * lock as the daemon does.
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
#include "direct.h"
#include "storm.h"

#define ROUNDS      5u
#define DURATION_NS UINT64_C(2000000000)

enum { HONEST = 4242, HOSTILE = 4243, PROCESSES = 20, CLIENTS = 50, REST_US = 1000 };

static const char policy[] = "allow * all\n"
			     "quota 4243 connections=500 bytes=8M requests=2000/s\n";

enum way { DAEMON, ECHO, NETLINK, N_WAYS };

static const char *const way_name[] = {
	[DAEMON] = "the call through the daemon",
	[ECHO] = "echo of 64 bytes over a Unix socket",
	[NETLINK] = "the netlink request, directly",
};

static void once(struct hycan *h, struct direct *direct, enum way way)
{
	if (way == ECHO)
		direct_echo(direct);
	else if (way == NETLINK)
		direct_link_get(direct);
	else if (hycan_link_get(h, "lo", NULL) != 0)
		bench_fail("link.get: %s", hycan_error_message(h));
}

static void measure(struct hycan *h, struct direct *direct, uint64_t duration_ns, struct sample samples[N_WAYS])
{
	uint64_t until = bench_now_ns() + duration_ns, start, now = 0;

	while (now < until)
		for (enum way way = 0; way < N_WAYS; way++) {
			start = bench_now_ns();
			once(h, direct, way);
			now = bench_now_ns();
			sample_add(&samples[way], now - start);
			/* somebody who thinks between two requests */
			nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
		}
}

static void print(const char *what, struct sample samples[N_WAYS], double p50[N_WAYS], double p99[N_WAYS])
{
	for (enum way way = 0; way < N_WAYS; way++) {
		p50[way] = (double)sample_percentile(&samples[way], 0.50) / 1000;
		p99[way] = (double)sample_percentile(&samples[way], 0.99) / 1000;
		printf("  %-12s %-36s p50 %8.2f   p99 %8.2f   longest %8.2f\n", what, way_name[way], p50[way], p99[way],
		       (double)sample_percentile(&samples[way], 1.0) / 1000);
		sample_free(&samples[way]);
	}
}

static void write_policy(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(policy, file) < 0 || fclose(file) != 0)
		bench_fail("%s cannot be written.", path);
}

void bench_soak(struct bench *b, enum bench_ends ends, bool rests)
{
	struct storm storm = { .socket = b->socket,
		               .processes = PROCESSES,
		               .clients = CLIENTS,
		               .honest = HONEST,
		               .hostile = HOSTILE,
		               .seed = 1,
		               .rest_us = rests ? REST_US : 0 };
	const uint64_t duration_ns = DURATION_NS / b->scale;
	double quiet_p50[N_WAYS], quiet_p99[N_WAYS], p50[N_WAYS], p99[N_WAYS];
	struct sample quiet[N_WAYS] = { 0 }, loud[N_WAYS] = { 0 };
	struct direct direct;
	char path[256], directory[128];
	struct hycan *h = NULL;

	snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(b->socket, '/') - b->socket), b->socket);
	snprintf(path, sizeof(path), "%s/policy", directory);
	write_policy(path);
	b->policy = path;
	/* with all its threads */
	bench_pin(0, 0);
	bench_start_daemon(b);
	b->policy = NULL;
	if (chmod(directory, 0755) < 0 || chmod(b->socket, 0666) < 0)
		bench_fail("Nobody else can reach the socket.");
	direct_open(&direct);
	storm.cpu = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0;
	bench_pin(0, ends == BENCH_TWO_CPUS ? storm.cpu : 0);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		measure(h, &direct, duration_ns, quiet);
		pid = storm_begin(&storm);
		measure(h, &direct, duration_ns, loud);
		storm_end(pid);
		storm.seed++;
		/* those who were killed are gone, too */
		nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
	}
	printf("one client beside %u others, half of them hostile%s (link.get), %s: µs\n", PROCESSES * CLIENTS,
	       rests ? ", which rest a millisecond after each act" : "",
	       ends == BENCH_TWO_CPUS ? "on another processor than the daemon" : "on the daemon's processor");
	print("quiet", quiet, quiet_p50, quiet_p99);
	print("in the storm", loud, p50, p99);
	for (enum way way = 0; way < N_WAYS; way++)
		printf("  ratio storm / quiet: %-28s p50 %8.2f   p99 %8.2f\n", way_name[way], p50[way] / quiet_p50[way],
		       p99[way] / quiet_p99[way]);
	printf("  ratio in the storm: call / (echo + netlink)      p50 %8.2f   p99 %8.2f\n\n",
	       p50[DAEMON] / (p50[ECHO] + p50[NETLINK]), p99[DAEMON] / (p99[ECHO] + p99[NETLINK]));
	direct_close(&direct);
	hycan_close(h);
	bench_pin(0, -1);
	bench_stop_daemon(b);
	unlink(path);
}
