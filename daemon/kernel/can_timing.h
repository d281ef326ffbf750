/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic of CAN bit timing, for the files of this room alone. */
#ifndef KERNEL_CAN_TIMING_H
#define KERNEL_CAN_TIMING_H

#include <linux/can/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <hycan/types.h>

/*
 * Whether a controller that is asked for that bit rate and sample point would stay at the timing it has: because it has
 * them, or because its clock lets it come no nearer. sample_point 0: any. limits NULL: the controller tells none.
 */
bool can_timing_fits(const struct hycan_can_bit_timing *timing, const struct can_bittiming_const *limits, uint32_t clock,
                     uint32_t bitrate, uint32_t sample_point);

#endif
