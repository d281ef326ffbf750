/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world in which the ledger's file has little room. */
#ifndef SUPPORT_FULL_H
#define SUPPORT_FULL_H

#include "world.h"

/* cmocka's setup and teardown. */
int full_begin(void **state);
int full_end(void **state);

/* Where the file is; path has room for 128 bytes. */
void full_path(const struct world *w, char *path);

/* Nothing but the daemon writes there any more: what is left is in the file; and that it may again. */
void full_fill(const struct world *w);
void full_empty(const struct world *w);

#endif
