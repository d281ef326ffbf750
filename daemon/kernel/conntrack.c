/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that the kernel tracks.
 *
 * A connection keeps the translation that it began with, or that it began without one: a UDP sender that never pauses
 * would reach the target of a removed mapping for ever, and never that of a new one. So such connections are looked for
 * and forgotten; the next packet begins a new one. The kernel does the looking (CTA_FILTER, since Linux 5.8), and hands
 * out those that match alone; except for IPv6 addresses, which up to Linux 6.18 at least it compares the wrong way
 * round: those are looked at here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "conntrack.h"
#include "netlink.h"

/* Bits of CTA_FILTER_*_FLAGS, which no header of the kernel gives out. */
enum {
	FILTER_IP_SRC = 1 << 0,
	FILTER_PROTO_NUM = 1 << 3,
	FILTER_PROTO_SRC_PORT = 1 << 4,
	FILTER_PROTO_DST_PORT = 1 << 5,
};

/* Room for one request to forget a connection, of which are sent this many at once. */
enum { FORGET_SIZE = 256, FORGET_BATCH = 128 };

struct forgetting {
	const struct hycan_port_mapping *mapping;
	bool translated;               /* those that it translated, or those that it did not */
	struct hycan_address *address; /* addresses of this host */
	size_t n_addresses;
	uint8_t (*tuple)[FORGET_SIZE]; /* what names the connections to forget: an attribute each */
	size_t n;
};

static void forgetting_free(struct forgetting *f)
{
	cleanup_free(&f->address);
	cleanup_free(&f->tuple);
}

static int address_found(const struct hycan_link_address *address, void *userdata)
{
	struct forgetting *f = userdata;
	int r = array_grow(&f->address, f->n_addresses, sizeof(*f->address));

	if (r == 0)
		f->address[f->n_addresses++] = address->address.address;
	return r;
}

static bool is_local(const struct forgetting *f, const struct hycan_address *address)
{
	for (size_t i = 0; i < f->n_addresses; i++)
		if (attribute_same_address(&f->address[i], address))
			return true;
	return false;
}

/* --------------------------------------------------------------------------------------------------------- finding */

