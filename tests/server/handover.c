/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One daemon follows another, and clients notice nothing. The test plays the service manager: it listens, keeps what the
 * daemon leaves with it, and passes that to the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "clients.h"
#include "events.h"
#include "objects.h"
#include "raw.h"
#include "routing.h"

#define STORE_MAX 64

struct manager {
	struct world *w;
	int listener;
	int notify;
	char notify_name[32];
	int store[STORE_MAX];
	char name[STORE_MAX][32];
	size_t n;
	bool ready;
};

/* A descriptor goes; those that lead to the same, and all with that name, too. */
static void forget(struct manager *m, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->name[i], name) == 0) {
			close(m->store[i]);
			continue;
		}
		m->store[left] = m->store[i];
		memmove(m->name[left++], m->name[i], sizeof(*m->name));
	}
	m->n = left;
}

static void keep(struct manager *m, const char *message, const int *fds, size_t n)
{
	const char *name = strstr(message, "FDNAME=");
	char word[32] = "";

	if (name)
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(name + 7, "\n"), name + 7);
	if (strstr(message, "READY=1"))
		m->ready = true;
	if (strstr(message, "FDSTOREREMOVE=1"))
		forget(m, word);
	for (size_t i = 0; i < n; i++) {
		if (!strstr(message, "FDSTORE=1")) {
			close(fds[i]);
			continue;
		}
		assert_true(m->n < STORE_MAX);
		m->store[m->n] = fds[i];
		snprintf(m->name[m->n++], sizeof(*m->name), "%s", word);
	}
}

/* Takes a message of the daemon, if there is one within some milliseconds. */
static void listen_to_daemon(struct manager *m, int ms)
{
	struct pollfd pollfd = { .fd = m->notify, .events = POLLIN };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(STORE_MAX * sizeof(int))];
	char message[512];
	struct iovec iov = { .iov_base = message, .iov_len = sizeof(message) - 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fds[STORE_MAX];
	size_t n_fds = 0;
	ssize_t n;

	if (poll(&pollfd, 1, ms) <= 0)
		return;
	n = recvmsg(m->notify, &msg, MSG_CMSG_CLOEXEC);
	assert_true(n >= 0 && !(msg.msg_flags & MSG_CTRUNC));
	message[n] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(c), n_fds * sizeof(int));
		}
	keep(m, message, fds, n_fds);
}

static void exec_daemon(const struct manager *m)
{
	char state[128], policy[128], names[STORE_MAX * 32] = "listener", number[24];
	int high[STORE_MAX + 1];

	high[0] = fcntl(m->listener, F_DUPFD, 100);
	for (size_t i = 0; i < m->n; i++)
		high[i + 1] = fcntl(m->store[i], F_DUPFD, 100);
	for (size_t i = 0; i <= m->n; i++)
		dup2(high[i], (int)(3 + i));
	for (size_t i = 0; i < m->n; i++) {
		strcat(names, ":");
		strcat(names, m->name[i]);
	}
	snprintf(number, sizeof(number), "%zu", m->n + 1);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof(number), "%d", getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	setenv("NOTIFY_SOCKET", m->notify_name, 1);
	dup2(open(m->w->log, O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
	snprintf(state, sizeof(state), "%s/ledger", m->w->directory);
	snprintf(policy, sizeof(policy), "%s/policy.conf", m->w->directory);
	execl(world_daemon_path(), world_daemon_path(), "--handover", "--log-level", "debug", "--state", state, "--policy", policy,
	      (char *)NULL);
	_exit(127);
}

static void start(struct manager *m)
{
	m->ready = false;
	m->w->daemon = fork();
	assert_true(m->w->daemon >= 0);
	if (m->w->daemon == 0)
		exec_daemon(m);
	for (int i = 0; !m->ready; i++) {
		const bool gone = waitpid(m->w->daemon, NULL, WNOHANG) != 0;

		if (gone || i == 600) {
			char *log = world_log(m->w);

			m->w->daemon = gone ? 0 : m->w->daemon;
			fail_msg("The daemon %s: %s", gone ? "ended before it was ready" : "does not get ready", log);
		}
		listen_to_daemon(m, 100);
	}
}

static void stop(struct manager *m)
{
	int status;

	kill(m->w->daemon, SIGTERM);
	while (waitpid(m->w->daemon, &status, WNOHANG) == 0)
		listen_to_daemon(m, 10);
	listen_to_daemon(m, 0);
	if (status) {
		char *log = world_log(m->w);

		fail_msg("The daemon ended with %#x: %s", status, log);
	}
	m->w->daemon = 0;
}

static void restart(struct manager *m)
{
	stop(m);
	start(m);
	/* it has them all, and the store is empty */
	assert_int_equal(m->n, 0);
}

static int bind_to(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (path[0] != '@'))),
	                 0);
	return fd;
}

