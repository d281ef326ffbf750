/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one request leaves in the daemon's memory: nothing that the next one could find, and no keys.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "raw.h"
#include "world.h"

enum {
	TYPE_LINK_GET = 0x0302,
	TYPE_WIREGUARD_SET = 0x0902,
	TYPE_WIREGUARD_PEER_SET = 0x0904,
	TYPE_WIREGUARD_SYNC = 0x0906,
	TYPE_NONE = 0x7902,
};

#define KEY_SIZE 32

static struct raw_frame frame;

/* A request that is refused unread must not be taken for what the one before it had in its place. */
static void test_refused_before_it_is_decoded(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket), stranger = raw_connect(w->socket);
	/* where wireguard.sync has its list of peers, wireguard.peer_set has a key: an address and a number */
	const uint64_t key[KEY_SIZE / 8] = { 0x1234000, 5 };

	raw_begin(&raw, &frame, TYPE_WIREGUARD_PEER_SET);
	raw_put(&frame, 1, "wg0", 4);
	raw_put(&frame, 2, key, sizeof(key));
	(void)raw_ask(&raw, &frame);
	raw_begin(&stranger, &frame, TYPE_WIREGUARD_SYNC);
	raw_put(&frame, 1, "wg0", 4);
	assert_int_equal(raw_ask(&stranger, &frame).refusal, HYCAN_REFUSAL_HELLO_FIRST);
	raw_assert_alive(&raw);
	raw_close(&stranger);
	raw_close(&raw);
}

/* How often the bytes are found in the daemon's memory; its reserved address space is not read. */
static size_t count_in_memory(const struct world *w, const uint8_t *bytes, size_t size)
{
	char path[64], line[512];
	static uint8_t part[1 << 20];
	size_t found = 0;
	FILE *maps;
	int memory;

	snprintf(path, sizeof(path), "/proc/%d/maps", w->daemon);
	maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%d/mem", w->daemon);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long begin, end;

		assert_int_equal(sscanf(line, "%lx-%lx rw", &begin, &end), 2);
		/* the sanitizer's shadow is terabytes of nothing */
		if (!strstr(line, " rw") || end - begin > 1ul << 30)
			continue;
		for (unsigned long at = begin; at < end; at += sizeof(part) - size) {
			ssize_t n = pread(memory, part, end - at < sizeof(part) ? end - at : sizeof(part), (off_t)at);
			const uint8_t *p = part;

			while (n > 0 && (p = memmem(p, (size_t)(part + n - p), bytes, size))) {
				found++;
				p++;
			}
			if (end - at < sizeof(part))
				break;
		}
	}
	close(memory);
	fclose(maps);
	return found;
}

static const uint8_t *new_key(void)
{
	static uint8_t key[KEY_SIZE];
	int random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	assert_int_equal(read(random, key, sizeof(key)), sizeof(key));
	close(random);
	return key;
}

static const uint8_t *set_frame(struct raw *raw, uint16_t type)
{
	const uint8_t *key = new_key();

	raw_begin(raw, &frame, type);
	raw_put(&frame, 1, "wg0", 4);
	raw_put(&frame, 2, key, KEY_SIZE);
	return key;
}

/*
 * In two pieces; while the second one is missing the first is somewhere, and so this test can see. False: that took so long that the
 * daemon may not have waited for it.
 */
static bool is_wiped_of_two_pieces(struct world *w)
{
	struct raw raw = raw_open(w->socket), stranger;
	const uint8_t *key = set_frame(&raw, TYPE_WIREGUARD_SET);
	const int64_t begun_ms = now_ms();
	struct raw_answer answer;
	bool in_time;

	raw_send(&raw, frame.bytes, frame.size - 4);
	stranger = raw_open(w->socket);
	assert_true(count_in_memory(w, key, KEY_SIZE - 4) > 0);
	in_time = now_ms() - begun_ms < 5000;
	if (in_time) {
		raw_send(&raw, frame.bytes + frame.size - 4, 4);
		assert_true(raw_read(&raw, &answer));
		assert_int_equal(count_in_memory(w, key, KEY_SIZE - 4), 0);
	}
	raw_close(&stranger);
	raw_close(&raw);
	return in_time;
}

static void test_keys_are_wiped(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket), stranger;
	const uint8_t *key;

	key = set_frame(&raw, TYPE_WIREGUARD_SET);
	(void)raw_ask(&raw, &frame);
	assert_int_equal(count_in_memory(w, key, KEY_SIZE), 0);

	while (!is_wiped_of_two_pieces(w))
		;

	/* half of it, and no more */
	stranger = raw_open(w->socket);
	key = set_frame(&stranger, TYPE_WIREGUARD_SET);
	raw_send(&stranger, frame.bytes, frame.size - 4);
	raw_assert_alive(&raw);
	raw_close(&stranger);
	stranger = raw_open(w->socket);
	raw_assert_alive(&stranger);
	assert_int_equal(count_in_memory(w, key, KEY_SIZE - 4), 0);
	raw_close(&stranger);

	/* refused: too early, with something unknown behind it, too long */
	stranger = raw_connect(w->socket);
	key = set_frame(&stranger, TYPE_WIREGUARD_SET);
	assert_int_equal(raw_ask(&stranger, &frame).refusal, HYCAN_REFUSAL_HELLO_FIRST);
	assert_int_equal(count_in_memory(w, key, KEY_SIZE), 0);
	raw_close(&stranger);
	key = set_frame(&raw, TYPE_WIREGUARD_SET);
	raw_put(&frame, 99, "", 1);
	assert_int_equal(raw_ask(&raw, &frame).refusal, HYCAN_REFUSAL_UNKNOWN);
	assert_int_equal(count_in_memory(w, key, KEY_SIZE), 0);
	key = set_frame(&raw, TYPE_NONE);
	assert_int_equal(raw_ask(&raw, &frame).refusal, HYCAN_REFUSAL_UNKNOWN);
	assert_int_equal(count_in_memory(w, key, KEY_SIZE), 0);
	raw_close(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused_before_it_is_decoded, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_keys_are_wiped, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("residue", tests, NULL, NULL);
}
