/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real connections. */
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "world.h"

/* Until something that comes has come, on any machine; and until nothing will come any more. */
#define ARRIVES_MS (10000 * SLOWEST)
#define LOST_MS    1000

static const char greeting[] = "who am I?";

/* Makes a socket in a namespace. */
static int socket_in(const char *netns, int family, int protocol)
{
	int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = -1, fd;
	char path[128];

	assert_true(home >= 0);
	if (netns) {
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
		there = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(there >= 0);
		assert_int_equal(setns(there, CLONE_NEWNET), 0);
	}
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(home);
	if (there >= 0)
		close(there);
	assert_true(fd >= 0);
	return fd;
}

static socklen_t make_address(const char *text, unsigned int port, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)ret_address;

	memset(ret_address, 0, sizeof(*ret_address));
	if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons((uint16_t)port);
		return sizeof(*ipv4);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &ipv6->sin6_addr), 1);
	ipv6->sin6_family = AF_INET6;
	ipv6->sin6_port = htons((uint16_t)port);
	return sizeof(*ipv6);
}

static const char *address_text(const struct sockaddr_storage *address)
{
	static char text[TRAFFIC_ADDRESS_SIZE];
	static const char mapped[] = "::ffff:";

	assert_int_equal(
		getnameinfo((const struct sockaddr *)address, sizeof(*address), text, sizeof(text), NULL, 0, NI_NUMERICHOST), 0);
	return strncmp(text, mapped, sizeof(mapped) - 1) == 0 ? text + sizeof(mapped) - 1 : text;
}

static bool wait_for(int fd, short events, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, milliseconds) > 0;
}

int traffic_listen(const char *netns, int protocol, unsigned int port)
{
	int fd = socket_in(netns, AF_INET6, protocol), on = 1;
	struct sockaddr_storage address;
	socklen_t size = make_address("::", port, &address);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	if (protocol != IPPROTO_UDP)
		assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static const char *reason(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "refused";
	case ETIMEDOUT:
		return "timeout";
	default:
		return strerror(error);
	}
}

/* Sends a text and hears it at the other end. */
static void assert_passes(int from, int to)
{
	char text[sizeof(greeting)];

	assert_int_equal(send(from, greeting, sizeof(greeting), 0), sizeof(greeting));
	assert_true(wait_for(to, POLLIN, ARRIVES_MS));
	assert_int_equal(recv(to, text, sizeof(text), 0), sizeof(greeting));
	assert_string_equal(text, greeting);
}

static const char *seen_stream(const char *netns, int protocol, const char *address, unsigned int port, int listener,
                               int patience_ms)
{
	struct sockaddr_storage to, peer;
	socklen_t size = make_address(address, port, &to), peer_size = sizeof(peer), error_size = sizeof(int);
	int fd = socket_in(netns, to.ss_family, protocol), error = 0, accepted;
	const char *text = "elsewhere";

	if (connect(fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS)
		error = errno;
	else if (!wait_for(fd, POLLOUT, patience_ms * 3))
		error = ETIMEDOUT;
	else
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size), 0);
	if (!error && wait_for(listener, POLLIN, patience_ms)) {
		accepted = accept4(listener, (struct sockaddr *)&peer, &peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		assert_true(accepted >= 0);
		assert_passes(fd, accepted);
		assert_passes(accepted, fd);
		close(accepted);
		text = address_text(&peer);
	}
	close(fd);
	return error ? reason(error) : text;
}

void traffic_connect_tcp(const char *netns, const char *address, unsigned int port, int listener, int ret_ends[static 2])
{
	struct sockaddr_storage to;
	socklen_t size = make_address(address, port, &to);

	ret_ends[0] = socket_in(netns, to.ss_family, IPPROTO_TCP);
	assert_true(connect(ret_ends[0], (struct sockaddr *)&to, size) == 0 || errno == EINPROGRESS);
	assert_true(wait_for(listener, POLLIN, ARRIVES_MS));
	ret_ends[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(ret_ends[1] >= 0);
	traffic_assert_open(ret_ends);
}

void traffic_assert_open(const int ends[static 2])
{
	assert_true(wait_for(ends[0], POLLOUT, ARRIVES_MS));
	assert_passes(ends[0], ends[1]);
	assert_passes(ends[1], ends[0]);
}

int traffic_connect_udp(const char *netns, const char *address, unsigned int port)
{
	struct sockaddr_storage to;
	socklen_t size = make_address(address, port, &to);
	int fd = socket_in(netns, to.ss_family, IPPROTO_UDP);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, size), 0);
	return fd;
}

static const char *seen_again(int fd, int listener, int patience_ms)
{
	/* an answer of ICMP comes to the one, and what was sent to the other */
	struct pollfd either[] = { { .fd = listener, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char text[sizeof(greeting)];

	if (send(fd, greeting, sizeof(greeting), 0) < 0)
		return reason(errno);
	if (poll(either, 2, patience_ms) <= 0)
		return "timeout";
	if (!either[0].revents)
		return recv(fd, text, sizeof(text), 0) < 0 ? reason(errno) : "elsewhere";
	assert_int_equal(recvfrom(listener, text, sizeof(text), 0, (struct sockaddr *)&peer, &size), sizeof(greeting));
	assert_string_equal(text, greeting);
	assert_int_equal(sendto(listener, text, sizeof(text), 0, (struct sockaddr *)&peer, size), sizeof(text));
	assert_true(wait_for(fd, POLLIN, ARRIVES_MS));
	assert_int_equal(recv(fd, text, sizeof(text), 0), sizeof(greeting));
	return address_text(&peer);
}

const char *traffic_seen_again(int fd, int listener)
{
	return seen_again(fd, listener, ARRIVES_MS);
}

static const char *seen(const char *netns, int protocol, const char *address, unsigned int port, int listener, int patience_ms)
{
	const char *text;
	int fd;

	if (protocol != IPPROTO_UDP)
		return seen_stream(netns, protocol, address, port, listener, patience_ms);
	fd = traffic_connect_udp(netns, address, port);
	text = seen_again(fd, listener, patience_ms);
	close(fd);
	return text;
}

const char *traffic_seen(const char *netns, int protocol, const char *address, unsigned int port, int listener)
{
	return seen(netns, protocol, address, port, listener, ARRIVES_MS);
}

const char *traffic_lost(const char *netns, int protocol, const char *address, unsigned int port, int listener)
{
	return seen(netns, protocol, address, port, listener, LOST_MS);
}