static int begin(void **state)
{
	struct manager *m = calloc(1, sizeof(*m));
	struct world *w;

	assert_non_null(m);
	m->w = w = world_start(NULL);
	hycan_close(w->h);
	w->h = NULL;
	assert_int_equal(world_stop_daemon(w, SIGTERM), 0);
	m->listener = bind_to(w->socket, SOCK_STREAM);
	assert_int_equal(listen(m->listener, 64), 0);
	snprintf(m->notify_name, sizeof(m->notify_name), "@hycan-manager-%d", getpid());
	m->notify = bind_to(m->notify_name, SOCK_DGRAM);
	start(m);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	*state = m;
	return 0;
}

static int end(void **state)
{
	struct manager *m = *state;
	void *w = m->w;
	int r;

	if (m->w->daemon)
		stop(m);
	for (size_t i = 0; i < m->n; i++)
		close(m->store[i]);
	close(m->listener);
	close(m->notify);
	r = world_end(&w);
	free(m);
	return r;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void count_items(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	(void)reply;
	assert_done(h, result);
	*(size_t *)userdata += n;
}

static void count_done(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	(void)reply;
	(void)n;
	assert_done(h, result);
	++*(unsigned int *)userdata;
}

/* Requests all the time, and ten daemons one after the other: each request is answered once, and done once. */
static void nobody_notices(void **state)
{
	enum { ROUNDS = 10, REQUESTS = 400 };
	struct manager *m = *state;
	struct hycan *h = m->w->h;
	unsigned int done = 0;
	ino_t socket = inode_of(hycan_fd(h));
	int announcements = announcements_open(), room = 8 << 20;

	assert_int_equal(setsockopt(announcements, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), 0);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < REQUESTS; i++) {
			struct hycan_rule rule = {
				.family = HYCAN_FAMILY_IPV4,
				.has_priority = true,
				.priority = 1000 + i,
				.has_table = true,
				.table = 100,
			};

			assert_int_equal((round % 2 ? hycan_rule_remove_async : hycan_rule_add_async)(h, &rule, count_done, &done),
			                 0);
			/* some of them are on their way, and some are not sent yet */
			if (i == 100 + round * 20)
				assert_true(hycan_process(h) >= 0);
		}
		restart(m);
		while (hycan_pending(h) > 0) {
			struct pollfd pfd = { .fd = hycan_fd(h), .events = hycan_events(h) };

			assert_true(poll(&pfd, 1, 60000) > 0);
			assert_true(hycan_process(h) >= 0);
		}
		assert_int_equal(done, (round + 1) * REQUESTS);
		assert_int_equal(announcements_count(announcements), REQUESTS);
	}
	/* the same connection all the time */
	assert_int_equal(inode_of(hycan_fd(h)), socket);
	close(announcements);
}

/* A subscription goes on: nothing that was told is lost, the numbers go on, and what happened meanwhile is in a snapshot. */
static void subscriptions(void **state)
{
	struct manager *m = *state;
	const enum hycan_event_family links[] = { HYCAN_EVENT_FAMILY_LINK };
	struct hycan_event_subscribe_options only_links = { .has_families = true, .families = links, .n_families = 1 };
	struct hycan *own = NULL;
	struct events e, f;

	free(shell("ip link add b0 type bridge"));
	assert_int_equal(hycan_open(&own, m->w->socket), 0);
	events_begin_complete(&e, m->w->h, NULL);
	events_begin_complete(&f, own, &only_links);
	for (int i = 0; i < 5; i++) {
		/* told, and not read yet */
		free(shell("ip link add a%d type bridge", i));
		stop(m);
		free(shell("ip link set b0 mtu %d; ip link add c%d type bridge", 1400 + i, i));
		start(m);
		assert_int_equal(m->n, 0);
		events_until(&e, "overflow");
		events_until(&e, "present link c%d", i);
		events_until(&e, "complete");
		assert_true(events_know(&e, "link a0"));
		free(shell("ip link add d%d type bridge", i));
		events_until(&e, "new link d%d by stranger", i);
		assert_int_equal(e.n_overflows, i + 1);
	}
	events_until(&f, "new link d4");
	assert_true(events_know(&f, "link c0"));
	assert_int_equal(events_count(&f, "address"), 0);
	events_end(&f);
	events_end(&e);
	hycan_close(own);
}

