/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.list */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

static size_t list(struct world *w, const struct hycan_rule_list_options *options, struct hycan_rule **ret_rules)
{
	size_t n = 0;

	*ret_rules = NULL;
	assert_done(w->h, hycan_rule_list(w->h, options, ret_rules, &n));
	return n;
}

/* The one with that priority; there is exactly one. */
static const struct hycan_rule *find(const struct hycan_rule *rules, size_t n, uint32_t priority)
{
	const struct hycan_rule *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (rules[i].priority != priority)
			continue;
		assert_null(found);
		found = &rules[i];
	}
	if (!found)
		fail_msg("No rule has the priority %u", priority);
	return found;
}

static void assert_prefix(const struct hycan_prefix *prefix, const char *expected)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	assert_string_equal(hycan_prefix_format(prefix, text, sizeof(text)), expected);
}

static void tells_the_kernels_own(void **state)
{
	struct world *w = *state;
	struct hycan_rule_list_options o = { .has_family = true, .family = HYCAN_FAMILY_IPV6 };
	const struct hycan_rule *one;
	struct hycan_rule *rules;
	size_t n;

	n = list(w, NULL, &rules);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		assert_true(rules[i].has_priority && rules[i].has_action && rules[i].has_table);
		assert_true(rules[i].family == (i < 3 ? HYCAN_FAMILY_IPV4 : HYCAN_FAMILY_IPV6));
		assert_true(rules[i].action == HYCAN_RULE_ACTION_LOOKUP);
		assert_false(rules[i].has_from || rules[i].has_to || rules[i].has_fwmark || rules[i].has_fwmask ||
		             rules[i].has_invert || rules[i].has_suppress_prefix_length || rules[i].has_in_interface ||
		             rules[i].has_out_interface);
	}
	free(rules);
	n = list(w, &o, &rules);
	assert_int_equal(n, 2);
	assert_int_equal(find(rules, n, 0)->table, 255);
	free(rules);
	o.family = HYCAN_FAMILY_IPV4;
	n = list(w, &o, &rules);
	assert_int_equal(n, 3);
	one = find(rules, n, 32766);
	assert_int_equal(one->table, 254);
	assert_true(one->has_protocol && one->protocol == 2);
	free(rules);
}

static void tells_every_property(void **state)
{
	struct world *w = *state;
	const struct hycan_rule_list_options o = { .has_family = true, .family = HYCAN_FAMILY_IPV6 };
	const struct hycan_rule *one;
	struct hycan_rule *rules;
	size_t n;

	free(shell(
		"ip -6 rule add pref 10 from fd01::/16 to fd02::/16 iif va oif later0 fwmark 7/0xff lookup 70000 "
		"suppress_prefixlength 3 protocol 77 && "
		"ip -6 rule add pref 11 not from fd01::/16 fwmark 9 goto 32766 && ip -6 rule add pref 12 fwmark 0/1 prohibit && "
		"ip -6 rule add pref 13 ipproto tcp sport 1-65534 dport 22 uidrange 5-6 tos 0x10 lookup 100 suppress_ifgroup 9"));
	n = list(w, &o, &rules);
	one = find(rules, n, 10);
	assert_prefix(&one->from, "fd01::/16");
	assert_prefix(&one->to, "fd02::/16");
	assert_string_equal(one->in_interface, "va");
	assert_string_equal(one->out_interface, "later0");
	assert_true(one->has_fwmark && one->fwmark == 7 && one->has_fwmask && one->fwmask == 0xff);
	assert_true(one->has_table && one->table == 70000);
	assert_true(one->has_suppress_prefix_length && one->suppress_prefix_length == 3);
	assert_true(one->has_protocol && one->protocol == 77);
	assert_false(one->has_invert || one->has_goto_priority);
	assert_false(one->has_ip_protocol || one->has_source_ports || one->has_destination_ports || one->has_uid_first ||
	             one->has_uid_last || one->has_tos || one->has_suppress_group || one->has_l3mdev);
	one = find(rules, n, 11);
	assert_true(one->has_invert && one->invert);
	assert_true(one->has_fwmark && one->fwmark == 9 && !one->has_fwmask);
	assert_true(one->action == HYCAN_RULE_ACTION_GOTO && one->has_goto_priority && one->goto_priority == 32766);
	assert_false(one->has_table);
	one = find(rules, n, 12);
	assert_true(one->has_fwmark && one->fwmark == 0 && one->has_fwmask && one->fwmask == 1);
	assert_true(one->action == HYCAN_RULE_ACTION_PROHIBIT);
	assert_false(one->has_table);
	one = find(rules, n, 13);
	assert_true(one->has_ip_protocol && one->ip_protocol == 6);
	assert_true(one->has_source_ports && one->source_ports.first == 1 && one->source_ports.last == 65534);
	assert_true(one->has_destination_ports && one->destination_ports.first == 22 && one->destination_ports.last == 22);
	assert_true(one->has_uid_first && one->uid_first == 5 && one->has_uid_last && one->uid_last == 6);
	assert_true(one->has_tos && one->tos == 0x10);
	assert_true(one->has_suppress_group && one->suppress_group == 9);
	free(rules);
}

