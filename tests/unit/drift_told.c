/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a look found is written to the log when nobody waits any more for the ledger, for the settings of links, or for the repairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift_state.h"
#include "entry.h"
#include "key.h"
#include "log.h"
#include "observe.h"
#include "server.h"
#include "setting_state.h"

#define NETNS 7u
#define LINKS 100u

static struct server server;
static size_t n_lines;

static void assert_free(pthread_mutex_t *lock)
{
	assert_int_equal(pthread_mutex_trylock(lock), 0);
	pthread_mutex_unlock(lock);
}

static void count_line(void)
{
	assert_free(&server.ledger->lock);
	assert_free(&server.repairs.lock);
	assert_free(&server.repairs.settings.lock);
	n_lines++;
}

/* The names are the linker's (--wrap). */
void __wrap_log_audit_as(int priority, const struct log_audit *audit, const char *format, ...);
void __wrap_log_write(int priority, const char *format, ...);

void __wrap_log_audit_as(int priority, const struct log_audit *audit, const char *format, ...)
{
	(void)priority;
	(void)format;
	assert_string_equal(audit->operation, "drift");
	assert_int_equal(audit->netns, NETNS);
	count_line();
}

void __wrap_log_write(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
	count_line();
}

static void name_of(unsigned int i, char name[static HYCAN_IFNAME_SIZE], struct ledger_key *key)
{
	snprintf(name, HYCAN_IFNAME_SIZE, "link%u", i);
	key_of_name(NETNS, name, key);
}

static int begin(void **state)
{
	const struct ledger_holder holder = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
	char name[HYCAN_IFNAME_SIZE];
	struct ledger_key key;

	(void)state;
	n_lines = 0;
	if (ledger_open(&server.ledger) < 0)
		return -1;
	losses_open(&server.losses, NETNS);
	repair_open(&server.repairs, &server);
	server.repairs.settings.ledger = server.ledger;
	for (unsigned int i = 0; i < LINKS; i++) {
		name_of(i, name, &key);
		assert_int_equal(ledger_put(server.ledger, &holder, 1, &key, 1, NULL, NULL), 0);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	repair_close(&server.repairs);
	losses_close(&server.losses);
	ledger_free(&server.ledger);
	return 0;
}

static void judge(uint32_t kinds)
{
	struct drift d = { .ledger = server.ledger, .repairs = &server.repairs, .netns = NETNS };
	bool repair = false;

	d.look = (struct drift_look){ .kinds = kinds, .read = kinds, .number = ledger_look(server.ledger), .began_us = 2 };
	drift_judge(&d, &repair);
	assert_false(repair);
	drift_release(&d);
}

static void test_gone(void **state)
{
	(void)state;
	judge(OP_KIND(HYCAN_OBJECT_KIND_LINK));
	assert_int_equal(ledger_count(server.ledger), 0);
	/* and how many they are */
	assert_int_equal(n_lines, LINKS + 1);
}

static void test_settings(void **state)
{
	char name[HYCAN_IFNAME_SIZE];
	struct ledger_key key;

	(void)state;
	for (unsigned int i = 0; i < LINKS; i++) {
		name_of(i, name, &key);
		setting_put(&server.repairs.settings, NETNS, name)->differs = 1;
	}
	judge(OP_SETTINGS);
	assert_int_equal(n_lines, LINKS + 1);
}

static void test_given_up(void **state)
{
	const struct wish_head head = { .drift = HYCAN_DRIFT_REPAIR, .keyless = true };
	char name[HYCAN_IFNAME_SIZE];
	struct ledger_key key;

	(void)state;
	for (unsigned int i = 0; i < LINKS; i++) {
		name_of(i, name, &key);
		repair_put(&server.repairs, &key, &head)->noted_us = 1;
	}
	judge(OP_KIND(HYCAN_OBJECT_KIND_LINK));
	/* each is given up, and gone */
	assert_int_equal(n_lines, LINKS + LINKS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gone, begin, end),
		cmocka_unit_test_setup_teardown(test_settings, begin, end),
		cmocka_unit_test_setup_teardown(test_given_up, begin, end),
	};

	return cmocka_run_group_tests_name("drift, told", tests, NULL, NULL);
}
