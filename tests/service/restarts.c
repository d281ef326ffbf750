/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients of the service that systemd runs, while it is restarted, stopped and killed; and what the journal says of them.
 *
 * Unlike the other tests this one has no world of its own: it is run where the service is installed and root may stop it
 * (service.sh, in the guest), with a user “member” who is in group hycan, and without a policy file.
 */
#include <errno.h>
#include <grp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "events.h"

#define RESTARTS 10

/* Nothing takes as long; an emulated machine that does other things, too, is slow. */
#define PATIENCE_S 120

/* What the processes of a test know of each other. */
struct shared {
	_Atomic bool ends;
	_Atomic unsigned int done[2]; /* requests that were answered: of root, and of member */
	_Atomic bool went_on[2];
	_Atomic pid_t pid;
};

static struct shared *shared;
static struct world service = { .socket = "/run/hycan_daemon.sock" };

static int begin(void **state)
{
	*state = &service;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	free(shell("hycanctl object clear --all"));
	return munmap(shared, sizeof(*shared));
}

static uid_t member(void)
{
	const struct passwd *user = getpwnam("member");

	assert_non_null(user);
	return user->pw_uid;
}

static gid_t group(void)
{
	const struct group *g = getgrnam("hycan");

	assert_non_null(g);
	return g->gr_gid;
}

/* A number that a command writes. */
static long number(const char *command)
{
	char *text = shell("%s", command);
	long n = atol(text);

	free(text);
	return n;
}

static long main_pid(void)
{
	return number("systemctl show --property MainPID --value hycan-daemon.service");
}

static void restart(void)
{
	long before = main_pid();

	/* systemd gives up on a service that is started too often, by whoever */
	free(shell("systemctl reset-failed hycan-daemon.service && systemctl restart hycan-daemon.service"));
	assert_true(main_pid() > 0 && main_pid() != before);
}

static struct hycan_rule rule_number(uint32_t priority)
{
	return (struct hycan_rule){
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = priority, .has_table = true, .table = 100
	};
}

static bool rule_is_there(uint32_t priority)
{
	return shell_status(NULL, "ip rule | grep -q ^%u:", priority) == 0;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* ---------------------------------------------------------------------------------------------------------- restarts */

static void count_done(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	(void)reply;
	(void)n;
	(void)userdata;
	assert_done(h, result);
	shared->done[0]++;
}

/*
 * Asks for many things at once, over one connection, until it is told to end. Each rule is new when it is added, and there
 * when it is removed: what is done twice is refused the second time.
 */
static void ask_for_many(struct world *w)
{
	enum { AT_ONCE = 32 };
	struct hycan *h = client_open(w);
	ino_t socket = inode_of(hycan_fd(h));

	hycan_set_exclusive(h, true);
	while (!shared->ends) {
		for (uint32_t i = 0; i < 2 * AT_ONCE; i++) {
			const struct hycan_rule rule = rule_number(1000 + i % AT_ONCE);

			assert_int_equal((i < AT_ONCE ? hycan_rule_add_async : hycan_rule_remove_async)(h, &rule, count_done, NULL),
			                 0);
		}
		while (hycan_pending(h) > 0) {
			struct pollfd pfd = { .fd = hycan_fd(h), .events = hycan_events(h) };

			assert_true(poll(&pfd, 1, PATIENCE_S * 1000) > 0);
			assert_true(hycan_process(h) >= 0);
		}
	}
	assert_int_equal(inode_of(hycan_fd(h)), socket);
	shared->went_on[0] = true;
	hycan_close(h);
}

/* The same as an unprivileged program does it: one request after the other, each waited for. */
static void ask_one_by_one(struct world *w)
{
	struct hycan *h = client_open(w);
	ino_t socket = inode_of(hycan_fd(h));

	assert_done(h, hycan_vcan_create(h, "vcan7", NULL, NULL));
	while (!shared->ends) {
		assert_done(h, hycan_link_up(h, "vcan7"));
		assert_done(h, hycan_link_down(h, "vcan7"));
		shared->done[1] += 2;
	}
	assert_int_equal(inode_of(hycan_fd(h)), socket);
	shared->went_on[1] = true;
	hycan_close(h);
}

/* Hears of policy routing rules and of nothing else. */
static int hear_rules(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1u << (RTNLGRP_IPV4_RULE - 1) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), room = 64 << 20;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void wait_for_requests(const unsigned int *before)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	time_t deadline = time(NULL) + PATIENCE_S;

	while (shared->done[0] < before[0] + 64 || shared->done[1] < before[1] + 4) {
		assert_true(time(NULL) < deadline);
		nanosleep(&nap, NULL);
	}
}

