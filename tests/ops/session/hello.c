/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.hello: the library says it for every connection; here it is said by hand. */
#include <string.h>

#include "raw.h"
#include "world.h"

enum { TYPE_HELLO = 0x0101 };

static struct raw_frame frame;

static struct raw_answer hello(struct raw *raw, uint32_t version, const char *client)
{
	raw_begin(raw, &frame, TYPE_HELLO);
	raw_put(&frame, 1, &version, sizeof(version));
	if (client)
		raw_put(&frame, 2, client, strlen(client) + 1);
	return raw_ask(raw, &frame);
}

static void test_hello(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_connect(w->socket);

	assert_int_equal(hello(&raw, HYCAN_PROTOCOL_VERSION, "a test").type, TYPE_HELLO);
	/* again: nothing changes */
	assert_int_equal(hello(&raw, HYCAN_PROTOCOL_VERSION, NULL).type, TYPE_HELLO);
	raw_assert_alive(&raw);
	raw_close(&raw);
}

static void test_other_versions(void **state)
{
	static const uint32_t versions[] = { 0, HYCAN_PROTOCOL_VERSION + 1, UINT32_MAX };
	struct world *w = *state;
	struct raw raw = raw_connect(w->socket);

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		struct raw_answer answer = hello(&raw, versions[i], NULL);

		assert_int_equal(answer.refusal, HYCAN_REFUSAL_VERSION);
		assert_string_equal(answer.field, "version");
		assert_contains(answer.sentence, "update the older one");
	}
	assert_int_equal(hello(&raw, HYCAN_PROTOCOL_VERSION, NULL).type, TYPE_HELLO);
	raw_assert_alive(&raw);
	raw_close(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hello, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_other_versions, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("session.hello", tests, NULL, NULL);
}
