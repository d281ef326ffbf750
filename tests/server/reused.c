/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The number of a network namespace that has ended is given to the next one: what was held in the one is nothing to the other,
 * whoever asks, and whichever daemon knows of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "objects.h"
#include "routing.h"

#define ADDRESS "192.0.2.7/32"

/* Tries to get a number that may not be free yet, and how many lower ones are kept from being given away meanwhile. */
#define TRIES    6000
#define HELD_MAX 4096

/* What the processes of a test tell each other. */
static struct told {
	uint64_t inode;
	uint32_t removed;
} * told;

/* A network namespace with a process in it, through which it is found. */
struct inhabited {
	int netns;
	pid_t inhabitant;
};

static int new_namespace(int type, const char *path, uint64_t *ret_inode)
{
	struct stat st;
	int fd;

	assert_int_equal(unshare(type), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*ret_inode = st.st_ino;
	return fd;
}

static int new_netns(uint64_t *ret_inode)
{
	return new_namespace(CLONE_NEWNET, "/proc/self/ns/net", ret_inode);
}

/* The lowest number that is free is given away next. Where that is the one, a network namespace gets it. */
static int try_to_get(uint64_t inode, int *held, size_t *n_held)
{
	uint64_t number;
	int fd = new_namespace(CLONE_NEWUTS, "/proc/self/ns/uts", &number);

	if (number < inode && *n_held < HELD_MAX) {
		held[(*n_held)++] = fd;
		return -1;
	}
	close(fd);
	if (number != inode) {
		/* the namespace that had it has descriptors still, in the daemon, or takes a moment to end */
		usleep(5000);
		return -1;
	}
	/* which gives it back */
	assert_int_equal(unshare(CLONE_NEWUTS), 0);
	fd = new_netns(&number);
	if (number == inode)
		return fd;
	close(fd);
	return -1;
}

/*
 * A network namespace takes some dozens of numbers, for what is in its folder of /proc, and would fill the holes in front of the one
 * and that one, too. One of host names takes one.
 */
static int netns_numbered(uint64_t inode)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), host = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	static int held[HELD_MAX];
	size_t n_held = 0;
	int netns = -1;

	for (int i = 0; i < TRIES && netns < 0; i++)
		netns = try_to_get(inode, held, &n_held);
	while (n_held > 0)
		close(held[--n_held]);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(setns(host, CLONE_NEWUTS), 0);
	close(home);
	close(host);
	return netns;
}

/* Others may have got it, and keep it: then it is -1. */
static struct inhabited inhabit(uint64_t inode)
{
	struct inhabited in = { .netns = netns_numbered(inode) };

	if (in.netns < 0)
		return in;
	in.inhabitant = fork();
	assert_true(in.inhabitant >= 0);
	if (in.inhabitant == 0) {
		/* a test that fails does not end it */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && setns(in.netns, CLONE_NEWNET) == 0)
			for (;;)
				pause();
		_exit(1);
	}
	shell_until(20, "test $(stat -L -c %%i /proc/%d/ns/net) = %lu", in.inhabitant, (unsigned long)inode);
	return in;
}

static void leave(struct inhabited *in)
{
	kill(in->inhabitant, SIGKILL);
	waitpid(in->inhabitant, NULL, 0);
	close(in->netns);
}

static void add(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "lo", .address = prefix_of(address) };

	assert_done(h, hycan_link_up(h, "lo"));
	assert_done(h, hycan_address_add(h, &a));
}

static void remove_it(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "lo", .address = prefix_of(address) };

	assert_done(h, hycan_address_remove(h, a.link, &a.address));
}

/* Into a namespace of its own, which ends with the process and the connection. */
static struct hycan *enter_own(struct world *w, enum hycan_drift drift)
{
	struct hycan *h = NULL;
	int fd;

	assert_int_equal(unshare(CLONE_NEWUSER), 0);
	fd = new_netns(&told->inode);
	assert_int_equal(hycan_open(&h, w->socket), 0);
	client_choose_drift(h, drift);
	assert_done(h, hycan_session_netns(h, fd, NULL));
	close(fd);
	return h;
}

