/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as they would come from a client, so that they are read by the one decoder there is. Of a request, nlmsg_pid is
 * where the frame before it begins: that is the way back.
 */
#include <errno.h>
#include <string.h>

#include "subject.h"
#include "undo_log.h"
#include "wire.h"

/* As much as the answer to one request may be. */
#define UNDO_MAX (64u << 20)

/* A request with an identity in it, at most: its parts are attributes. */
#define KEY_REQUEST_MAX (sizeof(struct nlmsghdr) + 512)

/* Room that is tried first for a request. */
#define ROOM 1024

int undo_log_prepare(struct undo_log *log, size_t n)
{
	if (n > UNDO_MAX / KEY_REQUEST_MAX)
		return -ENOBUFS;
	return buffer_reserve(&log->frames, n * KEY_REQUEST_MAX + ROOM, UNDO_MAX) ? 0 : -ENOBUFS;
}

/* Of UNDO_SINCE, behind the bytes of a frame. */
#define SINCE_BYTES sizeof(uint64_t)

/* The frame, whose attributes are in its place already, is the last one. */
static void put(struct undo_log *log, uint8_t *frame, const struct nlmsghdr *header)
{
	memcpy(frame, header, sizeof(*header));
	log->last = buffer_used(&log->frames);
	log->n++;
	buffer_commit(&log->frames, header->nlmsg_len);
}

/* The same of one that is new, for which there is room with SINCE_BYTES. */
static void put_new(struct undo_log *log, uint8_t *frame, struct nlmsghdr *header, uint64_t since_us)
{
	if (since_us) {
		memcpy(frame + header->nlmsg_len, &since_us, SINCE_BYTES);
		header->nlmsg_flags |= UNDO_SINCE;
		header->nlmsg_len += SINCE_BYTES;
	}
	put(log, frame, header);
}

int undo_log_add(struct undo_log *log, const struct hycan_operation *operation, const void *request, unsigned int flags,
                 uint64_t subject, uint64_t since_us)
{
	struct wire_fault fault = { 0 };

	if (subject_is_machine(subject))
		flags |= UNDO_MACHINE;

	for (size_t room = ROOM;; room *= 4) {
		struct nlmsghdr nlh = { .nlmsg_type = operation->number,
			                .nlmsg_flags = (uint16_t)flags,
			                .nlmsg_seq = (uint32_t)subject,
			                .nlmsg_pid = (uint32_t)log->last };
		uint8_t *frame = buffer_reserve(&log->frames, sizeof(nlh) + room + SINCE_BYTES, UNDO_MAX);
		ssize_t n;

		if (!frame)
			return -ENOBUFS;
		n = wire_encode(operation->request, request, frame + sizeof(nlh), room, NULL, NULL, &fault);
		if (n == -ENOBUFS)
			continue;
		if (n < 0)
			return (int)n;
		nlh.nlmsg_len = (uint32_t)(sizeof(nlh) + (size_t)n);
		put_new(log, frame, &nlh, since_us);
		return 0;
	}
}

int undo_log_add_bytes(struct undo_log *log, const struct hycan_operation *operation, unsigned int flags, const void *bytes,
                       size_t size, uint64_t since_us)
{
	struct nlmsghdr nlh = {
		.nlmsg_len = (uint32_t)(sizeof(nlh) + size),
		.nlmsg_type = operation->number,
		.nlmsg_flags = (uint16_t)flags,
		.nlmsg_pid = (uint32_t)log->last,
	};
	uint8_t *frame = buffer_reserve(&log->frames, nlh.nlmsg_len + SINCE_BYTES, UNDO_MAX);

	if (!frame)
		return -ENOBUFS;
	memcpy(frame + sizeof(nlh), bytes, size);
	put_new(log, frame, &nlh, since_us);
	return 0;
}

size_t undo_log_size(const struct nlmsghdr *frame)
{
	return frame->nlmsg_len - sizeof(*frame) - (frame->nlmsg_flags & UNDO_SINCE ? SINCE_BYTES : 0);
}