static void until_true(const _Atomic bool *what)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	time_t deadline = time(NULL) + PATIENCE_S;

	while (!*what) {
		assert_true(time(NULL) < deadline);
		nanosleep(&nap, NULL);
	}
}

static pid_t fork_client(uid_t uid, gid_t gid, void (*function)(struct world *w))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		world_as(uid, gid, function, &service);
		_exit(0);
	}
	return pid;
}

/* The subscription goes on, and what came while nobody heard the kernel is in a snapshot. */
static void assert_went_on(struct events *e, int i)
{
	events_until(e, "overflow");
	events_until(e, "complete");
	assert_false(e->ended);
	for (int k = 0; k <= i; k++) {
		char text[32];

		snprintf(text, sizeof(text), "link sub%d", k);
		assert_true(events_know(e, text));
	}
}

/*
 * Ten restarts, and clients that ask all the time: none sees an error, and nothing is done twice. One that has subscribed to
 * events hears of everything that strangers do, before and meanwhile, in events without a gap between their numbers.
 */
static void nobody_notices(void **state)
{
	const struct hycan_event_subscribe_options named = { .has_name = true, .name = "sub*" };
	struct hycan *h = client_open(&service);
	struct events e;
	int rules = hear_rules();
	pid_t root = fork_client(0, 0, ask_for_many), other = fork_client(member(), group(), ask_one_by_one);

	(void)state;
	events_begin_complete(&e, h, &named);
	for (int i = 0; i < RESTARTS; i++) {
		const unsigned int before[2] = { shared->done[0], shared->done[1] };

		wait_for_requests(before);
		free(shell("ip link add sub%d type dummy", i));
		restart();
		assert_went_on(&e, i);
	}
	events_end(&e);
	hycan_close(h);
	free(shell("for i in $(seq 0 %d); do ip link delete sub$i; done", RESTARTS - 1));
	wait_for_requests((const unsigned int[]){ shared->done[0], shared->done[1] });
	shared->ends = true;
	until_true(&shared->went_on[0]);
	until_true(&shared->went_on[1]);
	assert_int_equal(waitpid(root, NULL, 0), root);
	assert_int_equal(waitpid(other, NULL, 0), other);
	/* each request changed something once */
	assert_int_equal(announcements_count(rules), shared->done[0]);
	close(rules);
	print_message("%d restarts: %u requests of root, 32 at once, and %u of member, one by one\n", RESTARTS, shared->done[0],
	              shared->done[1]);
}

/* ------------------------------------------------------------------------------------------------------- stop and kill */

enum { PERMANENT = 2000, CONNECTED = 2001, LEASED = 2002 };

/* Three rules, each held for another time. */
static struct hycan *hold_three(void)
{
	struct hycan *h = client_open(&service);
	struct hycan_rule rule = rule_number(PERMANENT);

	assert_done(h, hycan_rule_add(h, &rule));
	client_hold_while_connected(h, 0);
	rule = rule_number(CONNECTED);
	assert_done(h, hycan_rule_add(h, &rule));
	client_hold_lease(h, 3600);
	rule = rule_number(LEASED);
	assert_done(h, hycan_rule_add(h, &rule));
	return h;
}

