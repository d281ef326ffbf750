/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of one priority, on the real kernel in a network namespace of its own: their order, however often putting one back is interrupted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alone.h"
#include "kernel/rule.h"
#include "text.h"

/* One of a letter and a number each; what a story says of others in the meantime has a + or a - in front. */
static struct hycan_rule rule_of(const char *word)
{
	struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 50, .has_table = true, .has_protocol = true
	};

	rule.table = (uint32_t)strtoul(word + 1, NULL, 10);
	switch (*word) {
	case 'f':
		rule.has_from = true;
		rule.from = prefix_of("10.0.0.0/8");
		break;
	case 'g':
		rule.has_table = false;
		rule.has_action = rule.has_goto_priority = true;
		rule.action = HYCAN_RULE_ACTION_GOTO;
		rule.goto_priority = rule.table;
		break;
	case 'm':
		rule.has_fwmark = true;
		rule.fwmark = 7;
		break;
	case 's':
		rule.has_suppress_prefix_length = true;
		rule.suppress_prefix_length = rule.table;
		rule.table = 100;
		break;
	}
	return rule;
}

static const char *word_of(const struct hycan_rule *rule)
{
	static char word[16];

	if (rule->has_goto_priority)
		snprintf(word, sizeof(word), "g%u", rule->goto_priority);
	else if (rule->has_suppress_prefix_length)
		snprintf(word, sizeof(word), "s%u", rule->suppress_prefix_length);
	else
		snprintf(word, sizeof(word), "%c%u", rule->has_from ? 'f' : rule->has_fwmark ? 'm' : 't', rule->table);
	return word;
}

static int any(const struct hycan_rule *found, void *userdata)
{
	(void)found;
	(void)userdata;
	return 0;
}

static void remove_rule(struct kernel_scope *scope, const char *word)
{
	const struct hycan_rule rule = rule_of(word);
	struct hycan_rule removed;

	assert_int_equal(kernel_rule_remove(scope, &rule, true, any, NULL, &removed), 0);
}

static void add_rule(struct kernel_scope *scope, const char *word)
{
	struct hycan_rule rule = rule_of(word);

	assert_int_equal(kernel_rule_add(scope, &rule, false, &rule), 0);
}

static void each(struct kernel_scope *scope, const char *words)
{
	char *list = strdup(words), *rest = NULL;

	assert_non_null(list);
	for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (*word == '-')
			remove_rule(scope, word + 1);
		else
			add_rule(scope, word + (*word == '+'));
	free(list);
}

static int print(const struct hycan_rule *rule, bool whole, void *f)
{
	assert_true(whole);
	if (rule->priority == 50)
		fprintf(f, "%s%s", ftell(f) > 0 ? " " : "", word_of(rule));
	return 0;
}

/* For free(). */
static char *view(struct kernel_scope *scope)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(kernel_rule_list(scope, HYCAN_FAMILY_IPV4, print, f), 0);
	fclose(f);
	return text;
}

static void empty(struct kernel_scope *scope)
{
	const struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 50 };
	struct hycan_rule removed;

	while (kernel_rule_remove(scope, &rule, false, any, NULL, &removed) == 0)
		;
}

/* After so many changes everything fails. */
static int fail_later(void *userdata)
{
	size_t *left = userdata;

	return *left ? (--*left, 0) : -EINTR;
}

/* One goes, and is put back, which is interrupted after so many changes, and done once more. Returns whether it was. */
static bool is_interrupted(struct kernel_scope *scope, const char *rules, const char *goes, const char *meanwhile, const char *is,
                           size_t changes)
{
	const struct hycan_rule wanted = rule_of(goes);
	struct kernel_rule_place place = { 0 };
	bool interrupted;
	char *after;

	each(scope, rules);
	assert_int_equal(kernel_rule_keep_place(scope, &wanted, true, &place), 0);
	remove_rule(scope, goes);
	each(scope, meanwhile);
	if (!strstr(meanwhile, goes))
		add_rule(scope, goes);
	(void)kernel_scope_set_gate(scope, (struct kernel_gate){ .change = fail_later, .userdata = &changes });
	interrupted = kernel_rule_put_in_place(scope, place.bytes, place.size) < 0;
	(void)kernel_scope_set_gate(scope, (struct kernel_gate){ 0 });
	assert_int_equal(kernel_rule_put_in_place(scope, place.bytes, place.size), 0);
	after = view(scope);
	assert_string_equal(after, is);
	kernel_rule_place_free(&place);
	free(after);
	empty(scope);
	return interrupted;
}