static struct nlmsghdr *put_header(struct nlmsghdr *nlh, uint8_t family)
{
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

/* One direction of a connection. */
struct tuple {
	struct hycan_address source;
	struct hycan_address destination;
	uint16_t source_port;
	uint16_t destination_port;
};

static uint16_t read_port(const struct nlattr *attr)
{
	uint16_t port = 0;

	(void)attribute_bytes(attr, &port, sizeof(port));
	return ntohs(port);
}

static void read_tuple(const struct nlattr *nest, uint8_t family, struct tuple *ret_tuple)
{
	const struct nlattr *t[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];
	bool ipv6 = family == AF_INET6;

	memset(ret_tuple, 0, sizeof(*ret_tuple));
	netlink_parse_nested(nest, t, CTA_TUPLE_MAX);
	if (!t[CTA_TUPLE_IP] || !t[CTA_TUPLE_PROTO])
		return;
	netlink_parse_nested(t[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	netlink_parse_nested(t[CTA_TUPLE_PROTO], proto, CTA_PROTO_MAX);
	(void)attribute_address(ip[ipv6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], family, &ret_tuple->source);
	(void)attribute_address(ip[ipv6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], family, &ret_tuple->destination);
	ret_tuple->source_port = read_port(proto[CTA_PROTO_SRC_PORT]);
	ret_tuple->destination_port = read_port(proto[CTA_PROTO_DST_PORT]);
}

static bool is_wanted(const struct forgetting *f, const struct nlattr *const *a)
{
	const struct hycan_port_mapping *m = f->mapping;
	struct tuple original, reply;
	uint32_t status;

	if (!a[CTA_TUPLE_ORIG] || !a[CTA_TUPLE_REPLY] || !attribute_u32(a[CTA_STATUS], &status))
		return false;
	read_tuple(a[CTA_TUPLE_ORIG], m->to_address.family, &original);
	read_tuple(a[CTA_TUPLE_REPLY], m->to_address.family, &reply);
	if (original.destination_port < m->host_port.first || original.destination_port > m->host_port.last)
		return false;
	if (m->has_host_address && !attribute_same_address(&original.destination, &m->host_address))
		return false;
	if (!f->translated)
		return !(ntohl(status) & IPS_DST_NAT) && is_local(f, &original.destination);
	return (ntohl(status) & IPS_DST_NAT) && attribute_same_address(&reply.source, &m->to_address) &&
	       reply.source_port == m->to_port + (original.destination_port - m->host_port.first);
}

static int connection_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct forgetting *f = userdata;
	const struct nlattr *a[CTA_MAX + 1];
	int r;

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, CTA_MAX);
	if (!is_wanted(f, a) || a[CTA_TUPLE_ORIG]->nla_len > FORGET_SIZE - 64)
		return 0;
	r = array_grow(&f->tuple, f->n, sizeof(*f->tuple));
	if (r == 0)
		memcpy(f->tuple[f->n++], a[CTA_TUPLE_ORIG], a[CTA_TUPLE_ORIG]->nla_len);
	return r;
}

/* Asks for what comes from the target of the mapping, or for what goes to its port. */
static int find(struct kernel_scope *scope, struct forgetting *f)
{
	const struct hycan_port_mapping *m = f->mapping;
	uint32_t flags = FILTER_PROTO_NUM;
	struct nlmsghdr *nlh = netlink_message(scope, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	struct nlattr *tuple, *nest;

	put_header(nlh, m->to_address.family);
	tuple = mnl_attr_nest_start(nlh, f->translated ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	if (f->translated && m->to_address.family == AF_INET) {
		nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
		attribute_put_address(nlh, CTA_IP_V4_SRC, &m->to_address);
		mnl_attr_nest_end(nlh, nest);
		flags |= FILTER_IP_SRC;
	}
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, (uint8_t)m->protocol);
	if (m->host_port.first == m->host_port.last) {
		mnl_attr_put_u16(nlh, f->translated ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT,
		                 htons(f->translated ? m->to_port : m->host_port.first));
		flags |= f->translated ? FILTER_PROTO_SRC_PORT : FILTER_PROTO_DST_PORT;
	}
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, f->translated ? CTA_FILTER_REPLY_FLAGS : CTA_FILTER_ORIG_FLAGS, flags);
	mnl_attr_nest_end(nlh, nest);
	return netlink_request(scope, NETLINK_NETFILTER, nlh, connection_answer, f);
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

/* ------------------------------------------------------------------------------------------------------ forgetting */

/* A connection that ended meanwhile is forgotten, too. */
static void forget_failed(uint32_t seq, int error, const char *message, void *userdata)
{
	(void)seq;
	(void)error;
	(void)message;
	(void)userdata;
}

static void forget(struct kernel_scope *scope, const struct forgetting *f)
{
	size_t done = 0;

	while (done < f->n) {
		size_t n = f->n - done < FORGET_BATCH ? f->n - done : FORGET_BATCH, size = 0;
		uint32_t seq = netlink_sequence(scope, (uint32_t)n);
		uint8_t *buffer = netlink_buffer(scope);

		for (size_t i = 0; i < n; i++) {
			const struct nlattr *tuple = (const void *)f->tuple[done + i];
			struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer + size);

			nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
			nlh->nlmsg_flags = NLM_F_REQUEST | (i == n - 1 ? NLM_F_ACK : 0);
			nlh->nlmsg_seq = seq + (uint32_t)i;
			put_header(nlh, f->mapping->to_address.family);
			/* never without: a request that names no connection is about all of them */
			mnl_attr_put(nlh, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
			             mnl_attr_get_payload(tuple));
			size += MNL_ALIGN(nlh->nlmsg_len);
		}
		if (netlink_batch(scope, NETLINK_NETFILTER, buffer, size, seq + (uint32_t)n - 1, forget_failed, NULL) < 0)
			return;
		done += n;
	}
}

void conntrack_forget_translated(struct kernel_scope *scope, const struct hycan_port_mapping *mapping)
{
	_cleanup_(forgetting_free) struct forgetting f = { .mapping = mapping, .translated = true };

	if (has_any(scope) && find(scope, &f) == 0)
		forget(scope, &f);
}

void conntrack_forget_untranslated(struct kernel_scope *scope, const struct hycan_port_mapping *mapping)
{
	_cleanup_(forgetting_free) struct forgetting f = { .mapping = mapping };

	if (has_any(scope) && kernel_address_list(scope, NULL, mapping->to_address.family, address_found, &f) == 0 &&
	    find(scope, &f) == 0)
		forget(scope, &f);
}
