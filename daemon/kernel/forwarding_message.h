/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells about forwarding. For the files of this room alone. */
#ifndef KERNEL_FORWARDING_MESSAGE_H
#define KERNEL_FORWARDING_MESSAGE_H

#include "forwarding.h"
#include "netlink.h"

/* Whether a message says that a link, or all, forward no more, or that a link has gone that may have. */
bool forwarding_may_be_off(const struct nlmsghdr *nlh);

#endif
