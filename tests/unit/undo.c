/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undoing, on the real kernel in a network namespace of its own: from a key of the ledger to an object that is gone, for
 * every kind that this kernel has, and beside one that only looks like it.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "routing.h"

#include "errand.h"
#include "key.h"
#include "server.h"
#include "table.h"
#include "transaction_state.h"
#include "undo.h"
#include "view.h"

struct fixture {
	struct server server;
	struct job job;
};

static int begin(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	free(shell("ip link set lo up; ip link add va type veth peer name vb; ip link set va up; ip link set vb up; "
	           "ip address add 10.0.0.1/24 dev va; ip -6 address add fd00::1/64 dev va nodad"));
	*state = &f;
	assert_int_equal(ledger_open(&f.server.ledger), 0);
	return job_open(&f.job, &f.server, NULL);
}

static int end(void **state)
{
	struct fixture *f = *state;

	job_close(&f->job);
	ledger_free(&f->server.ledger);
	return 0;
}

static char *everything(void)
{
	view_settle();
	return shell("ip -d link; ip address; ip route show table all; ip -6 route show table all; ip rule; ip -6 rule; "
	             "nft list ruleset 2>/dev/null; cat /proc/sys/net/ipv4/ip_forward");
}

/* What this holder asks for. */
static int ask(struct fixture *f, uint64_t uid, uint16_t operation, const void *request)
{
	const struct ledger_holder holder = { .subject = uid, .lifetime = HYCAN_LIFETIME_PERMANENT };
	char sentence[UNDO_SENTENCE_SIZE];
	int r = undo_carry_out(&f->job, f->job.scope, &holder, hycan_operation_by_number(operation), request, sentence);

	if (r != 0)
		print_message("%s\n", sentence);
	return r;
}

static struct hycan_route in_table(struct hycan_route route, uint32_t table)
{
	route.has_table = true;
	route.table = table;
	route.has_type = true;
	route.type = HYCAN_ROUTE_TYPE_UNICAST;
	return route;
}

static void make_some(struct fixture *f)
{
	struct hycan_address_add_request address = { 0 };
	struct hycan_route_add_request route = { .route = in_table(route_via("10.20.0.0/16", "10.0.0.2"), 254) };
	struct hycan_rule_add_request rule = {
		.rule = { .family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("10.7.0.0/16") }
	};

	snprintf(address.link_address.link, sizeof(address.link_address.link), "va");
	address.link_address.address = prefix_of("10.1.0.1/24");
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_ADDRESS_ADD, &address), 0);
	address.link_address.address = prefix_of("fd01::1/64");
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_ADDRESS_ADD, &address), 0);
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_ROUTE_ADD, &route), 0);
	/* beside it, and before it where just any is asked for: somebody else's */
	free(shell("ip -6 route add fd20::/32 via fd00::2 metric 5"));
	route.route = in_table(route_via("fd20::/32", "fd00::2"), 254);
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_ROUTE_ADD, &route), 0);
	route.route.has_metric = true;
	route.route.metric = 7;
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_ROUTE_ADD, &route), 0);
	free(shell("ip rule add from 10.7.0.0/16 fwmark 3 lookup 254 priority 10"));
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_RULE_ADD, &rule), 0);
	rule.rule.family = HYCAN_FAMILY_IPV6;
	rule.rule.from = prefix_of("fd07::/16");
	rule.rule.has_table = true;
	rule.rule.table = 100;
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_RULE_ADD, &rule), 0);
}

static void make_nat(struct fixture *f)
{
	struct hycan_masquerade_add_request masquerade = { .masquerade = { .subnet = prefix_of("10.9.0.0/16") } };
	struct hycan_port_add_request port = { .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP,
		                                                 .host_port = { 8080, 8080 },
		                                                 .to_address = address_of("10.0.0.9"),
		                                                 .to_port = 80 } };

	assert_int_equal(ask(f, 5, HYCAN_OPERATION_MASQUERADE_ADD, &masquerade), 0);
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_PORT_ADD, &port), 0);
}

struct keys {
	struct ledger_key key[32];
	size_t n;
};

static int note(const struct ledger_object *object, void *userdata)
{
	struct keys *k = userdata;

	assert_int_equal(object->holder.subject, 5);
	assert_true(k->n < 32);
	k->key[k->n++] = object->key;
	return 0;
}

