/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masquerade.add: what the kernel has afterwards, and what is refused. Packets: tests/stories/nat.c. */
#include <stdlib.h>

#include "nat.h"

static int add(struct world *w, const char *text)
{
	struct hycan_masquerade m = nat_masquerade(text);

	return hycan_masquerade_add(w->h, &m);
}

static void test_kernel_has_it(void **state)
{
	struct world *w = *state;
	char *text;

	need_command("nft");
	assert_done(w->h, add(w, "10.0.0.0/8"));
	assert_done(w->h, add(w, "10.1.0.0/16"));
	assert_done(w->h, add(w, "10.1.0.0/16 eth0.100"));
	assert_done(w->h, add(w, "0.0.0.0/0 wan"));
	assert_done(w->h, add(w, "192.0.2.7/32"));
	assert_done(w->h, add(w, "2001:db8::/33"));
	assert_done(w->h, add(w, "::/0 fifteen-letters"));
	text = shell("nft list table inet hycan");
	assert_contains(text, "10.0.0.0 . 10.0.0.0");
	assert_contains(text, "10.1.0.0 . 10.1.0.0");
	assert_contains(text, "10.1.0.0 . \"eth0.100\"");
	assert_contains(text, "0.0.0.0 . \"wan\"");
	assert_contains(text, "192.0.2.7 . 192.0.2.7");
	assert_contains(text, "2001:db8:: . 2001:db8::");
	assert_contains(text, ":: . \"fifteen-letters\"");
	assert_contains(text, "type nat hook postrouting priority srcnat");
	/* nothing for ports, of which there are none */
	assert_lacks(text, "prerouting");
	free(text);
}

static void test_twice_changes_nothing(void **state)
{
	struct world *w = *state;
	struct nat_watch *watch;
	char *text;

	assert_done(w->h, add(w, "10.0.0.0/8"));
	assert_done(w->h, add(w, "2001:db8::/32 wan"));
	watch = nat_watch_begin(w);
	assert_done(w->h, add(w, "10.0.0.0/8"));
	assert_done(w->h, add(w, "2001:db8::/32 wan"));
	text = nat_watch_end(watch);
	assert_string_equal(text, "");
	free(text);
	text = nat_list_masquerades(w->h);
	assert_string_equal(text, "10.0.0.0/8\n2001:db8::/32 wan\n");
	free(text);
}

static void test_exclusive(void **state)
{
	struct world *w = *state;

	assert_done(w->h, add(w, "10.0.0.0/8"));
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, add(w, "10.0.0.0/8"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "subnet");
	assert_contains(hycan_error_message(w->h), "10.0.0.0/8 is masqueraded already");
	assert_done(w->h, add(w, "10.0.0.0/9"));
	assert_done(w->h, add(w, "10.0.0.0/8 wan"));
}

static void test_refused(void **state)
{
	struct world *w = *state;
	char *text;

	assert_refused(w->h, add(w, "0.0.0.0/0"), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "out_interface");
	assert_contains(hycan_error_message(w->h), "give the link");
	assert_refused(w->h, add(w, "::/0"), HYCAN_REFUSAL_INVALID);
	assert_int_not_equal(add(w, "10.0.0.1/8"), 0);
	assert_int_not_equal(add(w, "10.0.0.0/8 a/b"), 0);
	/* nothing came of it */
	text = nat_list_masquerades(w->h);
	assert_string_equal(text, "");
	free(text);
	assert_int_not_equal(shell_status(NULL, "nft list table inet hycan"), 0);
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_kernel_has_it),
		WITNESS(test_twice_changes_nothing),
		WITNESS(test_exclusive),
		WITNESS(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