static int add_rule(struct hycan *h, uint32_t priority)
{
	const struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = priority, .has_table = true, .table = 100
	};

	return hycan_rule_add(h, &rule);
}

/* What is being stated goes on being stated: what was asked for under any of three daemons stays, and the rest goes. */
static void state_rules(struct manager *m, enum hycan_lifetime lifetime, bool of_kind)
{
	const struct hycan_session_lifetime_options options = { .has_seconds = lifetime == HYCAN_LIFETIME_LEASE, .seconds = 3600 };
	const struct hycan_object_replace_begin_options begin = { .has_kind = of_kind, .kind = HYCAN_OBJECT_KIND_RULE };
	const struct hycan_route route = { .destination = prefix_of("10.66.0.0/16"),
		                           .has_type = true,
		                           .type = HYCAN_ROUTE_TYPE_BLACKHOLE };
	struct hycan *h = NULL, *other = NULL;
	uint32_t removed = 0;

	assert_int_equal(hycan_open(&h, m->w->socket), 0);
	assert_int_equal(hycan_open(&other, m->w->socket), 0);
	assert_done(h, hycan_session_lifetime(h, lifetime, &options));
	for (uint32_t i = 2000; i < 2004; i++)
		assert_done(h, add_rule(h, i));
	assert_done(h, hycan_route_add(h, &route));
	assert_done(h, hycan_object_replace_begin(h, &begin));
	/* one that ends later than the other */
	assert_done(other, hycan_object_replace_begin(other, NULL));
	assert_done(h, add_rule(h, 2000));
	restart(m);
	assert_done(h, add_rule(h, 2001));
	assert_done(h, add_rule(h, 2004));
	restart(m);
	assert_done(h, add_rule(h, 2002));
	assert_done(h, hycan_object_replace_end(h, &removed));
	assert_int_equal(removed, of_kind ? 1 : 2);
	assert_output("2000\n2001\n2002\n2004\n", "ip rule | sed -n 's/^\\(20[0-9]*\\):.*/\\1/p'");
	assert_int_equal(shell_status(NULL, "ip route show type blackhole | grep 10.66.0.0/16"), of_kind ? 0 : 1);
	hycan_close(other);
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, hycan_object_replace_end(h, &removed));
	assert_int_equal(removed, of_kind ? 5 : 4);
	hycan_close(h);
}

static void statements(void **state)
{
	state_rules(*state, HYCAN_LIFETIME_PERMANENT, false);
	state_rules(*state, HYCAN_LIFETIME_CONNECTION, true);
	state_rules(*state, HYCAN_LIFETIME_LEASE, false);
}

/* What one program asks for counts for the others of its user that began before, and not for those that began later. */
static void begun_in_order(void **state)
{
	struct manager *m = *state;
	struct hycan *first = m->w->h, *second = NULL;
	uint32_t removed = 0;

	assert_int_equal(hycan_open(&second, m->w->socket), 0);
	assert_done(second, hycan_object_replace_begin(second, NULL));
	assert_done(second, add_rule(second, 2000));
	assert_done(first, hycan_object_replace_begin(first, NULL));
	restart(m);
	assert_done(second, hycan_object_replace_end(second, &removed));
	assert_int_equal(removed, 0);
	restart(m);
	assert_done(first, hycan_object_replace_end(first, &removed));
	assert_int_equal(removed, 1);
	hycan_close(second);
}