static void as_former(struct world *w)
{
	struct hycan *h = enter_own(w, HYCAN_DRIFT_REPORT);

	add(h, ADDRESS);
	hycan_close(h);
}

static void as_former_who_repairs(struct world *w)
{
	struct hycan *h = enter_own(w, HYCAN_DRIFT_REPAIR);

	add(h, ADDRESS);
	hycan_close(h);
}

static void as_former_whose_change_waits(struct world *w)
{
	const struct hycan_transaction_run_options waits = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan *h = enter_own(w, HYCAN_DRIFT_REPORT);

	assert_done(h, hycan_transaction_begin(h));
	add(h, ADDRESS);
	assert_done(h, hycan_transaction_commit(h, &waits, NULL));
	hycan_close(h);
}

static void as_who_clears(struct world *w)
{
	struct hycan_object_clear_reply *cleared = NULL;
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_object_clear(h, NULL, &cleared));
	assert_int_equal(cleared->failed, 0);
	told->removed = cleared->removed;
	free(cleared);
	hycan_close(h);
}

static const struct world_options options = {
	.policy = "allow nobody all\n",
	.arguments = { "--drift-patience", "20" },
	.open_to_all = true,
};

static int begin(void **state)
{
	struct rlimit limit;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(told != MAP_FAILED);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	*state = world_start(&options);
	return 0;
}

static int end(void **state)
{
	munmap(told, sizeof(*told));
	return world_end(state);
}

static bool has_cookies(void)
{
#ifdef SO_NETNS_COOKIE
	_Alignas(uint64_t) uint8_t cookie[8];
	socklen_t size = sizeof(cookie);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	r = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size);
	close(fd);
	return r == 0;
#else
	return false;
#endif
}

static void need(void)
{
	need_success("user namespaces for everybody", "setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Un true");
	if (!has_cookies())
		skip();
}

/* The number of the former one's, whose address a stranger has in it. Others may make namespaces, and get it: then once more. */
static struct inhabited strangers(struct world *w, void (*former)(struct world *w))
{
	struct inhabited in = { .netns = -1 };

	need();
	for (int i = 0; i < 5 && in.netns < 0; i++) {
		world_as(65534, 65534, former, w);
		in = inhabit(told->inode);
	}
	assert_true(in.netns >= 0);
	return in;
}

#define IN "nsenter --net=/proc/%d/ns/net "

static void the_former_one_clears(void **state)
{
	struct world *w = *state;
	struct inhabited in = strangers(w, as_former);

	free(shell(IN "ip address add " ADDRESS " dev lo", in.inhabitant));
	world_as(65534, 65534, as_who_clears, w);
	free(shell(IN "ip address show dev lo | grep " ADDRESS, in.inhabitant));
	assert_true(told->removed > 0);
	assert_int_equal(objects_count(w->h), 0);
	leave(&in);
}

static void and_the_next_daemon(void **state)
{
	struct inhabited in = { .netns = -1 };
	struct world *w = *state;

	need();
	for (int i = 0; i < 5 && in.netns < 0; i++) {
		world_as(65534, 65534, as_former, w);
		(void)world_stop_daemon(w, SIGKILL);
		in = inhabit(told->inode);
		if (in.netns < 0)
			world_start_daemon(w, &options);
	}
	assert_true(in.netns >= 0);
	free(shell(IN "ip address add " ADDRESS " dev lo", in.inhabitant));
	world_start_daemon(w, &options);
	world_as(65534, 65534, as_who_clears, w);
	free(shell(IN "ip address show dev lo | grep " ADDRESS, in.inhabitant));
	assert_int_equal(objects_count(w->h), 0);
	leave(&in);
}

