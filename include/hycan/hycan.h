/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Everything: <hycan/client.h> to connect, <hycan/operations.h> to ask, <hycan/netlink.h> for the one-link way.
 */
#ifndef HYCAN_HYCAN_H
#define HYCAN_HYCAN_H

#include <hycan/client.h>
#include <hycan/netlink.h>
#include <hycan/operations.h>
#include <hycan/types.h>
#include <hycan/values.h>

#endif
