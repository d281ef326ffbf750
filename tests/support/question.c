/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a name server, made by hand: the C library would ask whom the machine asks. */
#include "question.h"
#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TYPE_A    1
#define TYPE_PTR  12
#define TYPE_AAAA 28
#define HEADER    12

/* Whoever asks again soon does not wait long. */
#define PATIENCE_MS      3000
#define LOOP_PATIENCE_MS 20000

/* Whoever measures asks again at once. */
#define HASTY_PATIENCE_MS 5

struct question {
	uint8_t bytes[HEADER + 300];
	size_t size;
	uint16_t type;
};

static void make_question(struct question *q, const char *name, uint16_t type)
{
	static atomic_uint number;
	unsigned int id = atomic_fetch_add(&number, 1);

	*q = (struct question){ .size = HEADER, .type = type };
	q->bytes[0] = (uint8_t)(id >> 8);
	q->bytes[1] = (uint8_t)id;
	/* who asks wants others to be asked; one question */
	q->bytes[2] = q->bytes[5] = 1;
	while (*name) {
		size_t length = strcspn(name, ".");

		assert_true(q->size + length + 6 < sizeof(q->bytes) && length < 64);
		q->bytes[q->size++] = (uint8_t)length;
		memcpy(q->bytes + q->size, name, length);
		q->size += length;
		name += length + (name[length] == '.');
	}
	/* the end of the name; type and class (IN), two bytes each */
	q->size += 2;
	q->bytes[q->size++] = (uint8_t)type;
	q->size++;
	q->bytes[q->size++] = 1;
}

