/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.remove */
#include "routing.h"

#include <stdlib.h>
#include <unistd.h>

static void removed(struct world *w, const struct hycan_rule *rule)
{
	assert_done(w->h, hycan_rule_remove(w->h, rule));
}

static void refused(struct world *w, const struct hycan_rule *rule, enum hycan_refusal refusal, const char *part)
{
	int fd = announcements_open();

	assert_refused(w->h, hycan_rule_remove(w->h, rule), refusal);
	assert_contains(hycan_error_message(w->h), part);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void takes_the_first_that_matches(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 2; i++) {
		struct hycan_rule r = { .family = i ? HYCAN_FAMILY_IPV6 : HYCAN_FAMILY_IPV4, .has_table = true, .table = 100 };

		free(shell("ip %s rule add pref 10 from %s lookup 100 && ip %s rule add pref 20 iif va lookup 100 && "
		           "ip %s rule add pref 30 iif va lookup 200",
		           i ? "-6" : "-4", i ? "fd01::/16" : "10.1.0.0/16", i ? "-6" : "-4", i ? "-6" : "-4"));
		r.has_in_interface = true;
		r.in_interface[0] = 'v';
		r.in_interface[1] = 'a';
		removed(w, &r);
		assert_output("10 30\n",
		              "ip %s -j rule | python3 -c 'import json, sys; "
		              "print(*[r[\"priority\"] for r in json.load(sys.stdin) if 0 < r[\"priority\"] < 32000])'",
		              i ? "-6" : "-4");
		refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, i ? "no IPv6 rule" : "no IPv4 rule");
		r.has_table = false;
		removed(w, &r);
		r = (struct hycan_rule){ .family = r.family, .has_priority = true, .priority = 11 };
		refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, i ? "no IPv6 rule" : "no IPv4 rule");
		r.priority = 10;
		removed(w, &r);
		assert_output(i ? "2\n" : "3\n", "ip %s rule | wc -l", i ? "-6" : "-4");
	}
}

static void every_selector_selects(void **state)
{
	struct world *w = *state;
	static const char *const theirs[] = { "from 10.1.0.0/16 lookup 100",
		                              "to 10.1.0.0/16 lookup 100",
		                              "oif va lookup 100",
		                              "fwmark 7 lookup 100",
		                              "fwmark 7/0xff lookup 100",
		                              "not from 10.2.0.0/16 lookup 100",
		                              "from 10.3.0.0/16 lookup 100 suppress_prefixlength 8",
		                              "from 10.4.0.0/16 goto 32766",
		                              "from 10.5.0.0/16 unreachable",
		                              "from 10.6.0.0/16 lookup 100 protocol 77",
		                              "ipproto tcp lookup 100",
		                              "sport 53 lookup 100",
		                              "dport 80-90 lookup 100",
		                              "uidrange 5-5 lookup 100",
		                              "uidrange 5-6 lookup 100",
		                              "tos 0x10 lookup 100",
		                              "from 10.7.0.0/16 lookup 100 suppress_ifgroup 7" };
	const struct hycan_rule ours[] = {
		{ .has_from = true, .from = prefix_of("10.1.0.0/16") },
		{ .has_to = true, .to = prefix_of("10.1.0.0/16") },
		{ .has_out_interface = true, .out_interface = "va" },
		{ .has_fwmark = true, .fwmark = 7 },
		{ .has_fwmark = true, .fwmark = 7, .has_fwmask = true, .fwmask = 0xff },
		{ .has_invert = true, .invert = true },
		{ .has_suppress_prefix_length = true, .suppress_prefix_length = 8 },
		{ .has_goto_priority = true, .goto_priority = 32766 },
		{ .has_action = true, .action = HYCAN_RULE_ACTION_UNREACHABLE },
		{ .has_protocol = true, .protocol = 77 },
		{ .has_ip_protocol = true, .ip_protocol = 6 },
		{ .has_source_ports = true, .source_ports = { 53, 53 } },
		{ .has_destination_ports = true, .destination_ports = { 80, 90 } },
		{ .has_uid_first = true, .uid_first = 5 },
		{ .has_uid_first = true, .uid_first = 5, .has_uid_last = true, .uid_last = 6 },
		{ .has_tos = true, .tos = 0x10 },
		{ .has_suppress_group = true, .suppress_group = 7 },
	};
	const size_t n = sizeof(ours) / sizeof(ours[0]);

	for (size_t i = 0; i < n; i++)
		free(shell("ip rule add pref %zu %s", 1000 + i, theirs[i]));
	for (size_t i = 0; i < n; i++) {
		struct hycan_rule r = ours[i];

		r.family = HYCAN_FAMILY_IPV4;
		removed(w, &r);
		assert_output("", "ip rule show pref %zu", 1000 + i);
		refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, "no IPv4 rule");
		assert_output("", "test $(ip rule | wc -l) = %zu || ip rule", n - i - 1 + 3);
	}
}