static void assert_back(struct kernel_scope *scope, const char *rules, const char *goes, const char *meanwhile, const char *is)
{
	for (size_t changes = 0; is_interrupted(scope, rules, goes, meanwhile, is, changes); changes++)
		;
}

static void comes_back_to_its_place(void **state)
{
	static const char *const stories[][2] = {
		/* the first, one in the middle, the last, the only one */
		{ "t1 t2 t3", "t1" },
		{ "t1 t2 t3", "t2" },
		{ "t1 t2 t3", "t3" },
		{ "t1", "t1" },
		/* the kernel deletes one that has more, or goes elsewhere, for one behind it */
		{ "f3 t2 t1 t3 t4", "t1" },
		{ "t1 f3 t2 m3 t3", "t2" },
		{ "f1 t2 t1 t3", "t2" },
		{ "g60 t1 g70 t2", "t1" },
		{ "s3 t2 s4", "t2" },
	};

	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++)
		assert_back(*state, stories[i][0], stories[i][1], "", stories[i][0]);
}

/* What came later stays behind; what went stays away, and what was made anew where it is. */
static void leaves_others(void **state)
{
	assert_back(*state, "t1 t2 t3", "t2", "+t4 +t5", "t1 t2 t3 t4 t5");
	assert_back(*state, "t1 t2 t3", "t3", "+t4 +t5", "t1 t2 t3 t4 t5");
	assert_back(*state, "t1 t2 t3", "t2", "-t3 +t4", "t1 t2 t4");
	assert_back(*state, "t1 t2 t3", "t1", "-t2 +t4 +t2", "t1 t3 t4 t2");
	assert_back(*state, "t1", "t1", "+t4", "t1 t4");
	assert_back(*state, "f3 t2 t3", "t2", "+t4", "f3 t2 t3 t4");
	/* it was there again, and another one behind it */
	assert_back(*state, "t1 t2 t3", "t2", "+t2 +t4", "t1 t2 t3 t4");
}

/* Of two that are there all the while the same one is the first all the while. */
static void keeps_the_order_of_others(void **state)
{
	const struct hycan_rule wanted = rule_of("t1");
	bool interrupted = true;

	for (size_t changes = 0; interrupted; changes++) {
		struct kernel_rule_place place = { 0 };
		size_t left = changes;
		char *now;

		each(*state, "t1 f2 t3 m4");
		assert_int_equal(kernel_rule_keep_place(*state, &wanted, true, &place), 0);
		each(*state, "-t1 +t1");
		(void)kernel_scope_set_gate(*state, (struct kernel_gate){ .change = fail_later, .userdata = &left });
		interrupted = kernel_rule_put_in_place(*state, place.bytes, place.size) < 0;
		(void)kernel_scope_set_gate(*state, (struct kernel_gate){ 0 });
		now = view(*state);
		assert_true(strstr(now, "f2") < strstr(now, "t3"));
		assert_true(strstr(now, "t3") < strstr(now, "m4"));
		kernel_rule_place_free(&place);
		free(now);
		empty(*state);
	}
}

