/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of each kind of thing that the daemon makes: for tests of what is promised of all of them. */
#ifndef SUPPORT_KINDS_H
#define SUPPORT_KINDS_H

#include "world.h"

struct kind {
	enum hycan_object_kind kind;
	void (*lay)(void);             /* what strangers have made; skips what this kernel lacks */
	int (*stand)(struct hycan *h); /* what somebody else has asked for, on which it stands; NULL: nothing */
	int (*make)(struct hycan *h);
	size_t n; /* things that the ledger then has more */
};

/* Fails the test where there is none. */
const struct kind *kind_of(enum hycan_object_kind kind);

#endif
