/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutation that knows what a length is.
 *
 * A byte more or less in the middle of a frame makes everything behind it nonsense, and nonsense is refused at the door.
 * So half of the time one attribute alone is changed and the lengths around it are made right again, or something legal
 * takes the place of what was there.
 */
#include <linux/netlink.h>
#include <string.h>

#include "fuzz.h"

/* Attributes within attributes that are looked into: more than the schema nests. */
#define DEPTH_MAX 4

/* Where an attribute begins, and how many bytes it takes with its padding; 0: nowhere. */
static size_t pick(struct chance *chance, const uint8_t *data, size_t size, size_t *ret_at)
{
	size_t n = 0, found = 0, at = 0, step, payload;
	uint16_t type;

	/* each one may take the place of the one before, and all are as likely in the end */
	while ((step = wire_attribute(data + at, size - at, &type, &payload)) > 0) {
		if (chance_below(chance, ++n) == 0) {
			*ret_at = at;
			found = step;
		}
		at += step;
	}
	return found;
}

/* Gives an attribute another payload size, with the bytes behind it moved. Returns the bytes that it takes now. */
static size_t resize(uint8_t *attribute, size_t payload)
{
	struct nlattr nla;
	size_t used = sizeof(nla) + payload;

	memcpy(&nla, attribute, sizeof(nla));
	nla.nla_len = (uint16_t)used;
	memcpy(attribute, &nla, sizeof(nla));
	memset(attribute + used, 0, NLA_ALIGN(used) - used);
	return NLA_ALIGN(used);
}

static size_t mutate_inside(struct chance *chance, uint8_t *data, size_t size, size_t max_size, int depth)
{
	uint8_t rest[1 << 14];
	size_t at = 0, step = pick(chance, data, size, &at), behind = size - at - step, payload, room;
	uint16_t type;

	if (max_size == 0)
		return 0;
	if (step == 0 || behind > sizeof(rest))
		return LLVMFuzzerMutate(data, size, max_size);
	wire_attribute(data + at, step, &type, &payload);
	/* the largest payload that leaves room for what stands behind it, and fits the length of an attribute */
	room = max_size - at - sizeof(struct nlattr) - behind;
	room = (room < UINT16_MAX - 8 ? room : UINT16_MAX - 8) & ~(size_t)3;
	if (room < payload || room == 0)
		return size;
	memcpy(rest, data + at + step, behind);
	if (depth < DEPTH_MAX && payload >= sizeof(struct nlattr) && chance_below(chance, 2))
		payload = mutate_inside(chance, data + at + sizeof(struct nlattr), payload, room, depth + 1);
	else if (chance_below(chance, 8) == 0)
		payload = 0;
	else
		payload = LLVMFuzzerMutate(data + at + sizeof(struct nlattr), payload, room);
	at += resize(data + at, payload);
	memcpy(data + at, rest, behind);
	return at + behind;
}

size_t mutate_attributes(struct chance *chance, uint8_t *data, size_t size, size_t max_size)
{
	return mutate_inside(chance, data, size, max_size, 0);
}

size_t mutate_sample(struct chance *chance, const struct hycan_structure *structure, uint8_t *data, size_t max_size)
{
	static _Alignas(max_align_t) uint8_t value[1 << 14], memory[1 << 18];
	struct sample sample = { .chance = *chance, .memory = { .base = memory, .size = sizeof(memory) } };
	int fds[WIRE_FDS_MAX];
	size_t n_fds;
	struct wire_fault fault;
	ssize_t n;

	CHECK(structure->size <= sizeof(value));
	sample_structure(&sample, structure, value);
	*chance = sample.chance;
	n = wire_encode(structure, value, data, max_size, fds, &n_fds, &fault);
	return n < 0 ? 0 : (size_t)n;
}

/* A frame at p: its length; 0 where there is none. */
static size_t frame_at(const uint8_t *p, size_t left)
{
	uint32_t length;

	if (left < sizeof(struct nlmsghdr))
		return 0;
	memcpy(&length, p, sizeof(length));
	return length < sizeof(struct nlmsghdr) || length % NLMSG_ALIGNTO || length > left ? 0 : length;
}

/* A legal frame at data. */
static size_t put_frame(struct chance *chance, bool answer, uint8_t *data, size_t max_size)
{
	size_t n_operations, n;
	const struct hycan_operation *const *operations = hycan_operations(&n_operations);
	const struct hycan_operation *operation = operations[chance_below(chance, n_operations)];
	struct nlmsghdr nlh = {
		.nlmsg_type = operation->number,
		.nlmsg_flags = answer ? operation->list ? NLM_F_MULTI : 0 : NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		.nlmsg_seq = (uint32_t)chance_below(chance, 6),
	};

	if (max_size < sizeof(nlh))
		return 0;
	n = mutate_sample(chance, answer ? operation->reply : operation->request, data + sizeof(nlh), max_size - sizeof(nlh));
	nlh.nlmsg_len = (uint32_t)(sizeof(nlh) + n);
	memcpy(data, &nlh, sizeof(nlh));
	return nlh.nlmsg_len;
}

size_t mutate_frames(struct chance *chance, bool answers, uint8_t *data, size_t size, size_t max_size)
{
	uint8_t rest[1 << 14];
	size_t n = 0, at = 0, length = 0, step, room, behind;
	uint32_t u32;

	for (size_t p = 0; (step = frame_at(data + p, size - p)) > 0; p += step) {
		if (chance_below(chance, ++n) == 0) {
			at = p;
			length = step;
		}
	}
	if (chance_below(chance, 4) == 0) {
		/* one more, in front of that one or behind everything */
		length = 0;
		at = chance_below(chance, 2) ? at : size;
	} else if (length == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	behind = size - at - length;
	if (behind > sizeof(rest) || max_size < size)
		return size;
	memcpy(rest, data + at + length, behind);
	room = (max_size - at - behind) & ~(size_t)3;
	if (length == 0) {
		length = put_frame(chance, answers, data + at, room);
	} else if (chance_below(chance, 8) == 0) {
		/* the header is for the ordinary mutations */
		LLVMFuzzerMutate(data + at, sizeof(struct nlmsghdr), sizeof(struct nlmsghdr));
	} else {
		length = sizeof(struct nlmsghdr) + mutate_attributes(chance, data + at + sizeof(struct nlmsghdr),
		                                                     length - sizeof(struct nlmsghdr),
		                                                     room - sizeof(struct nlmsghdr));
		memset(data + at + length, 0, NLMSG_ALIGN(length) - length);
		length = NLMSG_ALIGN(length);
		u32 = (uint32_t)length;
		memcpy(data + at, &u32, sizeof(u32));
	}
	memcpy(data + at + length, rest, behind);
	return at + length + behind;
}
