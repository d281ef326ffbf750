/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is promised of everything that the daemon makes, tried with each kind of it: it goes with its connection and with its
 * lease, is adopted and stated again without a word of the kernel, stays for whoever else holds it, goes when it is not stated
 * or when everything is cleared, and has a quota of its own. Behind each going, ip, wg, nft and the names show what they showed
 * before.
 *
 * A kind of the schema that is not tried makes the test red.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "kinds.h"
#include "objects.h"
#include "view.h"

/* ------------------------------------------------------------------------------------------------------ what there is */

/* What the kernel shows, and who tells which names; settled, so that nothing more comes by itself. */
struct sight {
	char *kernel;
	char *names;
};

static char *names_text(struct hycan *h)
{
	struct hycan_dns_state *states = NULL;
	char *text = NULL, address[HYCAN_ADDRESS_TEXT_SIZE];
	size_t n = 0, size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	if (hycan_dns_list(h, NULL, &states, &n) == 0)
		for (size_t i = 0; i < n; i++) {
			fprintf(file, "%u %s %d", states[i].vlan_id, states[i].link, states[i].pid);
			for (size_t k = 0; k < states[i].n_hosts; k++) {
				const struct hycan_dns_host *host = &states[i].hosts[k];

				fprintf(file, " %s", host->name);
				for (size_t a = 0; a < host->n_addresses; a++)
					fprintf(file, "=%s", hycan_address_format(&host->addresses[a], address, sizeof(address)));
			}
			fputc('\n', file);
		}
	free(states);
	assert_int_equal(fclose(file), 0);
	return text;
}

static struct sight look(struct world *w)
{
	view_settle();
	return (struct sight){ .kernel = view_everything(), .names = names_text(w->h) };
}

static void forget(struct sight *s)
{
	free(s->kernel);
	free(s->names);
}

static void assert_as(struct world *w, const struct sight *before)
{
	char *names = names_text(w->h);

	view_settle();
	view_assert_same(w, before->kernel);
	assert_string_equal(names, before->names);
	free(names);
}

static void assert_otherwise(struct world *w, const struct sight *before)
{
	struct sight now = look(w);

	assert_true(strcmp(now.kernel, before->kernel) != 0 || strcmp(now.names, before->names) != 0);
	forget(&now);
}

/* Hears what the kernel announces of all that the daemon may change, but for WireGuard, of which it announces nothing. */
struct ears {
	int route;
	int table;
};

static int hear(int protocol, const int *groups, size_t n)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])), 0);
	return fd;
}

static struct ears listen_to_kernel(void)
{
	static const int route[] = { RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR,
		                     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV4_RULE,
		                     RTNLGRP_IPV6_RULE,  RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF },
			 table[] = { NFNLGRP_NFTABLES };

	return (struct ears){ .route = hear(NETLINK_ROUTE, route, sizeof(route) / sizeof(*route)),
		              .table = hear(NETLINK_NETFILTER, table, 1) };
}

static void assert_silence(const struct ears *ears)
{
	assert_int_equal(announcements_count(ears->route), 0);
	assert_int_equal(announcements_count(ears->table), 0);
}

static void stop_listening(struct ears *ears)
{
	close(ears->route);
	close(ears->table);
}

/* How many things the ledger has of a kind. */
static size_t count_of(struct hycan *h, enum hycan_object_kind kind)
{
	const struct hycan_object_list_options options = { .has_kind = true, .kind = kind };
	struct hycan_object *list = NULL;
	size_t n = 0;

	assert_done(h, hycan_object_list(h, &options, &list, &n));
	free(list);
	return n;
}

/* ------------------------------------------------------------------------------------------------------------- promises */

struct trial {
	struct world *w;
	const struct kind *kind;
	size_t others;       /* what the ledger has without it */
	struct sight before; /* what there is without it */
};

static void assert_gone(const struct trial *t)
{
	objects_wait(t->w->h, t->others);
	assert_as(t->w, &t->before);
}

static void goes_with_its_connection(const struct trial *t)
{
	struct hycan *h = client_open(t->w);

	client_hold_while_connected(h, 0);
	assert_done(h, t->kind->make(h));
	assert_int_equal(objects_count(t->w->h), t->others + t->kind->n);
	assert_otherwise(t->w, &t->before);
	hycan_close(h);
	assert_gone(t);
}

static void goes_with_its_lease(const struct trial *t)
{
	struct hycan *h = client_open(t->w);

	client_hold_lease(h, 3600);
	assert_done(h, t->kind->make(h));
	assert_int_equal(objects_count(t->w->h), t->others + t->kind->n);
	/* asked for again, it lasts as long as that says */
	client_hold_lease(h, 1);
	assert_done(h, t->kind->make(h));
	assert_gone(t);
	hycan_close(h);
}

/* Whoever held it is gone and comes back; then asks for it once more, and says that this is all. */
static void never_flickers(const struct trial *t)
{
	struct hycan *h = client_open(t->w), *other;
	uint32_t n = 0;
	char token[33];
	struct sight with;
	struct ears ears;

	client_hold_while_connected(h, 3600);
	assert_done(h, t->kind->make(h));
	snprintf(token, sizeof(token), "%s", hycan_token(h));
	with = look(t->w);
	ears = listen_to_kernel();
	hycan_close(h);
	h = client_open(t->w);
	assert_done(h, hycan_session_adopt(h, token, &n));
	assert_int_equal(n, t->kind->n);
	assert_done(h, t->kind->make(h));
	assert_silence(&ears);
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, t->kind->make(h));
	assert_done(h, hycan_object_replace_end(h, &n));
	assert_int_equal(n, 0);
	assert_silence(&ears);
	/* held by another one, too, it stays when the first lets go */
	other = client_open(t->w);
	client_hold_while_connected(other, 0);
	assert_done(other, t->kind->make(other));
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, hycan_object_replace_end(h, &n));
	assert_int_equal(n, t->kind->n);
	hycan_close(h);
	assert_int_equal(objects_count(t->w->h), t->others + t->kind->n);
	assert_silence(&ears);
	assert_as(t->w, &with);
	stop_listening(&ears);
	forget(&with);
	hycan_close(other);
	assert_gone(t);
}

