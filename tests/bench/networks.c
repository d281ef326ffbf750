/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thousand networks with NAT and ten thousand port mappings: what the last one costs beside the first, and what a packet
 * costs that comes through them beside one that comes through a single network.
 *
 * A container behind the parent's other end speaks through the host and its NAT to somebody outside: a stream of datagrams
 * that belong to one connection, and one connection after the other. Needs a kernel with VLANs.
 *
 * The thousandth VLAN link costs the kernel more than the first, whoever makes it. So as many are made by ip(8), with their
 * addresses, in another namespace: that is as flat as it can be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "bench.h"

#define NETWORKS    1000u
#define MAPPINGS    10000u
#define ROUNDS      5u
#define DATAGRAMS   2000u
#define BURST       32u
#define CONNECTIONS 200u
#define PORT        7777

static void run(const char *command)
{
	if (system(command) != 0)
		bench_fail("This failed: %s", command);
}

/* The container is in the first network that there will be. */
static void make_world(void)
{
	run("ip netns add hycan-bench-in && ip netns add hycan-bench-out");
	run("ip link add up0 type veth peer name up1 netns hycan-bench-in && ip link set up0 up && "
	    "ip -n hycan-bench-in link set up1 up && ip -n hycan-bench-in link add link up1 name eth0 type vlan id 1 && "
	    "ip -n hycan-bench-in link set eth0 up && ip -n hycan-bench-in address add 10.0.0.2/24 dev eth0");
	run("ip link add wan type veth peer name eth0 netns hycan-bench-out && ip link set wan up && "
	    "ip address add 192.0.2.1/24 dev wan && ip -n hycan-bench-out link set eth0 up && "
	    "ip -n hycan-bench-out address add 192.0.2.9/24 dev eth0");
}

static void remove_world(void)
{
	run("ip netns delete hycan-bench-in; ip netns delete hycan-bench-out; ip link delete up0 2>/dev/null; "
	    "ip link delete wan 2>/dev/null; true");
}

static int socket_in(const char *netns, int type)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, fd;
	char path[64];

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		bench_fail("There is no network namespace %s.", netns);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || setns(home, CLONE_NEWNET) < 0)
		bench_fail("No socket in %s: %s", netns, strerror(errno));
	close(home);
	close(there);
	return fd;
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET, text, &a.sin_addr);
	return a;
}

static int listener(int type)
{
	const struct sockaddr_in any = address_of("0.0.0.0");
	int fd = socket_in("hycan-bench-out", type), on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || (type == SOCK_STREAM && listen(fd, 128) < 0))
		bench_fail("No listener: %s", strerror(errno));
	return fd;
}

static void wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, 20000) != 1)
		bench_fail("A packet does not arrive.");
}

/* Nanoseconds for a datagram. */
static uint64_t stream(unsigned int n)
{
	const struct sockaddr_in to = address_of("192.0.2.9");
	int from = socket_in("hycan-bench-in", SOCK_DGRAM), at = listener(SOCK_DGRAM);
	char bytes[64] = { 0 };
	uint64_t start;

	if (connect(from, (const struct sockaddr *)&to, sizeof(to)) < 0)
		bench_fail("There is no way out: %s", strerror(errno));
	start = bench_now_ns();
	for (unsigned int i = 0; i < n; i += BURST) {
		for (unsigned int k = 0; k < BURST; k++)
			if (send(from, bytes, sizeof(bytes), 0) < 0)
				bench_fail("send: %s", strerror(errno));
		for (unsigned int k = 0; k < BURST; k++) {
			wait_for(at);
			if (recv(at, bytes, sizeof(bytes), 0) < 0)
				bench_fail("recv: %s", strerror(errno));
		}
	}
	start = (bench_now_ns() - start) / ((n + BURST - 1) / BURST * BURST);
	close(from);
	close(at);
	return start;
}

/* Nanoseconds for a connection. */
static uint64_t connections(unsigned int n)
{
	const struct sockaddr_in to = address_of("192.0.2.9");
	int at = listener(SOCK_STREAM);
	uint64_t start = bench_now_ns();

	for (unsigned int i = 0; i < n; i++) {
		int from = socket_in("hycan-bench-in", SOCK_STREAM), fd;

		if (connect(from, (const struct sockaddr *)&to, sizeof(to)) < 0)
			bench_fail("There is no connection: %s", strerror(errno));
		wait_for(at);
		fd = accept4(at, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			bench_fail("accept: %s", strerror(errno));
		close(from);
		close(fd);
	}
	start = (bench_now_ns() - start) / n;
	close(at);
	return start;
}

struct packets {
	uint64_t datagram;
	uint64_t connection;
};

static struct packets measure_packets(const struct bench *b)
{
	struct sample datagram = { 0 }, connection = { 0 };
	struct packets p;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		sample_add(&datagram, stream(DATAGRAMS / b->scale + 1));
		sample_add(&connection, connections(CONNECTIONS / b->scale + 1));
	}
	p.datagram = sample_percentile(&datagram, 0.5);
	p.connection = sample_percentile(&connection, 0.5);
	sample_free(&datagram);
	sample_free(&connection);
	return p;
}

