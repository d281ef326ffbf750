/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mtu of virtual CAN links: the size of a frame as programs read it (linux/can.h). */
#include <linux/can.h>

#include "can_mtu.h"

int op_check_can_mtu(struct op *op, bool has_mtu, uint32_t mtu)
{
	if (!has_mtu || mtu == CAN_MTU || mtu == CANFD_MTU)
		return 0;
	return op_refuse(op, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu",
	                 "The mtu of a virtual CAN link is %zu (classical CAN) or %zu (CAN FD), not %u.", CAN_MTU, CANFD_MTU, mtu);
}