static void undo_all(struct fixture *f, size_t expected)
{
	char sentence[UNDO_SENTENCE_SIZE];
	struct keys k = { .n = 0 };

	assert_int_equal(ledger_list(f->server.ledger, note, &k), 0);
	assert_int_equal(k.n, expected);
	while (k.n-- > 0) {
		int r = undo_key(&f->job, f->job.scope, &k.key[k.n], NULL, sentence);

		if (r != 0)
			fail_msg("kind %u: %d, %s", k.key[k.n].kind, r, sentence);
		/* again: it is gone */
		assert_int_equal(undo_key(&f->job, f->job.scope, &k.key[k.n], NULL, NULL), 0);
	}
	assert_int_equal(ledger_count(f->server.ledger), 0);
}

static void takes_what_was_made(void **state)
{
	struct fixture *f = *state;
	char *before, *after;

	free(shell("ip -6 route add fd20::/32 via fd00::2 metric 5; ip rule add from 10.7.0.0/16 fwmark 3 lookup 254 priority 10"));
	before = everything();
	free(shell("ip -6 route del fd20::/32 metric 5; ip rule del priority 10"));
	make_some(f);
	undo_all(f, 7);
	after = everything();
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void takes_nat(void **state)
{
	struct fixture *f = *state;
	char *listed;

	need_success("nf_tables in this kernel", "nft list ruleset");
	make_nat(f);
	undo_all(f, 2);
	listed = shell("nft list ruleset");
	assert_lacks(listed, "10.9.0.0");
	assert_lacks(listed, "8080");
	free(listed);
}

static void takes_links(void **state)
{
	struct fixture *f = *state;
	/* a name that may be absent, and is not: one byte, and the name */
	struct ledger_key key = {
		.netns = op_scope_inode(f->job.scope), .kind = HYCAN_OBJECT_KIND_LINK, .size = 4, .identity = "\1b0"
	};
	const struct ledger_holder holder = { .subject = 5, .lifetime = HYCAN_LIFETIME_PERMANENT };

	free(shell("ip link add b0 type bridge"));
	assert_int_equal(ledger_put(f->server.ledger, &holder, 1, &key, 1, NULL, NULL), 0);
	undo_all(f, 1);
	assert_int_not_equal(shell_status(NULL, "ip link show b0"), 0);
}

/* The job around it is what it was. */
static void leaves_the_job_alone(void **state)
{
	struct fixture *f = *state;
	const struct hycan_link_get_request inner = { .name = "va" };
	static const struct {
		struct nlmsghdr nlh;
		uint8_t bytes[8];
	} known = { { 24, HYCAN_OPERATION_LINK_GET, 0, 0, 0 }, { 7, 0, 1, 0, 'v', 'b', 0, 0 } },
	  unknown = { { 24, HYCAN_OPERATION_LINK_GET, 0, 0, 0 }, { 7, 0, 9, 0, 'v', 'b', 0, 0 } };
	struct undo_log log = { 0 };
	const struct undo_cause cause = { .words = "a test" };
	unsigned int patience = 0;
	const struct ledger_holder nobody = { .subject = 0 };
	char sentence[UNDO_SENTENCE_SIZE];

	f->job.operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_UP);
	snprintf(f->job.request.link_up_request.name, sizeof(f->job.request.link_up_request.name), "vb");
	f->job.memory.used = 100;
	f->job.op.subject = 7;
	assert_int_equal(ask(f, 5, HYCAN_OPERATION_LINK_GET, &inner), 0);
	assert_int_equal(undo_log_append(&log, &known, sizeof(known)), 0);
	assert_int_equal(undo_frame(&f->job, f->job.scope, &nobody, &log, &cause, &patience, sentence), 0);
	assert_int_equal(undo_log_append(&log, &unknown, sizeof(unknown)), 0);
	assert_int_equal(undo_frame(&f->job, f->job.scope, &nobody, &log, &cause, &patience, sentence), HYCAN_REFUSAL_UNKNOWN);
	assert_contains(sentence, "no attribute 9");
	/* of an operation that is none */
	((struct nlmsghdr *)(buffer_first(&log.frames) + log.last))->nlmsg_type = 0xffff;
	assert_int_equal(undo_frame(&f->job, f->job.scope, &nobody, &log, &cause, &patience, NULL), HYCAN_REFUSAL_UNKNOWN);
	assert_string_equal(f->job.request.link_up_request.name, "vb");
	assert_int_equal(f->job.memory.used, 100);
	assert_int_equal(f->job.op.subject, 7);
	assert_int_equal(f->job.operation->number, HYCAN_OPERATION_LINK_UP);
	f->job.memory.used = 0;
	undo_log_release(&log);
}

static int keep(const struct ledger_key *key, enum undo_was was, void *userdata)
{
	assert_int_equal(was, UNDO_WAS_MADE);
	*(struct ledger_key *)userdata = *key;
	return 0;
}

