/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways between networks: how one is to what was asked for. */
#ifndef OPS_NETWORK_WAY_H
#define OPS_NETWORK_WAY_H

#include "kernel/network.h"
#include "op.h"

enum network_way_state {
	NETWORK_WAY_AS_ASKED,
	NETWORK_WAY_OPENED,    /* by a stranger */
	NETWORK_WAY_CLOSED,    /* by a stranger */
	NETWORK_WAY_FORGOTTEN, /* it is open as it was asked for, and a stranger took out of the table that it was */
};

/* How a way that was read is to what was asked for: that is in the table, and in the ledger, too, with both networks. */
enum network_way_state network_way_state(struct op *op, const struct kernel_network_way *way);

/* For kernel_network_put(): whether the ledger has a way that is open, and that the table does not know. */
bool network_way_is_remembered(const struct kernel_network_way *way, void *op);

#endif
