/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <hycan/types.h>

#include "op.h"
#include "seal.h"
#include "siphash.h"

/* In the bytes of a key. */
struct sealed {
	uint64_t number[2];
	uint64_t hash;
	uint64_t none;
};

_Static_assert(sizeof(struct sealed) == sizeof(((struct hycan_key *)NULL)->bytes), "a sealed key takes the place of one");

static bool is_none(const struct hycan_key *key)
{
	static const struct hycan_key none;

	return memcmp(key->bytes, none.bytes, sizeof(none.bytes)) == 0;
}

int seal_key(struct hycan_key *key)
{
	struct sealed sealed = { 0 };

	if (is_none(key))
		return 0;
	if (getrandom(sealed.number, sizeof(sealed.number), 0) != sizeof(sealed.number))
		return -EIO;
	sealed.hash = siphash(sealed.number, key->bytes, sizeof(key->bytes));
	memcpy(key->bytes, &sealed, sizeof(sealed));
	return 0;
}

bool seal_fits(const struct op *op, const struct hycan_key *sealed, const struct hycan_key *key)
{
	struct sealed s;

	if (!op->sealed || is_none(sealed) || is_none(key))
		return memcmp(sealed->bytes, key->bytes, sizeof(key->bytes)) == 0;
	memcpy(&s, sealed->bytes, sizeof(s));
	return siphash(s.number, key->bytes, sizeof(key->bytes)) == s.hash;
}
