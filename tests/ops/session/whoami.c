/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.whoami: who the kernel says one is, and the rules that hold for that. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "world.h"

static void test_root(void **state)
{
	struct world *w = *state;
	struct hycan_session_whoami_reply *me = NULL;

	assert_done(w->h, hycan_session_whoami(w->h, &me));
	assert_int_equal(me->uid, 0);
	assert_int_equal(me->gid, 0);
	assert_int_equal(me->pid, getpid());
	assert_true(me->has_user);
	assert_string_equal(me->user, "root");
	assert_true(me->has_netns && me->netns > 0);
	assert_int_equal(me->n_rules, 1);
	assert_string_equal(me->rules[0].text, "allow root all");
	assert_int_equal(me->rules[0].line, 0);
	free(me);
}

static void as_nobody(struct world *w)
{
	struct hycan_session_whoami_reply *me = NULL;
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_session_whoami(h, &me));
	assert_int_equal(me->uid, 65534);
	assert_int_equal(me->gid, 65533);
	assert_true(me->has_user);
	assert_string_equal(me->user, "nobody");
	assert_int_equal(me->n_rules, 2);
	assert_string_equal(me->rules[0].text, "allow nobody link.get name=lo");
	assert_int_equal(me->rules[0].line, 2);
	assert_int_equal(me->rules[1].line, 4);
	free(me);
	/* and what it says is so */
	assert_done(h, hycan_link_get(h, "lo", NULL));
	assert_refused(h, hycan_link_up(h, "lo"), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

static void test_nobody(void **state)
{
	struct world *w = world_start(&(struct world_options){
		.policy = "# who may look\nallow nobody link.get name=lo\nallow daemon all\ndeny * write\n",
		.open_to_all = true,
	});

	world_as(65534, 65533, as_nobody, w);
	*state = w;
	assert_int_equal(world_end(state), 0);
}

/* Databases that take their time are not asked, nor is one that there is not. */
static void test_other_databases(void **state)
{
	struct world *w = *state;
	struct hycan_session_whoami_reply *me = NULL;

	assert_int_equal(world_stop_daemon(w, SIGTERM), 0);
	free(shell("echo passwd: nonexistent > %s/nsswitch && "
	           "mount --bind %s/nsswitch /etc/nsswitch.conf",
	           w->directory, w->directory));
	assert_int_not_equal(shell_status(NULL, "getent passwd 0"), 0);
	world_start_daemon(w, &(struct world_options){ 0 });
	assert_done(w->h, hycan_session_whoami(w->h, &me));
	assert_true(me->has_user);
	assert_string_equal(me->user, "root");
	free(me);
	free(shell("umount /etc/nsswitch.conf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, world_begin, world_end),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test_setup_teardown(test_other_databases, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("session.whoami", tests, NULL, NULL);
}