/* What the request before left for the ledger does not say what is taken away now. */
static void knows_what_it_is_about(void **state)
{
	struct fixture *f = *state;
	const struct hycan_operation *operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_DELETE);
	const struct hycan_link_delete_request one = { .name = "va" }, another = { .name = "vb" };
	_Alignas(struct nlmsghdr) uint8_t frame[256];
	struct nlmsghdr *nlh = (struct nlmsghdr *)frame;
	struct ledger_key key, expected;
	struct wire_fault fault;
	ssize_t n = wire_encode(operation->request, &one, frame + sizeof(*nlh), sizeof(frame) - sizeof(*nlh), NULL, NULL, &fault);

	assert_true(n > 0);
	*nlh = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(sizeof(*nlh) + (size_t)n),
		                  .nlmsg_type = operation->number,
		                  .nlmsg_flags = UNDO_EXACT };
	f->job.op.scope = f->job.scope;
	f->job.op.settled = &another;
	assert_int_equal(undo_frame_objects(&f->job, nlh, keep, &key), 0);
	key_of_request(op_scope_inode(f->job.scope), HYCAN_OBJECT_KIND_LINK, &one, &expected);
	assert_int_equal(key.size, expected.size);
	assert_memory_equal(key.identity, expected.identity, key.size);
	assert_ptr_equal(f->job.op.settled, &another);
}

static bool has_mtu(const char *mtu)
{
	return shell_status(NULL, "ip link show va | grep -q 'mtu %s '", mtu) == 0;
}

/* What another has made behind the transaction's begin, and the step has found there, is put back; and no other thing of that name. */
static void puts_back_what_came_meanwhile(void **state)
{
	struct fixture *f = *state;
	const struct ledger_holder holder = { .subject = 5, .lifetime = HYCAN_LIFETIME_PERMANENT },
				   other = { .subject = 6, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct hycan_link_set_request request = { .name = "va", .has_mtu = true, .mtu = 1400 };
	const struct undo_cause cause = { .since_us = 100 };
	static const struct {
		uint64_t made, by_now;
		int expected;
	} cases[] = {
		{ 50, 50, 0 },                      /* before that */
		{ 200, 200, 0 },                    /* behind it */
		{ 200, 400, HYCAN_REFUSAL_DENIED }, /* and made anew */
		{ 50, 400, HYCAN_REFUSAL_DENIED },
		{ 350, 350, HYCAN_REFUSAL_DENIED }, /* when the handler had read what is there */
	};
	char sentence[UNDO_SENTENCE_SIZE];
	unsigned int patience = 0;
	struct ledger_key link;

	f->job.operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_SET);
	f->job.op.scope = f->job.scope;
	f->job.holder = holder;
	f->job.any_owner = true;
	f->job.began_us = 100;
	f->job.called_us = 300;
	key_of_name(op_scope_inode(f->job.scope), "va", &link);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct undo_log log = { .keeps = true }, read = { 0 };

		free(shell("ip link set va mtu 1500"));
		ledger_take(f->server.ledger, &link);
		assert_int_equal(ledger_put(f->server.ledger, &other, cases[i].made, &link, 1, NULL, NULL), 0);
		f->job.undo = &log;
		assert_int_equal(transaction_keep_undo(&f->job.op, HYCAN_OPERATION_LINK_SET, &request, false), 0);
		f->job.undo = NULL;
		ledger_take(f->server.ledger, &link);
		assert_int_equal(ledger_put(f->server.ledger, &other, cases[i].by_now, &link, 1, NULL, NULL), 0);
		/* as the next daemon reads it, too */
		assert_int_equal(undo_log_append(&read, buffer_first(&log.frames), buffer_used(&log.frames)), 0);
		assert_int_equal(undo_frame(&f->job, f->job.scope, &holder, &read, &cause, &patience, sentence), cases[i].expected);
		assert_true(has_mtu(cases[i].expected == 0 ? "1400" : "1500"));
		undo_log_release(&read);
		undo_log_release(&log);
	}
	ledger_take(f->server.ledger, &link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_what_was_made, begin, end),
		cmocka_unit_test_setup_teardown(takes_nat, begin, end),
		cmocka_unit_test_setup_teardown(takes_links, begin, end),
		cmocka_unit_test_setup_teardown(leaves_the_job_alone, begin, end),
		cmocka_unit_test_setup_teardown(knows_what_it_is_about, begin, end),
		cmocka_unit_test_setup_teardown(puts_back_what_came_meanwhile, begin, end),
	};

	return cmocka_run_group_tests_name("undo", tests, NULL, NULL);
}
