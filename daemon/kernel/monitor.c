/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: its socket, what it watches, and reading what the kernel tells.
 *
 * A message is compared with the image (image.h). Where it does not say everything - a route that was one of several in its
 * place, a link that went down with its routes - the kind is in doubt, and read anew when everything that was told is read.
 * A message that tells of something older than what was read changes nothing, or is followed by the one that puts it right:
 * so the order of reading and hearing does not matter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "monitor_state.h"
#include "netlink_port.h"

/* A message about a route takes 1 KiB of it, so this is some 16,000 of them; it is used while they wait alone. */
#define RECEIVE_BUFFER_SIZE (16 * 1024 * 1024)

/* ------------------------------------------------------------------------------------------------------------- opening */

static int open_socket(struct kernel_monitor *m, int receive_buffer)
{
	int size = receive_buffer ? receive_buffer : RECEIVE_BUFFER_SIZE, r = 0, on = 1;

	r = kernel_scope_enter(m->scope);
	if (r < 0)
		return r;
	m->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!m->nl || mnl_socket_bind(m->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	kernel_scope_leave(m->scope);
	if (r < 0)
		return r;
	if (setsockopt(kernel_monitor_fd(m), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(kernel_monitor_fd(m), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(kernel_monitor_fd(m), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return 0;
}

int kernel_monitor_open(const struct kernel_scope *scope, int receive_buffer, uint64_t token, struct kernel_monitor **ret_monitor)
{
	_cleanup_(kernel_monitor_free) struct kernel_monitor *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->token = token;
	TAILQ_INIT(&m->late.list);
	r = image_open(&m->image);
	if (r < 0)
		return r;
	m->names = link_names_new();
	if (!m->names)
		return -ENOMEM;
	m->reader.names = m->names;
	r = kernel_scope_open_same(scope, &m->scope);
	if (r < 0)
		return r;
	m->reader.scope = m->scope;
	r = open_socket(m, receive_buffer);
	if (r < 0)
		return r;
	*ret_monitor = steal(&m);
	return 0;
}

void kernel_monitor_free(struct kernel_monitor **monitor)
{
	struct kernel_monitor *m = *monitor;

	if (!m)
		return;
	if (m->nl)
		mnl_socket_close(m->nl);
	route_reader_done(&m->reader);
	monitor_forget_wireguard(m);
	monitor_late_forget(m);
	kernel_link_names_free(&m->names);
	image_close(&m->image);
	kernel_scope_free(&m->scope);
	free(m->lost_names);
	free(m);
	*monitor = NULL;
}

int kernel_monitor_fd(const struct kernel_monitor *monitor)
{
	return mnl_socket_get_fd(monitor->nl);
}

uint32_t kernel_monitor_port(const struct kernel_monitor *monitor)
{
	return mnl_socket_get_portid(monitor->nl);
}

unsigned int kernel_monitor_doubts(const struct kernel_monitor *monitor)
{
	return monitor->doubts;
}

unsigned int kernel_monitor_suspects(struct kernel_monitor *monitor)
{
	/* what is on a link is told by its name */
	unsigned int suspects = monitor->doubts & KERNEL_BIT(KERNEL_LINK) ? 0 : monitor->suspects & ~monitor->doubts;

	monitor->suspects &= ~suspects;
	return suspects;
}

struct kernel_scope *kernel_monitor_scope(struct kernel_monitor *monitor)
{
	return monitor->scope;
}

static int join(struct kernel_monitor *m, enum kernel_kind kind, bool in)
{
	static const int groups[KERNEL_ANNOUNCED][2] = {
		[KERNEL_LINK] = { RTNLGRP_LINK, RTNLGRP_LINK },
		[KERNEL_ADDRESS] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR },
		[KERNEL_ROUTE] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE },
		[KERNEL_RULE] = { RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE },
		[KERNEL_FORWARDING] = { RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF },
	};

	for (size_t i = 0; i < 2 && kind < KERNEL_ANNOUNCED; i++)
		if (setsockopt(kernel_monitor_fd(m), SOL_NETLINK, in ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP,
		               &groups[kind][i], sizeof(groups[kind][i])) < 0)
			return -errno;
	return 0;
}

static void forget(struct kernel_monitor *m, unsigned int kinds)
{
	struct image_entry *e, *next;

	for (e = TAILQ_FIRST(&m->image.entries); e; e = next) {
		next = TAILQ_NEXT(e, order);
		if (!(kinds & KERNEL_BIT(e->kind)))
			continue;
		image_take(&m->image, e);
		image_release(e);
	}
}

/*
 * Drops, before they are received, messages that something has come, of kinds of which only losses are told. A route in
 * another one's place is one, unless it is our own doing: that is known to whom it concerns.
 */
static void set_filter(struct kernel_monitor *m)
{
	/* a load wants bytes as they stand: the second one of a type is 0, and that of the flags has all of NLM_F_REPLACE */
	enum { BIG = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };
	const uint32_t type_at = offsetof(struct nlmsghdr, nlmsg_type) + BIG,
		       flags_at = offsetof(struct nlmsghdr, nlmsg_flags) + !BIG,
		       port_at = offsetof(struct nlmsghdr, nlmsg_pid) + (BIG ? 0 : 2);
	const bool rules = m->kinds & KERNEL_BIT(KERNEL_RULE), routes = m->kinds & KERNEL_BIT(KERNEL_ROUTE);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, type_at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTM_NEWRULE, (uint8_t)(rules ? 5 : 6), 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTM_NEWROUTE, (uint8_t)(routes ? 4 : 0), 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (NLM_F_REPLACE | NLM_F_APPEND) >> 8, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, port_at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(netlink_port_upper()), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .filter = code, .len = sizeof(code) / sizeof(*code) };

	/* without it everything comes, and what is not wanted is dropped later */
	(void)setsockopt(kernel_monitor_fd(m), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static void blame_strangers(struct kernel_monitor *m)
{
	for (size_t i = 0; i < KERNEL_KINDS; i++) {
		m->cause[i].origin = KERNEL_BY_STRANGER;
		m->cause[i].named = false;
	}
}

int kernel_monitor_watch(struct kernel_monitor *m, unsigned int kinds, unsigned int losses)
{
	unsigned int dropped, heard_anew;
	int r;

	if (kinds | losses)
		kinds |= KERNEL_BIT(KERNEL_LINK);
	/* these are few, and the kernel says “new” of them whatever happens */
	kinds |= losses & KERNEL_BIT(KERNEL_ADDRESS);
	losses &= ~kinds;
	dropped = m->kinds & ~kinds;
	for (unsigned int kind = 0; kind < KERNEL_KINDS; kind++) {
		if (((m->kinds | m->losses) ^ (kinds | losses)) & KERNEL_BIT(kind)) {
			r = join(m, (enum kernel_kind)kind, (kinds | losses) & KERNEL_BIT(kind));
			if (r < 0)
				return r;
		}
	}
	m->doubts = (m->doubts | (kinds & ~m->kinds)) & kinds;
	blame_strangers(m);
	heard_anew = (kinds & ~m->kinds) | (losses & ~(m->kinds | m->losses));
	m->kinds = kinds;
	m->losses = losses;
	m->suspects &= kinds | losses;
	monitor_suspect(m, heard_anew);
	set_filter(m);
	if (dropped)
		forget(m, dropped);
	if (dropped & KERNEL_BIT(KERNEL_WIREGUARD))
		monitor_forget_wireguard(m);
	if (dropped & KERNEL_BIT(KERNEL_WIREGUARD))
		monitor_blame_forget(m);
	return 0;
}

/* -------------------------------------------------------------------------------------------------------------- reading */

/* A message takes at least so much of the receive buffer (SKB_TRUESIZE(), include/linux/skbuff.h). */
#define MESSAGE_BYTES 256u

/*
 * Behind a message that was lost the kernel drops all others, and does not say so again, until whoever reads has come to the end
 * (netlink_rcv_wake(), net/netlink/af_netlink.c). What is read anew before that would miss them: so all that waits is dropped here, and
 * what is heard from then on is heard whole. While it drops nothing is added, so that there is an end.
 */
static void drain(struct kernel_monitor *m)
{
	socklen_t size = sizeof(int);
	int room = 0;
	ssize_t n = 0;

	(void)getsockopt(kernel_monitor_fd(m), SOL_SOCKET, SO_RCVBUF, &room, &size);
	for (unsigned int left = (unsigned int)room / MESSAGE_BYTES + 1; left > 0 && (n >= 0 || errno != EAGAIN); left--)
		n = recv(kernel_monitor_fd(m), m->received, sizeof(m->received), MSG_DONTWAIT);
}

static int lose(struct kernel_monitor *m)
{
	drain(m);
	m->doubts = m->kinds;
	monitor_suspect(m, m->kinds | m->losses);
	m->wireguard.again = true;
	blame_strangers(m);
	monitor_blame_forget(m);
	monitor_late_forget(m);
	/* the ends of requests may be among what was lost */
	m->n_senders = 0;
	return -ENOBUFS;
}

int kernel_monitor_read(struct kernel_monitor *m, size_t max, kernel_changed *changed, void *userdata)
{
	struct sockaddr_nl from;
	struct iovec iov = { .iov_base = m->received, .iov_len = sizeof(m->received) };

	m->changed = changed;
	m->userdata = userdata;
	for (size_t i = 0; i < max; i++) {
		struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)m->received;
		ssize_t n = recvmsg(kernel_monitor_fd(m), &msg, MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return lose(m);
		if (n < 0) {
			/* everything is told that needs them */
			if (!(m->doubts & (KERNEL_BIT(KERNEL_ROUTE) | KERNEL_BIT(KERNEL_WIREGUARD))))
				monitor_drop_lost_names(m);
			return 0;
		}
		if (msg.msg_flags & MSG_TRUNC)
			return lose(m);
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			/* what is not the kernel's is at most a mark */
			if (from.nl_pid)
				monitor_take_mark(m, from.nl_pid, nlh);
			else
				monitor_apply(m, nlh);
		}
	}
	return 1;
}
