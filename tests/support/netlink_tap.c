/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tap on netlink (drivers/net/nlmon.c).
 *
 * The kernel hands a copy of each message to packet sockets before it carries it out. A filter in the kernel leaves out
 * what the kernel itself says, which would fill the socket with every dump.
 */
#include "netlink_tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define BUFFER_SIZE (64 * 1024 * 1024)

/* Where the low byte of nlmsg_flags is; only what goes to the kernel has NLM_F_REQUEST. */
#define REQUEST_FLAG_OFFSET (offsetof(struct nlmsghdr, nlmsg_flags) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))

struct netlink_tap {
	int fd;
	const struct nlmsghdr *next; /* in the datagram that was read last, which may hold several messages */
	size_t left;
	_Alignas(NLMSG_ALIGNTO) char datagram[128 * 1024];
};

struct netlink_tap *netlink_tap_open(int bus)
{
	struct sock_filter requests[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (__u32)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (__u32)bus, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, REQUEST_FLAG_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NLM_F_REQUEST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { .len = sizeof(requests) / sizeof(*requests), .filter = requests };
	/* a tap is seen by sockets for all protocols alone */
	struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct netlink_tap *tap;
	int size = BUFFER_SIZE;

	if (shell_status(NULL, "ip link add nlmon0 type nlmon") != 0)
		need_kind("nlmon");
	tap = calloc(1, sizeof(*tap));
	assert_non_null(tap);
	free(shell("ip link set nlmon0 up"));
	tap->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(tap->fd >= 0);
	assert_int_equal(setsockopt(tap->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
	assert_int_equal(setsockopt(tap->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
	link.sll_ifindex = (int)if_nametoindex("nlmon0");
	assert_int_equal(bind(tap->fd, (struct sockaddr *)&link, sizeof(link)), 0);
	return tap;
}

/* False: there is nothing more. */
static bool read_datagram(struct netlink_tap *tap)
{
	struct tpacket_stats lost = { 0 };
	socklen_t size = sizeof(lost);
	ssize_t n;

	n = recv(tap->fd, tap->datagram, sizeof(tap->datagram), MSG_TRUNC);
	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(getsockopt(tap->fd, SOL_PACKET, PACKET_STATISTICS, &lost, &size), 0);
		assert_int_equal(lost.tp_drops, 0);
		return false;
	}
	assert_true((size_t)n <= sizeof(tap->datagram));
	tap->next = (const struct nlmsghdr *)tap->datagram;
	tap->left = (size_t)n;
	return true;
}

const struct nlmsghdr *netlink_tap_next(struct netlink_tap *tap)
{
	const struct nlmsghdr *nlh;

	while (!tap->next || !NLMSG_OK(tap->next, tap->left)) {
		tap->next = NULL;
		if (!read_datagram(tap))
			return NULL;
	}
	nlh = tap->next;
	tap->next = NLMSG_NEXT(tap->next, tap->left);
	return nlh;
}

void netlink_tap_look_away(struct netlink_tap *tap)
{
	while (netlink_tap_next(tap))
		;
}

void netlink_tap_close(struct netlink_tap *tap)
{
	close(tap->fd);
	free(tap);
}
