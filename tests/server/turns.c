/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns: a user with many connections is not served more than a user with one.
 *
 * The daemon is stopped while the requests are sent, so all of them are there when it goes on, in the order in which they
 * were sent. How many of the many came before the one is seen in what the daemon counts, and not in how long anything took.
 * To take leave of a connection is work, too: of a process that was killed, of many at once.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"
#include "world.h"

enum { TYPE_LINK_GET = 0x0302, ALICE = 4242, CLIENTS = 400, REQUESTS = 10 };

static uint64_t link_gets(const struct hycan_daemon_status_reply *s)
{
	for (size_t i = 0; i < s->n_operations; i++)
		if (strcmp(s->operations[i].name, "link.get") == 0)
			return s->operations[i].done;
	return 0;
}

/* What alice sees. */
struct seen {
	bool is;
	uint64_t link_gets;
	uint64_t clients;
};

static void on_status(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	const struct hycan_daemon_status_reply *status = reply;
	struct seen *seen = userdata;

	(void)n;
	assert_done(h, result);
	*seen = (struct seen){ .is = true, .link_gets = link_gets(status), .clients = status->clients };
}

static void stop(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

static struct hycan *begin(void **state, struct raw many[CLIENTS])
{
	const struct world_options options = { .policy = "allow * all\n", .open_to_all = true };
	struct world *w = *state = world_start(&options);
	struct hycan *alice = NULL;

	for (size_t i = 0; i < CLIENTS; i++)
		many[i] = raw_open(w->socket);
	assert_int_equal(seteuid(ALICE), 0);
	assert_int_equal(hycan_open(&alice, w->socket), 0);
	assert_int_equal(seteuid(0), 0);
	assert_done(alice, hycan_link_get(alice, "lo", NULL));
	stop(w->daemon);
	return alice;
}

/* She asks behind the many, and the daemon goes on. */
static struct seen ask(struct world *w, struct hycan *alice)
{
	struct seen seen = { 0 };

	assert_int_equal(hycan_daemon_status_async(alice, on_status, &seen), 0);
	/* it is sent now, and not when she waits */
	assert_true(hycan_process(alice) >= 0);
	assert_int_equal(kill(w->daemon, SIGCONT), 0);
	while (!seen.is)
		assert_true(hycan_wait(alice, 20000) > 0);
	return seen;
}

static void is_not_served_behind_the_many(void **state)
{
	static struct raw many[CLIENTS];
	static struct raw_frame frame, burst;
	struct hycan *alice = begin(state, many);

	burst.size = 0;
	for (size_t i = 0; i < REQUESTS; i++) {
		raw_begin(&many[0], &frame, TYPE_LINK_GET);
		raw_put(&frame, 1, "lo", 3);
		raw_end(&frame);
		memcpy(burst.bytes + burst.size, frame.bytes, frame.size);
		burst.size += frame.size;
	}
	for (size_t i = 0; i < CLIENTS; i++)
		raw_send(&many[i], burst.bytes, burst.size);
	assert_true(ask(*state, alice).link_gets < CLIENTS * REQUESTS / 4);

	hycan_close(alice);
	for (size_t i = 0; i < CLIENTS; i++)
		raw_close(&many[i]);
}

static void is_not_served_behind_the_leaving(void **state)
{
	static struct raw many[CLIENTS];
	struct hycan *alice = begin(state, many);

	for (size_t i = 0; i < CLIENTS; i++)
		raw_close(&many[i]);
	assert_true(ask(*state, alice).clients > CLIENTS / 8);
	hycan_close(alice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(is_not_served_behind_the_many, world_end),
		cmocka_unit_test_teardown(is_not_served_behind_the_leaving, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
