/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours: kept as the kernel tells of them, and entered again. It drops them all, whoever entered them, with a link that goes down
 * (neigh_ifdown(), net/core/neighbour.c), with the family that a link carries no more, and those of IPv4 with the last address
 * (fib_disable_ip(), net/ipv4/fib_frontend.c); and with another hardware address of the link all but those for whom it answers
 * (neigh_changeaddr()).
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "link.h"
#include "neighbour.h"
#include "netlink.h"

struct keeping {
	struct kernel_neighbours *kept;
	uint32_t ifindex;
};

/* What says what it is; how it is just now does not count. */
static bool is_said(uint16_t type)
{
	return type == NDA_DST || type == NDA_LLADDR || type == NDA_PROTOCOL || type == NDA_FLAGS_EXT;
}

static void make_request(struct nlmsghdr *request, const struct nlmsghdr *told)
{
	const struct nlattr *attr;
	struct ndmsg *ndm;

	*request = (struct nlmsghdr){ .nlmsg_type = RTM_NEWNEIGH };
	request->nlmsg_len = MNL_NLMSG_HDRLEN;
	ndm = mnl_nlmsg_put_extra_header(request, sizeof(*ndm));
	memcpy(ndm, mnl_nlmsg_get_payload(told), sizeof(*ndm));
	/* that it stays when the link loses its carrier the kernel knows of a proxy, and does not tell (pneigh_fill_info(), net/core/neighbour.c) */
	if (ndm->ndm_flags & NTF_PROXY)
		ndm->ndm_state = NUD_PERMANENT;
	mnl_attr_for_each (attr, told, sizeof(struct ndmsg))
		if (is_said(mnl_attr_get_type(attr)))
			mnl_attr_put(request, mnl_attr_get_type(attr), mnl_attr_get_payload_len(attr), mnl_attr_get_payload(attr));
}

static int answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct keeping *k = userdata;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	uint8_t *messages;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm) ||
	    (uint32_t)ndm->ndm_ifindex != k->ifindex || !(ndm->ndm_flags & NTF_PROXY || ndm->ndm_state & NUD_PERMANENT))
		return 0;
	/* it never becomes longer */
	messages = realloc(k->kept->messages, k->kept->size + MNL_ALIGN(nlh->nlmsg_len));
	if (!messages)
		return -ENOMEM;
	k->kept->messages = messages;
	make_request((struct nlmsghdr *)(messages + k->kept->size), nlh);
	k->kept->size += ((struct nlmsghdr *)(messages + k->kept->size))->nlmsg_len;
	return 0;
}

static int list(struct kernel_scope *scope, uint8_t family, uint8_t flags, struct keeping *k)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg *ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));

	ndm->ndm_family = family;
	ndm->ndm_flags = flags;
	mnl_attr_put_u32(nlh, NDA_IFINDEX, k->ifindex);
	return netlink_request(scope, NETLINK_ROUTE, nlh, answer, k);
}

int kernel_neighbour_keep(struct kernel_scope *scope, const char *link, uint8_t family, struct kernel_neighbours *neighbours)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct keeping k = { .kept = neighbours };
	int r = kernel_link_index(scope, link, &k.ifindex);

	if (r < 0 || link_plan_is_made_up(k.ifindex))
		return r == -ENODEV ? 0 : r;
	for (size_t i = 0; i < 2 && r == 0; i++) {
		if (family && family != families[i])
			continue;
		r = list(scope, families[i], 0, &k);
		r = r == 0 ? list(scope, families[i], NTF_PROXY, &k) : r;
		/* IPv6 comes with its module */
		r = r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
	}
	return r;
}

void kernel_neighbours_free(struct kernel_neighbours *neighbours)
{
	cleanup_free(&neighbours->messages);
	neighbours->size = 0;
}

static int put_back(struct kernel_scope *scope, uint32_t ifindex, const struct nlmsghdr *kept)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	const size_t size = mnl_nlmsg_get_payload_len(kept);
	struct ndmsg *ndm;

	if (kept->nlmsg_type != RTM_NEWNEIGH || size < sizeof(*ndm) || size > NETLINK_BUFFER_SIZE / 2)
		return -EBADMSG;
	ndm = mnl_nlmsg_put_extra_header(nlh, size);
	memcpy(ndm, mnl_nlmsg_get_payload(kept), size);
	ndm->ndm_ifindex = (int32_t)ifindex;
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

int kernel_neighbour_put_back(struct kernel_scope *scope, const char *link, const void *messages, size_t size)
{
	const struct nlmsghdr *nlh = messages;
	int left = (int)size, failed = 0;
	uint32_t ifindex;
	int r = kernel_link_index(scope, link, &ifindex);

	for (; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		int error = put_back(scope, ifindex, nlh);

		/* it does not carry the family (ndisc_constructor(), net/ipv6/ndisc.c) */
		failed = failed == 0 && error != -EINVAL ? error : failed;
	}
	return r == -ENODEV ? 0 : r < 0 ? r : failed;
}
