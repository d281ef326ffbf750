/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After the kernel told more than the daemon read (ENOBUFS, netlink(7)): how long until a subscriber knows all that there is,
 * beside reading the same routes from the kernel once, directly.
 *
 * The daemon stands still while the routes are made, so that what it is told overruns its socket.
 */
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define ROUTES 50000u
#define TURNS  5u
#define LINK   "bench0"

/* What a subscriber knows. */
struct view {
	size_t routes;
	bool whole;
	bool lost;
};

static void on_event(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	const struct hycan_event *event = reply;
	struct view *view = userdata;

	(void)h;
	/* it ends with the connection; of any other end hycan_wait() tells, or the time that passes */
	if (result != 0 || n == 0)
		return;
	switch (event->what) {
	case HYCAN_EVENT_WHAT_SNAPSHOT:
		view->routes = 0;
		view->whole = false;
		return;
	case HYCAN_EVENT_WHAT_PRESENT:
	case HYCAN_EVENT_WHAT_NEW:
		view->routes++;
		return;
	case HYCAN_EVENT_WHAT_GONE:
		view->routes--;
		return;
	case HYCAN_EVENT_WHAT_COMPLETE:
		view->whole = true;
		return;
	case HYCAN_EVENT_WHAT_OVERFLOW:
		view->lost = true;
		return;
	case HYCAN_EVENT_WHAT_CHANGED:
		return;
	}
}

static void wait_whole(struct hycan *h, const struct view *view, size_t routes)
{
	const uint64_t until = bench_now_ns() + UINT64_C(60000000000);

	while (!view->whole || view->routes < routes)
		if (hycan_wait(h, 1000) < 0 || bench_now_ns() > until)
			bench_fail("%zu of %zu routes are known, and no more are told: %s", view->routes, routes,
			           hycan_error_message(h));
}

static void add_routes(unsigned int n)
{
	FILE *ip = popen("ip -batch -", "we");

	if (!ip)
		bench_fail("ip(8) cannot be started.");
	for (unsigned int i = 0; i < n; i++)
		fprintf(ip, "route add 10.%u.%u.%u/28 dev " LINK "\n", i >> 12, i >> 4 & 255, i % 16 * 16);
	if (pclose(ip) != 0)
		bench_fail("The routes cannot be made.");
}

static int count(const struct nlmsghdr *nlh, void *userdata)
{
	size_t *n = userdata;

	*n += nlh->nlmsg_type == RTM_NEWROUTE;
	return MNL_CB_OK;
}

/* Nanoseconds for reading all routes of IPv4; how many there are. */
static uint64_t read_directly(size_t *ret_n)
{
	static _Alignas(struct nlmsghdr) char buffer[65536];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	uint64_t start = bench_now_ns();
	ssize_t size;
	int r = MNL_CB_OK;

	*ret_n = 0;
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		bench_fail("There is no netlink socket.");
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct rtmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg)))->rtm_family = AF_INET;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		bench_fail("The kernel takes no netlink request.");
	while (r == MNL_CB_OK && (size = mnl_socket_recvfrom(nl, buffer, sizeof(buffer))) > 0)
		r = mnl_cb_run(buffer, (size_t)size, 0, 0, count, ret_n);
	if (r != MNL_CB_STOP)
		bench_fail("The kernel does not tell its routes.");
	mnl_socket_close(nl);
	return bench_now_ns() - start;
}

/* Nanoseconds from when the daemon may go on until all is known. */
static uint64_t resync(const struct bench *b, struct hycan *h, struct view *view, unsigned int routes)
{
	const size_t before = view->routes;
	uint64_t start;

	kill(b->pid, SIGSTOP);
	add_routes(routes);
	start = bench_now_ns();
	kill(b->pid, SIGCONT);
	wait_whole(h, view, before + routes);
	return bench_now_ns() - start;
}

void bench_resync(struct bench *b)
{
	const enum hycan_event_family family = HYCAN_EVENT_FAMILY_ROUTE;
	const struct hycan_event_subscribe_options options = { .has_families = true, .families = &family, .n_families = 1 };
	const unsigned int routes = ROUTES / b->scale, turns = b->scale > 1 ? 1 : TURNS;
	struct sample told = { 0 }, direct = { 0 };
	unsigned int overruns = 0;
	size_t n = 0;

	if (system("ip link add " LINK " type veth peer name bench1 && ip link set bench1 up && ip link set " LINK " up") != 0)
		bench_fail("There is no veth pair.");
	bench_start_daemon(b);
	for (unsigned int i = 0; i < turns; i++) {
		struct view view = { 0 };
		struct hycan *h = NULL;

		if (hycan_open(&h, b->socket) < 0 || hycan_event_subscribe(h, &options, on_event, &view) < 0)
			bench_fail("%s", hycan_error_message(h));
		wait_whole(h, &view, 0);
		sample_add(&told, resync(b, h, &view, routes));
		overruns += view.lost;
		sample_add(&direct, read_directly(&n));
		hycan_close(h);
		bench_flush_routes(LINK);
	}
	printf("%u routes while the daemon stood still, overrun in %u of %u turns: known to a subscriber after %.1f ms; %zu read "
	       "directly: %.1f ms: ratio %.2f\n\n",
	       routes, overruns, turns, (double)sample_percentile(&told, 0.5) / 1e6, n,
	       (double)sample_percentile(&direct, 0.5) / 1e6,
	       (double)sample_percentile(&told, 0.5) / (double)sample_percentile(&direct, 0.5));
	sample_free(&told);
	sample_free(&direct);
	bench_stop_daemon(b);
	if (system("ip link delete " LINK) != 0)
		bench_fail("The link cannot be removed.");
}
