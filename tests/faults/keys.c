/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon is killed inside a request with keys, which takes several messages to the kernel: at each message and at each
 * record of the ledger in turn.
 *
 * The next daemon does not know the keys, since they are not in the ledger's file, where this test looks for them. Each
 * peer must be as it was or as it was asked for, whole; the ledger must have those that are there; and the same request
 * once more must come to its end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan.h"
#include "world.h"

/* Peers by their numbers; a message has 64 at most. */
#define CHANGED  50 /* get another key and other addresses */
#define KEYLESS  60 /* have no key, and get a keepalive */
#define ADDED    75 /* are not there yet */
#define GOING    79 /* are there, and not wanted any more */
#define STRANGER 81 /* are there, nobody made them through the daemon, and they get a key */

#define STATE "/run/netns/ledger"

/* More kills than these are a loop that never ends. */
#define POINTS_MAX 300

static const struct world_options options = { .arguments = { "--state", STATE } };
static struct plan *plan;

static struct hycan_key public_key(unsigned int i)
{
	return (struct hycan_key){ .bytes = { [0] = (uint8_t)i, [1] = 1, [31] = 0x42 } };
}

/* A key that is found nowhere by chance. */
static struct hycan_key preshared_key(unsigned int i, bool wanted)
{
	struct hycan_key key;

	for (unsigned int k = 0; k < sizeof(key.bytes); k++)
		key.bytes[k] = (uint8_t)(k * 37 + i * 11 + (wanted ? 101 : 7));
	return key;
}

static const char *text_of(const struct hycan_key *key)
{
	static char text[4][HYCAN_KEY_TEXT_SIZE];
	static unsigned int n;

	n = (n + 1) % 4;
	return hycan_key_format(key, text[n], sizeof(text[n]));
}

/* ------------------------------------------------------------------------------------------------------------ requests */

static struct hycan_prefix address_of(unsigned int i, bool wanted)
{
	return (struct hycan_prefix){ .address = { .family = HYCAN_FAMILY_IPV4, .bytes = { 10, wanted, (uint8_t)i, 0 } },
		                      .length = 24 };
}

static bool is_there(unsigned int i, bool wanted)
{
	if (i >= GOING)
		return true;
	return wanted ? i < ADDED : i < KEYLESS || i >= ADDED;
}

static bool has_key(unsigned int i, bool wanted)
{
	if (i >= GOING)
		return wanted;
	return i < CHANGED || (i >= KEYLESS && i < ADDED);
}

static unsigned int keepalive(unsigned int i, bool wanted)
{
	return wanted && i >= CHANGED && i < KEYLESS ? 25 : 0;
}

static void sync_peers(struct world *w, bool wanted, int expected)
{
	struct hycan_wireguard_peer_config peers[STRANGER];
	struct hycan_prefix prefixes[STRANGER];
	size_t n = 0;
	int r;

	memset(peers, 0, sizeof(peers));
	for (unsigned int i = 0; i < STRANGER; i++) {
		if (!is_there(i, wanted) || (i >= GOING && !wanted))
			continue;
		prefixes[n] = address_of(i, wanted);
		peers[n].public_key = public_key(i);
		peers[n].has_preshared_key = has_key(i, wanted);
		peers[n].preshared_key = preshared_key(i, wanted);
		peers[n].has_persistent_keepalive = true;
		peers[n].persistent_keepalive = (uint16_t)keepalive(i, wanted);
		peers[n].has_allowed_ips = true;
		peers[n].allowed_ips = &prefixes[n];
		peers[n++].n_allowed_ips = 1;
	}
	r = hycan_wireguard_sync(w->h, "wg0", peers, n, NULL);
	if (expected == 0)
		assert_done(w->h, r);
}

/* As before, strangers' peers too. */
static void begin_again(struct world *w)
{
	char command[4096];
	size_t n = 0;

	sync_peers(w, false, 0);
	for (unsigned int i = GOING; i < STRANGER; i++) {
		const struct hycan_key key = public_key(i);

		n += (size_t)snprintf(command + n, sizeof(command) - n, " peer %s allowed-ips 10.0.%u.0/24", text_of(&key), i);
	}
	free(shell("wg set wg0%s", command));
}

/* ------------------------------------------------------------------------------------------------------------- looking */