/* Asking for it as long as the connection holds it does not state it for good. */
static void stated_for_a_time(void **state)
{
	struct manager *m = *state;
	struct hycan *h = NULL;
	uint32_t removed = 0;

	assert_done(m->w->h, add_rule(m->w->h, 2000));
	assert_int_equal(hycan_open(&h, m->w->socket), 0);
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, add_rule(h, 2000));
	restart(m);
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_PERMANENT, NULL));
	assert_done(h, hycan_object_replace_end(h, &removed));
	assert_int_equal(removed, 1);
	/* the connection holds it still, and nobody else */
	assert_int_equal(shell_status(NULL, "ip rule | grep -q ^2000:"), 0);
	hycan_close(h);
	shell_until(20, "! ip rule | grep -q ^2000:");
}

static off_t state_size(const struct manager *m)
{
	struct stat st = { 0 };

	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->name[i], "hycan-state") == 0)
			assert_int_equal(fstat(m->store[i], &st), 0);
	assert_true(st.st_size > 0);
	return st.st_size;
}

/* What is handed over does not grow with the connections that state the same. */
static void many_state(void **state)
{
	enum { N = 8, RULES = 50 };
	const struct hycan_object_replace_begin_options links = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_LINK };
	struct manager *m = *state;
	struct hycan *h[N];
	uint32_t removed = 0;
	off_t all;

	for (size_t i = 0; i < N; i++) {
		assert_int_equal(hycan_open(&h[i], m->w->socket), 0);
		assert_done(h[i], hycan_object_replace_begin(h[i], i ? &links : NULL));
	}
	for (uint32_t i = 0; i < RULES; i++)
		assert_done(h[0], add_rule(h[0], 2000 + i));
	stop(m);
	all = state_size(m);
	start(m);
	for (size_t i = 1; i < N; i++) {
		assert_done(h[i], hycan_object_replace_end(h[i], &removed));
		assert_int_equal(removed, 0);
	}
	stop(m);
	assert_int_equal(state_size(m), all);
	start(m);
	assert_done(h[0], hycan_object_replace_end(h[0], &removed));
	assert_int_equal(removed, 0);
	assert_done(h[0], hycan_object_replace_begin(h[0], NULL));
	assert_done(h[0], hycan_object_replace_end(h[0], &removed));
	assert_int_equal(removed, RULES);
	for (size_t i = 0; i < N; i++)
		hycan_close(h[i]);
}

/* Half a request before, the other half after. */
static void halves(void **state)
{
	struct manager *m = *state;
	struct raw raw = raw_open(m->w->socket);
	struct raw_frame frame;
	struct raw_answer answer;

	for (size_t cut = 1; cut < 28; cut += 3) {
		raw_begin(&raw, &frame, 0x0302);
		raw_put(&frame, 1, "lo", 3);
		raw_end(&frame);
		assert_int_equal(frame.size, 28 - 4);
		if (cut >= frame.size)
			break;
		raw_send(&raw, frame.bytes, cut);
		restart(m);
		raw_send(&raw, frame.bytes + cut, frame.size - cut);
		assert_true(raw_read(&raw, &answer));
		assert_int_equal(answer.type, 0x0302);
		assert_int_equal(answer.seq, raw.seq);
	}
	raw_close(&raw);
}

/* An answer that nobody has read yet comes whole. */
static void a_long_answer(void **state)
{
	enum { N = 20000 };
	struct manager *m = *state;
	struct hycan *h = m->w->h;
	struct hycan_route *routes = calloc(N, sizeof(*routes));
	struct hycan_route_list_options options = { .has_table = true, .table = 100 };
	struct hycan_route_load_reply *reply = NULL;
	size_t n = 0;

	assert_non_null(routes);
	for (unsigned int i = 0; i < N; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.%u.%u.0/24", i / 256, i % 256);
		routes[i] = (struct hycan_route){ .has_link = true, .link = "lo", .has_table = true, .table = 100 };
		routes[i].destination = prefix_of(text);
	}
	assert_done(h, hycan_route_load(h, routes, N, NULL, &reply));
	free(reply);
	free(routes);
	assert_int_equal(hycan_route_list_async(h, &options, count_items, &n), 0);
	assert_true(hycan_process(h) >= 0);
	/* it is on its way */
	assert_true(poll(&(struct pollfd){ .fd = hycan_fd(h), .events = POLLIN }, 1, 60000) > 0);
	for (int i = 0; i < 3; i++)
		restart(m);
	while (hycan_pending(h) > 0) {
		struct pollfd pfd = { .fd = hycan_fd(h), .events = hycan_events(h) };

		assert_true(poll(&pfd, 1, 60000) > 0);
		assert_true(hycan_process(h) >= 0);
	}
	assert_int_equal(n, N);
}

