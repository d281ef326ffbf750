/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions of nf_tables: two who change the rules at once, batches that fail, and the count of elements. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "cleanup.h"
#include "masquerade.h"
#include "nat.h"
#include "nft_table.h"
#include "port.h"

/* Two daemons, so to speak, in one namespace. */
struct pair {
	struct kernel_scope *a;
	struct kernel_scope *b;
};

static int begin(void **state)
{
	static struct pair pair;

	if (unshare(CLONE_NEWNET) < 0) {
		print_message("SKIPPED: the test needs to be root.\n");
		skip();
	}
	assert_int_equal(kernel_scope_open(-1, &pair.a), 0);
	assert_int_equal(kernel_scope_open(-1, &pair.b), 0);
	*state = &pair;
	return 0;
}

static int end(void **state)
{
	struct pair *pair = *state;

	kernel_scope_free(&pair->a);
	kernel_scope_free(&pair->b);
	return 0;
}

static struct hycan_port_mapping mapping(unsigned int port)
{
	struct hycan_port_mapping m = {
		.protocol = HYCAN_TRANSPORT_TCP,
		.host_port = { (uint16_t)port, (uint16_t)port },
		.to_address = { AF_INET, { 172, 18, 0, 2 } },
		.to_port = 80,
	};

	return m;
}

static int add(struct kernel_scope *scope, unsigned int port)
{
	struct hycan_port_mapping m = mapping(port), holder;

	return kernel_port_add(scope, &m, NULL, &holder);
}

static int remove_it(struct kernel_scope *scope, unsigned int port)
{
	struct hycan_port_mapping m = mapping(port), holder;

	return kernel_port_remove(scope, &m, &holder);
}

/* What was thought out before somebody else's change is not carried out. */
static void test_somebody_was_faster(void **state)
{
	struct pair *pair = *state;
	struct nft_batch batch;
	struct nft_layout layout;

	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	assert_false(layout.ports);
	assert_int_equal(add(pair->b, 80), 0);
	layout.ports = true;
	nft_batch_begin(&batch, pair->a, layout.generation);
	nft_layout_put(&batch, &layout);
	assert_int_equal(nft_batch_send(&batch), -ERESTART);
	nft_batch_free(&batch);

	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	assert_true(layout.ports);
	assert_true(nft_layout_is_whole(&layout));
	assert_false(nft_layout_is_former(&layout));
	nft_batch_begin(&batch, pair->a, layout.generation);
	nft_batch_delete_table(&batch);
	assert_int_equal(nft_batch_send(&batch), 0);
	nft_batch_free(&batch);
}

/* A batch that fails changes nothing, and the socket is good for the next request. */
static void test_failure(void **state)
{
	struct pair *pair = *state;
	struct nft_element element = { .key = "12345678", .key_size = 8 };
	struct nft_layout layout = { .ports = true };
	struct nft_batch batch;

	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	layout.ports = true;
	nft_batch_begin(&batch, pair->a, layout.generation);
	nft_layout_put(&batch, &layout);
	/* a map takes no element without data, and there is no such set */
	nft_batch_element(&batch, NFT_MSG_NEWSETELEM, nft_port_set(false, false), &element);
	nft_batch_element(&batch, NFT_MSG_DELSETELEM, "nothing", &element);
	assert_true(nft_batch_send(&batch) < 0);
	nft_batch_free(&batch);
	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	assert_int_equal(layout.sets, 0);
	assert_int_equal(layout.rules, 0);
	nft_batch_begin(&batch, pair->a, layout.generation);
	nft_batch_delete_table(&batch);
	assert_int_equal(nft_batch_send(&batch), -ENOENT);
	nft_batch_free(&batch);
	assert_int_equal(add(pair->a, 80), 0);
}

