/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links of CAN controllers.
 *
 * The kernel changes a controller only while its link is down, carries out a message part by part, and stays where it
 * stops. So a change is: down; the new settings and up in one message; and when that fails, the former settings and up
 * in another. CAN FD is one thing to the kernel: who sends the mode or the data bit rate sends the mode and both bit
 * rates (can_validate()).
 *
 * What this file does not do: choose a timing, or keep values for transmitter delay compensation that somebody set by
 * hand; the kernel works them out anew with the data bit rate. Where no bit rate was set before, a failed change can
 * leave one behind, since the kernel knows no way to unset it.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "can.h"
#include "can_timing.h"
#include "link.h"
#include "link_read.h"

struct mode {
	uint32_t bit;
	const char *name;
	size_t on;     /* in struct hycan_can */
	size_t has;    /* in struct hycan_can_set_options */
	size_t wanted; /* likewise */
};

#define MODE(bit, name)                                                                                                            \
	{                                                                                                                          \
		bit, #name, offsetof(struct hycan_can, name), offsetof(struct hycan_can_set_options, has_##name),                  \
			offsetof(struct hycan_can_set_options, name)                                                               \
	}

static const struct mode modes[] = {
	MODE(CAN_CTRLMODE_FD, fd),
	MODE(CAN_CTRLMODE_LISTENONLY, listen_only),
	MODE(CAN_CTRLMODE_LOOPBACK, loopback),
	MODE(CAN_CTRLMODE_ONE_SHOT, one_shot),
	MODE(CAN_CTRLMODE_3_SAMPLES, triple_sampling),
	MODE(CAN_CTRLMODE_BERR_REPORTING, berr_reporting),
};
#define N_MODES (sizeof(modes) / sizeof(modes[0]))

/* Modes that may be sent with every change. Those behind them ask for attributes of their own. */
#define PLAIN_MODES (CAN_CTRLMODE_CC_LEN8_DLC | (CAN_CTRLMODE_CC_LEN8_DLC - 1))

static bool flag(const void *structure, size_t offset)
{
	return *(const bool *)((const char *)structure + offset);
}

/* ---------------------------------------------------------------------------------------------------------- reading */

static void read_bit_timing(const struct nlattr *attr, bool *ret_has, struct hycan_can_bit_timing *ret_timing)
{
	struct can_bittiming t;

	if (!attr)
		return;
	netlink_copy(attr, &t, sizeof(t));
	*ret_has = true;
	*ret_timing = (struct hycan_can_bit_timing){
		.bitrate = t.bitrate,
		.sample_point = t.sample_point,
		.tq = t.tq,
		.prop_seg = t.prop_seg,
		.phase_seg1 = t.phase_seg1,
		.phase_seg2 = t.phase_seg2,
		.sjw = t.sjw,
		.brp = t.brp,
	};
}

static uint32_t read_modes(const struct nlattr *attr)
{
	struct can_ctrlmode m = { 0 };

	if (attr)
		netlink_copy(attr, &m, sizeof(m));
	return m.flags;
}

void can_read(const struct nlattr *data, struct hycan_can *can)
{
	const struct nlattr *a[IFLA_CAN_MAX + 1];
	struct can_berr_counter errors = { 0 };
	struct can_clock clock = { 0 };

	memset(can, 0, sizeof(*can));
	netlink_parse_nested(data, a, IFLA_CAN_MAX);
	if (a[IFLA_CAN_STATE])
		can->state = (enum hycan_can_controller_state)mnl_attr_get_u32(a[IFLA_CAN_STATE]);
	if (a[IFLA_CAN_BERR_COUNTER])
		netlink_copy(a[IFLA_CAN_BERR_COUNTER], &errors, sizeof(errors));
	can->tx_errors = errors.txerr;
	can->rx_errors = errors.rxerr;
	if (a[IFLA_CAN_RESTART_MS])
		can->restart_ms = mnl_attr_get_u32(a[IFLA_CAN_RESTART_MS]);
	if (a[IFLA_CAN_CLOCK])
		netlink_copy(a[IFLA_CAN_CLOCK], &clock, sizeof(clock));
	can->clock = clock.freq;
	read_bit_timing(a[IFLA_CAN_BITTIMING], &can->has_bit_timing, &can->bit_timing);
	read_bit_timing(a[IFLA_CAN_DATA_BITTIMING], &can->has_data_bit_timing, &can->data_bit_timing);
	for (size_t i = 0; i < N_MODES; i++)
		*(bool *)((char *)can + modes[i].on) = read_modes(a[IFLA_CAN_CTRLMODE]) & modes[i].bit;
}

static void read_limits(const struct nlattr *attr, bool *ret_has, struct can_bittiming_const *ret_limits)
{
	if (!attr)
		return;
	netlink_copy(attr, ret_limits, sizeof(*ret_limits));
	*ret_has = true;
}

