/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor.
 *
 * What the kernel tells is compared with the image (image.h). Where a message does not say everything - a route that was
 * one of several in its place, a link that went down with its routes - the kind is in doubt, and read anew when everything
 * that was told is read. A message that tells of something older than what was read changes nothing, or is followed by the
 * one that puts it right: so the order of reading and hearing does not matter.
 *
 * Who caused a change: every message has the port and the sequence number of the request that it comes from, where the
 * kernel knows it. Whoever carries out a request marks its beginning and its end by messages to the monitor's own socket,
 * and these stand among the kernel's in the order in which everything happened.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address_read.h"
#include "cleanup.h"
#include "link_read.h"
#include "monitor.h"
#include "monitor_message.h"
#include "route_message.h"
#include "rule_read.h"

#define ALL_KINDS (KERNEL_BIT(KERNEL_KINDS) - 1)

/* A message about a route takes 1 KiB of it, so this is some 16,000 of them; it is used while they wait alone. */
#define RECEIVE_BUFFER_SIZE (16 * 1024 * 1024)

/* A dump that the kernel changed meanwhile is tried so often. */
#define SYNC_ATTEMPTS 4

/* Sockets that requests come from: the daemon's own, and one for each client in another namespace. */
#define SENDERS_MAX 32u

struct sender {
	uint32_t port;
	bool under_way;
	uint64_t began; /* counts marks */
	struct kernel_mark mark;
};

struct kernel_monitor {
	struct kernel_scope *scope;
	struct mnl_socket *nl;
	uint64_t token;
	unsigned int kinds;
	unsigned int losses; /* kinds of which only that is told what goes */
	unsigned int doubts;
	unsigned int suspects; /* the same of losses */
	struct image image;
	struct kernel_link_names *names;
	uint32_t *lost_names; /* links that are gone, but that something may still be said about */
	size_t n_lost_names;
	struct route_reader reader;
	struct sender sender[SENDERS_MAX];
	size_t n_senders;
	uint64_t n_marks;
	enum kernel_origin doubt_origin; /* who raised the doubts */
	struct kernel_mark doubt_mark;
	uint32_t generation;
	kernel_changed *changed; /* while something is read */
	void *userdata;
	uint8_t family; /* that is dumped */
	_Alignas(NLMSG_ALIGNTO) uint8_t received[NETLINK_BUFFER_SIZE];
	_Alignas(NLMSG_ALIGNTO) uint8_t compact[NETLINK_BUFFER_SIZE];
};

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
	kernel_link_names_free(&m->names);
	image_close(&m->image);
	kernel_scope_free(&m->scope);
	free(m->lost_names);
	free(m);
	*monitor = NULL;
}

uint64_t kernel_monitor_inode(const struct kernel_monitor *monitor)
{
	return kernel_scope_inode(monitor->scope);
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
	unsigned int suspects = monitor->suspects;

	monitor->suspects = 0;
	return suspects;
}

struct kernel_scope *kernel_monitor_scope(struct kernel_monitor *monitor)
{
	return monitor->scope;
}

size_t kernel_monitor_count(const struct kernel_monitor *monitor)
{
	return monitor->image.n;
}

static int join(struct kernel_monitor *m, enum kernel_kind kind, bool in)
{
	static const int groups[KERNEL_KINDS][2] = {
		[KERNEL_LINK] = { RTNLGRP_LINK, RTNLGRP_LINK },
		[KERNEL_ADDRESS] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR },
		[KERNEL_ROUTE] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE },
		[KERNEL_RULE] = { RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE },
	};

	for (size_t i = 0; i < 2; i++)
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

