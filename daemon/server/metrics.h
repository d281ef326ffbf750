/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's counters in the text format of Prometheus. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

struct op;

/* Answers with all of them, a line each; in the loop. 0 or -errno. */
int metrics_tell(struct op *op);

#endif
