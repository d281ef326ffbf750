/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The storm. Nothing here judges: who asked for it looks at what it left. */
#include "storm.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hycan/client.h>
#include <hycan/operations.h>
#include <hycan/values.h>

#define PROCESSES_MAX 128u
#define CLIENTS_MAX   256u

enum {
	TYPE_HELLO = 0x0101,
	TYPE_DESCRIBE = 0x0102,
	TYPE_LINK_GET = 0x0302,
	TYPE_ROUTE_LOAD = 0x0704,
};

static unsigned int below(unsigned int *seed, unsigned int n)
{
	return (unsigned int)rand_r(seed) % n;
}

static void pause_us(long us)
{
	nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}

/* ------------------------------------------------------------------------------------------------------------- hostile */

enum manner {
	HALF,  /* sends half of a request, and a byte now and then */
	DEAF,  /* asks for long answers and reads none */
	FLOOD, /* asks as fast as it can, and reads */
	NOISE, /* sends anything */
	LIES,  /* says that 16 MiB follow, and sends some of them */
	KNOCK, /* comes and goes without a word */
	GIFTS, /* sends descriptors with half a request */
	N_MANNERS,
};

struct client {
	int fd;
	enum manner manner;
};

static struct nlmsghdr header(uint16_t type, uint32_t length)
{
	return (struct nlmsghdr){
		.nlmsg_len = length, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = 1
	};
}