/* Drops messages that something has come, of kinds of which only losses are told, before they are received. */
static void set_filter(struct kernel_monitor *m)
{
	/* the second byte of a type is 0 (linux/rtnetlink.h) */
	const uint32_t type_at = offsetof(struct nlmsghdr, nlmsg_type) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	static const uint16_t types[KERNEL_KINDS] = {
		[KERNEL_LINK] = RTM_NEWLINK,
		[KERNEL_ADDRESS] = RTM_NEWADDR,
		[KERNEL_ROUTE] = RTM_NEWROUTE,
		[KERNEL_RULE] = RTM_NEWRULE,
	};
	struct sock_filter code[KERNEL_KINDS + 3] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, type_at) };
	struct sock_fprog program = { .filter = code };
	unsigned short n = 1, dropped = 0;

	for (unsigned int kind = 0; kind < KERNEL_KINDS; kind++)
		if (!(m->kinds & KERNEL_BIT(kind)))
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, types[kind], 0, 0);
	dropped = n - 1;
	for (unsigned short i = 1; i <= dropped; i++)
		code[i].jt = (uint8_t)(dropped - i + 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	program.len = n;
	/* without it everything comes, and what is not wanted is dropped later */
	(void)setsockopt(kernel_monitor_fd(m), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

int kernel_monitor_watch(struct kernel_monitor *m, unsigned int kinds, unsigned int losses)
{
	unsigned int dropped;
	int r;

	if (kinds | losses)
		kinds |= KERNEL_BIT(KERNEL_LINK);
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
	m->doubt_origin = KERNEL_BY_STRANGER;
	m->kinds = kinds;
	m->losses = losses;
	m->suspects &= losses;
	set_filter(m);
	if (dropped)
		forget(m, dropped);
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- who caused it */

static struct sender *find_sender(struct kernel_monitor *m, uint32_t port)
{
	for (size_t i = 0; i < m->n_senders; i++)
		if (m->sender[i].port == port)
			return &m->sender[i];
	return NULL;
}

/* Somebody who has not begun anything for the longest time makes room. */
static struct sender *add_sender(struct kernel_monitor *m, uint32_t port)
{
	struct sender *oldest = &m->sender[0];

	if (m->n_senders < SENDERS_MAX) {
		oldest = &m->sender[m->n_senders++];
	} else {
		for (size_t i = 1; i < m->n_senders; i++)
			if (m->sender[i].began < oldest->began)
				oldest = &m->sender[i];
	}
	*oldest = (struct sender){ .port = port };
	return oldest;
}

static void take_mark(struct kernel_monitor *m, uint32_t port, const struct nlmsghdr *nlh)
{
	struct kernel_mark mark;
	struct sender *s;

	if (nlh->nlmsg_type != NLMSG_NOOP || mnl_nlmsg_get_payload_len(nlh) != sizeof(mark))
		return;
	memcpy(&mark, mnl_nlmsg_get_payload(nlh), sizeof(mark));
	if (mark.token != m->token)
		return;
	s = find_sender(m, port);
	if (!s)
		s = add_sender(m, port);
	s->under_way = mark.begin;
	s->mark = mark;
	s->began = ++m->n_marks;
}

/* The request that was begun last of those under way. */
static const struct sender *latest_sender(const struct kernel_monitor *m)
{
	const struct sender *latest = NULL;

	for (size_t i = 0; i < m->n_senders; i++)
		if (m->sender[i].under_way && (!latest || m->sender[i].began > latest->began))
			latest = &m->sender[i];
	return latest;
}

static enum kernel_origin find_origin(struct kernel_monitor *m, uint32_t port, const struct kernel_mark **ret_mark)
{
	const struct sender *s = port ? find_sender(m, port) : latest_sender(m);

	*ret_mark = s ? &s->mark : NULL;
	if (!s)
		return KERNEL_BY_STRANGER;
	if (!s->under_way)
		return KERNEL_BY_US;
	return port ? KERNEL_BY_REQUEST : KERNEL_DURING;
}

static void doubt(struct kernel_monitor *m, enum kernel_kind kind, const struct kernel_change *why)
{
	m->doubts |= KERNEL_BIT(kind) & m->kinds;
	m->suspects |= KERNEL_BIT(kind) & m->losses;
	m->doubt_origin = why->origin == KERNEL_BY_REQUEST ? KERNEL_DURING : why->origin;
	if (why->mark)
		m->doubt_mark = *why->mark;
}

/* ------------------------------------------------------------------------------------------------------------ comparing */

static void tell(struct kernel_monitor *m, struct kernel_change *change, enum kernel_change_what what, const struct image_entry *e)
{
	change->what = what;
	change->number = e->number;
	change->entry = e;
	m->changed(change, m->userdata);
}

/* Names of links that are gone stay until their routes are known to be gone, too. */
static void lose_name(struct kernel_monitor *m, uint32_t ifindex)
{
	uint32_t *p;

	if (!((m->kinds | m->losses) & KERNEL_BIT(KERNEL_ROUTE))) {
		link_names_drop(m->names, ifindex);
		return;
	}
	p = reallocarray(m->lost_names, m->n_lost_names + 1, sizeof(*p));
	if (!p)
		return;
	m->lost_names = p;
	m->lost_names[m->n_lost_names++] = ifindex;
}

static void drop_lost_names(struct kernel_monitor *m)
{
	for (size_t i = 0; i < m->n_lost_names; i++)
		link_names_drop(m->names, m->lost_names[i]);
	cleanup_free(&m->lost_names);
	m->n_lost_names = 0;
}

static void note_link(struct kernel_monitor *m, const struct monitor_message *message, const struct kernel_change *change)
{
	struct hycan_link link;
	uint32_t parent, master;

	if (message->down || message->gone)
		doubt(m, KERNEL_ROUTE, change);
	if (message->gone) {
		lose_name(m, message->ifindex);
		return;
	}
	link_read(message->compact, &link, &parent, &master);
	if (link_names_put(m->names, message->ifindex, link.name) < 0)
		doubt(m, KERNEL_LINK, change);
}

static void take(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e)
{
	image_take(&m->image, e);
	tell(m, change, KERNEL_WENT, e);
	image_release(e);
}

static void add(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message)
{
	struct image_entry *e = image_add(&m->image, (uint8_t)message->kind, &message->key, message->compact, message->essence);

	if (!e) {
		doubt(m, message->kind, change);
		return;
	}
	e->seen = m->generation;
	tell(m, change, KERNEL_CAME, e);
}

static void put(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e,
                const struct monitor_message *message)
{
	bool same = image_same(e, message->compact, message->essence);

	e = image_change(&m->image, e, message->compact, message->essence);
	if (!e) {
		doubt(m, message->kind, change);
		return;
	}
	e->seen = m->generation;
	if (!same)
		tell(m, change, KERNEL_CHANGED, e);
}

/* Whether there are several in the same place, of which a message does not say which one it means. */
static bool is_ambiguous(const struct kernel_monitor *m, struct monitor_message *message)
{
	bool several;

	if (message->kind != KERNEL_ROUTE && message->kind != KERNEL_RULE)
		return false;
	message->key.nth = 1;
	several = image_find(&m->image, (uint8_t)message->kind, &message->key);
	message->key.nth = 0;
	return several;
}

/* Something has gone of a kind of which nothing is kept: it is what the message says. */
static void tell_loss(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message)
{
	struct image_entry *e = image_add(&m->image, (uint8_t)message->kind, &message->key, message->compact, message->essence);

	if (e)
		take(m, change, e);
	else
		m->suspects |= KERNEL_BIT(message->kind);
}

/* A message that the kernel sent by itself. */
static void apply(struct kernel_monitor *m, const struct nlmsghdr *nlh)
{
	struct kernel_change change = { 0 };
	struct monitor_message message;
	struct image_entry *e;
	bool same;

	if (!monitor_message_read(nlh, m->compact, &message) || !((m->kinds | m->losses) & KERNEL_BIT(message.kind)))
		return;
	change.kind = message.kind;
	change.origin = find_origin(m, nlh->nlmsg_pid, &change.mark);
	if (m->losses & KERNEL_BIT(message.kind)) {
		if (message.gone)
			tell_loss(m, &change, &message);
		/* as below */
		if (message.gone && message.kind == KERNEL_ADDRESS)
			doubt(m, KERNEL_ROUTE, &change);
		return;
	}
	e = image_find(&m->image, (uint8_t)message.kind, &message.key);
	same = e && image_same(e, message.compact, message.essence);
	if (is_ambiguous(m, &message) ||
	    (e && !same && message.kind == KERNEL_ROUTE && (message.gone || !(nlh->nlmsg_flags & NLM_F_REPLACE))))
		doubt(m, message.kind, &change);
	else if (message.gone && e)
		take(m, &change, e);
	else if (!message.gone && e)
		put(m, &change, e, &message);
	else if (!message.gone)
		add(m, &change, &message);
	if (message.kind == KERNEL_LINK)
		note_link(m, &message, &change);
	/* an IPv4 address takes the routes with it that have it as their source */
	if (message.kind == KERNEL_ADDRESS && message.gone)
		doubt(m, KERNEL_ROUTE, &change);
}

/* -------------------------------------------------------------------------------------------------------------- reading */

static int lose(struct kernel_monitor *m)
{
	m->doubts = m->kinds;
	m->suspects = m->losses;
	m->doubt_origin = KERNEL_BY_STRANGER;
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
		if (n < 0)
			return errno == EAGAIN ? 0 : lose(m);
		if (msg.msg_flags & MSG_TRUNC)
			return lose(m);
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			/* what is not the kernel's is at most a mark */
			if (from.nl_pid)
				take_mark(m, from.nl_pid, nlh);
			else
				apply(m, nlh);
		}
	}
	return 1;
}

/* --------------------------------------------------------------------------------------------------------- reading anew */

static int sync_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct kernel_monitor *m = userdata;
	struct kernel_change change = { .origin = m->doubt_origin, .mark = &m->doubt_mark };
	struct monitor_message message;
	struct image_entry *e;

	if (m->family && *(const uint8_t *)mnl_nlmsg_get_payload(nlh) != m->family)
		return 0;
	if (!monitor_message_read(nlh, m->compact, &message))
		return 0;
	change.kind = message.kind;
	while ((e = image_find(&m->image, (uint8_t)message.kind, &message.key)) && e->seen == m->generation)
		message.key.nth++;
	if (message.kind == KERNEL_LINK) {
		struct hycan_link link;
		uint32_t parent, master;

		link_read(message.compact, &link, &parent, &master);
		if (link_names_put(m->names, message.ifindex, link.name) < 0)
			return -ENOMEM;
	}
	if (e)
		put(m, &change, e, &message);
	else
		add(m, &change, &message);
	return 0;
}

