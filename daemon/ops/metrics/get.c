/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.get: what the daemon counts, as Prometheus reads it. */
#include "table.h"

int op_metrics_get(struct op *op, const struct hycan_metrics_get_request *request)
{
	(void)request;
	return op->server->metrics(op);
}