/* A socket of that namespace: made by this thread there, which comes back. */
static int open_in(const char *netns, const char *server)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(53) };
	bool ipv6 = strchr(server, ':');
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), there = -1, fd, r;
	char path[64];

	assert_true(own >= 0);
	snprintf(path, sizeof(path), "/run/netns/%s", netns ? netns : "");
	if (netns) {
		there = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(there >= 0);
		assert_int_equal(setns(there, CLONE_NEWNET), 0);
		close(there);
	}
	fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (ipv6) {
		assert_int_equal(inet_pton(AF_INET6, server, &six.sin6_addr), 1);
		r = connect(fd, (struct sockaddr *)&six, sizeof(six));
	} else {
		assert_int_equal(inet_pton(AF_INET, server, &four.sin_addr), 1);
		r = connect(fd, (struct sockaddr *)&four, sizeof(four));
	}
	assert_int_equal(setns(own, CLONE_NEWNET), 0);
	close(own);
	if (r < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Behind a name, which may end with a pointer. */
static size_t skip_name(const uint8_t *bytes, size_t n, size_t at)
{
	while (at < n && bytes[at] && bytes[at] < 0xc0)
		at += 1u + bytes[at];
	return at + (at < n && bytes[at] ? 2 : 1);
}

static void read_name(const uint8_t *bytes, size_t n, size_t at, char *text, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < 64 && at < n && bytes[at]; i++) {
		if (bytes[at] >= 0xc0) {
			at = (size_t)(bytes[at] & 0x3f) << 8 | bytes[at + 1];
			continue;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? "." : "", bytes[at],
		                         (const char *)bytes + at + 1);
		at += 1u + bytes[at];
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void read_answer(const struct question *q, const uint8_t *bytes, size_t n, char *text, size_t size)
{
	static const char *const codes[] = { "none", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED" };
	char found[16][128];
	unsigned int count = (unsigned int)bytes[6] << 8 | bytes[7], code = bytes[3] & 15;
	size_t at = q->size, n_found = 0, used = 0;

	snprintf(text, size, "%s", code < 6 ? codes[code] : "?");
	for (unsigned int i = 0; i < count && n_found < 16 && code == 0; i++) {
		uint16_t type, length;

		at = skip_name(bytes, n, at);
		if (at + 10 > n)
			break;
		type = (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
		length = (uint16_t)(bytes[at + 8] << 8 | bytes[at + 9]);
		at += 10;
		if (type == q->type && type == TYPE_PTR)
			read_name(bytes, n, at, found[n_found++], sizeof(found[0]));
		else if (type == q->type)
			inet_ntop(type == TYPE_A ? AF_INET : AF_INET6, bytes + at, found[n_found++], sizeof(found[0]));
		at += length;
	}
	qsort(found, n_found, sizeof(found[0]), compare);
	for (size_t i = 0; i < n_found; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "", found[i]);
}

static void ask_into(const char *netns, const char *server, const char *name, uint16_t type, int patience_ms, char *text,
                     size_t size)
{
	struct question q;
	struct pollfd pollfd = { .fd = open_in(netns, server), .events = POLLIN };
	uint8_t bytes[2048];
	ssize_t n;

	make_question(&q, name, type);
	if (pollfd.fd < 0) {
		snprintf(text, size, "unreachable");
		return;
	}
	if (send(pollfd.fd, q.bytes, q.size, 0) < 0 || poll(&pollfd, 1, patience_ms) <= 0) {
		snprintf(text, size, "timeout");
	} else {
		n = recv(pollfd.fd, bytes, sizeof(bytes), 0);
		if (n < 0)
			snprintf(text, size, "%s", errno == ECONNREFUSED ? "refused by the kernel" : strerror(errno));
		else if (n < HEADER || memcmp(bytes, q.bytes, 2) != 0)
			snprintf(text, size, "no answer to that");
		else
			read_answer(&q, bytes, (size_t)n, text, size);
	}
	close(pollfd.fd);
}

const char *dns_ask(const char *netns, const char *server, const char *name, bool ipv6)
{
	static char text[512];

	ask_into(netns, server, name, ipv6 ? TYPE_AAAA : TYPE_A, PATIENCE_MS * SLOWEST, text, sizeof(text));
	return text;
}

void dns_assert_silence(const char *netns, const char *server, const char *name)
{
	char text[512];

	ask_into(netns, server, name, TYPE_A, PATIENCE_MS, text, sizeof(text));
	assert_string_equal(text, "timeout");
}

const char *dns_ask_reverse(const char *netns, const char *server, const char *address)
{
	static char text[512];
	uint8_t bytes[16];
	char name[128];
	size_t used = 0;

	if (inet_pton(AF_INET, address, bytes) == 1) {
		snprintf(name, sizeof(name), "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
		for (int i = 15; i >= 0; i--)
			used += (size_t)snprintf(name + used, sizeof(name) - used, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
		snprintf(name + used, sizeof(name) - used, "ip6.arpa");
	}
	ask_into(netns, server, name, TYPE_PTR, PATIENCE_MS * SLOWEST, text, sizeof(text));
	return text;
}

void dns_until(int seconds, const char *netns, const char *server, const char *name, const char *answer)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	const int64_t deadline = now_ms() + seconds * INT64_C(1000) * SLOWEST;
	char text[512];

	for (;;) {
		ask_into(netns, server, name, TYPE_A, PATIENCE_MS, text, sizeof(text));
		if (strcmp(text, answer) == 0)
			return;
		if (now_ms() > deadline)
			fail_msg("%s at %s is “%s” and not “%s” after %d s", name, server, text, answer, seconds * SLOWEST);
		nanosleep(&pause, NULL);
	}
}

/* ---------------------------------------------------------------------------------------------------------- all the time */

struct dns_loop {
	pthread_t thread;
	const char *netns, *server, *name, *answer;
	int patience_ms;
	atomic_bool ends;
	atomic_uint longest_us; /* from one right answer to the next */
	atomic_uint asked;
	unsigned int failed;
	char first[512]; /* wrong answer */
};

static void *ask_on(void *userdata)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	struct dns_loop *loop = userdata;
	int64_t last_us = now_us();
	char text[512];

	while (!atomic_load(&loop->ends)) {
		ask_into(loop->netns, loop->server, loop->name, TYPE_A, loop->patience_ms, text, sizeof(text));
		atomic_fetch_add(&loop->asked, 1);
		if (strcmp(text, loop->answer) == 0) {
			int64_t us = now_us() - last_us;

			if (us > atomic_load(&loop->longest_us))
				atomic_store(&loop->longest_us, (unsigned int)us);
			last_us += us;
		} else if (loop->failed++ == 0) {
			memcpy(loop->first, text, sizeof(text));
		}
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static struct dns_loop *start(const char *netns, const char *server, const char *name, const char *answer, int patience_ms)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	struct dns_loop *loop = calloc(1, sizeof(*loop));

	assert_non_null(loop);
	*loop = (struct dns_loop){ .netns = netns, .server = server, .name = name, .answer = answer, .patience_ms = patience_ms };
	assert_int_equal(pthread_create(&loop->thread, NULL, ask_on, loop), 0);
	/* what comes now comes between two questions */
	while (atomic_load(&loop->asked) == 0)
		nanosleep(&pause, NULL);
	return loop;
}

struct dns_loop *dns_start(const char *netns, const char *server, const char *name, const char *answer)
{
	return start(netns, server, name, answer, LOOP_PATIENCE_MS);
}

struct dns_loop *dns_start_hasty(const char *netns, const char *server, const char *name, const char *answer)
{
	return start(netns, server, name, answer, HASTY_PATIENCE_MS);
}

unsigned int dns_longest_us(struct dns_loop *loop)
{
	return atomic_exchange(&loop->longest_us, 0);
}

void dns_stop(struct dns_loop **loop, unsigned int *ret_asked, unsigned int *ret_failed)
{
	struct dns_loop *l = *loop;

	atomic_store(&l->ends, true);
	assert_int_equal(pthread_join(l->thread, NULL), 0);
	if (l->failed)
		print_message("The first wrong answer: %s\n", l->first);
	*ret_asked = atomic_load(&l->asked);
	*ret_failed = l->failed;
	free(l);
	*loop = NULL;
}