static struct nlmsghdr *dump_message(struct kernel_monitor *m, enum kernel_kind kind)
{
	struct nlmsghdr *nlh = NULL;

	switch (kind) {
	case KERNEL_LINK:
		nlh = link_message(m->scope, RTM_GETLINK, NLM_F_DUMP, NULL);
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		return nlh;
	case KERNEL_ADDRESS:
		nlh = netlink_message(m->scope, RTM_GETADDR, NLM_F_DUMP);
		((struct ifaddrmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg)))->ifa_family = m->family;
		return nlh;
	case KERNEL_ROUTE:
		nlh = netlink_message(m->scope, RTM_GETROUTE, NLM_F_DUMP);
		((struct rtmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg)))->rtm_family = m->family;
		return nlh;
	case KERNEL_RULE:
		nlh = netlink_message(m->scope, RTM_GETRULE, NLM_F_DUMP);
		((struct fib_rule_hdr *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct fib_rule_hdr)))->family = m->family;
		return nlh;
	}
	return nlh;
}

static int dump(struct kernel_monitor *m, enum kernel_kind kind)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r = 0;

	m->family = 0;
	if (kind == KERNEL_LINK)
		return netlink_request(m->scope, NETLINK_ROUTE, dump_message(m, kind), sync_answer, m);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		m->family = families[i];
		r = netlink_request(m->scope, NETLINK_ROUTE, dump_message(m, kind), sync_answer, m);
		/* IPv6 comes with its module */
		if (r == -ENOENT || r == -EAFNOSUPPORT || r == -EOPNOTSUPP)
			r = 0;
	}
	return r;
}

