/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking dnsmasq whether it is there: a question to which it alone has an answer, since it was among its arguments. And
 * whether it can be there at all: it would not say so itself, but wait for the port.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "instance.h"
#include "log.h"

#define PORT 53

/* Number and flags of a question; one question; its name (INSTANCE_PROBE_NAME), type TXT, class IN. */
#define HEADER_SIZE 12
static const uint8_t question[] = { 0,   0,   1, 0,   0,   1,   0,   0,   0,   0,   0, 0, 5,  'h', 'y', 'c',
	                            'a', 'n', 7, 'i', 'n', 'v', 'a', 'l', 'i', 'd', 0, 0, 16, 0,   1 };

/* An address, as sockets have it. Returns its size. */
static socklen_t address_of(const struct hycan_address *gateway, struct sockaddr_storage *storage)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *four = (struct sockaddr_in *)storage;

	memset(storage, 0, sizeof(*storage));
	storage->ss_family = gateway->family;
	if (gateway->family == AF_INET6) {
		six->sin6_port = htons(PORT);
		memcpy(&six->sin6_addr, gateway->bytes, sizeof(six->sin6_addr));
		return sizeof(*six);
	}
	four->sin_port = htons(PORT);
	memcpy(&four->sin_addr, gateway->bytes, sizeof(four->sin_addr));
	return sizeof(*four);
}

static int open_probe(struct instance *instance)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage to;
	socklen_t size = address_of(&instance->zone.gateway[0].address, &to);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, size) < 0)
		return -errno;
	cleanup_close(&instance->probe);
	instance->probe = steal_fd(&fd);
	return 0;
}

static int check_address(struct instance *instance, const struct hycan_address *gateway, int type)
{
	_cleanup_close_ int fd = socket(gateway->family, type | SOCK_CLOEXEC, 0);
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	struct sockaddr_storage at;
	socklen_t size = address_of(gateway, &at);
	const int yes = 1;
	int r;

	/* connections that have ended are in nobody's way */
	if (fd < 0 || (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0))
		return -errno;
	if (bind(fd, (const struct sockaddr *)&at, size) == 0 && (type != SOCK_STREAM || listen(fd, 1) == 0))
		return 0;
	r = -errno;
	/* one of IPv6 comes when its link has a carrier, and dnsmasq waits for it */
	if (r == -EADDRNOTAVAIL && gateway->family == AF_INET6)
		return 0;
	snprintf(instance->words, sizeof(instance->words), "port 53 of %s: %s", hycan_address_format(gateway, text, sizeof(text)),
	         strerror(-r));
	return r;
}

static int check_port(struct instance *instance)
{
	int r = 0;

	instance->words[0] = '\0';
	for (size_t i = 0; i < 2 && r == 0; i++) {
		const struct hycan_address *gateway = &instance->zone.gateway[i].address;

		if (gateway->family)
			r = check_address(instance, gateway, SOCK_DGRAM);
		if (gateway->family && r == 0)
			r = check_address(instance, gateway, SOCK_STREAM);
	}
	return r;
}

/* A socket belongs to the namespace in which it was made. */
static int in_namespace(struct instance *instance, int (*function)(struct instance *instance))
{
	_cleanup_close_ int own = -1;
	int r;

	if (instance->netns_fd < 0)
		return function(instance);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns(instance->netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	r = function(instance);
	if (setns(own, CLONE_NEWNET) < 0) {
		log_write(LOG_ERR, "The resolver cannot leave a network namespace: %s", strerror(errno));
		abort();
	}
	return r;
}

int instance_check_port(struct instance *instance)
{
	return in_namespace(instance, check_port);
}

void instance_ask(struct instance *instance)
{
	uint8_t bytes[sizeof(question)];

	/* asked again because nothing came back, it may answer to any of them */
	if (!instance->asked) {
		instance->number++;
		instance->asked_us = instance_now_us();
	}
	instance->asked = true;
	if (instance->probe < 0 && in_namespace(instance, open_probe) < 0)
		return;
	memcpy(bytes, question, sizeof(bytes));
	bytes[0] = (uint8_t)(instance->number >> 8);
	bytes[1] = (uint8_t)instance->number;
	/* an error of the last one may be told now instead */
	if (send(instance->probe, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
		(void)send(instance->probe, bytes, sizeof(bytes), MSG_NOSIGNAL);
}

void instance_hear(struct instance *instance)
{
	uint8_t bytes[512];
	ssize_t n;

	while (instance->probe >= 0 && ((n = recv(instance->probe, bytes, sizeof(bytes), 0)) >= 0 || errno == EINTR)) {
		/* an answer (its first bit) to this question, that knows something (the number of answers) */
		if (n < HEADER_SIZE || !(bytes[2] & 0x80) || bytes[7] == 0 || bytes[0] != (uint8_t)(instance->number >> 8) ||
		    bytes[1] != (uint8_t)instance->number)
			continue;
		instance->asked = false;
		if (instance->more) {
			instance->more--;
			instance_ask(instance);
			continue;
		}
		instance->serves = instance->is_up = true;
	}
}
