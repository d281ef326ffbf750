/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mtu of virtual CAN links. */
#ifndef OPS_CAN_MTU_H
#define OPS_CAN_MTU_H

#include "op.h"

/*
 * Refuses an mtu that is that of no CAN frame. The kernel refuses it as well when a link is changed, but not when one is
 * created.
 */
int op_check_can_mtu(struct op *op, bool has_mtu, uint32_t mtu);

#endif
