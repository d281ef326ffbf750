/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that the kernel tracks.
 *
 * A connection keeps the translation that it began with: a UDP sender that never pauses would reach the target of a
 * removed mapping for ever. So its connections are looked for, by what they lead to, and forgotten; the next packet
 * begins a new one. The kernel does the looking (CTA_FILTER, since Linux 5.8), and hands out those that match alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attribute.h"
#include "cleanup.h"
#include "conntrack.h"
#include "netlink.h"

/* Bits of CTA_FILTER_REPLY_FLAGS, which no header of the kernel gives out. */
enum { FILTER_IP_SRC = 1 << 0, FILTER_PROTO_NUM = 1 << 3, FILTER_PROTO_SRC_PORT = 1 << 4 };

/* Room for one request to forget a connection, of which are sent this many at once. */
enum { FORGET_SIZE = 256, FORGET_BATCH = 128 };

/* The connections to forget: what names them, their tuple in the original direction. */
struct forgetting {
	const struct hycan_port_mapping *mapping;
	uint8_t (*tuple)[FORGET_SIZE]; /* attributes */
	size_t n;
	size_t room;
};

static void forgetting_free(struct forgetting *f)
{
	cleanup_free(&f->tuple);
}

static struct nlmsghdr *put_header(struct nlmsghdr *nlh, uint8_t family)
{
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

/* Ports of a tuple, and its addresses. */
struct tuple {
	struct hycan_address destination;
	uint16_t source_port;
	uint16_t destination_port;
};

static void read_tuple(const struct nlattr *nest, uint8_t family, struct tuple *ret_tuple)
{
	const struct nlattr *t[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];

	memset(ret_tuple, 0, sizeof(*ret_tuple));
	netlink_parse_nested(nest, t, CTA_TUPLE_MAX);
	if (!t[CTA_TUPLE_IP] || !t[CTA_TUPLE_PROTO])
		return;
	netlink_parse_nested(t[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	netlink_parse_nested(t[CTA_TUPLE_PROTO], proto, CTA_PROTO_MAX);
	attribute_address(ip[family == AF_INET6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], family, &ret_tuple->destination);
	if (proto[CTA_PROTO_SRC_PORT])
		ret_tuple->source_port = ntohs(mnl_attr_get_u16(proto[CTA_PROTO_SRC_PORT]));
	if (proto[CTA_PROTO_DST_PORT])
		ret_tuple->destination_port = ntohs(mnl_attr_get_u16(proto[CTA_PROTO_DST_PORT]));
}

/* Whether the mapping translated this connection. */
static bool is_of(const struct nlattr *const *a, const struct hycan_port_mapping *m)
{
	struct tuple original, reply;

	if (!a[CTA_TUPLE_ORIG] || !a[CTA_TUPLE_REPLY] || !a[CTA_STATUS] || !(ntohl(mnl_attr_get_u32(a[CTA_STATUS])) & IPS_DST_NAT))
		return false;
	read_tuple(a[CTA_TUPLE_ORIG], m->to_address.family, &original);
	read_tuple(a[CTA_TUPLE_REPLY], m->to_address.family, &reply);
	if (original.destination_port < m->host_port.first || original.destination_port > m->host_port.last ||
	    reply.source_port != m->to_port + (original.destination_port - m->host_port.first))
		return false;
	return !m->has_host_address || attribute_same_address(&original.destination, &m->host_address);
}

static int connection_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct forgetting *f = userdata;
	const struct nlattr *a[CTA_MAX + 1];
	void *p;

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, CTA_MAX);
	if (!is_of(a, f->mapping) || a[CTA_TUPLE_ORIG]->nla_len > FORGET_SIZE - 64)
		return 0;
	if (f->n == f->room) {
		p = reallocarray(f->tuple, f->room ? f->room * 2 : 64, sizeof(*f->tuple));
		if (!p)
			return -ENOMEM;
		f->tuple = p;
		f->room = f->room ? f->room * 2 : 64;
	}
	memcpy(f->tuple[f->n++], a[CTA_TUPLE_ORIG], a[CTA_TUPLE_ORIG]->nla_len);
	return 0;
}

/* Asks for the connections whose answers come from the target of the mapping. */
static int find(struct kernel_scope *scope, struct forgetting *f)
{
	const struct hycan_port_mapping *m = f->mapping;
	uint32_t flags = FILTER_IP_SRC | FILTER_PROTO_NUM;
	struct nlmsghdr *nlh = netlink_message(scope, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	struct nlattr *tuple, *nest;

	put_header(nlh, m->to_address.family);
	tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_REPLY);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	attribute_put_address(nlh, m->to_address.family == AF_INET6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, &m->to_address);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, (uint8_t)m->protocol);
	if (m->host_port.first == m->host_port.last) {
		mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(m->to_port));
		flags |= FILTER_PROTO_SRC_PORT;
	}
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, flags);
	mnl_attr_nest_end(nlh, nest);
	return netlink_request(scope, NETLINK_NETFILTER, nlh, connection_answer, f);
}

/* A connection that ended meanwhile is forgotten, too. */
static void forget_failed(uint32_t seq, int error, const char *message, void *userdata)
{
	(void)seq;
	(void)error;
	(void)message;
	(void)userdata;
}

static int statistics_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct nlattr *a[CTA_STATS_GLOBAL_MAX + 1];
	uint32_t n;

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, CTA_STATS_GLOBAL_MAX);
	if (attribute_u32(a[CTA_STATS_GLOBAL_ENTRIES], &n))
		*(bool *)userdata = n != 0;
	return 0;
}

/* Whether this namespace has connections at all: the kernel has one table for all namespaces, and reads all of it. */
static bool has_any(struct kernel_scope *scope)
{
	struct nlmsghdr *nlh = netlink_message(scope, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS, 0);
	bool any = true;

	put_header(nlh, AF_UNSPEC);
	(void)netlink_request(scope, NETLINK_NETFILTER, nlh, statistics_answer, &any);
	return any;
}

void conntrack_forget(struct kernel_scope *scope, const struct hycan_port_mapping *mapping)
{
	_cleanup_(forgetting_free) struct forgetting f = { .mapping = mapping };
	size_t done = 0;

	if (!has_any(scope) || find(scope, &f) < 0)
		f.n = 0;
	while (done < f.n) {
		size_t n = f.n - done < FORGET_BATCH ? f.n - done : FORGET_BATCH, size = 0;
		uint32_t seq = netlink_sequence(scope, (uint32_t)n);

		for (size_t i = 0; i < n; i++) {
			const struct nlattr *tuple = (const void *)f.tuple[done + i];
			struct nlmsghdr *nlh = mnl_nlmsg_put_header((uint8_t *)netlink_buffer(scope) + size);

			nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
			nlh->nlmsg_flags = NLM_F_REQUEST | (i == n - 1 ? NLM_F_ACK : 0);
			nlh->nlmsg_seq = seq + (uint32_t)i;
			put_header(nlh, mapping->to_address.family);
			mnl_attr_put(nlh, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
			             mnl_attr_get_payload(tuple));
			size += MNL_ALIGN(nlh->nlmsg_len);
		}
		if (netlink_batch(scope, NETLINK_NETFILTER, netlink_buffer(scope), size, seq + (uint32_t)n - 1, forget_failed,
		                  NULL) < 0)
			break;
		done += n;
	}
}