/* Over a connection of its own. */
static void assert_objects(size_t expected)
{
	struct hycan *h = client_open(&service);
	struct hycan_object *objects = NULL;
	size_t n = 0;

	assert_done(h, hycan_object_list(h, &(struct hycan_object_list_options){ .has_kind = true, .kind = HYCAN_OBJECT_KIND_RULE },
	                                 &objects, &n));
	assert_int_equal(n, expected);
	free(objects);
	hycan_close(h);
}

/* A restart leaves everything as it is; a stop only what is permanent. */
static void stop_is_no_restart(void **state)
{
	struct hycan *h = hold_three();
	struct hycan_rule rule = rule_number(PERMANENT);

	(void)state;
	restart();
	assert_true(rule_is_there(PERMANENT) && rule_is_there(CONNECTED) && rule_is_there(LEASED));
	assert_done(h, hycan_session_renew(h, NULL));
	assert_objects(3);
	free(shell("systemctl stop hycan-daemon.service 2>&1"));
	assert_true(rule_is_there(PERMANENT));
	assert_false(rule_is_there(CONNECTED));
	assert_false(rule_is_there(LEASED));
	/*
	 * Another connection takes the place of the one that is gone: to a daemon that systemd starts for it. It does not hold
	 * what that one held, and is told so.
	 */
	assert_int_equal(hycan_rule_add(h, &rule), -ECONNRESET);
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_PERMANENT, NULL));
	assert_done(h, hycan_rule_add(h, &rule));
	assert_objects(1);
	hycan_close(h);
	free(shell("hycanctl object clear --all"));
	assert_false(rule_is_there(PERMANENT));
}

/* A daemon that is killed leaves everything; the next one takes away what was bound to connections. */
static void killed(void **state)
{
	struct hycan *h = hold_three();
	long before = main_pid();

	(void)state;
	assert_int_equal(kill((pid_t)before, SIGKILL), 0);
	shell_until(PATIENCE_S,
	            "[ $(systemctl show --property MainPID --value hycan-daemon.service) -gt 0 ] && "
	            "systemctl is-active --quiet hycan-daemon.service && ! ip rule | grep -q ^%u:",
	            CONNECTED);
	assert_true(main_pid() != before);
	assert_true(rule_is_there(PERMANENT) && rule_is_there(LEASED));
	assert_objects(2);
	hycan_close(h);
}

/* ------------------------------------------------------------------------------------------------------------ the log */

/*
 * The last line of the service's log in which all of these fields have these values, as JSON; waits for it, since it is on
 * its way for a while. free() it.
 */
__attribute__((format(printf, 1, 2))) static char *line_with(const char *format, ...)
{
	char fields[512], *line;
	time_t deadline = time(NULL) + PATIENCE_S;
	va_list ap;

	va_start(ap, format);
	vsnprintf(fields, sizeof(fields), format, ap);
	va_end(ap);
	for (;;) {
		line = shell("journalctl --quiet --boot --output json --lines 1 _SYSTEMD_UNIT=hycan-daemon.service %s", fields);
		if (*line)
			return line;
		free(line);
		if (time(NULL) >= deadline)
			fail_msg("There is no line with %s", fields);
	}
}

/* A line has a field with that value. */
static void assert_field(const char *line, const char *name, const char *value)
{
	char field[512];

	snprintf(field, sizeof(field), "\"%s\":\"%s\"", name, value);
	if (!strstr(line, field) && !(snprintf(field, sizeof(field), "\"%s\" : \"%s\"", name, value) && strstr(line, field)))
		fail_msg("There is no %s=%s in: %s", name, value, line);
}

static void assert_number(const char *line, const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	assert_field(line, name, text);
}

/* How long it took, in microseconds. */
static void assert_duration(const char *line)
{
	const char *at = strstr(line, "\"HYCAN_DURATION_US\"");
	long us;

	assert_non_null(at);
	us = atol(at + strcspn(at + 19, "0123456789") + 19);
	assert_true(us > 0 && us < PATIENCE_S * 1000000L);
}