/* How a peer is shown, as it was or as it is wanted. */
static void describe(unsigned int i, bool wanted, char *text, size_t size)
{
	const struct hycan_key key = preshared_key(i, wanted);

	if (!is_there(i, wanted)) {
		snprintf(text, size, "missing");
		return;
	}
	snprintf(text, size, "%s 10.%u.%u.0/24 %.0u%s", has_key(i, wanted) ? text_of(&key) : "(none)", wanted, i,
	         keepalive(i, wanted), keepalive(i, wanted) ? "" : "off");
}

static void find_peer(char *dump, unsigned int i, char *text, size_t size)
{
	const struct hycan_key key = public_key(i);
	char preshared[64], allowed_ips[64], alive[16];
	const char *line = strstr(dump, text_of(&key));

	snprintf(text, size, "missing");
	if (!line)
		return;
	assert_int_equal(sscanf(line, "%*s %63s %*s %63s %*s %*s %*s %15s", preshared, allowed_ips, alive), 3);
	snprintf(text, size, "%s %s %s", preshared, allowed_ips, alive);
}

static bool ledger_has(const struct hycan_object *objects, size_t n, unsigned int i)
{
	const struct hycan_key key = public_key(i);

	for (size_t k = 0; k < n; k++)
		if (objects[k].kind == HYCAN_OBJECT_KIND_WIREGUARD_PEER && strstr(objects[k].identity, text_of(&key)))
			return true;
	return false;
}

/* Each peer is as it was or as it is wanted, and in the ledger if the daemon made it and it is there. */
static void check_peers(struct world *w, bool all)
{
	struct hycan_object *objects = NULL;
	char *dump = shell("wg show wg0 dump");
	size_t n = 0;

	assert_done(w->h, hycan_object_list(w->h, NULL, &objects, &n));
	for (unsigned int i = 0; i < STRANGER; i++) {
		char was[160], wanted[160], is[160];

		describe(i, false, was, sizeof(was));
		describe(i, true, wanted, sizeof(wanted));
		find_peer(dump, i, is, sizeof(is));
		if (strcmp(is, wanted) != 0 && (all || strcmp(is, was) != 0))
			fail_msg("peer %u is “%s”, and neither “%s” nor “%s”", i, is, was, wanted);
		assert_int_equal(ledger_has(objects, n, i), i < GOING && strcmp(is, "missing") != 0);
	}
	free(objects);
	free(dump);
}

/* The ledger's file has no key in it. */
static void check_file(void)
{
	static uint8_t bytes[1 << 23];
	FILE *file = fopen(STATE, "re");
	size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	assert_in_range(n, 1, sizeof(bytes) - 1);
	fclose(file);
	for (unsigned int i = 0; i < STRANGER; i++)
		for (int wanted = 0; wanted < 2; wanted++) {
			const struct hycan_key key = preshared_key(i, wanted);

			assert_null(memmem(bytes, n, key.bytes, 16));
			assert_null(memmem(bytes, n, key.bytes + 16, 16));
		}
}

/* The daemon is killed at a place of that number. False: there is none. */
static bool try_point(struct world *w, uint32_t at)
{
	begin_again(w);
	plan_arm(plan, FAULT_KILL, PARTY_REQUEST, at);
	sync_peers(w, true, 1);
	plan->armed = false;
	if (!plan->fired)
		return false;
	hycan_close(w->h);
	w->h = NULL;
	assert_true(waitpid(w->daemon, NULL, 0) == w->daemon);
	w->daemon = 0;
	check_file();
	world_start_daemon(w, &options);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	check_peers(w, false);
	sync_peers(w, true, 0);
	check_peers(w, true);
	return true;
}

static void peers_are_whole(void **state)
{
	struct world *w;
	uint32_t at = 1;

	(void)state;
	need_kind("wireguard");
	need_command("wg");
	w = world_start(&options);
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	while (at < POINTS_MAX && try_point(w, at)) {
		print_message("killed at place %u\n", at);
		at++;
	}
	assert_true(at < POINTS_MAX);
	print_message("killed at %u places\n", at - 1);
	assert_int_equal(world_end((void **)&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(peers_are_whole) };

	setenv("HYCAN_DAEMON", FAULTS_DAEMON, 1);
	plan = plan_open();
	return cmocka_run_group_tests_name("faults.keys", tests, NULL, NULL);
}
