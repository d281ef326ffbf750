/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One link as an object: the drop-in Netlink interface of HyCAN.
 *
 * For programs that need one virtual CAN link, up, and nothing more. Every function returns as those of
 * <hycan/operations.h> do.
 */
#ifndef HYCAN_NETLINK_H
#define HYCAN_NETLINK_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hycan;

/** A link that a program works with. */
struct hycan_netlink;

/**
 * Takes hold of a link by name. Where there is none of that name it is made, a virtual CAN link (vcan); where there is
 * one it is taken as it is, whatever its kind.
 *
 * @param ret_nl the object: hycan_netlink_close() it. It is set on failure too, where memory allows, so that
 *               hycan_netlink_error_message() can tell why; NULL otherwise.
 */
int hycan_netlink_open(struct hycan_netlink **ret_nl, const char *name);

/** Sets the link administratively up. */
int hycan_netlink_up(struct hycan_netlink *nl);

/** Sets the link administratively down. */
int hycan_netlink_down(struct hycan_netlink *nl);

/** Whether the link exists. */
int hycan_netlink_exists(struct hycan_netlink *nl, bool *ret_exists);

/** Whether the link is administratively up. A link that does not exist is not. */
int hycan_netlink_is_up(struct hycan_netlink *nl, bool *ret_up);

/** The sentence that explains the last failure; "" after a success. Never NULL. */
const char *hycan_netlink_error_message(const struct hycan_netlink *nl);

/** The connection under it, for everything else. It stays the object's. */
struct hycan *hycan_netlink_connection(struct hycan_netlink *nl);

/** Lets go of the link, which stays as it is. NULL is allowed. */
void hycan_netlink_close(struct hycan_netlink *nl);

#ifdef __cplusplus
}
#endif

#endif