static void what_is_listed_can_be_added_again(void **state)
{
	struct world *w = *state;
	struct hycan_rule *rules;
	char *before, *after;
	size_t n;

	free(shell("for f in -4 -6; do ip $f rule add pref 10 iif va oif later0 fwmark 7/0xff lookup 70000 suppress_prefixlength 3 "
	           "protocol 77; ip $f rule add pref 11 not fwmark 9 goto 32766; ip $f rule add pref 12 fwmark 0/1 prohibit; "
	           "ip $f rule add pref 13 ipproto tcp sport 1-65534 dport 22 uidrange 5-6 tos 0x10 lookup 100 suppress_ifgroup 9; "
	           "done"));
	before = shell("ip -d -4 rule; ip -d -6 rule");
	n = list(w, NULL, &rules);
	free(shell("for f in -4 -6; do for i in 10 11 12 13; do ip $f rule delete pref $i; done; done"));
	for (size_t i = 0; i < n; i++)
		assert_done(w->h, hycan_rule_add(w->h, &rules[i]));
	after = shell("ip -d -4 rule; ip -d -6 rule");
	assert_string_equal(before, after);
	free(rules);
	free(before);
	free(after);
}

static void leaves_out_what_has_no_word(void **state)
{
	struct world *w = *state;
	const struct hycan_rule_list_options o = { .has_family = true, .family = HYCAN_FAMILY_IPV4 };
	const struct hycan_rule *one;
	struct hycan_rule *rules;
	size_t n;

	free(shell("ip rule add pref 10 from 10.1.0.0/16 tun_id 5 lookup 100"));
	/* where this kernel knows it, a rule whose table is that of the link's VRF */
	(void)shell_status(NULL, "ip rule add pref 11 l3mdev");
	n = list(w, &o, &rules);
	one = find(rules, n, 10);
	assert_prefix(&one->from, "10.1.0.0/16");
	assert_true(one->has_table && one->table == 100);
	if (n == 5) {
		one = find(rules, n, 11);
		assert_true(one->action == HYCAN_RULE_ACTION_LOOKUP && one->has_l3mdev && one->l3mdev);
		assert_false(one->has_table);
	}
	free(rules);
}

static void tells_thousands(void **state)
{
	struct world *w = *state;
	const struct hycan_rule *one;
	struct hycan_rule *rules;
	size_t n;

	free(shell("for i in $(seq 1 3000); do echo rule add pref $i from 10.9.$((i / 250)).$((i %% 250)) lookup 100; done |"
	           " ip -batch -"));
	n = list(w, NULL, &rules);
	assert_int_equal(n, 3005);
	one = find(rules, n, 3000);
	assert_prefix(&one->from, "10.9.12.0/32");
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_the_kernels_own, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(tells_every_property, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(what_is_listed_can_be_added_again, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(leaves_out_what_has_no_word, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(tells_thousands, routing_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
