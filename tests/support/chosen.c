/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chosen tests.
 *
 * cmocka knows one pattern for the names of tests, and tells nobody which test is running. The linker puts what is here in
 * front of its runner (--wrap), so no program does anything for it.
 */
#include "chosen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __real__cmocka_run_group_tests(const char *group_name, const struct CMUnitTest *const tests, const size_t num_tests,
                                   CMFixtureFunction group_setup, CMFixtureFunction group_teardown);
int __wrap__cmocka_run_group_tests(const char *group_name, const struct CMUnitTest *const tests, const size_t num_tests,
                                   CMFixtureFunction group_setup, CMFixtureFunction group_teardown);

static const struct CMUnitTest *chosen; /* in the order in which they run */
static size_t n_begun;                  /* of them */

/* The setup of every test: it knows the test by how many were before it, so cmocka's own pattern must not leave any out. */
static int begin(void **state)
{
	const struct CMUnitTest *test = &chosen[n_begun++];

	return test->setup_func ? test->setup_func(state) : 0;
}

/* What a file says, to free(). */
static char *content(const char *path)
{
	FILE *file = path ? fopen(path, "re") : NULL;
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0 && text)
		text[0] = '\0';
	fclose(file);
	return text;
}

/* Copies those tests whose names are given. */
static int choose(char *names, const struct CMUnitTest *tests, size_t n_tests, struct CMUnitTest *ret_tests, size_t *ret_n)
{
	size_t n = 0;
	char *rest;

	for (const char *name = strtok_r(names, " \n", &rest); name; name = strtok_r(NULL, " \n", &rest)) {
		size_t i = 0;

		while (i < n_tests && strcmp(tests[i].name, name) != 0)
			i++;
		if (i == n_tests || n == n_tests) {
			print_error("There is no test %s here, or it is named twice.\n", name);
			return -1;
		}
		ret_tests[n++] = tests[i];
	}
	*ret_n = n;
	return 0;
}

/* Which tests are to run; all of them unless the environment says otherwise. */
static int choose_by_environment(const struct CMUnitTest *tests, size_t n_tests, struct CMUnitTest *ret_tests, size_t *ret_n)
{
	const char *skipped = getenv("HYCAN_TEST_SKIPPED"), *only = getenv("HYCAN_TEST_ONLY");
	bool again = getenv("HYCAN_TEST_AGAIN") != NULL;
	char *names = again ? content(skipped) : only ? strdup(only) : NULL;
	int r = 0;

	if (again && !names) {
		print_error("There is no file HYCAN_TEST_SKIPPED that says which tests were skipped.\n");
		return -1;
	}
	if (names) {
		r = choose(names, tests, n_tests, ret_tests, ret_n);
	} else {
		memcpy(ret_tests, tests, n_tests * sizeof(*tests));
		*ret_n = n_tests;
	}
	free(names);
	return r;
}

/* What was noted in a former run does not hold for this one. */
static int forget_skipped(void)
{
	const char *path = getenv("HYCAN_TEST_SKIPPED");
	FILE *file;

	if (!path || getenv("HYCAN_TEST_AGAIN"))
		return 0;
	file = fopen(path, "we");
	if (!file) {
		print_error("%s cannot be written.\n", path);
		return -1;
	}
	fclose(file);
	return 0;
}

int __wrap__cmocka_run_group_tests(const char *group_name, const struct CMUnitTest *const tests, const size_t num_tests,
                                   CMFixtureFunction group_setup, CMFixtureFunction group_teardown)
{
	struct CMUnitTest *originals = calloc(num_tests, sizeof(*tests)), *begun = calloc(num_tests, sizeof(*tests));
	size_t n = 0;
	int failed = 1;

	if (originals && begun && forget_skipped() == 0 && choose_by_environment(tests, num_tests, originals, &n) == 0) {
		chosen = originals;
		n_begun = 0;
		for (size_t i = 0; i < n; i++) {
			begun[i] = originals[i];
			begun[i].setup_func = begin;
		}
		failed = __real__cmocka_run_group_tests(group_name, begun, n, group_setup, group_teardown);
	}
	free(originals);
	free(begun);
	return failed;
}

void chosen_note_skipped(void)
{
	const char *path = getenv("HYCAN_TEST_SKIPPED");
	FILE *file;

	if (!path || n_begun == 0)
		return;
	file = fopen(path, "ae");
	if (!file || fprintf(file, "%s\n", chosen[n_begun - 1].name) < 0 || fclose(file) != 0)
		fail_msg("%s cannot be written.", path);
}
