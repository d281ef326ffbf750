/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's counters, and those of networks, in the text format of Prometheus. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stddef.h>

struct hycan_network_state;
struct op;

/* Answers with all of them, a line each; on a worker. Of networks without statistics nothing is told. 0 or -errno. */
int metrics_tell(struct op *op, const struct hycan_network_state *networks, size_t n);

#endif
