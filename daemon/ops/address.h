/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an address is that is asked for, and whether one that is there is that one. */
#ifndef OPS_ADDRESS_H
#define OPS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <hycan/types.h>

/* Seconds, or UINT32_MAX: for ever. */
uint32_t address_valid_lifetime(const struct hycan_link_address *a);
uint32_t address_preferred_lifetime(const struct hycan_link_address *a);

/* Of a link between two ends the other one, whose network it is; else the address itself. */
const struct hycan_prefix *address_far_end(const struct hycan_link_address *a);

/* Of the same family. */
bool address_same_prefix(const struct hycan_prefix *a, const struct hycan_prefix *b);

/* The name of the first property that differs from what is wanted, or NULL. */
const char *address_difference(const struct hycan_link_address *wanted, const struct hycan_link_address *there);

/* Whether nothing differs but how long it lives. */
bool address_differs_in_lifetimes_alone(const struct hycan_link_address *wanted, const struct hycan_link_address *there);

/* Gives an address the lifetimes of another one. */
void address_take_lifetimes(struct hycan_link_address *address, const struct hycan_link_address *of);

#endif
