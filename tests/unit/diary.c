/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes of a transaction, as its daemon's successor reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "diary.h"
#include "diary_note.h"
#include "ledger.h"
#include "table.h"

struct place {
	char directory[64];
	char path[96];
	struct ledger *ledger;
	unsigned int number;
};

static int begin(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	bool broken;

	assert_non_null(p);
	strcpy(p->directory, "/tmp/hycan-diary-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof(p->path), "%s/ledger", p->directory);
	assert_int_equal(ledger_open(&p->ledger), 0);
	assert_int_equal(ledger_keep(p->ledger, p->path, &broken), 0);
	assert_int_equal(ledger_begin(p->ledger, NULL, 0, 0, false, &p->number), 0);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct place *p = *state;

	ledger_free(&p->ledger);
	unlink(p->path);
	assert_int_equal(rmdir(p->directory), 0);
	free(p);
	return 0;
}

/* A step is done, or will be: the duration tells one note of it from another. */
static void note(const struct place *p, uint32_t step, uint64_t duration_us)
{
	const struct diary_head head = { .what = DIARY_STEP, .number = step };
	const struct diary_outcome outcome = { .operation = HYCAN_OPERATION_LINK_UP, .duration_us = duration_us };
	const struct ledger_bytes parts[] = {
		{ .bytes = &head, .size = sizeof(head) },
		{ .bytes = &outcome, .size = sizeof(outcome) },
	};

	assert_int_equal(ledger_note(p->ledger, p->number, parts, 2, 0, false), 0);
}

static void assert_steps(const struct place *p, const char *expected)
{
	const struct diary_entry *entry;
	struct diary diary;
	char text[256] = "";

	assert_int_equal(diary_read(p->ledger, p->number, &diary), 0);
	STAILQ_FOREACH(entry, &diary.entries, entry)
	sprintf(text + strlen(text), "%u:%ju ", entry->step, (uintmax_t)entry->outcome.duration_us);
	assert_string_equal(text, expected);
	diary_release(&diary);
}

/* Of each step what was said of it last, in the order of the steps. */
static void last_word(void **state)
{
	struct place *p = *state;

	assert_steps(p, "");
	for (uint32_t i = 0; i < 6; i++)
		note(p, i, 10 + i);
	assert_steps(p, "0:10 1:11 2:12 3:13 4:14 5:15 ");
	/* those that cannot be taken back are told of before they begin, and when they are done */
	for (uint32_t i = 3; i < 6; i++)
		note(p, i, 20 + i);
	assert_steps(p, "0:10 1:11 2:12 3:23 4:24 5:25 ");
	note(p, 5, 35);
	note(p, 0, 30);
	note(p, 0, 40);
	note(p, 7, 47);
	note(p, 6, 46);
	assert_steps(p, "0:40 1:11 2:12 3:23 4:24 5:35 6:46 7:47 ");
}

/* Which step it was that took down a link that was up, as far as that was said: the last one. */
static void was_up(void **state)
{
	struct place *p = *state;
	struct diary diary;

	for (uint32_t i = 0; i < 3; i++) {
		const struct diary_head head = { .what = DIARY_WAS_UP, .number = i };
		const struct ledger_bytes part = { .bytes = &head, .size = sizeof(head) };

		assert_int_equal(diary_read(p->ledger, p->number, &diary), 0);
		assert_int_equal(diary.was_up, i);
		diary_release(&diary);
		note(p, i, 10);
		assert_int_equal(ledger_note(p->ledger, p->number, &part, 1, 0, false), 0);
	}
	assert_steps(p, "0:10 1:10 2:10 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(last_word, begin, end),
		cmocka_unit_test_setup_teardown(was_up, begin, end),
	};

	return cmocka_run_group_tests_name("the notes of a transaction", tests, NULL, NULL);
}