static void never_takes_just_any(void **state)
{
	struct world *w = *state;
	const struct hycan_rule any[] = {
		{ .family = HYCAN_FAMILY_IPV4 },
		{ .family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("0.0.0.0/0") },
		{ .family = HYCAN_FAMILY_IPV6, .has_to = true, .to = prefix_of("::/0") },
		{ .family = HYCAN_FAMILY_IPV4, .has_action = true, .action = HYCAN_RULE_ACTION_LOOKUP },
		{ .family = HYCAN_FAMILY_IPV4, .has_invert = true },
		{ .family = HYCAN_FAMILY_IPV4, .has_fwmark = true, .fwmark = 3, .has_fwmask = true },
		{ .family = HYCAN_FAMILY_IPV4, .has_ip_protocol = true },
		{ .family = HYCAN_FAMILY_IPV4, .has_tos = true },
		{ .family = HYCAN_FAMILY_IPV4, .has_l3mdev = true },
	};
	const struct hycan_rule mask = { .family = HYCAN_FAMILY_IPV4, .has_fwmask = true, .fwmask = 3 };
	const struct hycan_rule last = { .family = HYCAN_FAMILY_IPV4, .has_uid_last = true, .uid_last = 3 };

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		refused(w, &any[i], HYCAN_REFUSAL_INVALID, "Every rule matches that");
	refused(w, &mask, HYCAN_REFUSAL_INVALID, "fwmark as well");
	refused(w, &last, HYCAN_REFUSAL_INVALID, "uid_first as well");
	assert_output("3\n2\n", "ip -4 rule | wc -l; ip -6 rule | wc -l");
}

/* Of two rules that differ in what HyCAN has no words for, the first goes and not the other. */
static void takes_a_strangers_rule_exactly(void **state)
{
	struct world *w = *state;
	const struct hycan_rule r = { .family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("10.1.0.0/16") };

	free(shell("ip rule add pref 10 from 10.1.0.0/16 tun_id 5 lookup 100 && "
	           "ip rule add pref 10 from 10.1.0.0/16 tun_id 6 lookup 100 && "
	           "ip rule add pref 10 from 10.1.0.0/16 tun_id 7 lookup 100"));
	removed(w, &r);
	assert_output("10:\tfrom 10.1.0.0/16 tun_id 6 lookup 100\n10:\tfrom 10.1.0.0/16 tun_id 7 lookup 100\n",
	              "ip rule show pref 10 | sed 's/ *$//; s/  */ /g'");
	removed(w, &r);
	assert_output("10:\tfrom 10.1.0.0/16 tun_id 7 lookup 100\n", "ip rule show pref 10 | sed 's/ *$//; s/  */ /g'");
	removed(w, &r);
	refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, "no IPv4 rule");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_the_first_that_matches, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(every_selector_selects, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(never_takes_just_any, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(takes_a_strangers_rule_exactly, routing_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
