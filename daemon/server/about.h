/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server does for the operations that are about the server itself. */
#ifndef SERVER_ABOUT_H
#define SERVER_ABOUT_H

#include <stdint.h>

#include "op.h"

extern const struct op_server about_server;

struct hycan_event_cause;
struct hycan_object;
struct ledger_object;

/* An object of the ledger, as users see it. */
void about_object(const struct ledger_object *object, uint64_t now_us, struct hycan_object *ret_object);

/* Who owns it, as users see it; and whose request a cause is. */
void about_owner(uint64_t subject, struct hycan_object *item);
void about_asker(uint64_t subject, struct hycan_event_cause *cause);

#endif