/* What was not found any more. */
static void sweep(struct kernel_monitor *m, enum kernel_kind kind)
{
	struct kernel_change change = { .kind = kind, .origin = m->doubt_origin, .mark = &m->doubt_mark };
	struct image_entry *e, *next;

	for (e = TAILQ_FIRST(&m->image.entries); e; e = next) {
		next = TAILQ_NEXT(e, order);
		if (e->kind != kind || e->seen == m->generation)
			continue;
		if (kind == KERNEL_LINK)
			lose_name(m, (uint32_t)((const struct ifinfomsg *)mnl_nlmsg_get_payload(image_message(e)))->ifi_index);
		take(m, &change, e);
	}
}

static int sync_kind(struct kernel_monitor *m, enum kernel_kind kind)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < SYNC_ATTEMPTS; i++) {
		m->generation++;
		m->doubts &= ~KERNEL_BIT(kind);
		r = dump(m, kind);
	}
	if (r < 0) {
		m->doubts |= KERNEL_BIT(kind);
		return r;
	}
	sweep(m, kind);
	return 0;
}

int kernel_monitor_sync(struct kernel_monitor *m, kernel_changed *changed, void *userdata)
{
	unsigned int doubts = m->doubts;
	int r = 0;

	m->changed = changed;
	m->userdata = userdata;
	for (unsigned int kind = 0; kind < KERNEL_KINDS && r == 0; kind++)
		if (doubts & KERNEL_BIT(kind))
			r = sync_kind(m, (enum kernel_kind)kind);
	if (r == 0 && !(m->doubts & KERNEL_BIT(KERNEL_ROUTE)))
		drop_lost_names(m);
	return r;
}

