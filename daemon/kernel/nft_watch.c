/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that hears. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "netlink.h"
#include "netlink_port.h"
#include "nft.h"
#include "nft_watch.h"

struct kernel_nft_watch {
	struct mnl_socket *nl;
	_Alignas(NLMSG_ALIGNTO) uint8_t received[NETLINK_BUFFER_SIZE];
};

/*
 * What only says that something came; the rest is about something that went, or is nothing to us, or about an element that came: by
 * that a network may be something else.
 */
static const uint8_t news[] = { NFT_MSG_NEWTABLE, NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE,     NFT_MSG_NEWSET,
	                        NFT_MSG_NEWGEN,   NFT_MSG_NEWOBJ,   NFT_MSG_NEWFLOWTABLE };

#define N_NEWS (sizeof(news) / sizeof(*news))

/*
 * Drops, before they are received, packets of our own, and those that are one message, and that of another family or about
 * something that came. A packet that is longer than its first message has several, all of one sender, and is looked at here.
 */
static void set_filter(int fd)
{
	enum { BIG = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };
	struct sock_filter code[15 + N_NEWS] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid) + (BIG ? 0 : 2)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(netlink_port_upper()), N_NEWS + 12, 0),
		/* the length of the first message, in 16 bits */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, BIG ? 2 : 1),
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, BIG ? 3 : 0),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, N_NEWS + 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, sizeof(struct nlmsghdr) + offsetof(struct nfgenmsg, nfgen_family)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFPROTO_INET, 0, N_NEWS + 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type) + BIG),
	};
	struct sock_fprog program = { .filter = code, .len = 15 + N_NEWS };
	size_t n = 13;

	for (size_t i = 0; i < N_NEWS; i++, n++)
		code[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, news[i], (uint8_t)(N_NEWS - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	code[n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	/* without it everything comes, and is dropped later */
	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int open_socket(struct kernel_nft_watch *watch, struct kernel_scope *scope)
{
	const int group = NFNLGRP_NFTABLES;
	int r;

	r = kernel_scope_enter(scope);
	if (r < 0)
		return r;
	watch->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->nl || mnl_socket_bind(watch->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	kernel_scope_leave(scope);
	if (r < 0)
		return r;
	set_filter(kernel_nft_watch_fd(watch));
	if (setsockopt(kernel_nft_watch_fd(watch), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

int kernel_nft_watch_open(struct kernel_scope *scope, struct kernel_nft_watch **ret_watch)
{
	_cleanup_(kernel_nft_watch_free) struct kernel_nft_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	r = open_socket(watch, scope);
	if (r < 0)
		return r;
	*ret_watch = steal(&watch);
	return 0;
}

void kernel_nft_watch_free(struct kernel_nft_watch **watch)
{
	if (*watch && (*watch)->nl)
		mnl_socket_close((*watch)->nl);
	cleanup_free(watch);
}

int kernel_nft_watch_fd(const struct kernel_nft_watch *watch)
{
	return mnl_socket_get_fd(watch->nl);
}

/* Every message names its table in the attribute of this number. */
static bool is_our_table(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	_Static_assert((int)NFTA_TABLE_NAME == (int)NFTA_CHAIN_TABLE && (int)NFTA_CHAIN_TABLE == (int)NFTA_RULE_TABLE &&
	                       (int)NFTA_RULE_TABLE == (int)NFTA_SET_TABLE && (int)NFTA_SET_TABLE == (int)NFTA_SET_ELEM_LIST_TABLE,
	               "the table has one number");
	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
			return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 && strcmp(mnl_attr_get_str(attr), NFT_TABLE) == 0;
	return false;
}

static bool is_loss(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || mnl_nlmsg_get_payload_len(nlh) < sizeof(*header) ||
	    header->nfgen_family != NFPROTO_INET || memchr(news, nlh->nlmsg_type & 0xff, N_NEWS))
		return false;
	return is_our_table(nlh) && !netlink_port_is_ours(nlh->nlmsg_pid);
}

bool kernel_nft_watch_read(struct kernel_nft_watch *watch)
{
	bool lost = false;

	for (;;) {
		struct sockaddr_nl from;
		struct iovec iov = { .iov_base = watch->received, .iov_len = sizeof(watch->received) };
		struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)watch->received;
		ssize_t n = recvmsg(kernel_nft_watch_fd(watch), &msg, MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return lost;
		/* some of it was not told, or not whole */
		lost = lost || n < 0 || msg.msg_flags & MSG_TRUNC;
		if (n < 0 && errno != ENOBUFS)
			return lost;
		for (; !lost && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			lost = from.nl_pid == 0 && is_loss(nlh);
	}
}
