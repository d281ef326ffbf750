/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of drift share, for them alone:
 *
 *   drift.c       what is suspected, and reading what there is
 *   drift_taker.c who took away what others went with
 *   drift_judge.c what comes of that
 */
#ifndef SERVER_DRIFT_STATE_H
#define SERVER_DRIFT_STATE_H

#include "drift.h"
#include "ledger.h"

/* What could not be read is read again so much later. */
#define RETRY_PATIENCES 5

/* What is on others behind those. */
static const enum hycan_object_kind drift_kinds[] = {
	HYCAN_OBJECT_KIND_LINK,       HYCAN_OBJECT_KIND_WIREGUARD_PEER, HYCAN_OBJECT_KIND_ADDRESS,
	HYCAN_OBJECT_KIND_ROUTE,      HYCAN_OBJECT_KIND_RULE,           HYCAN_OBJECT_KIND_FORWARDING,
	HYCAN_OBJECT_KIND_MASQUERADE, HYCAN_OBJECT_KIND_PORT,           HYCAN_OBJECT_KIND_NETWORK,
};
#define DRIFT_KINDS (sizeof(drift_kinds) / sizeof(*drift_kinds))

/* Something of these kinds is to be looked at, at that time or before. */
void drift_suspect_at(struct drift *d, uint32_t kinds, uint64_t at_us);

/* What of a kind the look under way is about. */
struct ledger_sight drift_sight(const struct drift *d, enum hycan_object_kind kind);

/* What is gone and what was changed is reported, or is to be repaired. */
void drift_judge(struct drift *d, bool *ret_repair);

/* Something was heard: whether it may have taken routes along. And something of a kind has gone that the ledger has. */
bool drift_taker_hear(struct drift *d, const struct hycan_event *event);
void drift_taker_gone(struct drift *d, enum hycan_object_kind kind, const struct hycan_event_cause *cause);

/* Routes that may have gone along with what was heard are suspected from now on, or nobody has any. */
void drift_taker_unheard(struct drift *d, bool suspected);

/* A look begins that is about these kinds. */
void drift_taker_begin(struct drift *d, uint32_t kinds);

/* A look at a kind is over without any of that kind in the ledger. */
void drift_taker_forget(struct drift *d, enum hycan_object_kind kind);

/* And with some: whether what it lacks went with what a request, or one of several, or the daemon took away. */
bool drift_taker_end(struct drift *d, enum hycan_object_kind kind, struct hycan_event_cause *ret_cause);

#endif