/* What there are no words for, and what becomes of links and of those to go to. */
static void is_as_the_kernel_told(void **state)
{
	const struct hycan_rule wanted = { .family = HYCAN_FAMILY_IPV6, .has_table = true, .table = 1 };
	struct kernel_rule_place place = { 0 };
	char *before, *after;

	free(shell("for r in 'lookup 1' 'tun_id 5 from 2001:db8::/32 lookup 2' 'iif va oif vb not fwmark 0/0xf0 lookup 1000' 'goto "
	           "60' "
	           "'ipproto tcp sport 5-9 uidrange 3-4 dsfield 8 lookup 4'; do ip -6 rule add pref 50 $r || exit; done"));
	before = shell("ip -d -6 rule");
	assert_int_equal(kernel_rule_keep_place(*state, &wanted, false, &place), 0);
	free(shell("ip -6 rule del lookup 1; ip -6 rule add pref 50 lookup 1"));
	assert_int_equal(kernel_rule_put_in_place(*state, place.bytes, place.size), 0);
	after = shell("ip -d -6 rule");
	assert_string_equal(after, before);
	free(before);
	free(after);
	/* they are known for what they are when their link comes */
	free(shell("ip link add va type veth peer vb && ip -6 rule add pref 60 nop"));
	assert_int_equal(kernel_rule_put_in_place(*state, place.bytes, place.size), 0);
	free(shell("! ip -d -6 rule | grep -E 'detached|unresolved'"));
	kernel_rule_place_free(&place);
}

/* What stays in front of it is not touched, and where it is there already nothing is. */
static void does_no_more_than_that(void **state)
{
	const struct hycan_rule wanted = rule_of("t3");
	struct kernel_scope *scope = *state;
	struct kernel_rule_place place = { 0 };
	size_t changes = 2;

	each(scope, "t1 t2 t3 t4");
	assert_int_equal(kernel_rule_keep_place(scope, &wanted, true, &place), 0);
	each(scope, "-t3 +t3");
	(void)kernel_scope_set_gate(scope, (struct kernel_gate){ .change = fail_later, .userdata = &changes });
	assert_int_equal(kernel_rule_put_in_place(scope, place.bytes, place.size), 0);
	assert_int_equal(changes, 0);
	assert_int_equal(kernel_rule_put_in_place(scope, place.bytes, place.size), 0);
	(void)kernel_scope_set_gate(scope, (struct kernel_gate){ 0 });
	/* and where it is not there, there is nothing to be done */
	each(scope, "-t3");
	(void)kernel_scope_set_gate(scope, (struct kernel_gate){ .change = fail_later, .userdata = &changes });
	assert_int_equal(kernel_rule_put_in_place(scope, place.bytes, place.size), 0);
	(void)kernel_scope_set_gate(scope, (struct kernel_gate){ 0 });
	kernel_rule_place_free(&place);
}

/* One was there twice. And bytes may come from anywhere. */
static void leaves_what_was_there_twice(void **state)
{
	struct kernel_rule_place place = { 0 };
	const struct hycan_rule wanted = rule_of("t1");

	assert_back(*state, "t1 t2 t3 t2", "t1", "", "t1 t2 t3 t2");
	each(*state, "t1");
	assert_int_equal(kernel_rule_keep_place(*state, &wanted, true, &place), 0);
	for (size_t size = 0; size < place.size; size++)
		assert_int_equal(kernel_rule_put_in_place(*state, place.bytes, size), -EBADMSG);
	kernel_rule_place_free(&place);
}

/* One that the kernel would take for it stands in front of it, and stays. */
static void takes_no_other(void **state)
{
	static const char *const stories[][3] = {
		{ "f3 t3", "t3", "f3" },           { "t1 f3 t2 m3 t3 t4", "t3", "t1 f3 t2 m3 t4" },
		{ "g60 t1 g70", "g70", "g60 t1" }, { "s3 t2 s4", "s4", "s3 t2" },
		{ "t1 t2 t1", "t1", "t2 t1" },
	};

	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		char *after;

		each(*state, stories[i][0]);
		remove_rule(*state, stories[i][1]);
		after = view(*state);
		assert_string_equal(after, stories[i][2]);
		free(after);
		empty(*state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back_to_its_place, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(leaves_others, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(takes_no_other, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(keeps_the_order_of_others, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(is_as_the_kernel_told, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(does_no_more_than_that, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(leaves_what_was_there_twice, alone_begin, alone_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
