/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address messages, for the files of this room alone. */
#ifndef KERNEL_ADDRESS_READ_H
#define KERNEL_ADDRESS_READ_H

#include <hycan/types.h>

#include "netlink.h"

/* Reads an address message; the name of its link is left out, and its number returned. False for what is no IP address of ours. */
bool address_read(const struct nlmsghdr *nlh, struct hycan_link_address *ret_address, uint32_t *ret_ifindex);

#endif