static void add_and_be_refused(struct world *w)
{
	struct hycan *h = client_open(w);

	shared->pid = getpid();
	assert_done(h, hycan_vcan_create(h, "vcan8", NULL, NULL));
	assert_done(h, hycan_vcan_create(h, "vcan8", NULL, NULL));
	assert_refused(h, hycan_link_down(h, "lo"), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

/* Who, what, about what, and what came of it. */
static void logs_what_was_asked(void **state)
{
	char *line;
	struct stat st;

	(void)state;
	world_as(member(), group(), add_and_be_refused, &service);
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	line = line_with("HYCAN_OPERATION=vcan.create HYCAN_OBJECT=vcan8 HYCAN_RESULT=done");
	assert_number(line, "HYCAN_UID", member());
	assert_number(line, "HYCAN_PID", shared->pid);
	assert_number(line, "HYCAN_NETNS", (long)st.st_ino);
	assert_number(line, "_PID", main_pid());
	assert_field(line, "HYCAN_REQUEST", "name=vcan8");
	assert_field(line, "HYCAN_CAUSE", "");
	assert_field(line, "PRIORITY", "6");
	assert_duration(line);
	free(line);
	line = line_with("HYCAN_OPERATION=vcan.create HYCAN_OBJECT=vcan8 HYCAN_RESULT=unchanged");
	assert_number(line, "HYCAN_PID", shared->pid);
	free(line);
	line = line_with("HYCAN_OPERATION=link.down HYCAN_OBJECT=lo HYCAN_RESULT=denied");
	assert_number(line, "HYCAN_UID", member());
	assert_number(line, "HYCAN_PID", shared->pid);
	assert_field(line, "HYCAN_REQUEST", "name=lo");
	assert_non_null(strstr(line, "no rule allows it"));
	assert_duration(line);
	free(line);
}

/* What the request said, where that is more than the name of a thing; what the kernel refused; and steps. */
static void logs_how(void **state)
{
	struct hycan *h = client_open(&service);
	const struct hycan_route route = route_via("10.66.0.0/16", "192.0.2.77");
	struct hycan_rule rule = rule_number(3000);
	char *line;

	(void)state;
	assert_refused(h, hycan_route_add(h, &route), HYCAN_REFUSAL_INVALID);
	line = line_with("HYCAN_OPERATION=route.add HYCAN_RESULT=invalid");
	assert_field(line, "HYCAN_OBJECT", "10.66.0.0/16 table main");
	assert_non_null(strstr(line, "destination=10.66.0.0/16 via=192.0.2.77"));
	assert_non_null(strstr(line, "192.0.2.77 cannot be reached"));
	assert_number(line, "HYCAN_PID", getpid());
	free(line);
	assert_int_equal(hycan_transaction_begin(h), 0);
	assert_done(h, hycan_vcan_create(h, "vcan9", NULL, NULL));
	assert_done(h, hycan_rule_add(h, &rule));
	assert_done(h, hycan_transaction_commit(h, NULL, NULL));
	free(line_with("HYCAN_OPERATION=vcan.create HYCAN_OBJECT=vcan9 HYCAN_RESULT=done HYCAN_PID=%d", getpid()));
	line = line_with("HYCAN_OPERATION=rule.add HYCAN_RESULT=done HYCAN_PID=%d", getpid());
	assert_non_null(strstr(line, "ipv4 priority 3000 "));
	free(line);
	hycan_close(h);
}

/* What becomes of it was decided by somebody, too; which transaction it was knows nobody who reads that. */
static void logs_what_was_decided(void **state)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_rule rule = rule_number(3100);
	struct hycan *h = client_open(&service);
	char *line;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct hycan_transaction_run_reply *reply = NULL;

		assert_int_equal(hycan_transaction_begin(h), 0);
		assert_done(h, hycan_rule_add(h, &rule));
		assert_done(h, hycan_transaction_commit(h, &options, &reply));
		assert_done(h, i == 0 ? hycan_transaction_cancel(h, reply->token) : hycan_transaction_confirm(h, reply->token));
		line = line_with("HYCAN_OPERATION=transaction.%s HYCAN_RESULT=done HYCAN_PID=%d", i == 0 ? "cancel" : "confirm",
		                 getpid());
		assert_field(line, "PRIORITY", "6");
		assert_null(strstr(line, reply->token));
		free(line);
		free(reply);
	}
	assert_refused(h, hycan_session_adopt(h, "0123456789abcdef", NULL), HYCAN_REFUSAL_NOT_FOUND);
	line = line_with("HYCAN_OPERATION=session.adopt HYCAN_RESULT=not_found HYCAN_PID=%d", getpid());
	assert_null(strstr(line, "0123456789abcdef"));
	free(line);
	hycan_close(h);
}

