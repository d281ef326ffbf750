/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public keys of WireGuard: as RFC 7748 has them, as another implementation has them, and as wg(8) has them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/random.h>

#include "curve25519.h"
#include "text.h"
#include "wireguard.h"
#include "world.h"

static struct hycan_key from_hex(const char *hex)
{
	struct hycan_key key = { 0 };

	for (size_t i = 0; i < sizeof(key.bytes); i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &key.bytes[i]), 1);
	return key;
}

static void assert_public_key(const struct hycan_key *private_key, const char *hex)
{
	const struct hycan_key expected = from_hex(hex);
	struct hycan_key is;

	curve25519_public_key(private_key, &is);
	assert_memory_equal(is.bytes, expected.bytes, sizeof(is.bytes));
}

/* RFC 7748, section 6.1; and the first one of section 5.2, of the number 9. */
static void test_known(void **state)
{
	const struct hycan_key alice = from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	const struct hycan_key bob = from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	const struct hycan_key nine = { .bytes = { 9 } };

	(void)state;
	assert_public_key(&alice, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	assert_public_key(&bob, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	assert_public_key(&nine, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
}

/* The bits that are set and cleared in each key do not matter. */
static void test_clamped(void **state)
{
	struct hycan_key key, clamped;

	(void)state;
	memset(&key, 0xff, sizeof(key));
	clamped = kernel_wireguard_clamp(&key);
	assert_public_key(&key, "847c0d2c375234f365e660955187a3735a0f7613d1609d3a6a4d8c53aeaa5a22");
	assert_public_key(&clamped, "847c0d2c375234f365e660955187a3735a0f7613d1609d3a6a4d8c53aeaa5a22");
}

/* Each key is the public key of the one before, from 9 on: the hundredth of them, as OpenSSL has it. */
static void test_chain(void **state)
{
	struct hycan_key key = { .bytes = { 9 } };

	(void)state;
	for (int i = 0; i < 99; i++)
		curve25519_public_key(&key, &key);
	assert_public_key(&key, "2c8ee85243bc86f5c1c00587b327e237a727e15d13c570418f7573c0df19ed6f");
}

static void test_random(void **state)
{
	struct hycan_key key, is;
	char text[HYCAN_KEY_TEXT_SIZE];
	char *expected;

	(void)state;
	need_command("wg");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(getrandom(&key, sizeof(key), 0), sizeof(key));
		expected = shell("echo %s | wg pubkey | tr -d '\\n'", hycan_key_format(&key, text, sizeof(text)));
		curve25519_public_key(&key, &is);
		assert_string_equal(hycan_key_format(&is, text, sizeof(text)), expected);
		free(expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_clamped),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
