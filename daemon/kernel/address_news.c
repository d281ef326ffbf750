/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket that hears of IPv4 addresses, and an array of them in no order: to look through thousands takes microseconds, and
 * the kernel's way to tell of them takes a hundred times as long.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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
	uint32_t address;
	uint32_t network; /* an address of it: of the far end, where it has one */
	uint32_t mask;
};

void address_news_done(struct address_news *news)
{
	if (news->socket)
		mnl_socket_close(news->socket);
	cleanup_free(&news->known);
	*news = (struct address_news){ 0 };
}

static uint32_t number_of(const struct hycan_address *a)
{
	uint32_t be;

	memcpy(&be, a->bytes, sizeof(be));
	return ntohl(be);
}

static uint32_t mask_of(uint8_t length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
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
		if (memcmp(&news->known[i], known, sizeof(*known)) == 0)
			news->known[i].ifindex = 0;
}

static int hear(const struct nlmsghdr *nlh, void *userdata)
{
	struct address_news *news = userdata;
	struct hycan_link_address a;
	struct address_known known = { 0 };

	if (!address_read(nlh, &a, &known.ifindex) || a.address.address.family != AF_INET)
		return 0;
	known.address = number_of(&a.address.address);
	known.network = number_of(a.has_peer ? &a.peer.address : &a.address.address);
	known.mask = mask_of(a.has_peer ? a.peer.length : a.address.length);
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
	if (nl && mnl_socket_bind(nl, RTMGRP_IPV4_IFADDR, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		mnl_socket_close(nl);
	}
	kernel_scope_leave(scope);
	if (r == 0)
		*ret_socket = nl;
	return r;
}

/*
 * Hears all that was told since. False: some of it is lost, and what else the socket has would count for more than what is read
 * next, though it is older.
 */
static bool catch_up(struct address_news *news)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[8192];
	ssize_t n;

	while ((n = mnl_socket_recvfrom(news->socket, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)bytes;

		for (int left = (int)n; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			if (hear(nlh, news) < 0)
				return false;
	}
	return n < 0 && errno == EAGAIN;
}

/* It is heard of what changes meanwhile, so what is read is at most older than what is heard. */
static int read_all(struct kernel_scope *scope, struct address_news *news)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETADDR, NLM_F_DUMP);
	int r;

	((struct ifaddrmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg)))->ifa_family = AF_INET;
	cleanup_free(&news->known);
	news->n = 0;
	r = netlink_request(scope, NETLINK_ROUTE, nlh, hear, news);
	news->is_known = r == 0;
	news->n_read = news->n;
	if (r == -E2BIG) {
		address_news_done(news);
		news->is_idle = true;
	}
	return r;
}

int address_news_may_overlap(struct kernel_scope *scope, const struct hycan_prefix *prefix, uint32_t except, bool *ret_may)
{
	struct address_news *news = netlink_address_news(scope);
	const uint32_t network = number_of(&prefix->address), mask = mask_of(prefix->length);
	bool may = false;
	int r = news->is_idle ? -E2BIG : 0;

	if (news->socket && !catch_up(news))
		address_news_done(news);
	if (r == 0 && !news->socket)
		r = open_socket(scope, &news->socket);
	if (r == 0 && (!news->is_known || news->n > 2 * news->n_read + SPARE))
		r = read_all(scope, news);
	if (r < 0)
		return r;
	/* one of them contains the other */
	for (size_t i = 0; i < news->n && !may; i++) {
		const struct address_known *k = &news->known[i];

		may = k->ifindex && k->ifindex != except && ((k->network ^ network) & k->mask & mask) == 0;
	}
	*ret_may = may;
	return 0;
}
