/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is, as ip, wg and nft show it, one fact a thing or a property of one: “link up0 mtu” is “1500”, “address up0 10.0.0.1/24” is
 * “”. So what a plan says can be carried out in what was seen before, and compared with what is seen behind.
 */
#ifndef SUPPORT_FACTS_H
#define SUPPORT_FACTS_H

#include "world.h"

struct fact {
	char what[256];
	char value[512];
};

struct facts {
	struct fact fact[512];
	size_t n;
};

/* Reads them. Link-local addresses, which come and go by themselves, are none, nor is what links brought along that were made. */
void facts_read(struct facts *facts);

/* Carries out what a plan says; fails where a thing is not as the plan says that it is. */
void facts_apply(struct facts *facts, const struct hycan_transaction_run_reply *plan);

/* Fails unless both are the same, and shows what differs; plan for who reads that. */
void facts_assert_same(const struct facts *expected, const struct facts *is, const char *plan);

#endif