static void goes_when_it_is_not_stated(const struct trial *t)
{
	const struct hycan_object_replace_begin_options of_kind = { .has_kind = true, .kind = t->kind->kind };
	struct hycan *h = client_open(t->w);
	size_t of = count_of(t->w->h, t->kind->kind);
	uint32_t n = 0;

	client_hold_while_connected(h, 0);
	assert_done(h, t->kind->make(h));
	of = count_of(t->w->h, t->kind->kind) - of;
	assert_true(of > 0);
	/* of that kind alone first, and then of all */
	assert_done(h, hycan_object_replace_begin(h, &of_kind));
	assert_done(h, hycan_object_replace_end(h, &n));
	assert_true(n >= of);
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, hycan_object_replace_end(h, &n));
	assert_gone(t);
	hycan_close(h);
}

/* The daemon is asked to read a policy with these quotas. */
static void set_quotas(struct world *w, const char *quotas)
{
	static const char done[] = "policy was read again";

	char *before = shell("grep -c '%s' %s || true", done, w->log);

	free(shell("printf 'allow root all\\n%%s\\n' '%s' > %s/policy.conf; kill -HUP %d", quotas, w->directory, w->daemon));
	shell_until(60, "[ $(grep -c '%s' %s) -gt %lu ]", done, w->log, strtoul(before, NULL, 10));
	free(before);
}

static void has_a_quota(const struct trial *t)
{
	const char *kind = object_kind_name(t->kind->kind);
	char quota[96], word[64];

	snprintf(word, sizeof(word), "objects.%s=%zu", kind, count_of(t->w->h, t->kind->kind));
	snprintf(quota, sizeof(quota), "quota root %s", word);
	set_quotas(t->w, quota);
	assert_refused(t->w->h, t->kind->make(t->w->h), HYCAN_REFUSAL_LIMIT);
	assert_contains(hycan_error_message(t->w->h), word);
	assert_contains(hycan_error_message(t->w->h), "policy.conf:2");
	assert_gone(t);
	set_quotas(t->w, "# none");
}

/* All that it stands on goes, too. */
static void goes_when_all_is_cleared(const struct trial *t, const struct sight *nothing)
{
	struct hycan_object_clear_reply *reply = NULL;
	size_t n;

	assert_done(t->w->h, t->kind->make(t->w->h));
	n = objects_count(t->w->h);
	assert_done(t->w->h, hycan_object_clear(t->w->h, NULL, &reply));
	assert_int_equal(reply->removed, n);
	assert_int_equal(reply->failed, 0);
	free(reply);
	assert_int_equal(objects_count(t->w->h), 0);
	assert_as(t->w, nothing);
}

static void try_kind(struct world *w, enum hycan_object_kind kind)
{
	struct trial t = { .w = w, .kind = kind_of(kind) };
	struct sight nothing;

	t.kind->lay();
	nothing = look(w);
	if (t.kind->stand)
		assert_done(w->h, t.kind->stand(w->h));
	t.others = objects_count(w->h);
	t.before = look(w);
	goes_with_its_connection(&t);
	goes_with_its_lease(&t);
	never_flickers(&t);
	goes_when_it_is_not_stated(&t);
	has_a_quota(&t);
	goes_when_all_is_cleared(&t, &nothing);
	forget(&t.before);
	forget(&nothing);
}

/* ---------------------------------------------------------------------------------------------------------------- tests */

#define TEST(name, KIND)                                                                                                           \
	static void test_##name(void **state)                                                                                      \
	{                                                                                                                          \
		try_kind(*state, HYCAN_OBJECT_KIND_##KIND);                                                                        \
	}

TEST(link, LINK)
TEST(address, ADDRESS)
TEST(route, ROUTE)
TEST(rule, RULE)
TEST(wireguard_peer, WIREGUARD_PEER)
TEST(masquerade, MASQUERADE)
TEST(port, PORT)
TEST(forwarding, FORWARDING)
TEST(network, NETWORK)
TEST(dns, DNS)
TEST(dns_host, DNS_HOST)

/* The schema has no kind that is not tried: each has a test above, and they are numbered without a gap. */
static void test_all(void **state)
{
	(void)state;
	assert_string_equal(object_kind_name((enum hycan_object_kind)(HYCAN_OBJECT_KIND_DNS_HOST + 1)), "?");
}

int main(void)
{
#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(test_##name, world_begin, world_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all), WITH_WORLD(link), WITH_WORLD(address),
		WITH_WORLD(route),          WITH_WORLD(rule), WITH_WORLD(masquerade),
		WITH_WORLD(wireguard_peer), WITH_WORLD(port), WITH_WORLD(forwarding),
		WITH_WORLD(network),        WITH_WORLD(dns),  WITH_WORLD(dns_host),
	};

	return cmocka_run_group_tests_name("every kind", tests, NULL, NULL);
}
