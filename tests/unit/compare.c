/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing the ledger with a table that is changed faster than it can be read: what is known to be lost is told even so, and that it is not all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare.h"
#include "key.h"
#include "losses.h"
#include "observe.h"
#include "server.h"

int __wrap_op_scope_list_table(struct kernel_scope *scope, enum hycan_object_kind kind, op_found *found, void *userdata);

static const struct hycan_port_add_request there = { .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .host_port = { 81, 81 } } };

/* One mapping, and then somebody was faster. */
int __wrap_op_scope_list_table(struct kernel_scope *scope, enum hycan_object_kind kind, op_found *found, void *userdata)
{
	int r = found(kind, &there.port_mapping, userdata);

	(void)scope;
	return r < 0 ? r : -EINTR;
}

static int begin(void **state)
{
	static struct server server;

	memset(&server, 0, sizeof(server));
	assert_int_equal(ledger_open(&server.ledger), 0);
	assert_int_equal(underway_open(&server.underway), 0);
	assert_int_equal(job_open(&server.job, &server, NULL), 0);
	server.job.op.scope = server.job.scope;
	losses_open(&server.losses, op_scope_inode(server.job.scope));
	*state = &server;
	return 0;
}

static int end(void **state)
{
	struct server *server = *state;

	losses_close(&server->losses);
	underway_close(&server->underway);
	job_close(&server->job);
	ledger_free(&server->ledger);
	return 0;
}

struct told {
	size_t n;
	enum op_amiss_what what;
	char identity[128];
};

static void tell(enum op_amiss_what what, const char *identity, const char *owner, size_t n, void *userdata)
{
	struct told *told = userdata;

	(void)owner;
	(void)n;
	told->n++;
	told->what = what;
	strncpy(told->identity, identity, sizeof(told->identity) - 1);
}

static void test_faster(void **state)
{
	const struct hycan_port_add_request lost = { .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .host_port = { 80, 80 } } };
	struct server *server = *state;
	struct ledger_object object = { .holder = { .lifetime = HYCAN_LIFETIME_PERMANENT }, .n_holders = 1 };
	struct told told = { 0 };

	assert_int_equal(compare_table(&server->job.op, HYCAN_OBJECT_KIND_PORT, tell, &told), -EINTR);
	assert_int_equal(told.n, 0);
	key_of_request(op_scope_inode(server->job.scope), HYCAN_OBJECT_KIND_PORT, &lost, &object.key);
	losses_note(&server->losses, &object);
	assert_int_equal(compare_table(&server->job.op, HYCAN_OBJECT_KIND_PORT, tell, &told), -EINTR);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.what, OP_AMISS_LOST);
	assert_non_null(strstr(told.identity, "tcp 80"));
	/* that one was put back, as far as one could read */
	key_of_request(op_scope_inode(server->job.scope), HYCAN_OBJECT_KIND_PORT, &there, &object.key);
	losses_note(&server->losses, &object);
	told = (struct told){ 0 };
	assert_int_equal(compare_table(&server->job.op, HYCAN_OBJECT_KIND_PORT, tell, &told), -EINTR);
	assert_int_equal(told.n, 1);
	assert_non_null(strstr(told.identity, "tcp 80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faster, begin, end),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
