/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of drift share, for them alone:
 *
 *   drift.c       what is suspected, and reading what there is
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

#endif
