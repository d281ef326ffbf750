/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of CAN bit timing against what a kernel did.
 *
 * The rows were taken from Linux 6.1 and an SJA1000: what it was asked for, and what it then had. The kernel may choose
 * otherwise one day; what counts is that a wish is recognised in what became of it, and another wish is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "can_timing.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

static const struct can_bittiming_const sja1000 = {
	.tseg1_min = 1,
	.tseg1_max = 16,
	.tseg2_min = 1,
	.tseg2_max = 8,
	.sjw_max = 4,
	.brp_min = 1,
	.brp_max = 64,
	.brp_inc = 1,
};

static const struct {
	uint32_t bitrate;
	uint32_t sample_point; /* 0: none was asked for */
	uint32_t got_bitrate;
	uint32_t got_sample_point;
} rows[] = {
	{ 10000, 777, 10000, 750 },   { 20000, 812, 20000, 812 },   { 33333, 875, 33333, 875 },   { 40000, 950, 40000, 900 },
	{ 62500, 333, 62500, 250 },   { 83333, 600, 83333, 583 },   { 95238, 700, 95238, 666 },   { 100000, 780, 100000, 750 },
	{ 123456, 850, 123076, 846 }, { 125000, 876, 125000, 875 }, { 150000, 0, 148148, 833 },   { 150000, 333, 148148, 333 },
	{ 150000, 777, 148148, 777 }, { 150000, 999, 148148, 944 }, { 222222, 500, 222222, 500 }, { 250000, 650, 250000, 625 },
	{ 300000, 0, 296296, 777 },   { 300000, 666, 296296, 666 }, { 300000, 870, 296296, 777 }, { 333333, 800, 333333, 750 },
	{ 350000, 870, 347826, 739 }, { 400000, 900, 400000, 900 }, { 500000, 0, 500000, 875 },   { 550000, 501, 533333, 466 },
	{ 600000, 666, 615384, 615 }, { 666666, 777, 666666, 750 }, { 700000, 812, 727272, 727 }, { 750000, 875, 727272, 818 },
	{ 800000, 950, 800000, 900 }, { 900000, 0, 888888, 666 },   { 900000, 870, 888888, 777 }, { 1000000, 333, 1000000, 250 },
	{ 77777, 600, 78431, 588 },   { 314159, 700, 320000, 680 }, { 271828, 780, 266666, 733 },
};

static struct hycan_can_bit_timing timing(uint32_t bitrate, uint32_t sample_point)
{
	return (struct hycan_can_bit_timing){ .bitrate = bitrate, .sample_point = sample_point };
}

static void test_recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct hycan_can_bit_timing t = timing(rows[i].got_bitrate, rows[i].got_sample_point);

		assert_true(can_timing_fits(&t, &sja1000, 8000000, rows[i].bitrate, rows[i].sample_point));
		/* asking for the bit rate alone leaves the sample point */
		assert_true(can_timing_fits(&t, &sja1000, 8000000, rows[i].bitrate, 0));
		/* and asking for what it has is no change */
		assert_true(can_timing_fits(&t, &sja1000, 8000000, t.bitrate, t.sample_point));
	}
}

/* Another bit rate, and a sample point that could be nearer. */
static void test_not_taken_for_another(void **state)
{
	struct hycan_can_bit_timing t = timing(500000, 875);

	(void)state;
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 250000, 0));
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 499000, 750));
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 500000, 750));
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 500000, 800));
	t = timing(296296, 666);
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 300000, 870));
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 333333, 0));
	t = timing(0, 0);
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 500000, 0));
	/* with another clock 300000 is to be had exactly */
	t = timing(296296, 777);
	assert_false(can_timing_fits(&t, &sja1000, 24000000, 300000, 0));
}

/* A controller with a list of bit rates takes what is in it, and nothing near it. */
static void test_no_limits(void **state)
{
	const struct hycan_can_bit_timing t = timing(500000, 0);

	(void)state;
	assert_true(can_timing_fits(&t, NULL, 0, 500000, 0));
	assert_false(can_timing_fits(&t, NULL, 0, 500001, 0));
	assert_false(can_timing_fits(&t, NULL, 0, 500000, 800));
}

/* Whatever a driver says of its controller, there is an answer. */
static void test_odd_limits(void **state)
{
	const struct hycan_can_bit_timing t = timing(500000, 875);
	struct can_bittiming_const odd = { 0 };

	(void)state;
	assert_false(can_timing_fits(&t, &odd, 8000000, 400000, 800));
	odd = sja1000;
	odd.brp_inc = 100;
	assert_false(can_timing_fits(&t, &odd, 8000000, 400000, 800));
	assert_false(can_timing_fits(&t, &sja1000, 0, 400000, 800));
	assert_false(can_timing_fits(&t, &sja1000, 8000000, 0, 1));
	assert_false(can_timing_fits(&t, &sja1000, UINT32_MAX, 1, 1));
	odd = (struct can_bittiming_const){ .tseg2_max = 1, .brp_max = UINT32_MAX, .brp_inc = 1 };
	assert_false(can_timing_fits(&t, &odd, UINT32_MAX, UINT32_MAX, 999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_not_taken_for_another),
		cmocka_unit_test(test_no_limits),
		cmocka_unit_test(test_odd_limits),
	};

	return cmocka_run_group_tests_name("can_timing", tests, NULL, NULL);
}
