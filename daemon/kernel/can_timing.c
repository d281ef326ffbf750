/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic of CAN bit timing.
 *
 * A bit is a whole number of time quanta, and a quantum a whole number of ticks of the controller's clock. So the kernel
 * sets the nearest bit rate that can be had, and then the nearest sample point that is not late (can_calc_bittiming(),
 * drivers/net/can/dev/calc_bittiming.c), and tells those from then on. Whoever asks again for 300000 bit/s and finds
 * 296296 must know that this is what 300000 became, or the bus would be interrupted for nothing.
 *
 * What this file does not do: choose the timing; the kernel does.
 */
#include "can_timing.h"

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* How near one can come to a bit rate with bits of that many quanta; UINT32_MAX for not at all. */
static uint32_t bitrate_error(const struct can_bittiming_const *limits, uint32_t clock, uint32_t quanta, uint32_t bitrate)
{
	uint64_t exact = clock / ((uint64_t)quanta * bitrate);
	uint32_t best = UINT32_MAX;

	for (uint64_t brp = exact; brp <= exact + 1; brp++) {
		uint64_t possible = brp - brp % limits->brp_inc;
		uint32_t error;

		if (possible == 0 || possible < limits->brp_min || possible > limits->brp_max)
			continue;
		error = distance(bitrate, (uint32_t)(clock / (possible * quanta)));
		if (error < best)
			best = error;
	}
	return best;
}

/* How near one can come to a sample point from below with bits of that many quanta; UINT32_MAX for not at all. */
static uint32_t sample_point_error(const struct can_bittiming_const *limits, uint32_t quanta, uint32_t sample_point)
{
	uint32_t exact = quanta - sample_point * quanta / 1000;
	uint32_t best = UINT32_MAX;

	/* thousandths are cut off when they are told, so the sample may lie a quantum later than they say */
	for (uint32_t later = 0; later <= 1; later++) {
		uint32_t behind = exact - later;
		uint32_t reached;

		if (behind < limits->tseg2_min)
			behind = limits->tseg2_min;
		if (behind > limits->tseg2_max)
			behind = limits->tseg2_max;
		if (quanta - 1 - behind > limits->tseg1_max)
			behind = quanta - 1 - limits->tseg1_max;
		reached = 1000 * (quanta - behind) / quanta;
		if (reached <= sample_point && sample_point - reached < best)
			best = sample_point - reached;
	}
	return best;
}

bool can_timing_fits(const struct hycan_can_bit_timing *timing, const struct can_bittiming_const *limits, uint32_t clock,
                     uint32_t bitrate, uint32_t sample_point)
{
	uint32_t best_bitrate = UINT32_MAX, best_sample_point = UINT32_MAX;

	if (timing->bitrate == bitrate && (!sample_point || timing->sample_point == sample_point))
		return true;
	if (!limits || !limits->brp_inc || !bitrate)
		return false;
	for (uint32_t quanta = 1 + limits->tseg1_min + limits->tseg2_min; quanta <= 1 + limits->tseg1_max + limits->tseg2_max;
	     quanta++) {
		uint32_t error = bitrate_error(limits, clock, quanta, bitrate);
		uint32_t point = sample_point ? sample_point_error(limits, quanta, sample_point) : 0;

		if (error > best_bitrate || error == UINT32_MAX || point == UINT32_MAX)
			continue;
		if (error < best_bitrate)
			best_sample_point = UINT32_MAX;
		best_bitrate = error;
		if (point < best_sample_point)
			best_sample_point = point;
	}
	if (distance(timing->bitrate, bitrate) != best_bitrate)
		return false;
	return !sample_point || (timing->sample_point <= sample_point && sample_point - timing->sample_point == best_sample_point);
}
