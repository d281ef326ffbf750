/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ledger has, as object.list tells. */
#ifndef SUPPORT_OBJECTS_H
#define SUPPORT_OBJECTS_H

#include "world.h"

/* How many there are. */
size_t objects_count(struct hycan *h);

/* There are so many of a kind, of which so many are not confirmed yet. */
void objects_expect(struct hycan *h, enum hycan_object_kind kind, size_t n_expected, size_t unconfirmed);

/* Waits until there are so many; the test fails when that takes too long. */
void objects_wait(struct hycan *h, size_t n);

/* A line each, “KIND IDENTITY”; with options NULL all of them: free() it. */
char *objects_text(struct hycan *h, const struct hycan_object_list_options *options);

#endif