static int get_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct nlattr *a[IFLA_CAN_MAX + 1], *ext[IFLA_CAN_CTRLMODE_MAX + 1];
	const struct nlattr *data = link_read_data(nlh, "can");
	struct kernel_can *can = userdata;
	uint32_t parent, master;

	link_read(nlh, &can->link, &parent, &master);
	if (!data)
		return 0;
	netlink_parse_nested(data, a, IFLA_CAN_MAX);
	can->modes = read_modes(a[IFLA_CAN_CTRLMODE]);
	read_limits(a[IFLA_CAN_BITTIMING_CONST], &can->has_limits, &can->limits);
	read_limits(a[IFLA_CAN_DATA_BITTIMING_CONST], &can->has_data_limits, &can->data_limits);
	if (a[IFLA_CAN_CTRLMODE_EXT]) {
		netlink_parse_nested(a[IFLA_CAN_CTRLMODE_EXT], ext, IFLA_CAN_CTRLMODE_MAX);
		if (ext[IFLA_CAN_CTRLMODE_SUPPORTED])
			can->modes_supported = mnl_attr_get_u32(ext[IFLA_CAN_CTRLMODE_SUPPORTED]);
	}
	return 0;
}

int kernel_can_get(struct kernel_scope *scope, const char *name, struct kernel_can *ret_can)
{
	struct kernel_can can = { .modes_supported = UINT32_MAX };
	int r;

	r = netlink_request(scope, NETLINK_ROUTE, link_message(scope, RTM_GETLINK, 0, name), get_answer, &can);
	if (r < 0)
		return r;
	if (!can.link.has_can)
		return -EOPNOTSUPP;
	*ret_can = can;
	return 0;
}

const char *kernel_can_unsupported(const struct kernel_can *can, const struct hycan_can_set_options *wanted)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (flag(wanted, modes[i].has) && flag(wanted, modes[i].wanted) &&
		    !((can->modes_supported | can->modes) & modes[i].bit))
			return modes[i].name;
	return NULL;
}

/* --------------------------------------------------------------------------------------------------------- settings */

/* What a message sets. */
struct settings {
	bool has_bit_timing;
	bool has_data_bit_timing;
	bool has_restart_ms;
	uint32_t restart_ms;
	struct can_bittiming bit_timing;
	struct can_bittiming data_bit_timing;
	struct can_ctrlmode mode; /* mask 0: none */
};

/* A timing that is there, such that the kernel sets exactly that again. */
static struct can_bittiming exactly(const struct hycan_can_bit_timing *timing, bool has_limits)
{
	if (!has_limits || !timing->tq)
		return (struct can_bittiming){ .bitrate = timing->bitrate, .sample_point = timing->sample_point };
	return (struct can_bittiming){
		.tq = timing->tq,
		.prop_seg = timing->prop_seg,
		.phase_seg1 = timing->phase_seg1,
		.phase_seg2 = timing->phase_seg2,
		.sjw = timing->sjw,
	};
}

/* Adds to settings what the kernel asks for beside what differs. */
static void complete(const struct kernel_can *can, struct settings *s)
{
	const struct hycan_can *now = &can->link.can;

	if (s->has_data_bit_timing && !(s->mode.mask & CAN_CTRLMODE_FD)) {
		s->mode.mask |= CAN_CTRLMODE_FD;
		s->mode.flags |= CAN_CTRLMODE_FD;
	}
	if (!s->mode.mask)
		return;
	/* a mode that the controller cannot be without must be in every change of modes */
	s->mode.flags |= can->modes & PLAIN_MODES & ~s->mode.mask;
	s->mode.mask |= s->mode.flags;
	if (!(s->mode.flags & CAN_CTRLMODE_FD))
		return;
	if (!s->has_bit_timing)
		s->bit_timing = exactly(&now->bit_timing, can->has_limits);
	if (!s->has_data_bit_timing)
		s->data_bit_timing = exactly(&now->data_bit_timing, can->has_data_limits);
	s->has_bit_timing = s->has_data_bit_timing = true;
}

/* One phase: what is wanted, or nothing where that is there. */
static bool new_timing(const struct hycan_can_bit_timing *now, const struct can_bittiming_const *limits, uint32_t clock,
                       const uint32_t *bitrate, const uint32_t *sample_point, struct can_bittiming *ret_timing)
{
	struct can_bittiming t = {
		.bitrate = bitrate ? *bitrate : now->bitrate,
		.sample_point = sample_point ? *sample_point : 0,
	};

	if ((!bitrate && !sample_point) || can_timing_fits(now, limits, clock, t.bitrate, t.sample_point))
		return false;
	*ret_timing = t;
	return true;
}

/* What of wanted the controller does not have yet. */
static struct settings difference(const struct kernel_can *can, const struct hycan_can_set_options *wanted)
{
	const struct hycan_can *now = &can->link.can;
	struct settings s = { 0 };

