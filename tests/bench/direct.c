/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The echo, and netlink by libmnl. */
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "bench.h"
#include "direct.h"

static void serve(int fd)
{
	char bytes[64];
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		if (send(fd, bytes, (size_t)n, 0) != n)
			break;
	_exit(0);
}

void direct_open(struct direct *d)
{
	int pair[2];

	*d = (struct direct){ .nl = mnl_socket_open(NETLINK_ROUTE) };
	if (!d->nl || mnl_socket_bind(d->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		bench_fail("There is no netlink socket.");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		bench_fail("There is no socket pair.");
	d->server = fork();
	if (d->server == 0) {
		close(pair[0]);
		serve(pair[1]);
	}
	close(pair[1]);
	d->echo = pair[0];
}

void direct_close(struct direct *d)
{
	close(d->echo);
	waitpid(d->server, NULL, 0);
	mnl_socket_close(d->nl);
}

void direct_echo(struct direct *d)
{
	char bytes[64] = { 0 };

	if (send(d->echo, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
	    recv(d->echo, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
		bench_fail("The echo broke.");
}

/* A message about lo; the answer is read, whatever it is. */
static void ask(struct direct *d, uint16_t type, uint16_t flags, unsigned int up)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;
	ssize_t n;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++d->seq;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_change = ifi->ifi_flags = up;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "lo");
	if (mnl_socket_sendto(d->nl, nlh, nlh->nlmsg_len) < 0)
		bench_fail("The kernel takes no netlink request.");
	n = mnl_socket_recvfrom(d->nl, buffer, sizeof(buffer));
	if (n <= 0 || mnl_cb_run(buffer, (size_t)n, d->seq, mnl_socket_get_portid(d->nl), NULL, NULL) < 0)
		bench_fail("The kernel refused the netlink request.");
}

void direct_link_up(struct direct *d)
{
	ask(d, RTM_NEWLINK, NLM_F_ACK, IFF_UP);
}

void direct_link_get(struct direct *d)
{
	ask(d, RTM_GETLINK, 0, 0);
}