static uint64_t add_network(struct hycan *h, unsigned int i)
{
	struct hycan_network n = { .vlan_id = (uint16_t)(i + 1), .has_parent = true, .parent = "up0" };
	uint64_t start;

	n.subnet = (struct hycan_prefix){ { AF_INET, { 10, (uint8_t)(i >> 8), (uint8_t)i, 0 } }, 24 };
	n.gateway = (struct hycan_address){ AF_INET, { 10, (uint8_t)(i >> 8), (uint8_t)i, 1 } };
	snprintf(n.network_name, sizeof(n.network_name), "bench%u", i);
	start = bench_now_ns();
	if (hycan_network_create(h, &n, NULL, NULL) != 0)
		bench_fail("network.create: %s", hycan_error_message(h));
	return bench_now_ns() - start;
}

/* Nanoseconds for each of the links from one to before another, by ip -batch. */
static double by_ip(unsigned int from, unsigned int to)
{
	char path[] = "/tmp/hycan-bench-links-XXXXXX", command[128];
	FILE *file = fdopen(mkstemp(path), "we");
	uint64_t start;

	if (!file)
		bench_fail("No file in /tmp.");
	for (unsigned int i = from; i < to; i++)
		fprintf(file,
		        "link add link eth0 name net%u type vlan id %u\naddress add 10.%u.%u.1/24 dev net%u\nlink set net%u up\n",
		        i + 1, i + 1, i >> 8, i & 255, i + 1, i + 1);
	fclose(file);
	snprintf(command, sizeof(command), "ip -n hycan-bench-out -batch %s", path);
	start = bench_now_ns();
	run(command);
	start = bench_now_ns() - start;
	remove(path);
	return (double)start / (to - from);
}

static void print_by_ip(unsigned int networks)
{
	unsigned int tenth = networks / 10 ? networks / 10 : 1;
	double first = by_ip(0, tenth), last;

	if (networks > 2 * tenth)
		(void)by_ip(tenth, networks - tenth);
	last = by_ip(networks - tenth, networks);
	printf("  by ip -batch, link and address alone: the first tenth %.0f µs each, the last %.0f µs: ratio %.2f\n", first / 1000,
	       last / 1000, last / first);
}

static uint64_t add_mapping(struct hycan *h, unsigned int i, unsigned int networks)
{
	const unsigned int k = i % networks;
	const struct hycan_port_mapping m = {
		.protocol = HYCAN_TRANSPORT_TCP,
		.host_port = { (uint16_t)(10000 + i), (uint16_t)(10000 + i) },
		.to_address = { AF_INET, { 10, (uint8_t)(k >> 8), (uint8_t)k, 2 } },
		.to_port = 80,
	};
	uint64_t start = bench_now_ns();

	if (hycan_port_add(h, &m) != 0)
		bench_fail("port.add: %s", hycan_error_message(h));
	return bench_now_ns() - start;
}

/* The medians of the first tenth and of the last. */
static void print_flat(const char *what, const struct sample *all)
{
	const size_t tenth = all->n / 10 ? all->n / 10 : 1;
	struct sample first = { 0 }, last = { 0 };
	double a, b;

	for (size_t i = 0; i < tenth; i++) {
		sample_add(&first, all->ns[i]);
		sample_add(&last, all->ns[all->n - tenth + i]);
	}
	a = (double)sample_percentile(&first, 0.5) / 1000;
	b = (double)sample_percentile(&last, 0.5) / 1000;
	printf("  %-14s %zu: the first tenth %.0f µs each, the last %.0f µs: ratio %.2f\n", what, all->n, a, b, b / a);
	sample_free(&first);
	sample_free(&last);
}

void bench_networks(struct bench *b)
{
	const unsigned int networks = NETWORKS / b->scale + 1, mappings = MAPPINGS / b->scale;
	struct sample create = { 0 }, add = { 0 };
	struct packets one, all;
	struct hycan *h = NULL;

	if (system("ip link add bench-v0 type veth peer name bench-v1 && ip link add link bench-v0 name bench-v2 type vlan id 1 "
	           "2>/dev/null; r=$?; ip link delete bench-v0; exit $r") != 0) {
		printf("\nnetworks: not measured, since this kernel has no VLANs\n");
		return;
	}
	make_world();
	bench_start_daemon(b);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	hycan_set_timeout(h, 120000);
	sample_add(&create, add_network(h, 0));
	run("ip -n hycan-bench-in route add default via 10.0.0.1");
	(void)measure_packets(b);
	one = measure_packets(b);
	for (unsigned int i = 1; i < networks; i++)
		sample_add(&create, add_network(h, i));
	for (unsigned int i = 0; i < mappings; i++)
		sample_add(&add, add_mapping(h, i, networks));
	all = measure_packets(b);
	printf("\n%u networks with NAT, %u port mappings\n", networks, mappings);
	print_flat("network.create", &create);
	print_by_ip(networks);
	print_flat("port.add", &add);
	printf("  a datagram out through NAT: %.1f µs with one network, %.1f µs with all: ratio %.2f\n",
	       (double)one.datagram / 1000, (double)all.datagram / 1000, (double)all.datagram / (double)one.datagram);
	printf("  a connection out through NAT: %.1f µs with one network, %.1f µs with all: ratio %.2f\n",
	       (double)one.connection / 1000, (double)all.connection / 1000, (double)all.connection / (double)one.connection);
	sample_free(&create);
	sample_free(&add);
	hycan_close(h);
	bench_stop_daemon(b);
	remove_world();
}
