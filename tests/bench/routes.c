/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading routes: route.load, beside libmnl directly with acknowledgement on the last message of a batch only, and
 * beside ip -batch. Each begins with an empty table; the three take turns.
 */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define ROUTES 100000u
#define TURNS  5u
#define LINK   "bench0"

static uint32_t network(unsigned int i)
{
	return htonl(0x0a000000u + i * 16);
}

static uint64_t by_hycan(struct hycan *h, unsigned int n)
{
	struct hycan_route *routes = calloc(n, sizeof(*routes));
	struct hycan_route_load_reply *reply = NULL;
	uint64_t start;

	if (!routes)
		bench_fail("There is no memory for %u routes.", n);
	for (unsigned int i = 0; i < n; i++) {
		uint32_t address = network(i);

		routes[i].destination.address.family = AF_INET;
		memcpy(routes[i].destination.address.bytes, &address, 4);
		routes[i].destination.length = 28;
		routes[i].has_link = true;
		strcpy(routes[i].link, LINK);
	}
	start = bench_now_ns();
	if (hycan_route_load(h, routes, n, NULL, &reply) != 0 || reply->failed)
		bench_fail("route.load: %s", hycan_error_message(h));
	start = bench_now_ns() - start;
	free(reply);
	free(routes);
	return start;
}

static void put_route(struct nlmsghdr *nlh, uint32_t seq, unsigned int i, uint32_t ifindex)
{
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	nlh->nlmsg_seq = seq;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 28;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_DST, network(i));
	mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
}

static uint64_t by_libmnl(unsigned int n)
{
	static char buffer[65536 + 4096];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	uint32_t ifindex = if_nametoindex(LINK);
	uint64_t start = bench_now_ns();

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		bench_fail("There is no netlink socket.");
	for (unsigned int i = 0; i < n;) {
		struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buffer, 65536);
		struct nlmsghdr *last = NULL;
		char answer[8192];
		ssize_t size;

		do {
			last = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
			put_route(last, i + 1, i, ifindex);
			i++;
		} while (mnl_nlmsg_batch_next(batch) && i < n && mnl_nlmsg_batch_size(batch) < 65536 - 128);
		last->nlmsg_flags |= NLM_F_ACK;
		if (mnl_socket_sendto(nl, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) < 0)
			bench_fail("The kernel takes no batch.");
		size = mnl_socket_recvfrom(nl, answer, sizeof(answer));
		if (size <= 0 || mnl_cb_run(answer, (size_t)size, i, mnl_socket_get_portid(nl), NULL, NULL) < 0)
			bench_fail("The kernel refused a route.");
		mnl_nlmsg_batch_stop(batch);
	}
	start = bench_now_ns() - start;
	mnl_socket_close(nl);
	return start;
}

static uint64_t by_ip(unsigned int n)
{
	char path[] = "/tmp/hycan-bench-routes-XXXXXX", command[128];
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "we");
	uint64_t start;

	if (!file)
		bench_fail("No file in /tmp.");
	for (unsigned int i = 0; i < n; i++) {
		struct in_addr address = { network(i) };

		fprintf(file, "route add %s/28 dev " LINK "\n", inet_ntoa(address));
	}
	fclose(file);
	snprintf(command, sizeof(command), "ip -batch %s", path);
	start = bench_now_ns();
	if (system(command) != 0)
		bench_fail("ip -batch failed.");
	start = bench_now_ns() - start;
	remove(path);
	return start;
}

void bench_routes(struct bench *b)
{
	unsigned int n = ROUTES / b->scale, turns = TURNS / b->scale + 1;
	struct sample samples[3] = { 0 };
	struct hycan *h = NULL;
	double median[3];

	if (system("ip link add " LINK " type ifb 2>/dev/null || ip link add " LINK " type dummy") != 0)
		bench_fail("There is neither ifb nor dummy in this kernel.");
	bench_start_daemon(b);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	for (unsigned int turn = 0; turn < turns; turn++) {
		bench_flush_routes(LINK);
		sample_add(&samples[0], by_hycan(h, n));
		bench_flush_routes(LINK);
		sample_add(&samples[1], by_libmnl(n));
		bench_flush_routes(LINK);
		sample_add(&samples[2], by_ip(n));
	}
	for (int i = 0; i < 3; i++) {
		median[i] = (double)n * 1e9 / (double)sample_percentile(&samples[i], 0.5);
		sample_free(&samples[i]);
	}
	printf("\n%u routes, median of %u: route.load %.0f/s, libmnl directly %.0f/s, ip -batch %.0f/s\n", n, turns, median[0],
	       median[1], median[2]);
	printf("  ratio: route.load / libmnl %.2f, route.load / ip -batch %.2f\n", median[0] / median[1], median[0] / median[2]);
	hycan_close(h);
	if (system("ip link delete " LINK) != 0)
		bench_fail("The link cannot be deleted.");
	bench_stop_daemon(b);
}
