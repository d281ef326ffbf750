/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making VLAN sub-interfaces one after the other: vlan.create, each answered before the next is asked for, beside ip -batch,
 * which does the same. Each begins with an empty parent; the two take turns. The figures are of the kernel's VLANs, so a
 * kernel without them (8021q) has none.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define VLANS 400u
#define TURNS 4u
#define LINK  "bench1"

static void run(const char *command, const char *sentence)
{
	if (system(command) != 0)
		bench_fail("%s", sentence);
}

/* What is on a link goes with it. */
static void parent_anew(void)
{
	run("ip link delete " LINK " 2>/dev/null; ip link add " LINK " type veth peer name " LINK "p && ip link set " LINK " up",
	    "There is no parent for VLANs.");
}

static uint64_t by_hycan(struct hycan *h, unsigned int n)
{
	uint64_t start = bench_now_ns();

	for (unsigned int i = 1; i <= n; i++)
		if (hycan_vlan_create(h, LINK, (uint16_t)i, NULL, NULL) != 0)
			bench_fail("vlan.create: %s", hycan_error_message(h));
	return bench_now_ns() - start;
}

static uint64_t by_ip(unsigned int n)
{
	char path[] = "/tmp/hycan-bench-vlans-XXXXXX", command[128];
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "we");
	uint64_t start;

	if (!file)
		bench_fail("No file in /tmp.");
	for (unsigned int i = 1; i <= n; i++)
		fprintf(file, "link add link " LINK " name " LINK ".%u type vlan id %u\n", i, i);
	fclose(file);
	snprintf(command, sizeof(command), "ip -batch %s", path);
	start = bench_now_ns();
	run(command, "ip -batch failed.");
	start = bench_now_ns() - start;
	remove(path);
	return start;
}

void bench_vlans(struct bench *b)
{
	unsigned int n = VLANS / b->scale, turns = TURNS / b->scale + 1;
	struct sample samples[2] = { 0 };
	struct hycan *h = NULL;
	double median[2];

	parent_anew();
	if (system("ip link add link " LINK " name " LINK ".1 type vlan id 1 2>/dev/null") != 0) {
		printf("\nVLANs: this kernel has none (8021q).\n");
		run("ip link delete " LINK, "The link cannot be deleted.");
		return;
	}
	bench_start_daemon(b);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	for (unsigned int turn = 0; turn < turns; turn++) {
		parent_anew();
		sample_add(&samples[0], by_hycan(h, n));
		parent_anew();
		sample_add(&samples[1], by_ip(n));
	}
	for (int i = 0; i < 2; i++) {
		median[i] = (double)n * 1e9 / (double)sample_percentile(&samples[i], 0.5);
		sample_free(&samples[i]);
	}
	printf("\n%u VLANs, median of %u: vlan.create %.0f/s, ip -batch %.0f/s\n  ratio: %.2f\n", n, turns, median[0], median[1],
	       median[0] / median[1]);
	hycan_close(h);
	run("ip link delete " LINK, "The link cannot be deleted.");
	bench_stop_daemon(b);
}
