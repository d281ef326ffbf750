/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in front of a request in the ledger's file is read again, also as a former release wrote it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "intent.h"
#include "ledger.h"
#include "table.h"

/* As it was before it said when the request began. */
struct former_head {
	uint64_t netns;
	struct ledger_holder holder;
	enum hycan_drift drift;
	uint16_t operation;
	bool exact;
	bool sealed;
	bool diary;
	bool was_up;
	uint32_t n_was_there;
};

static const struct ledger_holder holders[] = {
	{ .subject = 4242, .lifetime = HYCAN_LIFETIME_PERMANENT },
	{ .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT, .session = UINT64_C(0x123456789abcdef0) },
	{ .subject = 0, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 2 },
	{ .subject = 3, .lifetime = HYCAN_LIFETIME_LEASE, .session = 7, .seconds = 60 },
};

static struct former_head former_of(const struct intent_head *head)
{
	struct former_head former;

	memset(&former, 0, sizeof(former));
	former.netns = head->netns;
	former.holder = head->holder;
	former.drift = head->drift;
	former.operation = head->operation;
	former.exact = head->exact;
	former.sealed = head->sealed;
	former.diary = head->diary;
	former.was_up = head->was_up;
	former.n_was_there = head->n_was_there;
	return former;
}

struct place {
	char directory[64];
	char path[96];
};

static int begin(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->directory, "/tmp/hycan-intent-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof(p->path), "%s/ledger", p->directory);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	assert_int_equal(rmdir(p->directory), 0);
	free(p);
	return 0;
}

static struct ledger *keep(const struct place *p)
{
	struct ledger *ledger;
	bool broken;

	assert_int_equal(ledger_open(&ledger), 0);
	assert_int_equal(ledger_keep(ledger, p->path, &broken), 0);
	assert_false(broken);
	return ledger;
}

static int expect(unsigned int number, const uint8_t *request, size_t size, void *userdata)
{
	const struct intent_head *expected = userdata;
	struct intent_head head;
	const size_t n = intent_read(request, size, &head);

	(void)number;
	assert_int_equal(n, expected->began_us ? sizeof(head) : sizeof(struct former_head));
	assert_int_equal(size - n, expected->diary ? 0 : expected->n_was_there + 4);
	assert_memory_equal(request + n, "\1\0\1body", size - n);
	assert_int_equal(head.netns, expected->netns);
	assert_int_equal(head.began_us, expected->began_us);
	assert_int_equal(head.holder.subject, expected->holder.subject);
	assert_int_equal(head.holder.lifetime, expected->holder.lifetime);
	assert_int_equal(head.holder.session, expected->holder.session);
	assert_int_equal(head.holder.seconds, expected->holder.seconds);
	assert_int_equal(head.drift, expected->drift);
	assert_int_equal(head.operation, expected->operation);
	assert_true(head.exact == expected->exact && head.sealed == expected->sealed);
	assert_true(head.diary == expected->diary && head.was_up == expected->was_up);
	assert_int_equal(head.n_was_there, expected->n_was_there);
	/* one that breaks off is none */
	assert_int_equal(intent_read(request, n - 1, &head), 0);
	return 1;
}

/* Written by one daemon, and read by the next. */
static void assert_read(const struct place *p, struct intent_head *head)
{
	const struct former_head former = former_of(head);
	const size_t rest = head->diary ? 0 : head->n_was_there + 4;
	const struct ledger_bytes parts[] = {
		head->began_us ? (struct ledger_bytes){ .bytes = head, .size = sizeof(*head) }
			       : (struct ledger_bytes){ .bytes = &former, .size = sizeof(former) },
		{ .bytes = "\1\0\1body", .size = rest },
	};
	struct ledger *ledger = keep(p);
	unsigned int number;

	assert_int_equal(ledger_begin(ledger, parts, 2, 0, false, &number), 0);
	ledger_free(&ledger);
	ledger = keep(p);
	assert_int_equal(ledger_unfinished(ledger, expect, head), 1);
	ledger_free(&ledger);
	unlink(p->path);
}

static void of_both_releases(void **state)
{
	for (unsigned int i = 0; i < 64; i++) {
		struct intent_head head;

		memset(&head, 0, sizeof(head));
		head.netns = 4026531840;
		head.began_us = i & 1 ? 123456789 : 0;
		head.holder = holders[i / 16];
		head.drift = i & 2 ? HYCAN_DRIFT_IGNORE : HYCAN_DRIFT_REPORT;
		head.diary = i & 4;
		head.operation = head.diary ? HYCAN_OPERATION_TRANSACTION_RUN : HYCAN_OPERATION_WIREGUARD_SYNC;
		head.exact = head.was_up = i & 8;
		head.sealed = !head.diary && i & 8;
		head.n_was_there = head.sealed ? 3 : 0;
		assert_read(*state, &head);
	}
}

/* Of a release that has an operation which this one does not. */
static void of_none(void **state)
{
	struct intent_head head = { .holder = holders[0], .drift = HYCAN_DRIFT_REPORT, .operation = 0xfff0 }, read;
	const struct former_head former = former_of(&head);

	(void)state;
	assert_int_equal(intent_read((const uint8_t *)&head, sizeof(head), &read), 0);
	assert_int_equal(intent_read((const uint8_t *)&former, sizeof(former), &read), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_both_releases, begin, end),
		cmocka_unit_test(of_none),
	};

	return cmocka_run_group_tests_name("intents", tests, NULL, NULL);
}