/* ------------------------------------------------------------------------------------------------------------- decoding */

const struct image_entry *kernel_monitor_next(const struct kernel_monitor *m, unsigned int kinds, uint64_t number,
                                              const struct image_entry *hint, uint64_t *ret_number)
{
	const struct image_entry *e = image_after(&m->image, number, (struct image_entry *)hint);

	while (e && !(kinds & KERNEL_BIT(e->kind)))
		e = TAILQ_NEXT(e, order);
	if (e)
		*ret_number = e->number;
	return e;
}

enum kernel_kind kernel_monitor_kind(const struct image_entry *entry)
{
	return (enum kernel_kind)entry->kind;
}

static bool name_of(const struct kernel_monitor *m, uint32_t ifindex, char name[static HYCAN_IFNAME_SIZE])
{
	const char *found = ifindex ? kernel_link_names_find(m->names, ifindex) : NULL;

	if (found)
		memcpy(name, found, HYCAN_IFNAME_SIZE);
	return found;
}

const char *kernel_monitor_link_name(const struct kernel_monitor *m, uint32_t ifindex)
{
	return kernel_link_names_find(m->names, ifindex);
}

static int decode_link(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct hycan_link *link)
{
	uint32_t parent, master;

	link_read(nlh, link, &parent, &master);
	link->has_parent = name_of(m, parent, link->parent);
	link->has_master = name_of(m, master, link->master);
	return 0;
}

static int decode_address(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct hycan_link_address *a)
{
	uint32_t ifindex;

	if (!address_read(nlh, a, &ifindex) || !name_of(m, ifindex, a->link))
		return -ENODATA;
	/* the label that every IPv4 address has says nothing */
	a->has_label = a->has_label && strcmp(a->label, a->link) != 0;
	return 0;
}

int kernel_monitor_decode(struct kernel_monitor *m, const struct image_entry *entry, struct kernel_thing *thing)
{
	const struct nlmsghdr *nlh = image_message(entry);
	bool whole;
	int r;

	thing->kind = (enum kernel_kind)entry->kind;
	switch (thing->kind) {
	case KERNEL_LINK:
		return decode_link(m, nlh, &thing->link);
	case KERNEL_ADDRESS:
		return decode_address(m, nlh, &thing->address);
	case KERNEL_ROUTE:
		r = route_read(&m->reader, nlh, &thing->route);
		return r > 0 ? -ENODATA : r;
	case KERNEL_RULE:
		return rule_read(nlh, &thing->rule, &whole) ? 0 : -ENODATA;
	}
	return -ENODATA;
}
