/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message of rtnetlink is about, for the monitor. For the files of this room alone. */
#ifndef KERNEL_MONITOR_MESSAGE_H
#define KERNEL_MONITOR_MESSAGE_H

#include <stdbool.h>

#include "image.h"
#include "monitor.h"
#include "netlink.h"

struct monitor_message {
	enum kernel_kind kind;
	bool gone;        /* it says that the thing is no more */
	bool down;        /* it is a link that is not up */
	uint32_t ifindex; /* of a link */
	uint32_t essence; /* bytes of compact that make a difference */
	struct image_key key;
	struct nlmsghdr *compact; /* the message, cut down to what counts, as if the thing had come */
};

/*
 * Reads a message and writes its compact form into NETLINK_BUFFER_SIZE bytes. False for what is none of the four kinds,
 * or of a kind without a word for it.
 */
bool monitor_message_read(const struct nlmsghdr *nlh, void *buffer, struct monitor_message *ret_message);

#endif
