/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * can.set: bit rates and modes of a CAN controller (IFLA_CAN_*, linux/can/netlink.h).
 *
 * What can be seen to be impossible is refused before the bus is interrupted.
 */
#include <errno.h>
#include <string.h>

#include "before.h"
#include "kernel/can.h"
#include "kernel/link.h"
#include "table.h"

static struct hycan_can_set_options options(const struct hycan_can_set_request *r)
{
	return (struct hycan_can_set_options){
		.has_bitrate = r->has_bitrate,
		.bitrate = r->bitrate,
		.has_sample_point = r->has_sample_point,
		.sample_point = r->sample_point,
		.has_data_bitrate = r->has_data_bitrate,
		.data_bitrate = r->data_bitrate,
		.has_data_sample_point = r->has_data_sample_point,
		.data_sample_point = r->data_sample_point,
		.has_fd = r->has_fd,
		.fd = r->fd,
		.has_restart_ms = r->has_restart_ms,
		.restart_ms = r->restart_ms,
		.has_listen_only = r->has_listen_only,
		.listen_only = r->listen_only,
		.has_loopback = r->has_loopback,
		.loopback = r->loopback,
		.has_one_shot = r->has_one_shot,
		.one_shot = r->one_shot,
		.has_triple_sampling = r->has_triple_sampling,
		.triple_sampling = r->triple_sampling,
		.has_berr_reporting = r->has_berr_reporting,
		.berr_reporting = r->berr_reporting,
	};
}

/*
 * What the controller has of what will change. A first bit rate stays: the kernel knows no way to unset one. The data phase
 * goes with the mode.
 */
static struct hycan_can_set_request before(const struct hycan_can *now, const struct hycan_can_set_request *r)
{
	struct hycan_can_set_request back = *r;

	back.has_bitrate = back.has_sample_point = (r->has_bitrate || r->has_sample_point) && now->has_bit_timing;
	back.bitrate = now->bit_timing.bitrate;
	back.sample_point = now->bit_timing.sample_point;
	back.fd = now->fd;
	back.has_data_bitrate = back.has_data_sample_point =
		(r->has_fd || r->has_data_bitrate || r->has_data_sample_point) && now->fd && now->has_data_bit_timing;
	back.data_bitrate = now->data_bit_timing.bitrate;
	back.data_sample_point = now->data_bit_timing.sample_point;
	back.restart_ms = now->restart_ms;
	back.listen_only = now->listen_only;
	back.loopback = now->loopback;
	back.one_shot = now->one_shot;
	back.triple_sampling = now->triple_sampling;
	back.berr_reporting = now->berr_reporting;
	return back;
}

/* What makes no sense together, with what the controller has already. 0, or the refusal. */
static int check_rates(struct op *op, const struct hycan_can *now, const struct hycan_can_set_request *r)
{
	bool fd = r->has_fd ? r->fd : now->fd;
	uint32_t bitrate = r->has_bitrate ? r->bitrate : now->bit_timing.bitrate;
	uint32_t data_bitrate = r->has_data_bitrate ? r->data_bitrate : now->data_bit_timing.bitrate;

	if (r->has_sample_point && !bitrate)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "sample_point", "A sample point needs a bit rate: give bitrate too.");
	if (!fd && (r->has_data_bitrate || r->has_data_sample_point))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, r->has_data_bitrate ? "data_bitrate" : "data_sample_point",
		                 "Only CAN FD has a data phase: turn fd on too, or leave it out.");
	if (!fd)
		return 0;
	if (!bitrate)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "bitrate", "CAN FD needs a bit rate: give bitrate too.");
	if (!data_bitrate)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "data_bitrate",
		                 "CAN FD needs a bit rate for its data phase: give data_bitrate too.");
	if (data_bitrate < bitrate)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, r->has_data_bitrate ? "data_bitrate" : "bitrate",
		                 "The data phase of CAN FD cannot be slower (%u bit/s) than the rest (%u bit/s).", data_bitrate,
		                 bitrate);
	return 0;
}

/* Words for what the kernel refused. The 5 % are CAN_CALC_MAX_ERROR of drivers/net/can/dev/calc_bittiming.c. */
static int refuse(struct op *op, const struct hycan_can_set_request *request, const struct kernel_can *can, int error)
{
	const char *rate = request->has_data_bitrate ? NULL : "bitrate";
	enum hycan_refusal refusal = HYCAN_REFUSAL_KERNEL;

	if (error == -EDOM)
		return op_refuse(
			op, HYCAN_REFUSAL_OUT_OF_RANGE, rate,
			"“%s” stays as it was: its controller, with a clock of %u Hz, cannot come within 5 %% of that bit rate.",
			request->name, can->link.can.clock);
	if (error == -EINVAL && request->has_bitrate && !can->has_limits)
		return op_refuse(
			op, HYCAN_REFUSAL_OUT_OF_RANGE, rate,
			"“%s” stays as it was: its controller offers certain bit rates alone, as “ip -d link show %s” lists them.",
			request->name, request->name);
	if (error == -EOPNOTSUPP)
		refusal = HYCAN_REFUSAL_UNSUPPORTED;
	if (error == -EINVAL)
		refusal = HYCAN_REFUSAL_INVALID;
	if (error == -ERANGE)
		refusal = HYCAN_REFUSAL_OUT_OF_RANGE;
	return op_refuse_kernel(op, refusal, NULL, error, "“%s” stays as it was: the kernel refuses these settings", request->name);
}

int op_can_set(struct op *op, const struct hycan_can_set_request *request, struct hycan_can_set_reply *reply)
{
	struct hycan_can_set_options wanted = options(request);
	struct hycan_can_set_request back;
	struct kernel_can can;
	const char *mode;
	int r;

	r = kernel_can_get(op->scope, request->name, &can);
	if (r == -ENODEV)
		return op_refuse_no_link(op, "name", request->name);
	if (r == -EOPNOTSUPP)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "name",
		                 "The link “%s” is not that of a CAN controller: it has no bit rate and no modes.", request->name);
	if (r < 0)
		return r;
	mode = kernel_can_unsupported(&can, &wanted);
	if (mode)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, mode, "The controller of “%s” does not know the mode %s.",
		                 request->name, mode);
	r = check_rates(op, &can.link.can, request);
	if (r != 0)
		return r;
	/* else a former try has taken it down */
	op->was_up = op->was_up || can.link.up;
	back = before(&can.link.can, request);
	r = before_link_down(op, &can.link);
	if (r == 0)
		r = op_undo(op, HYCAN_OPERATION_CAN_SET, &back);
	if (r == 0)
		r = kernel_can_set(op->scope, &can, &wanted, op->was_up);
	if (r == -ENODEV)
		return op_refuse_no_link(op, "name", request->name);
	if (r != 0)
		return r < 0 ? refuse(op, request, &can, r) : r;
	r = kernel_link_get(op->scope, request->name, &reply->link);
	/* who is told that it failed finds it as it was */
	if (r < 0)
		kernel_can_take_back(op->scope, &can, &wanted, op->was_up);
	return r;
}