/* Where a connection acts goes along. */
static void a_namespace(void **state)
{
	struct manager *m = *state;
	struct hycan_link link;
	int netns;

	free(shell("ip netns add other && ip -n other link add br9 type bridge"));
	netns = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	assert_true(netns >= 0);
	assert_done(m->w->h, hycan_session_netns(m->w->h, netns, NULL));
	close(netns);
	for (int i = 0; i < 2; i++) {
		restart(m);
		assert_done(m->w->h, hycan_link_get(m->w->h, "br9", &link));
	}
	free(shell("ip netns delete other"));
	restart(m);
	assert_done(m->w->h, hycan_link_get(m->w->h, "br9", &link));
}

/* A connection adds an address there, which is to be confirmed and never is; the connection is gone. */
static void let_one_wait(struct world *w, int netns)
{
	const struct hycan_link_address a = { .link = "lo", .address = prefix_of("10.7.0.1/32") };
	const struct hycan_transaction_run_options waits = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan *h = client_open(w);

	assert_done(h, hycan_session_netns(h, netns, NULL));
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_add(h, &a));
	assert_done(h, hycan_transaction_commit(h, &waits, NULL));
	hycan_close(h);
}

/* What was not confirmed is taken back where nothing leads but a connection that was left, and which goes on later. */
static void a_namespace_without_name(void **state)
{
	struct manager *m = *state;
	const int netns = netns_without_name();

	let_one_wait(m->w, netns);
	(void)world_stop_daemon(m->w, SIGKILL);
	free(shell("nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep -q 10.7.0.1", (int)getpid(), netns));
	/* as of a daemon that was killed before it had taken the connections of another one */
	m->store[m->n] = fcntl(netns, F_DUPFD_CLOEXEC, 3);
	strcpy(m->name[m->n++], "hycan-peer");
	start(m);
	assert_int_equal(m->n, 0);
	free(shell("! nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep 10.7.0.1", (int)getpid(), netns));
	close(netns);
	hycan_close(m->w->h);
	assert_done(m->w->h, hycan_open(&m->w->h, m->w->socket));
	assert_int_equal(objects_count(m->w->h), 0);
}

