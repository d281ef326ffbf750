/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many clients, each with requests in flight: throughput, how long one waits, and whether all are served alike.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define IN_FLIGHT   16u
#define DURATION_NS UINT64_C(3000000000)

struct client {
	struct hycan *h;
	uint64_t sent[IN_FLIGHT]; /* when; answers come in the order of requests */
	size_t first;
	uint64_t answered;
	struct sample *sample;
	uint64_t until;
};

static void answered(struct hycan *h, int result, const void *reply, size_t n, void *userdata);

static void ask(struct client *c)
{
	c->sent[(c->first + hycan_pending(c->h)) % IN_FLIGHT] = bench_now_ns();
	if (hycan_link_up_async(c->h, "lo", answered, c) < 0)
		bench_fail("link.up: %s", hycan_error_message(c->h));
}

static void answered(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct client *c = userdata;
	uint64_t now = bench_now_ns();

	(void)reply;
	(void)n;
	/* the time is over and the connection closed */
	if (result == -ECANCELED)
		return;
	if (result != 0)
		bench_fail("link.up: %s", hycan_error_message(h));
	if (now < c->until) {
		sample_add(c->sample, now - c->sent[c->first]);
		c->answered++;
	}
	c->first = (c->first + 1) % IN_FLIGHT;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct client *)a)->answered, y = ((const struct client *)b)->answered;

	return (x > y) - (x < y);
}

static void run(struct client *client, struct pollfd *pollfd, unsigned int clients, uint64_t until)
{
	while (bench_now_ns() < until) {
		for (unsigned int i = 0; i < clients; i++) {
			while (hycan_pending(client[i].h) < IN_FLIGHT)
				ask(&client[i]);
			pollfd[i] = (struct pollfd){ .fd = hycan_fd(client[i].h), .events = hycan_events(client[i].h) };
		}
		if (poll(pollfd, clients, 1000) < 0)
			bench_fail("poll failed.");
		for (unsigned int i = 0; i < clients; i++)
			if (pollfd[i].revents && hycan_process(client[i].h) < 0)
				bench_fail("%s", hycan_error_message(client[i].h));
	}
}

void bench_pipeline(struct bench *b, unsigned int clients)
{
	uint64_t duration = DURATION_NS / b->scale;
	struct client *client = calloc(clients, sizeof(*client));
	struct pollfd *pollfd = calloc(clients, sizeof(*pollfd));
	struct sample sample = { 0 };
	uint64_t until, slowest, median;

	if (!client || !pollfd)
		bench_fail("There is no memory for %u clients.", clients);
	bench_start_daemon(b);
	for (unsigned int i = 0; i < clients; i++) {
		client[i].sample = &sample;
		if (hycan_open(&client[i].h, b->socket) < 0)
			bench_fail("%s", hycan_error_message(client[i].h));
	}
	until = bench_now_ns() + duration;
	for (unsigned int i = 0; i < clients; i++)
		client[i].until = until;
	run(client, pollfd, clients, until);
	for (unsigned int i = 0; i < clients; i++)
		hycan_close(client[i].h);
	qsort(client, clients, sizeof(*client), compare);
	slowest = client[0].answered;
	median = client[clients / 2].answered;
	printf("%4u clients, %u link.up in flight each: %8.0f/s   p50 %9.1f µs   p99 %9.1f µs   slowest client / median %.2f\n",
	       clients, IN_FLIGHT, (double)sample.n * 1e9 / (double)duration, (double)sample_percentile(&sample, 0.50) / 1000,
	       (double)sample_percentile(&sample, 0.99) / 1000, median ? (double)slowest / (double)median : 0.0);
	sample_free(&sample);
	free(client);
	free(pollfd);
	bench_stop_daemon(b);
}
