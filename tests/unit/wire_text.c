/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences of refusals: whatever the kernel said in them, and wherever they were cut, they are text. */
#include <stdio.h>
#include <string.h>

#include "wire.h"
#include "world.h"

static void assert_tidy(const char *text, const char *expected)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	wire_tidy_text(copy);
	assert_string_equal(copy, expected);
	/* it is now */
	wire_tidy_text(copy);
	assert_string_equal(copy, expected);
}

static void test_tidy(void **state)
{
	(void)state;
	assert_tidy("", "");
	assert_tidy("“eth0” is down…", "“eth0” is down…");
	assert_tidy("a\nb\x1b[2Jc\x7f", "a?b?[2Jc?");
	/* no character begins with that, nothing goes on with that, and nothing is longer than it must be */
	assert_tidy("a\x80z", "a?z");
	assert_tidy("a\xff\xfez", "a??z");
	assert_tidy("a\xc3z.", "a?z.");
	assert_tidy("a\xc0\xafz.", "a??z.");
	assert_tidy("a\xed\xa0\x80z", "a???z");
	/* what was cut in the middle of a character ends before it */
	assert_tidy("a\xe2\x80", "a");
	assert_tidy("a\xe2", "a");
	assert_tidy("a\xf0\x9f\x98", "a");
	assert_tidy("a\xf0\x9f\x98\x80", "a\xf0\x9f\x98\x80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tidy),
	};

	return cmocka_run_group_tests_name("wire_text", tests, NULL, NULL);
}