static void add_the_same(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_vcan_create(h, "vcan10", NULL, NULL));
	hycan_close(h);
}

/* What goes by itself: whose it was, and why it went. */
static void logs_what_went(void **state)
{
	struct hycan *h = client_open(&service), *other;
	struct hycan_rule rule = rule_number(3001);
	char *line;

	(void)state;
	client_hold_while_connected(h, 0);
	assert_done(h, hycan_rule_add(h, &rule));
	assert_done(h, hycan_vcan_create(h, "vcan10", NULL, NULL));
	other = client_open(&service);
	/* another user needs it, too */
	world_as(member(), group(), add_the_same, &service);
	assert_done(h, hycan_link_delete(h, "vcan10"));
	free(line_with("HYCAN_OPERATION=link.delete HYCAN_OBJECT=vcan10 HYCAN_RESULT=let_go"));
	assert_done(h, hycan_vcan_create(h, "vcan11", NULL, NULL));
	hycan_close(h);
	line = line_with("HYCAN_OPERATION=link.delete HYCAN_OBJECT=vcan11 HYCAN_RESULT=done");
	assert_field(line, "HYCAN_CAUSE", "the client is gone");
	assert_number(line, "HYCAN_UID", 0);
	assert_number(line, "HYCAN_PID", main_pid());
	free(line);
	line = line_with("HYCAN_OPERATION=rule.remove 'HYCAN_CAUSE=the client is gone'");
	assert_non_null(strstr(line, "ipv4 priority 3001 "));
	free(line);
	client_hold_lease(other, 1);
	assert_done(other, hycan_vcan_create(other, "vcan12", NULL, NULL));
	line = line_with("HYCAN_OPERATION=link.delete HYCAN_OBJECT=vcan12 HYCAN_RESULT=done");
	assert_field(line, "HYCAN_CAUSE", "the lease is over");
	assert_number(line, "HYCAN_PID", main_pid());
	free(line);
	free(shell("hycanctl object clear --all"));
	line = line_with("HYCAN_OPERATION=link.delete HYCAN_OBJECT=vcan10 HYCAN_RESULT=done");
	assert_field(line, "HYCAN_CAUSE", "object.clear was asked for");
	free(line);
	/* what a stop takes away is in the service's log, too */
	client_hold_while_connected(other, 0);
	assert_done(other, hycan_vcan_create(other, "vcan13", NULL, NULL));
	free(shell("systemctl stop hycan-daemon.service 2>&1"));
	line = line_with("HYCAN_OPERATION=link.delete HYCAN_OBJECT=vcan13 HYCAN_RESULT=done");
	assert_field(line, "HYCAN_CAUSE", "the service was stopped");
	assert_number(line, "HYCAN_UID", 0);
	free(line);
	hycan_close(other);
}

/* Routes by a cable that is nobody's. */
static struct hycan_route strange(const char *destination)
{
	return route_via(destination, "10.98.0.2");
}