	s.has_bit_timing = new_timing(&now->bit_timing, can->has_limits ? &can->limits : NULL, now->clock,
	                              wanted->has_bitrate ? &wanted->bitrate : NULL,
	                              wanted->has_sample_point ? &wanted->sample_point : NULL, &s.bit_timing);
	s.has_data_bit_timing = new_timing(&now->data_bit_timing, can->has_data_limits ? &can->data_limits : NULL, now->clock,
	                                   wanted->has_data_bitrate ? &wanted->data_bitrate : NULL,
	                                   wanted->has_data_sample_point ? &wanted->data_sample_point : NULL, &s.data_bit_timing);
	s.has_restart_ms = wanted->has_restart_ms && wanted->restart_ms != now->restart_ms;
	s.restart_ms = wanted->restart_ms;
	for (size_t i = 0; i < N_MODES; i++) {
		if (!flag(wanted, modes[i].has) || flag(wanted, modes[i].wanted) == flag(now, modes[i].on))
			continue;
		s.mode.mask |= modes[i].bit;
		if (flag(wanted, modes[i].wanted))
			s.mode.flags |= modes[i].bit;
	}
	complete(can, &s);
	return s;
}

/* What the controller had of that. */
static struct settings former(const struct kernel_can *can, const struct settings *changed)
{
	const struct hycan_can *now = &can->link.can;
	struct settings s = { 0 };

	s.has_bit_timing = changed->has_bit_timing && now->has_bit_timing;
	s.bit_timing = exactly(&now->bit_timing, can->has_limits);
	s.has_restart_ms = changed->has_restart_ms;
	s.restart_ms = now->restart_ms;
	s.mode.mask = changed->mode.mask;
	s.mode.flags = can->modes & changed->mode.mask;
	complete(can, &s);
	return s;
}

/* --------------------------------------------------------------------------------------------------------- changing */

static int send_settings(struct kernel_scope *scope, const char *name, const struct settings *s, bool up)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_NEWLINK, 0, name);
	struct nlattr *info, *data;

	if (up)
		link_message_up(nlh, true);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "can");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	if (s->mode.mask)
		mnl_attr_put(nlh, IFLA_CAN_CTRLMODE, sizeof(s->mode), &s->mode);
	if (s->has_bit_timing)
		mnl_attr_put(nlh, IFLA_CAN_BITTIMING, sizeof(s->bit_timing), &s->bit_timing);
	if (s->has_data_bit_timing)
		mnl_attr_put(nlh, IFLA_CAN_DATA_BITTIMING, sizeof(s->data_bit_timing), &s->data_bit_timing);
	if (s->has_restart_ms)
		mnl_attr_put_u32(nlh, IFLA_CAN_RESTART_MS, s->restart_ms);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

/* The settings from before, and up again where the link was up. */
static void put_back(struct kernel_scope *scope, const struct kernel_can *can, const struct settings *changed, bool up)
{
	struct settings before = former(can, changed);
	char message[NETLINK_MESSAGE_SIZE];
	int r;

	snprintf(message, sizeof(message), "%s", kernel_scope_message(scope));
	r = send_settings(scope, can->link.name, &before, up);
	if (r < 0 && up)
		(void)kernel_link_set_up(scope, can->link.name, true);
	netlink_set_message(scope, r < 0 && r != -ENODEV ? "and the former settings could not be put back" : message);
}

static bool is_empty(const struct settings *s)
{
	return !s->mode.mask && !s->has_bit_timing && !s->has_data_bit_timing && !s->has_restart_ms;
}

int kernel_can_set(struct kernel_scope *scope, const struct kernel_can *can, const struct hycan_can_set_options *wanted, bool up)
{
	struct settings s = difference(can, wanted);
	int r;

	if (is_empty(&s))
		return up && !can->link.up ? kernel_link_set_up(scope, can->link.name, true) : 0;
	if (can->link.up) {
		r = kernel_link_set_up(scope, can->link.name, false);
		if (r < 0)
			return r;
	}
	r = send_settings(scope, can->link.name, &s, up);
	if (r < 0 && r != -ENODEV && !netlink_is_in_doubt(scope))
		put_back(scope, can, &s, up);
	return r;
}

void kernel_can_take_back(struct kernel_scope *scope, const struct kernel_can *can, const struct hycan_can_set_options *wanted,
                          bool up)
{
	struct settings s = difference(can, wanted);

	if (is_empty(&s))
		return;
	if (up)
		(void)kernel_link_set_up(scope, can->link.name, false);
	put_back(scope, can, &s, up);
}

int kernel_can_restart(struct kernel_scope *scope, const char *name)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_NEWLINK, 0, name);
	struct nlattr *info, *data;

	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "can");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u32(nlh, IFLA_CAN_RESTART, 1);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}
