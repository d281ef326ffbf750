/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scope and its sockets.
 *
 * One socket for each bus, opened inside the namespace when first used. What this file does not do: send a request
 * (netlink.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "monitor.h"
#include "netlink_port.h"
#include "netlink_scope.h"

/* The kernel's default of 208 KiB loses the end of a long batch's errors. */
#define RECEIVE_BUFFER_SIZE (4 * 1024 * 1024)

/* What one batch may measure: a transaction of nf_tables is a single one. */
#define SEND_BUFFER_SIZE (8 * 1024 * 1024)

int kernel_scope_open(int netns, struct kernel_scope **ret_scope)
{
	_cleanup_(kernel_scope_free) struct kernel_scope *scope = NULL;
	struct stat st;

	scope = calloc(1, sizeof(*scope));
	if (!scope)
		return -ENOMEM;
	scope->netns = -1;
	scope->home = -1;
	if (netns >= 0) {
		scope->netns = fcntl(netns, F_DUPFD_CLOEXEC, 3);
		if (scope->netns < 0)
			return -errno;
	}
	if ((netns >= 0 ? fstat(netns, &st) : stat("/proc/self/ns/net", &st)) < 0)
		return -errno;
	scope->inode = st.st_ino;
	*ret_scope = steal(&scope);
	return 0;
}

int kernel_scope_open_same(const struct kernel_scope *scope, struct kernel_scope **ret_scope)
{
	return kernel_scope_open(scope->netns, ret_scope);
}

void kernel_scope_free(struct kernel_scope **scope)
{
	struct kernel_scope *s = *scope;

	if (!s)
		return;
	for (size_t i = 0; i < NETLINK_BUSES; i++)
		if (s->socket[i])
			mnl_socket_close(s->socket[i]);
	cleanup_close(&s->netns);
	kernel_scope_forget_plan(s);
	address_news_done(&s->address_news);
	netlink_wipe(s);
	free(s);
	*scope = NULL;
}

const char *kernel_scope_message(const struct kernel_scope *scope)
{
	return scope->message;
}

int kernel_scope_netns(const struct kernel_scope *scope)
{
	return scope->netns;
}

uint64_t kernel_scope_inode(const struct kernel_scope *scope)
{
	return scope->inode;
}

int kernel_scope_enter(struct kernel_scope *scope)
{
	_cleanup_close_ int home = -1;

	if (scope->netns < 0)
		return 0;
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;
	if (setns(scope->netns, CLONE_NEWNET) < 0)
		return -errno;
	scope->home = steal_fd(&home);
	return 0;
}

void kernel_scope_leave(struct kernel_scope *scope)
{
	if (scope->home < 0)
		return;
	if (setns(scope->home, CLONE_NEWNET) < 0)
		abort();
	cleanup_close(&scope->home);
}

static void socket_buffer(int fd, int option, int force, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static int socket_open(int bus, struct mnl_socket **ret_socket)
{
	struct mnl_socket *nl;
	int on = 1;
	int fd, r;

	nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl)
		return -errno;
	r = netlink_bind(nl);
	if (r < 0) {
		mnl_socket_close(nl);
		return r;
	}
	fd = mnl_socket_get_fd(nl);
	/* Refinements: where one is missing, answers are poorer and still right. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	socket_buffer(fd, SO_RCVBUF, SO_RCVBUFFORCE, RECEIVE_BUFFER_SIZE);
	socket_buffer(fd, SO_SNDBUF, SO_SNDBUFFORCE, SEND_BUFFER_SIZE);
	*ret_socket = nl;
	return 0;
}

int netlink_socket(struct kernel_scope *scope, int bus, struct mnl_socket **ret_socket)
{
	int r;

	if (!scope->socket[bus]) {
		r = kernel_scope_enter(scope);
		if (r < 0)
			return r;
		r = socket_open(bus, &scope->socket[bus]);
		kernel_scope_leave(scope);
		if (r < 0)
			return r;
	}
	*ret_socket = scope->socket[bus];
	return 0;
}

int kernel_scope_cookie(struct kernel_scope *scope, uint64_t *ret_cookie)
{
#ifdef SO_NETNS_COOKIE
	socklen_t size = sizeof(scope->cookie);
	struct mnl_socket *nl;
	int r = scope->cookie ? 0 : netlink_socket(scope, NETLINK_ROUTE, &nl);

	if (r < 0)
		return r;
	if (!scope->cookie) {
		r = getsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_NETNS_COOKIE, &scope->cookie, &size);
		if (r < 0 && errno != ENOPROTOOPT)
			return -errno;
	}
#endif
	*ret_cookie = scope->cookie;
	return 0;
}

/* Says something to a monitor; its size tells what it is. */
static void say(struct kernel_scope *scope, uint32_t port, const void *what, size_t size)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = port };
	_Alignas(NLMSG_ALIGNTO) uint8_t message[MNL_NLMSG_HDRLEN + sizeof(struct kernel_mark)];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct mnl_socket *nl;

	if (netlink_socket(scope, NETLINK_ROUTE, &nl) < 0)
		return;
	nlh->nlmsg_type = NLMSG_NOOP;
	memcpy(mnl_nlmsg_put_extra_header(nlh, size), what, size);
	(void)sendto(mnl_socket_get_fd(nl), message, nlh->nlmsg_len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to));
}

