/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links of CAN controllers (drivers/net/can/dev/netlink.c). */
#ifndef KERNEL_CAN_H
#define KERNEL_CAN_H

#include <linux/can/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/* A controller: its link, with what it is set to, and what it can be set to. */
struct kernel_can {
	struct hycan_link link;
	uint32_t modes;           /* CAN_CTRLMODE_* that are on */
	uint32_t modes_supported; /* those that can be; all of them where the kernel does not tell */
	bool has_limits;          /* of the bit timing; a controller with a list of bit rates has none */
	struct can_bittiming_const limits;
	bool has_data_limits;
	struct can_bittiming_const data_limits;
};

/* Reads a controller. -ENODEV: there is no link of that name. -EOPNOTSUPP: it is not that of a CAN controller. */
int kernel_can_get(struct kernel_scope *scope, const char *name, struct kernel_can *ret_can);

/* The first mode among the wanted ones that the controller cannot have, as the schema names it; or NULL. */
const char *kernel_can_unsupported(const struct kernel_can *can, const struct hycan_can_set_options *wanted);

/*
 * Sets what wanted gives and the controller, as it was just read, does not have yet: all or nothing. Nothing is sent where
 * nothing differs. A link that is up is taken down for it; up: it is up afterwards, whatever comes of it. CAN FD needs both bit
 * rates, wanted or there. Whose answer was lost is to be asked for once more.
 */
int kernel_can_set(struct kernel_scope *scope, const struct kernel_can *can, const struct hycan_can_set_options *wanted, bool up);

/* Takes back such a change: the controller was as it was read then. */
void kernel_can_take_back(struct kernel_scope *scope, const struct kernel_can *can, const struct hycan_can_set_options *wanted,
                          bool up);

/* Restarts a controller that is in bus-off. */
int kernel_can_restart(struct kernel_scope *scope, const char *name);

#endif