uint64_t undo_log_since(const struct nlmsghdr *frame)
{
	uint64_t since_us = 0;

	if (frame->nlmsg_flags & UNDO_SINCE)
		memcpy(&since_us, (const uint8_t *)(frame + 1) + undo_log_size(frame), SINCE_BYTES);
	return since_us;
}

unsigned int undo_log_drift(enum hycan_drift drift)
{
	return drift == HYCAN_DRIFT_REPAIR ? UNDO_MENDS : drift == HYCAN_DRIFT_IGNORE ? UNDO_IGNORES : 0;
}

enum hycan_drift undo_log_drift_of(const struct nlmsghdr *frame)
{
	return frame->nlmsg_flags & UNDO_MENDS     ? HYCAN_DRIFT_REPAIR
	       : frame->nlmsg_flags & UNDO_IGNORES ? HYCAN_DRIFT_IGNORE
	                                           : HYCAN_DRIFT_REPORT;
}

uint64_t undo_log_owner(const struct nlmsghdr *frame)
{
	return frame->nlmsg_flags & UNDO_MACHINE ? subject_of_cid(frame->nlmsg_seq) : frame->nlmsg_seq;
}

int undo_log_reserve(struct undo_log *log, size_t size)
{
	return buffer_reserve(&log->frames, size, UNDO_MAX) ? 0 : -ENOBUFS;
}

const struct nlmsghdr *undo_log_before(struct undo_log *log, const struct nlmsghdr *frame)
{
	const uint8_t *first = buffer_first(&log->frames);

	return (const uint8_t *)frame == first ? NULL : (const struct nlmsghdr *)(first + frame->nlmsg_pid);
}

int undo_log_append(struct undo_log *log, const void *frames, size_t size)
{
	const uint8_t *p = frames;
	struct nlmsghdr nlh;
	uint8_t *frame;

	for (; size > 0; p += nlh.nlmsg_len, size -= nlh.nlmsg_len) {
		if (size < sizeof(nlh))
			return -EBADMSG;
		memcpy(&nlh, p, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) + (nlh.nlmsg_flags & UNDO_SINCE ? SINCE_BYTES : 0) || nlh.nlmsg_len > size ||
		    nlh.nlmsg_len % 4 || !hycan_operation_by_number(nlh.nlmsg_type))
			return -EBADMSG;
		frame = buffer_reserve(&log->frames, nlh.nlmsg_len, UNDO_MAX);
		if (!frame)
			return -ENOBUFS;
		nlh.nlmsg_pid = (uint32_t)log->last;
		memcpy(frame, p, nlh.nlmsg_len);
		put(log, frame, &nlh);
	}
	return 0;
}

const struct nlmsghdr *undo_log_last(struct undo_log *log)
{
	return log->n ? (const struct nlmsghdr *)(buffer_first(&log->frames) + log->last) : NULL;
}

void undo_log_drop(struct undo_log *log)
{
	const struct nlmsghdr *nlh = undo_log_last(log);

	if (!nlh)
		return;
	log->frames.end = log->frames.begin + log->last;
	log->last = nlh->nlmsg_pid;
	log->n--;
}

void undo_log_drop_owners(struct undo_log *log)
{
	const struct nlmsghdr *nlh;

	while ((nlh = undo_log_last(log)) && nlh->nlmsg_flags & (UNDO_ASKED | UNDO_HOLDERS) && !(nlh->nlmsg_flags & UNDO_HELD))
		undo_log_drop(log);
}

struct undo_mark undo_log_mark(const struct undo_log *log)
{
	return (struct undo_mark){ .end = buffer_used(&log->frames), .n = log->n, .last = log->last };
}

void undo_log_rewind(struct undo_log *log, struct undo_mark mark)
{
	log->frames.end = log->frames.begin + mark.end;
	log->n = mark.n;
	log->last = mark.last;
}

void undo_log_release(struct undo_log *log)
{
	buffer_release(&log->frames);
	*log = (struct undo_log){ 0 };
}
