/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a WireGuard message, for the files of this room alone. */
#ifndef KERNEL_WIREGUARD_MESSAGE_H
#define KERNEL_WIREGUARD_MESSAGE_H

#include <stdint.h>

#include "netlink.h"

/* Begins a message of that command (WG_CMD_*) about the interface of that name. */
struct nlmsghdr *wireguard_message(struct kernel_scope *scope, uint16_t family, uint8_t command, uint16_t flags, const char *name);

#endif
