/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzzer of the ledger's file begins with: files that a ledger of today has written.
 *
 *     ledger_seeds FOLDER
 *
 * Each story is told to a ledger that is kept in a file, and what stands behind the file's head becomes a seed: so seeds are
 * never of a format that nobody reads any more. Each must be read again without a complaint.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"
#include "ledger.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

/* Of the file's head. */
#define HEAD 64

static void must(bool so, const char *what)
{
	if (so)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

/* A key, of an identity as the daemon makes it: each part with a byte in front that says that it is there. */
static struct ledger_key key_of_bytes(enum hycan_object_kind kind, const char *identity, size_t size)
{
	struct ledger_key k = { .netns = 4026531840, .kind = kind, .size = (uint8_t)size };

	memcpy(k.identity, identity, size);
	must(key_is_whole(&k), "a key");
	return k;
}

#define key(kind, text) key_of_bytes(HYCAN_OBJECT_KIND_##kind, text, sizeof(text) - 1)

#define NAME(name)  "\1" name "\0"
#define ABSENT      "\0"
#define TEN(length) "\1\2\12\0\0\0" length
#define ADDRESS     "\1\2\12\0\0\1\30"
#define TABLE       "\1\376\0\0\0"
#define PUBLIC_KEY  "\1-- a public key of 32 characters"
#define TCP         "\1\6\0\0\0"
#define PORT        "\1\120\0\120\0"
#define IPV4        "\1\2\0\0\0"
#define PRIORITY    "\1\115\0\0\0"
#define ABSENT_5    ABSENT ABSENT ABSENT ABSENT ABSENT

/* User 1000 for good, a connection of his, and a lease of another one's. */
static const struct ledger_holder alice = { .subject = 1000, .lifetime = HYCAN_LIFETIME_PERMANENT };
static const struct ledger_holder alice_here = { .subject = 1000, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 77 };
static const struct ledger_holder bob_leases = { .subject = 1001, .lifetime = HYCAN_LIFETIME_LEASE, .session = 78, .seconds = 60 };

static void put(struct ledger *l, const struct ledger_holder *holder, struct ledger_key k, const struct ledger_key *on)
{
	must(ledger_put(l, holder, 5000000, &k, 1, on, NULL) == 0, "put");
}

static void tell_links(struct ledger *l)
{
	const struct ledger_key a = key(LINK, NAME("a")), pair[] = { key(LINK, NAME("b")), a };

	put(l, &alice, a, NULL);
	put(l, &alice, key(ADDRESS, NAME("a") ADDRESS), &a);
	put(l, &alice, key(ROUTE, TEN("\10") ABSENT TABLE), &a);
	must(ledger_put(l, &alice, 6000000, pair, 2, NULL, NULL) == 0, "pair");
	ledger_take(l, &pair[0]);
}

static void tell_holders(struct ledger *l)
{
	const struct ledger_key a = key(LINK, NAME("a")), rule = key(RULE, IPV4 PRIORITY ABSENT_5 ABSENT_5 ABSENT_5 ABSENT_5);

	put(l, &alice, a, NULL);
	put(l, &alice_here, rule, NULL);
	must(ledger_hold(l, &bob_leases, 5000000, &a, 1, NULL, ledger_stamp(l)) == 0, "hold");
	must(ledger_hold(l, &alice, 5000000, &rule, 1, NULL, ledger_stamp(l)) == 0, "hold");
	ledger_renew(l, bob_leases.session, 6000000);
	ledger_adopt(l, bob_leases.session, 79);
	(void)ledger_let_go(l, &a, &alice, false, l);
	ledger_cancel(l, l);
}

static void tell_renaming(struct ledger *l)
{
	const struct ledger_key a = key(LINK, NAME("a")), b = key(LINK, NAME("b"));

	put(l, &alice, a, NULL);
	put(l, &alice, key(ADDRESS, NAME("a") ADDRESS), &a);
	put(l, &alice, key(WIREGUARD_PEER, NAME("a") PUBLIC_KEY), &a);
	must(ledger_rename(l, &a, &b, 1u << HYCAN_OBJECT_KIND_ADDRESS, 0) == 0, "rename");
	put(l, &alice, a, NULL);
	ledger_take_on(l, &b, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 0, 0);
}

static void tell_requests(struct ledger *l)
{
	const struct ledger_bytes parts[] = { { .bytes = "the head", .size = 8 }, { .bytes = "and a request", .size = 13 } };
	unsigned int number, another;

	must(ledger_begin(l, parts, 2, 1, false, &number) == 0, "begin");
	must(ledger_begin(l, parts, 1, 0, false, &another) == 0, "begin");
	must(ledger_note(l, number, parts, 2, 0, false) == 0, "note");
	must(ledger_note(l, number, &parts[1], 1, 1, false) == 0, "note");
	put(l, &alice, key(MASQUERADE, TEN("\10") ABSENT), NULL);
	ledger_commit(l, another);
}

static void tell_sessions(struct ledger *l)
{
	must(ledger_keep_session(l, 77, "a session", 9) == 0, "session");
	must(ledger_keep_session(l, 78, "another one", 11) == 0, "session");
	put(l, &alice_here, key(PORT, TCP PORT ABSENT), NULL);
	ledger_forget_session(l, 78);
}

static void tell_namespaces(struct ledger *l)
{
	const struct ledger_key a = key(LINK, NAME("a"));

	must(ledger_know_namespace(l, a.netns, 4097) == 0, "namespace");
	put(l, &alice, a, NULL);
	put(l, &alice, key(ADDRESS, NAME("a") ADDRESS), &a);
	ledger_end_namespace(l, a.netns, NULL, NULL);
	must(ledger_know_namespace(l, a.netns, 4098) == 0, "namespace");
	put(l, &alice_here, a, NULL);
}

static const struct {
	const char *name;
	void (*tell)(struct ledger *ledger);
} stories[] = {
	{ "links", tell_links },       { "holders", tell_holders },   { "renamed", tell_renaming },
	{ "requests", tell_requests }, { "sessions", tell_sessions }, { "namespaces", tell_namespaces },
};

static struct ledger *keep(const char *path)
{
	struct ledger *ledger = NULL;
	bool broken = false;

	must(ledger_open(&ledger) == 0, path);
	ledger_on_read(ledger, key_is_whole);
	must(ledger_keep(ledger, path, &broken) == 0 && !broken, path);
	return ledger;
}

/* The records, which end where none follows. */
static size_t records(const uint8_t *bytes, size_t size)
{
	size_t at = 0;
	uint32_t step;

	while (at + 8 <= size) {
		memcpy(&step, bytes + at, sizeof(step));
		if (step == 0)
			break;
		at += (step + 7) & ~(size_t)7;
	}
	return at;
}

static void write_seed(const char *folder, const char *name, const char *path)
{
	static uint8_t bytes[1 << 23];
	char to[4096];
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	must(n > HEAD && n < sizeof(bytes), path);
	fclose(file);
	n = records(bytes + HEAD, n - HEAD);
	snprintf(to, sizeof(to), "%s/%s", folder, name);
	file = fopen(to, "we");
	must(file && fwrite(bytes + HEAD, 1, n, file) == n && fclose(file) == 0, to);
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/hycan-seeds-XXXXXX", path[64];

	if (argc != 2 || !mkdtemp(directory))
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "%s/ledger", directory);
	for (size_t i = 0; i < N(stories); i++) {
		struct ledger *ledger = keep(path);

		stories[i].tell(ledger);
		write_seed(argv[1], stories[i].name, path);
		ledger_free(&ledger);
		/* it is one that the next daemon reads */
		ledger = keep(path);
		must(ledger_count(ledger) > 0, stories[i].name);
		ledger_free(&ledger);
		unlink(path);
	}
	return rmdir(directory) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