/* What nobody asked for: what a stranger took away, is made again, or stays away, and what a transaction that failed had done. */
static void logs_what_nobody_asked_for(void **state)
{
	struct hycan *h = client_open(&service);
	struct hycan_route route = strange("10.67.0.0/16"), nowhere = route_via("10.66.0.0/16", "192.0.2.77");
	const char *explained = getenv("EXPLAINED");
	long before;
	char *line;

	(void)state;
	assert_non_null(explained);
	free(shell("ip link add strange0 type veth peer name strange1; ip link set strange1 up; ip link set strange0 up; "
	           "ip address add 10.98.0.1/24 dev strange0"));
	assert_done(h, hycan_route_add(h, &route));
	free(shell("ip route delete 10.67.0.0/16"));
	line = line_with("HYCAN_OPERATION=drift HYCAN_RESULT=gone 'HYCAN_OBJECT=10.67.0.0/16 table main'");
	assert_number(line, "HYCAN_UID", 0);
	assert_number(line, "HYCAN_PID", main_pid());
	assert_field(line, "HYCAN_CAUSE", "not by a request");
	assert_field(line, "PRIORITY", "5");
	free(line);
	client_choose_drift(h, HYCAN_DRIFT_REPAIR);
	route = strange("10.68.0.0/16");
	assert_done(h, hycan_route_add(h, &route));
	free(shell("ip route delete 10.68.0.0/16"));
	line = line_with("HYCAN_OPERATION=route.add 'HYCAN_CAUSE=it was gone, and not by a request'");
	assert_field(line, "HYCAN_OBJECT", "10.68.0.0/16 table main");
	assert_field(line, "HYCAN_RESULT", "done");
	assert_number(line, "HYCAN_UID", 0);
	assert_number(line, "HYCAN_PID", main_pid());
	assert_non_null(strstr(line, "was gone, and is made again"));
	assert_duration(line);
	free(line);
	assert_int_equal(hycan_transaction_begin(h), 0);
	route = strange("10.69.0.0/16");
	assert_done(h, hycan_route_add(h, &route));
	assert_done(h, hycan_route_add(h, &nowhere));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_INVALID);
	line = line_with("HYCAN_OPERATION=route.remove 'HYCAN_OBJECT=10.69.0.0/16 table main'");
	assert_field(line, "HYCAN_CAUSE", "a step of the same transaction failed");
	assert_field(line, "HYCAN_RESULT", "done");
	free(line);
	line = line_with("HYCAN_OPERATION=transaction.run HYCAN_RESULT=invalid");
	assert_field(line, "HYCAN_REQUEST", "steps=2");
	assert_number(line, "HYCAN_PID", getpid());
	free(line);
	free(shell("%s route && %s --gone '10.67.0.0/16 table main' '10.69.0.0/16 table main'", explained, explained));
	hycan_close(h);
	/* and so it is behind a kill, of what was taken away meanwhile, too */
	before = main_pid();
	free(shell("systemctl kill --signal KILL --kill-whom main hycan-daemon.service; ip route delete 10.68.0.0/16"));
	shell_until(PATIENCE_S,
	            "pid=$(systemctl show --property MainPID --value hycan-daemon.service); [ $pid -gt 0 ] && [ $pid != %ld ] && "
	            "systemctl is-active --quiet hycan-daemon.service",
	            before);
	line = line_with("HYCAN_OPERATION=route.add 'HYCAN_CAUSE=it was gone, and not by a request' _PID=%ld", main_pid());
	assert_field(line, "HYCAN_OBJECT", "10.68.0.0/16 table main");
	free(line);
	free(shell("%s route && %s --gone '10.67.0.0/16 table main' '10.69.0.0/16 table main'", explained, explained));
	free(shell("ip link delete strange0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_notices, begin, end),
		cmocka_unit_test_setup_teardown(stop_is_no_restart, begin, end),
		cmocka_unit_test_setup_teardown(killed, begin, end),
		cmocka_unit_test_setup_teardown(logs_what_was_asked, begin, end),
		cmocka_unit_test_setup_teardown(logs_how, begin, end),
		cmocka_unit_test_setup_teardown(logs_what_was_decided, begin, end),
		cmocka_unit_test_setup_teardown(logs_what_nobody_asked_for, begin, end),
		cmocka_unit_test_setup_teardown(logs_what_went, begin, end),
	};

	return cmocka_run_group_tests_name("restarts", tests, NULL, NULL);
}
