/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket that hears of addresses, and an array of them in no order: to look through thousands takes microseconds, and the
 * kernel's way to tell of them takes a hundred times as long.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "address_news.h"
#include "address_read.h"
#include "array.h"
#include "attribute.h"
#include "cleanup.h"

/* Of more than that nobody keeps a list. */
#define KNOWN_MAX 16384

/* So many may be there twice, beside as many as were read. */
#define SPARE 256

struct address_known {
	uint32_t ifindex; /* 0: it is gone */
	struct hycan_address address;
	struct hycan_prefix network; /* of the far end, where it has one */
};

void address_news_done(struct address_news *news)
{
	if (news->socket)
		mnl_socket_close(news->socket);
	cleanup_free(&news->known);
	*news = (struct address_news){ 0 };
}

static bool same(const struct address_known *a, const struct address_known *b)
{
	return a->ifindex == b->ifindex && a->network.length == b->network.length &&
	       attribute_same_address(&a->address, &b->address) && attribute_same_address(&a->network.address, &b->network.address);
}

/* What is told of once more is there twice, until all are read again. */
static int put(struct address_news *news, const struct address_known *known)
{
	if (news->n == KNOWN_MAX)
		return -E2BIG;
	if (array_grow(&news->known, news->n, sizeof(*news->known)) < 0)
		return -ENOMEM;
	news->known[news->n++] = *known;
	return 0;
}

static void take(struct address_news *news, const struct address_known *known)
{
	for (size_t i = 0; i < news->n; i++)
		if (same(&news->known[i], known))
			news->known[i].ifindex = 0;
}

static int hear(const struct nlmsghdr *nlh, void *userdata)
{
	struct address_news *news = userdata;
	struct hycan_link_address a;
	struct address_known known = { 0 };

	if (!address_read(nlh, &a, &known.ifindex))
		return 0;
	known.address = a.address.address;
	known.network = a.has_peer ? a.peer : a.address;
	if (nlh->nlmsg_type == RTM_NEWADDR)
		return put(news, &known);
	take(news, &known);
	return 0;
}

static int open_socket(struct kernel_scope *scope, struct mnl_socket **ret_socket)
{
	struct mnl_socket *nl;
	int r = kernel_scope_enter(scope);

	if (r < 0)
		return r;
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	r = nl ? 0 : -errno;
	if (nl && mnl_socket_bind(nl, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		mnl_socket_close(nl);
	}
	kernel_scope_leave(scope);
	if (r == 0)
		*ret_socket = nl;
	return r;
}

/* Hears all that was told since. */
static void catch_up(struct address_news *news)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[8192];
	ssize_t n;

	while ((n = mnl_socket_recvfrom(news->socket, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)bytes;

		for (int left = (int)n; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			if (news->is_known && hear(nlh, news) < 0)
				news->is_known = false;
	}
	if (n < 0 && errno != EAGAIN)
		news->is_known = false;
}

/* It is heard of what changes meanwhile, so what is read is at most older than what is heard. */
static int read_all(struct kernel_scope *scope, struct address_news *news)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETADDR, NLM_F_DUMP);
	int r;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg));
	cleanup_free(&news->known);
	news->n = 0;
	r = netlink_request(scope, NETLINK_ROUTE, nlh, hear, news);
	news->is_known = r == 0;
	news->is_idle = r == -E2BIG;
	news->n_read = news->n;
	return r;
}

int address_news_may_overlap(struct kernel_scope *scope, const struct hycan_prefix *prefix, uint32_t except, bool *ret_may)
{
	struct address_news *news = netlink_address_news(scope);
	bool may = false;
	int r = news->socket ? 0 : open_socket(scope, &news->socket);

	if (r < 0 || news->is_idle)
		return r < 0 ? r : -E2BIG;
	catch_up(news);
	if (!news->is_known || news->n > 2 * news->n_read + SPARE)
		r = read_all(scope, news);
	if (r < 0)
		return r;
	for (size_t i = 0; i < news->n && !may; i++) {
		const struct address_known *k = &news->known[i];

		may = k->ifindex && k->ifindex != except &&
		      (hycan_prefix_contains(prefix, &k->network) || hycan_prefix_contains(&k->network, prefix));
	}
	*ret_may = may;
	return 0;
}