/* Whoever enters it begins with nothing: no object of others, and no wish that anything be made again. */
static void nothing_is_made_again(void **state)
{
	struct world *w = *state;
	struct inhabited in = strangers(w, as_former_who_repairs);
	struct hycan *h = NULL;
	char *log;

	assert_int_equal(objects_count(w->h), 1);
	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_session_netns(h, in.netns, NULL));
	assert_int_equal(objects_count(w->h), 0);
	/* it is looked after from now on */
	add(h, "192.0.2.8/32");
	free(shell(IN "ip address delete 192.0.2.8/32 dev lo", in.inhabitant));
	objects_wait(w->h, 0);
	free(shell(IN "ip address show dev lo | grep -c " ADDRESS " | grep -x 0", in.inhabitant));
	log = world_log(w);
	assert_contains(log, "has ended, and another one has its number");
	assert_lacks(log, "made again");
	free(log);
	hycan_close(h);
	leave(&in);
}

/* What is not confirmed there is not taken back in the next one, and not waited for any more. */
static void nothing_waits(void **state)
{
	struct world *w = *state;
	struct inhabited in = strangers(w, as_former_whose_change_waits);
	struct hycan_pending_transaction *waiting = NULL;
	struct hycan *h = NULL;
	size_t n = 0;

	free(shell(IN "ip address add " ADDRESS " dev lo", in.inhabitant));
	assert_done(w->h, hycan_transaction_list(w->h, &waiting, &n));
	assert_int_equal(n, 1);
	assert_int_equal(waiting[0].netns, told->inode);
	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_session_netns(h, in.netns, NULL));
	assert_refused(w->h, hycan_transaction_cancel(w->h, waiting[0].token), HYCAN_REFUSAL_NOT_FOUND);
	free(waiting);
	assert_done(w->h, hycan_transaction_list(w->h, &waiting, &n));
	assert_int_equal(n, 0);
	free(waiting);
	free(shell(IN "ip address show dev lo | grep " ADDRESS, in.inhabitant));
	hycan_close(h);
	leave(&in);
}

/* Nobody was in the next one: who takes it back comes there first, and finds that it is another. */
static void nothing_is_taken_back(void **state)
{
	struct world *w = *state;
	struct inhabited in = strangers(w, as_former_whose_change_waits);
	struct hycan_pending_transaction *waiting = NULL;
	size_t n = 0;

	free(shell(IN "ip address add " ADDRESS " dev lo", in.inhabitant));
	assert_done(w->h, hycan_transaction_list(w->h, &waiting, &n));
	assert_int_equal(n, 1);
	assert_refused(w->h, hycan_transaction_cancel(w->h, waiting[0].token), HYCAN_REFUSAL_KERNEL);
	free(waiting);
	free(shell(IN "ip address show dev lo | grep " ADDRESS, in.inhabitant));
	assert_int_equal(objects_count(w->h), 0);
	leave(&in);
}

/* What it makes there itself is its own alone. */
static void what_is_made_is_ones_own(void **state)
{
	struct world *w = *state;
	struct inhabited in = strangers(w, as_former);
	struct hycan_object *objects = NULL;
	struct hycan *h = NULL;
	size_t n = 0;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_session_netns(h, in.netns, NULL));
	add(h, ADDRESS);
	assert_done(h, hycan_object_list(h, NULL, &objects, &n));
	assert_int_equal(n, 1);
	assert_int_equal(objects[0].uid, 0);
	assert_int_equal(objects[0].holders, 1);
	free(objects);
	world_as(65534, 65534, as_who_clears, w);
	assert_int_equal(told->removed, 0);
	remove_it(h, ADDRESS);
	assert_int_equal(objects_count(w->h), 0);
	hycan_close(h);
	leave(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_former_one_clears, begin, end),
		cmocka_unit_test_setup_teardown(and_the_next_daemon, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_made_again, begin, end),
		cmocka_unit_test_setup_teardown(nothing_waits, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_taken_back, begin, end),
		cmocka_unit_test_setup_teardown(what_is_made_is_ones_own, begin, end),
	};

	return cmocka_run_group_tests_name("reused", tests, NULL, NULL);
}
