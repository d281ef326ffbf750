/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One synchronous call, beside what it is made of: an echo over a Unix socket between two processes, and the same
 * netlink request made directly. The three are measured in turn, so that all see the same machine.
 */
#include <stdio.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"
#include "direct.h"

#define CALLS 200000u
#define ROUND 500u

static void measure(struct hycan *h, struct direct *direct, unsigned int rounds, struct sample samples[3])
{
	for (unsigned int round = 0; round < rounds; round++)
		for (int which = 0; which < 3; which++)
			for (unsigned int i = 0; i < ROUND; i++) {
				uint64_t start = bench_now_ns();

				if (which == 0)
					direct_echo(direct);
				else if (which == 1)
					direct_link_up(direct);
				else if (hycan_link_up(h, "lo") != 0)
					bench_fail("link.up: %s", hycan_error_message(h));
				/* the first of a round meets cold caches of the one before it, in all three alike */
				sample_add(&samples[which], bench_now_ns() - start);
			}
}

void bench_call(struct bench *b, enum bench_ends ends)
{
	static const char *const where[] = {
		[BENCH_ONE_CPU] = "all pinned to one processor",
		[BENCH_TWO_CPUS] = "each end pinned to a processor of its own",
		[BENCH_ANY_CPU] = "not pinned",
	};
	const int server_cpu = ends == BENCH_ANY_CPU ? -1 : ends == BENCH_TWO_CPUS;
	struct sample samples[3] = { 0 };
	struct direct direct;
	struct hycan *h = NULL;
	double p50[3], p99[3];

	bench_start_daemon(b);
	direct_open(&direct);
	bench_pin(0, ends == BENCH_ANY_CPU ? -1 : 0);
	bench_pin(b->pid, server_cpu);
	bench_pin(direct.server, server_cpu);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	measure(h, &direct, CALLS / ROUND / b->scale + 1, samples);
	for (int i = 0; i < 3; i++) {
		p50[i] = (double)sample_percentile(&samples[i], 0.50) / 1000;
		p99[i] = (double)sample_percentile(&samples[i], 0.99) / 1000;
		sample_free(&samples[i]);
	}
	printf("one synchronous call (link.up), %s: µs\n", where[ends]);
	printf("  %-44s p50 %8.2f   p99 %8.2f\n", "echo of 64 bytes over a Unix socket", p50[0], p99[0]);
	printf("  %-44s p50 %8.2f   p99 %8.2f\n", "the netlink request, directly", p50[1], p99[1]);
	printf("  %-44s p50 %8.2f   p99 %8.2f\n", "the call through the daemon", p50[2], p99[2]);
	printf("  %-44s p50 %8.2f   p99 %8.2f\n\n", "ratio: call / (echo + netlink)", p50[2] / (p50[0] + p50[1]),
	       p99[2] / (p99[0] + p99[1]));
	bench_pin(0, -1);
	hycan_close(h);
	direct_close(&direct);
	bench_stop_daemon(b);
}