/* It was no restart but a stop: what was bound to connections goes, and leases, and the rest stays. */
static void a_stop(void **state)
{
	struct manager *m = *state;
	struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 1000, .has_table = true, .table = 100
	};

	assert_done(m->w->h, hycan_rule_add(m->w->h, &rule));
	rule.priority = 1001;
	assert_done(m->w->h, hycan_session_lifetime(m->w->h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(m->w->h, hycan_rule_add(m->w->h, &rule));
	rule.priority = 1002;
	assert_done(m->w->h,
	            hycan_session_lifetime(m->w->h, HYCAN_LIFETIME_LEASE,
	                                   &(struct hycan_session_lifetime_options){ .has_seconds = true, .seconds = 3600 }));
	assert_done(m->w->h, hycan_rule_add(m->w->h, &rule));
	/* over a restart they are held all the time */
	restart(m);
	free(shell("ip rule | grep -q ^1001: && ip rule | grep -q ^1002:"));
	assert_done(m->w->h, hycan_rule_add(m->w->h, &rule));
	stop(m);
	free(shell("ip rule | grep -q ^1001: && ip rule | grep -q ^1002:"));
	for (size_t i = 0; i < m->n; i++)
		close(m->store[i]);
	m->n = 0;
	/* also where no daemon would start */
	free(shell("echo nonsense > %s/broken && %s --stopped --policy %s/broken --state %s/ledger 2>&1", m->w->directory,
	           world_daemon_path(), m->w->directory, m->w->directory));
	free(shell("ip rule | grep -q ^1000: && ! ip rule | grep -q '^100[12]:'"));
	start(m);
	free(shell("ip rule | grep -q ^1000:"));
	rule.priority = 1000;
	/* what was chosen for the connection went with it */
	assert_int_equal(hycan_rule_remove(m->w->h, &rule), -ECONNRESET);
	assert_done(m->w->h, hycan_session_lifetime(m->w->h, HYCAN_LIFETIME_PERMANENT, NULL));
	assert_done(m->w->h, hycan_rule_remove(m->w->h, &rule));
}

/* What the manager passes and is nothing: nobody is harmed. */
static void garbage(void **state)
{
	struct manager *m = *state;
	char bytes[4096];
	ssize_t n;

	for (size_t i = 0; i < 24; i++) {
		size_t at;
		int fd = -1;

		hycan_close(m->w->h);
		assert_done(m->w->h, hycan_open(&m->w->h, m->w->socket));
		assert_done(m->w->h, hycan_link_up(m->w->h, "lo"));
		stop(m);
		for (size_t k = 0; k < m->n; k++)
			if (strcmp(m->name[k], "hycan-state") == 0)
				fd = m->store[k];
		assert_true(fd >= 0);
		n = pread(fd, bytes, sizeof(bytes), 0);
		assert_true(n > 0);
		at = i * (size_t)n / 24;
		if (i % 2)
			assert_int_equal(ftruncate(fd, (off_t)at), 0);
		else
			assert_int_equal(pwrite(fd, "\377\377\377\377\377\377\377\377", 8, (off_t)at), 8);
		start(m);
		assert_int_equal(m->n, 0);
		/* as the same client, or as one that comes back */
		(void)hycan_link_up(m->w->h, "lo");
		assert_done(m->w->h, hycan_link_up(m->w->h, "lo"));
	}
}

/* A machine's connection goes on like a user's, and is the machine's in the next daemon, too: the kernel says so again. */
static void over_vsock(void **state)
{
	struct manager *m = *state;
	const struct sockaddr_vm address = { .svm_family = AF_VSOCK,
		                             .svm_cid = VMADDR_CID_ANY,
		                             .svm_port = 200000 + (unsigned int)getpid() };
	const struct hycan_link_address held = { .link = "lo", .address = prefix_of("10.9.9.3/32") };
	struct hycan_session_whoami_reply *me;
	struct hycan *h;
	char name[64];
	ino_t socket_before;
	int fd;

	need_success("loopback of vsock", "modprobe -q vsock_loopback");
	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	free(shell("echo 'allow cid:1 all' >%s/policy.conf", m->w->directory));
	stop(m);
	/* as the socket unit has it, for each of the daemons */
	m->store[m->n] = fd;
	strcpy(m->name[m->n++], "listener");
	start(m);
	snprintf(name, sizeof(name), "vsock:1:%u", address.svm_port);
	assert_done(h, hycan_open(&h, name));
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, hycan_address_add(h, &held));
	socket_before = inode_of(hycan_fd(h));
	stop(m);
	start(m);
	assert_int_equal(m->n, 1);
	assert_done(h, hycan_session_whoami(h, &me));
	assert_true(me->has_cid && me->cid == 1);
	free(me);
	assert_int_equal(inode_of(hycan_fd(h)), socket_before);
	free(shell("ip addr show lo | grep -q 10.9.9.3/32"));
	hycan_close(h);
	shell_until(20, "! ip addr show lo | grep -q 10.9.9.3/32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_notices, begin, end),
		cmocka_unit_test_setup_teardown(subscriptions, begin, end),
		cmocka_unit_test_setup_teardown(statements, begin, end),
		cmocka_unit_test_setup_teardown(begun_in_order, begin, end),
		cmocka_unit_test_setup_teardown(stated_for_a_time, begin, end),
		cmocka_unit_test_setup_teardown(many_state, begin, end),
		cmocka_unit_test_setup_teardown(halves, begin, end),
		cmocka_unit_test_setup_teardown(a_long_answer, begin, end),
		cmocka_unit_test_setup_teardown(a_namespace, begin, end),
		cmocka_unit_test_setup_teardown(a_namespace_without_name, begin, end),
		cmocka_unit_test_setup_teardown(a_stop, begin, end),
		cmocka_unit_test_setup_teardown(garbage, begin, end),
		cmocka_unit_test_setup_teardown(over_vsock, begin, end),
	};

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
