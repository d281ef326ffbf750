/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One synchronous call, beside what it is made of: an echo over a Unix socket between two processes, and the same
 * netlink request made directly. The three are measured in turn, so that all see the same machine.
 */
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define CALLS 200000u
#define ROUND 500u

static pid_t echo_start(int *ret_fd)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		bench_fail("There is no socket pair.");
	pid = fork();
	if (pid == 0) {
		char bytes[64];
		ssize_t n;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		while ((n = recv(pair[1], bytes, sizeof(bytes), 0)) > 0)
			if (send(pair[1], bytes, (size_t)n, 0) != n)
				break;
		_exit(0);
	}
	close(pair[1]);
	*ret_fd = pair[0];
	return pid;
}

static void echo_once(int fd)
{
	char bytes[64] = { 0 };

	if (send(fd, bytes, sizeof(bytes), 0) != sizeof(bytes) || recv(fd, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
		bench_fail("The echo broke.");
}

/* What the daemon asks the kernel for link.up, made directly. */
static void netlink_once(struct mnl_socket *nl)
{
	static uint32_t seq;
	char buffer[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;
	ssize_t n;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++seq;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_change = ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "lo");
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		bench_fail("The kernel takes no netlink request.");
	n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	if (n <= 0 || mnl_cb_run(buffer, (size_t)n, seq, mnl_socket_get_portid(nl), NULL, NULL) < 0)
		bench_fail("The kernel refused the netlink request.");
}

static void measure(struct hycan *h, int echo, struct mnl_socket *nl, unsigned int rounds, struct sample samples[3])
{
	for (unsigned int round = 0; round < rounds; round++)
		for (int which = 0; which < 3; which++)
			for (unsigned int i = 0; i < ROUND; i++) {
				uint64_t start = bench_now_ns();

				if (which == 0)
					echo_once(echo);
				else if (which == 1)
					netlink_once(nl);
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
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct hycan *h = NULL;
	double p50[3], p99[3];
	pid_t echo_pid;
	int echo;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		bench_fail("There is no netlink socket.");
	bench_start_daemon(b);
	echo_pid = echo_start(&echo);
	bench_pin(0, ends == BENCH_ANY_CPU ? -1 : 0);
	bench_pin(b->pid, server_cpu);
	bench_pin(echo_pid, server_cpu);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	measure(h, echo, nl, CALLS / ROUND / b->scale + 1, samples);
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
	close(echo);
	waitpid(echo_pid, NULL, 0);
	mnl_socket_close(nl);
	bench_stop_daemon(b);
}
