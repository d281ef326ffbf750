/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hycan_metrics: the daemon's metrics over HTTP, for programs of this machine.
 *
 * An ordinary program without any right: it asks the daemon as everybody does, and policy says whether it may. So nothing
 * of HTTP is in the process that may change the network, and whatever a client of it does, the daemon is not even touched.
 * It listens on a loopback address alone, since there is neither a password nor a cipher; who is to read it from elsewhere
 * puts something in front of it that has both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "page.h"

static const char usage[] = "hycan_metrics [--socket PATH] [ADDRESS:]PORT\n"
			    "\n"
			    "Serves http://ADDRESS:PORT/metrics: what the HyCAN daemon counts, in the text format of Prometheus.\n"
			    "\n"
			    "  ADDRESS        of the loopback: 127.0.0.1 unless given, or [::1]\n"
			    "  --socket PATH  the daemon's socket; at first where the library finds it\n"
			    "  --help         this text\n"
			    "  --version      the release\n";

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* -EINVAL: it is none; -EADDRNOTAVAIL: it is not of the loopback. */
static int parse_address(const char *text, union address *ret_address)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	char host[64] = "127.0.0.1", *end;
	union address address = { 0 };
	size_t length = colon ? (size_t)(colon - text) : 0;
	unsigned long number = strtoul(port, &end, 10);
	bool v6 = false;

	if (*port < '0' || *port > '9' || *end || number > 65535 || length >= sizeof(host) || (colon && length == 0))
		return -EINVAL;
	if (colon)
		snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (*host == '[') {
		v6 = host[length - 1] == ']';
		host[length - 1] = '\0';
	}
	if (v6) {
		address.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number) };
		if (inet_pton(AF_INET6, host + 1, &address.v6.sin6_addr) != 1)
			return -EINVAL;
		if (!IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr))
			return -EADDRNOTAVAIL;
	} else {
		address.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
		if (inet_pton(AF_INET, host, &address.v4.sin_addr) != 1)
			return -EINVAL;
		if (ntohl(address.v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
			return -EADDRNOTAVAIL;
	}
	*ret_address = address;
	return 0;
}

static void say_where(const union address *address, uint16_t port)
{
	char host[INET6_ADDRSTRLEN];
	bool v6 = address->any.sa_family == AF_INET6;

	(void)inet_ntop(address->any.sa_family, v6 ? (const void *)&address->v6.sin6_addr : &address->v4.sin_addr, host,
	                sizeof(host));
	printf("Serving http://%s%s%s:%u/metrics\n", v6 ? "[" : "", host, v6 ? "]" : "", port);
	(void)fflush(stdout);
}

/* Until a signal says that it is enough, which is heard while nobody is served. */
static void serve(struct http *http)
{
	const struct sigaction action = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
	struct pollfd pollfd = { .fd = http_fd(http), .events = POLLIN };
	sigset_t signals, before;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, &before);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	while (!ended) {
		int ms = http_timeout(http);
		const struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

		(void)ppoll(&pollfd, 1, ms < 0 ? NULL : &timeout, &before);
		http_run(http);
	}
}

static int run(const union address *address, const char *socket)
{
	struct page page = { 0 };
	struct http *http = NULL;
	uint16_t port;
	int r;

	/* a daemon of our own would have nothing to tell */
	(void)setenv("HYCAN_NO_FALLBACK", "1", 1);
	r = page_open(&page, socket);
	if (r == 0)
		r = http_open(&address->any, address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4), &page,
		              &http, &port);
	if (r == 0) {
		say_where(address, port);
		serve(http);
	} else {
		fprintf(stderr, "hycan_metrics: cannot listen: %s\n", strerror(-r));
	}
	http_close(&http);
	page_close(&page);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { OPTION_SOCKET = 256, OPTION_HELP, OPTION_VERSION };
	static const struct option options[] = {
		{ "socket", required_argument, NULL, OPTION_SOCKET },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	const char *socket = NULL;
	union address address;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case OPTION_SOCKET:
			socket = optarg;
			break;
		case OPTION_HELP:
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("hycan_metrics " HYCAN_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs("hycan_metrics --help says how\n", stderr);
			return 2;
		}
	}
	if (argc - optind != 1) {
		fputs("hycan_metrics: where to listen is missing, or more was given: [ADDRESS:]PORT, such as 50053\n", stderr);
		return 2;
	}
	r = parse_address(argv[optind], &address);
	if (r == -EADDRNOTAVAIL)
		fprintf(stderr,
		        "hycan_metrics: “%s” is not of the loopback, and there is no password: listen on 127.0.0.1 or [::1], and "
		        "put "
		        "something in front of it that has one\n",
		        argv[optind]);
	else if (r < 0)
		fprintf(stderr, "hycan_metrics: “%s” is no [ADDRESS:]PORT, such as 50053, 127.0.0.1:50053 or [::1]:50053\n",
		        argv[optind]);
	return r < 0 ? 2 : run(&address, socket);
}
