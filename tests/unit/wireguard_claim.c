/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wireguard.sync, overtaken: whose peers there are was asked before they were read, and a peer that another user has made since then
 * is asked about again, and stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/wireguard.h"
#include "op.h"
#include "table.h"

int __wrap_kernel_wireguard_get(struct kernel_scope *scope, const char *name, struct kernel_wireguard **ret_wireguard);
int __wrap_kernel_wireguard_change_peers(struct kernel_scope *scope, const char *name,
                                         const struct kernel_wireguard_change *changes, size_t n);

/* One that stays, one that is to be otherwise, and one that is not wanted. */
static struct hycan_key key_of(uint8_t n)
{
	return (struct hycan_key){ .bytes = { n } };
}

int __wrap_kernel_wireguard_get(struct kernel_scope *scope, const char *name, struct kernel_wireguard **ret_wireguard)
{
	struct kernel_wireguard *is = calloc(1, sizeof(*is));

	(void)scope;
	(void)name;
	assert_non_null(is);
	is->n_peers = 3;
	is->peers = calloc(3, sizeof(*is->peers));
	is->preshared_keys = calloc(3, sizeof(*is->preshared_keys));
	assert_true(is->peers && is->preshared_keys);
	for (uint8_t i = 0; i < 3; i++)
		is->peers[i].public_key = key_of(i + 1);
	*ret_wireguard = is;
	return 0;
}

int __wrap_kernel_wireguard_change_peers(struct kernel_scope *scope, const char *name,
                                         const struct kernel_wireguard_change *changes, size_t n)
{
	(void)scope;
	(void)name;
	(void)changes;
	(void)n;
	fail_msg("what is another's was changed");
	return 0;
}

static uint8_t arena[65536];
static size_t used;

static void *take(struct op *op, size_t size)
{
	void *p = arena + used;

	(void)op;
	used += (size + 15) & ~(size_t)15;
	assert_true(used <= sizeof(arena));
	return p;
}

/* Those that are asked about, by the first byte of their keys; they are another's. */
static char claimed[8];

static int claim(struct op *op, const void *settled)
{
	const struct hycan_wireguard_sync_request *request = settled;

	for (size_t i = 0; i < request->n_peers; i++)
		claimed[i] = (char)('0' + request->peers[i].public_key.bytes[0]);
	return op_refuse(op, HYCAN_REFUSAL_DENIED, "peers", "It is another's.");
}

static void test_overtaken(void **state)
{
	const struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = key_of(1) },
		{ .public_key = key_of(2), .has_persistent_keepalive = true, .persistent_keepalive = 9 },
		{ .public_key = key_of(4) },
	};
	const struct hycan_wireguard_sync_request request = { .name = "wg0", .peers = peers, .n_peers = 3 };
	struct hycan_wireguard_sync_reply reply;
	struct op op = { .memory = take, .claim = claim };

	(void)state;
	assert_int_equal(op_wireguard_sync(&op, &request, &reply), HYCAN_REFUSAL_DENIED);
	assert_string_equal(claimed, "32");
	/* what the ledger is told is the whole list */
	assert_null(op.settled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overtaken),
	};

	return cmocka_run_group_tests_name("wireguard.sync, overtaken", tests, NULL, NULL);
}
