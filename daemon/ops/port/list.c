/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.list: none where the kernel could not have any; each with the network that it belongs to. */
#include <errno.h>

#include "cleanup.h"
#include "kernel/port.h"
#include "nat.h"
#include "port_network.h"
#include "table.h"

int op_port_list(struct op *op, const struct hycan_port_list_request *request)
{
	_cleanup_free_ struct hycan_port_mapping *mappings = NULL;
	size_t n = 0;
	int r;

	(void)request;
	r = kernel_port_list(op->scope, &mappings, &n);
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : nat_refuse(op, r);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = port_read_network(op, &mappings[i], &mappings[i].network);
		mappings[i].has_network = true;
		if (r == 0)
			r = op->answer(op, &mappings[i]);
	}
	return r;
}