static bool put(int fd, const void *bytes, size_t size)
{
	return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

static void hello(int fd)
{
	struct {
		struct nlmsghdr header;
		struct nlattr attribute;
		uint32_t version;
	} frame = { header(TYPE_HELLO, sizeof(frame)), { .nla_len = 8, .nla_type = 1 }, 1 };

	(void)put(fd, &frame, sizeof(frame));
}

/* As many link.get of lo as fit one write. */
static size_t many(uint8_t *bytes, size_t size)
{
	struct {
		struct nlmsghdr header;
		struct nlattr attribute;
		char name[4];
	} frame = { header(TYPE_LINK_GET, sizeof(frame)), { .nla_len = 7, .nla_type = 1 }, "lo" };
	size_t n = 0;

	for (; n + sizeof(frame) <= size; n += sizeof(frame))
		memcpy(bytes + n, &frame, sizeof(frame));
	return n;
}

static bool drain(int fd)
{
	static uint8_t bytes[65536];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		;
	return n != 0;
}

static void give(int fd)
{
	struct nlmsghdr half = header(TYPE_LINK_GET, 64);
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = &half, .iov_len = sizeof(half) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	const int fds[3] = { fd, fd, fd };

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	(void)sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void begin_hostile(struct client *c, const struct storm *storm, unsigned int *seed)
{
	c->fd = dial(storm->socket);
	c->manner = below(seed, N_MANNERS);
	if (c->fd < 0)
		return;
	if (c->manner != NOISE && c->manner != KNOCK && below(seed, 8))
		hello(c->fd);
	if (c->manner == HALF || c->manner == LIES) {
		struct nlmsghdr nlh = header(TYPE_ROUTE_LOAD, c->manner == HALF ? 4096 : 16u << 20);

		(void)put(c->fd, &nlh, sizeof(nlh));
	}
	if (c->manner == GIFTS)
		give(c->fd);
}

/* False: it is over. */
static bool act(struct client *c, unsigned int *seed)
{
	static uint8_t bytes[16384];
	struct nlmsghdr nlh = header(TYPE_DESCRIBE, sizeof(nlh));

	switch (c->manner) {
	case HALF:
		(void)put(c->fd, bytes, 1);
		return true;
	case DEAF:
		return put(c->fd, &nlh, sizeof(nlh)) || below(seed, 100);
	case FLOOD:
		(void)put(c->fd, bytes, many(bytes, sizeof(bytes)));
		return drain(c->fd);
	case NOISE:
		for (size_t i = 0; i < 512; i++)
			bytes[i] = (uint8_t)below(seed, 256);
		/* not the classic protocol, which has few words */
		bytes[0] &= 0xfc;
		(void)put(c->fd, bytes, 512);
		return drain(c->fd);
	case LIES:
		return put(c->fd, bytes, sizeof(bytes)) || below(seed, 100);
	case GIFTS:
		return drain(c->fd);
	case KNOCK:
	case N_MANNERS:
		break;
	}
	return false;
}

static void be_hostile(const struct storm *storm, unsigned int seed)
{
	static struct client client[CLIENTS_MAX];

	for (unsigned int i = 0; i < storm->clients; i++)
		begin_hostile(&client[i], storm, &seed);
	for (;;) {
		struct client *c = &client[below(&seed, storm->clients)];

		if (storm->rest_us)
			pause_us((long)below(&seed, 2 * storm->rest_us));
		if (c->fd >= 0 && act(c, &seed) && below(&seed, 200))
			continue;
		if (c->fd >= 0)
			close(c->fd);
		begin_hostile(c, storm, &seed);
		/* nobody listens as fast as one can knock */
		if (c->fd < 0)
			pause_us(1000);
	}
}

/* -------------------------------------------------------------------------------------------------------------- honest */

static struct hycan_prefix own_prefix(unsigned int process, unsigned int client, unsigned int n, uint8_t first)
{
	struct hycan_prefix prefix = { .address = { .family = HYCAN_FAMILY_IPV4,
		                                    .bytes = { first, (uint8_t)process, (uint8_t)client, (uint8_t)n } },
		                       .length = 32 };

	return prefix;
}

static int work(struct hycan *h, unsigned int process, unsigned int client, unsigned int n)
{
	struct hycan_link_address address = { .link = "lo", .address = own_prefix(process, client, n, 10) };
	struct hycan_route route = { .destination = own_prefix(process, client, n, 11), .has_link = true, .link = "lo" };
	const struct hycan_route_remove_options options = { .has_link = true, .link = "lo" };
	int r = hycan_address_add(h, &address);

	if (r == 0)
		r = hycan_route_add(h, &route);
	/* some do not tidy up */
	if (r == 0 && n % 4 == 0)
		return 0;
	if (r == 0)
		r = hycan_route_remove(h, &route.destination, &options);
	return r ? r : hycan_address_remove(h, "lo", &address.address);
}

/* What a client makes goes with it, however it dies. */
static int arrive(struct hycan **h, const struct storm *storm)
{
	int r = hycan_open(h, storm->socket);

	return r ? r : hycan_session_lifetime(*h, HYCAN_LIFETIME_CONNECTION, NULL);
}

static void be_honest(const struct storm *storm, unsigned int process, unsigned int seed)
{
	static struct hycan *h[CLIENTS_MAX];

	for (;;) {
		unsigned int i = below(&seed, storm->clients);
		int r = h[i] ? 0 : arrive(&h[i], storm);

		if (r == 0)
			r = storm->read_only || below(&seed, 2) ? hycan_link_get(h[i], "lo", NULL)
			                                        : work(h[i], process, i, below(&seed, 200));
		if (r < 0 || below(&seed, 50) == 0) {
			hycan_close(h[i]);
			h[i] = NULL;
		}
		pause_us((long)below(&seed, 4000));
	}
}

/* ---------------------------------------------------------------------------------------------------------- processes */

static void set_priority(int cpu)
{
	struct sched_param none = { 0 };
	cpu_set_t set;

	if (cpu < 0) {
		(void)setpriority(PRIO_PROCESS, 0, 10);
		return;
	}
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
	(void)sched_setscheduler(0, SCHED_IDLE, &none);
}

static pid_t start(const struct storm *storm, unsigned int process, unsigned int seed)
{
	bool honest = process % 2 == 0;
	uid_t uid = honest ? storm->honest : storm->hostile;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (honest)
		be_honest(storm, process, seed);
	else
		be_hostile(storm, seed);
	_exit(0);
}

static volatile sig_atomic_t over;

static void on_term(int signal)
{
	(void)signal;
	over = 1;
}

/* Kills one after the other and puts another in its place. */
static void reign(const struct storm *storm)
{
	unsigned int n = storm->processes < PROCESSES_MAX ? storm->processes : PROCESSES_MAX, seed = storm->seed;
	pid_t pid[PROCESSES_MAX];

	for (unsigned int i = 0; i < n; i++)
		pid[i] = start(storm, i, seed + i);
	while (!over) {
		unsigned int i = below(&seed, n);

		pause_us(20000 + (long)below(&seed, 80000));
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
		pid[i] = start(storm, i, (unsigned int)rand_r(&seed));
	}
	for (unsigned int i = 0; i < n; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

pid_t storm_begin(const struct storm *storm)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	signal(SIGTERM, on_term);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_priority(storm->cpu);
	reign(storm);
	_exit(0);
}

void storm_end(pid_t storm)
{
	kill(storm, SIGTERM);
	waitpid(storm, NULL, 0);
}
