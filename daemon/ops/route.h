/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about routes have in common: what is asked for and makes no sense, and why the kernel said no. */
#ifndef OPS_ROUTE_H
#define OPS_ROUTE_H

#include "op.h"

struct kernel_route_result;

/* Refuses a route that no kernel could make, with a sentence that says what to give instead. 0 when it may be tried. */
int route_check(struct op *op, const struct hycan_route *route);

/* Refuses table 0, which names no table. */
int route_check_table(struct op *op, uint32_t table);

/*
 * Turns the kernel's error about a route into a refusal where one can say it better, else returns the error. Nothing is
 * asked of the kernel, so it can be called while an answer is read.
 */
int route_refuse(struct op *op, const struct hycan_route *route, int error);

/* The same when nothing is being read: looks which of several links is missing. */
int route_refuse_change(struct op *op, const struct hycan_route *route, int error);

/* Whether a metric is what the kernel takes where none is given. */
bool route_metric_is_default(uint8_t family, uint32_t metric);

/* Whether a route says such a metric. For the ledger that is the same as saying none. */
bool route_says_default_metric(const struct hycan_route *route);

/* Makes a route again that a stranger took away, or what it was where he changed it. */
int route_mend(struct op *op, const struct hycan_route *route, struct kernel_route_result *ret_result);

/* Settles a route that was just added, with the link that the kernel found, or was there. The request is nothing but the route. */
void route_settle_added(struct op *op, const struct hycan_route *route, const struct kernel_route_result *result);

#endif