void kernel_scope_mark(struct kernel_scope *scope, uint32_t port, const struct kernel_mark *mark)
{
	scope->listener = mark->begin ? port : 0;
	scope->token = mark->token;
	say(scope, port, mark, sizeof(*mark));
}

void netlink_expect_address(struct kernel_scope *scope, uint32_t ifindex, const struct hycan_address *address)
{
	struct kernel_expectation expectation;

	if (!scope->listener)
		return;
	memset(&expectation, 0, sizeof(expectation));
	expectation.token = scope->token;
	expectation.ifindex = ifindex;
	memcpy(expectation.address, address->bytes, sizeof(expectation.address));
	say(scope, scope->listener, &expectation, sizeof(expectation));
}

int netlink_descriptor(struct kernel_scope *scope, int bus, int *ret_fd)
{
	struct mnl_socket *nl;
	int r = netlink_socket(scope, bus, &nl);

	if (r < 0)
		return r;
	*ret_fd = mnl_socket_get_fd(nl);
	return 0;
}

struct netlink_turn *netlink_turn(struct kernel_scope *scope)
{
	return &scope->turn;
}

struct netlink_census *netlink_census(struct kernel_scope *scope)
{
	return &scope->census;
}

uint32_t *netlink_names(struct kernel_scope *scope)
{
	return scope->names;
}

struct link_plan *netlink_plan(struct kernel_scope *scope)
{
	return &scope->plan;
}

struct nft_plan **netlink_nft_plan(struct kernel_scope *scope)
{
	return &scope->nft_plan;
}

struct rtnetlink_plan *netlink_rtnetlink_plan(struct kernel_scope *scope)
{
	return &scope->rtnetlink_plan;
}

struct wireguard_planned *netlink_wireguard_plan(struct kernel_scope *scope)
{
	return &scope->wireguard_plan;
}

struct address_news *netlink_address_news(struct kernel_scope *scope)
{
	return &scope->address_news;
}

void netlink_set_message(struct kernel_scope *scope, const char *message)
{
	snprintf(scope->message, sizeof(scope->message), "%s", message);
}

void netlink_explain(struct kernel_scope *scope, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	vsnprintf(scope->message, sizeof(scope->message), sentence, ap);
	va_end(ap);
}

void netlink_wipe(struct kernel_scope *scope)
{
	explicit_bzero(scope->request, sizeof(scope->request));
	explicit_bzero(scope->answer, sizeof(scope->answer));
}
