/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.remove. */
#include <errno.h>
#include <string.h>

#include "kernel/route.h"
#include "route.h"
#include "table.h"

int op_route_remove(struct op *op, const struct hycan_route_remove_request *request)
{
	struct hycan_route_remove_options options = {
		.has_via = request->has_via,
		.via = request->via,
		.has_link = request->has_link,
		.has_metric = request->has_metric,
		.metric = request->metric,
		.has_table = request->has_table,
		.table = request->table,
		.has_type = request->has_type,
		.type = request->type,
	};
	struct hycan_route_remove_request *settled = op->memory(op, sizeof(*settled));
	struct kernel_route_result result;
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r;

	if (!settled)
		return -ENOMEM;

	r = route_check_table(op, request->table);
	if (r != 0)
		return r;
	memcpy(options.link, request->link, sizeof(options.link));
	/* of any metric, unless just one is meant */
	options.has_metric = options.has_metric || op->exact;
	r = kernel_route_remove(op->scope, &request->destination, &options, &result);
	if (r == -ENODEV && request->has_link)
		return op_refuse_no_link(op, "link", request->link);
	if (r == -ESRCH && (request->has_via || request->has_link))
		return op_refuse(
			op, HYCAN_REFUSAL_NOT_FOUND, "destination",
			"There is no such route to %s in table %u. For a route of several ways leave gateway and link out.",
			hycan_prefix_format(&request->destination, text, sizeof(text)), request->table);
	if (r == -ESRCH)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "destination", "There is no such route to %s in table %u.",
		                 hycan_prefix_format(&request->destination, text, sizeof(text)), request->table);
	if (r < 0)
		return r;
	*settled = *request;
	/* of any metric, the kernel chose */
	if (result.changed)
		settled->metric = result.metric;
	settled->has_metric = !route_metric_is_default(request->destination.address.family, settled->metric);
	op->settled = settled;
	return 0;
}