/* The number of elements is right whoever changed them. */
static void test_count(void **state)
{
	struct pair *pair = *state;
	struct nft_layout layout;
	size_t n = 99;

	for (unsigned int port = 1; port <= 3; port++)
		assert_int_equal(add(pair->a, port), 0);
	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	/* known to the one who changed them, without counting */
	assert_int_equal(netlink_census(pair->a)->generation, layout.generation);
	assert_int_equal(nft_layout_count(pair->a, &layout, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(nft_layout_count(pair->b, &layout, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(remove_it(pair->b, 1), 0);
	assert_int_equal(remove_it(pair->a, 2), 0);
	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	assert_int_equal(nft_layout_count(pair->a, &layout, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(remove_it(pair->b, 3), 0);
	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	assert_int_equal(layout.sets, 0);
	assert_int_equal(remove_it(pair->a, 3), -ENOENT);
}

/* All elements, counted. */
static size_t count(struct kernel_scope *scope)
{
	struct nft_layout layout;
	size_t n = 0;
	int r;

	do {
		assert_int_equal(nft_layout_read(scope, &layout), 0);
		netlink_census(scope)->generation = 0;
		r = nft_layout_count(scope, &layout, &n);
	} while (r == -EINTR);
	assert_int_equal(r, 0);
	return n;
}

/*
 * More elements than one message, and more messages than the scope's buffer, have room for; read while the kernel moves
 * them to a larger table and to a smaller one.
 */
static void test_large(void **state)
{
	struct pair *pair = *state;
	struct hycan_port_mapping m = mapping(1), holder, *list = NULL;
	size_t n = 0;

	m.host_port.last = 65535;
	m.to_port = 1;
	m.to_address = (struct hycan_address){ AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	assert_int_equal(add(pair->a, 80), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(kernel_port_add(pair->a, &m, NULL, &holder), 0);
		if (i % 2)
			assert_int_equal(count(pair->b), 65536);
		assert_int_equal(kernel_port_remove(pair->b, &m, &holder), 0);
		assert_int_equal(count(pair->b), 1);
		assert_int_equal(kernel_port_list(pair->a, &list, &n), 0);
		assert_int_equal(n, 1);
		free(list);
	}
	assert_int_equal(kernel_port_add(pair->a, &m, NULL, &holder), 0);
	assert_int_equal(kernel_port_add(pair->b, &m, NULL, &holder), -EALREADY);
	assert_int_equal(kernel_port_list(pair->b, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(list[1].host_port.last, 65535);
	free(list);
}

/* What is wanted as long as nobody changes anything is not added to what somebody has changed. */
static void test_since(void **state)
{
	struct pair *pair = *state;
	struct kernel_scope *turn = kernel_nat_turn_begin(pair->a);
	struct hycan_port_mapping m = mapping(80), holder;
	uint32_t since;

	assert_int_equal(kernel_nat_generation(pair->a, &since), 0);
	assert_int_equal(add(pair->b, 81), 0);
	assert_int_equal(kernel_port_add(pair->a, &m, &since, &holder), -ERESTART);
	kernel_nat_turn_end(&turn);
	assert_int_equal(count(pair->a), 1);
	assert_int_equal(kernel_nat_generation(pair->a, &since), 0);
	assert_int_equal(kernel_port_add(pair->a, &m, &since, &holder), 0);
	assert_int_equal(count(pair->a), 2);
}

static int put(struct kernel_scope *scope, const struct nft_layout *layout)
{
	_cleanup_(nft_batch_free) struct nft_batch batch;

	nft_batch_begin(&batch, scope, layout->generation);
	nft_layout_put(&batch, layout);
	return nft_batch_send(&batch);
}

/* Who loses again and again needs not be faster any more, and still changes only what is as it was read. */
static void test_turn(void **state)
{
	struct nft_element element = { .key = "12345678", .key_size = 8 };
	struct pair *pair = *state;
	struct nft_layout layout, other;
	struct kernel_scope *turn;
	struct nft_batch batch;
	int r, tries = 0;

	assert_int_equal(add(pair->a, 80), 0);
	turn = kernel_nat_turn_begin(pair->a);
	do {
		assert_int_equal(nft_layout_read(pair->a, &layout), 0);
		assert_int_equal(nft_layout_read(pair->b, &other), 0);
		assert_int_equal(put(pair->b, &other), 0);
		r = put(pair->a, &layout);
		tries++;
	} while (kernel_nat_turn_again(turn, r));
	assert_int_equal(r, 0);
	assert_true(tries > 1);

	assert_int_equal(nft_layout_read(pair->a, &layout), 0);
	nft_batch_begin(&batch, pair->b, layout.generation);
	nft_batch_delete_table(&batch);
	assert_int_equal(nft_batch_send(&batch), 0);
	nft_batch_free(&batch);
	nft_batch_begin(&batch, pair->a, layout.generation);
	nft_batch_element(&batch, NFT_MSG_DELSETELEM, nft_port_set(false, false), &element);
	assert_int_equal(nft_batch_send(&batch), -ERESTART);
	nft_batch_free(&batch);
	kernel_nat_turn_end(&turn);
}

#define UNIT(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_somebody_was_faster),
		UNIT(test_failure),
		UNIT(test_count),
		UNIT(test_large),
		UNIT(test_since),
		UNIT(test_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
