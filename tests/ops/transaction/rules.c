/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.run: rules of one priority have an order, which is what it was when some of them come back. */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "objects.h"
#include "routing.h"
#include "unconfirmed.h"

static struct hycan_rule to_table(uint32_t table)
{
	return (struct hycan_rule){
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 50, .has_table = true, .table = table
	};
}

static char *view(void)
{
	return shell("ip -d rule; ip -d -6 rule");
}

static void remove_rule(struct hycan *h, const struct hycan_rule *rule)
{
	assert_done(h, hycan_rule_remove(h, rule));
}

/* Several of both families, one of them beside one that says more. */
static void test_failed(void **state)
{
	const struct hycan_rule ipv6 = { .family = HYCAN_FAMILY_IPV6, .has_priority = true, .priority = 50 };
	const struct hycan_rule one = to_table(1), two = to_table(2), four = to_table(4);
	struct world *w = *state;
	char *before;

	free(shell("ip rule add pref 50 lookup 1; ip rule add pref 50 from 10.0.0.0/24 lookup 1; ip rule add pref 50 lookup 2; "
	           "ip rule add pref 50 tun_id 5 lookup 3; ip rule add pref 50 lookup 4; ip rule add pref 51 lookup 1; "
	           "for i in 1 2 3; do ip -6 rule add pref 50 from 2001:db8:$i::/48 lookup $i; done"));
	before = view();
	assert_done(w->h, hycan_transaction_begin(w->h));
	remove_rule(w->h, &two);
	remove_rule(w->h, &one);
	remove_rule(w->h, &ipv6);
	remove_rule(w->h, &ipv6);
	remove_rule(w->h, &four);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_lacks(hycan_error_message(w->h), "could not be taken back");
	assert_output(before, "ip -d rule; ip -d -6 rule");
	free(before);
}

/* Those that stand behind it are held by whom they were all the while, and nobody is told that a stranger took them away. */
static void test_cancelled(void **state)
{
	const enum hycan_event_family families[] = { HYCAN_EVENT_FAMILY_RULE, HYCAN_EVENT_FAMILY_OBJECT };
	const struct hycan_event_subscribe_options rules = { .has_families = true, .families = families, .n_families = 2 };
	struct hycan_rule one = to_table(1), two = to_table(2);
	struct world *w = *state;
	char token[33];
	struct events e;
	size_t n;

	free(shell("ip rule add pref 50 lookup 1"));
	assert_done(w->h, hycan_rule_add(w->h, &two));
	free(shell("ip rule add pref 50 lookup 3"));
	two.priority = 51;
	assert_done(w->h, hycan_rule_add(w->h, &two));
	events_begin_complete(&e, w->h, &rules);
	n = events_count(&e, "rule");
	assert_done(w->h, hycan_transaction_begin(w->h));
	remove_rule(w->h, &one);
	unconfirmed_commit(w->h, token);
	events_until(&e, "gone rule ipv4 50 by request 0 rule.remove");
	free(shell("ip rule add pref 50 lookup 4"));
	events_until(&e, "new rule ipv4 50 by stranger");
	events_forget(&e);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_output("1\n2\n3\n4\n", "ip -j rule show pref 50 | grep -o '\"table\":\"[0-9]*' | grep -o '[0-9]*$'");
	/* all rules are looked at for this */
	free(shell("ip rule del pref 51"));
	events_until(&e, "gone rule ipv4 51 by stranger");
	events_until(&e, "gone object rule");
	for (size_t i = 0; i < e.n_lines; i++)
		assert_false(strncmp(e.line[i], "gone rule ipv4 50", 17) == 0 && strstr(e.line[i], "stranger"));
	assert_int_equal(events_count(&e, "rule"), n);
	assert_int_equal(events_count(&e, "object"), 1);
	events_end(&e);
	free(shell("ip rule del lookup 2"));
	objects_wait(w->h, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_failed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_cancelled, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
