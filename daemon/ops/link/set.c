/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.set: mtu, alias, hardware address and length of the transmit queue (netdevice(7)), all or nothing. */
#include <errno.h>
#include <string.h>

#include "before.h"
#include "kernel/link.h"
#include "table.h"

static int refuse(struct op *op, const struct hycan_link_set_request *request, const char *field, int error)
{
	const char *what = field ? field : "properties";
	enum hycan_refusal refusal = HYCAN_REFUSAL_KERNEL;

	if (error == -EOPNOTSUPP)
		refusal = HYCAN_REFUSAL_UNSUPPORTED;
	if (error == -EBUSY)
		refusal = HYCAN_REFUSAL_BUSY;
	if (error == -EADDRNOTAVAIL)
		refusal = HYCAN_REFUSAL_INVALID;
	if (error == -EINVAL || error == -ERANGE)
		refusal = field && strcmp(field, "mtu") == 0 ? HYCAN_REFUSAL_OUT_OF_RANGE : HYCAN_REFUSAL_INVALID;
	return op_refuse_kernel(op, refusal, field, error, "The link “%s” stays as it was, the kernel refuses its new %s",
	                        request->name, what);
}

int op_link_set(struct op *op, const struct hycan_link_set_request *request)
{
	struct hycan_link_set_options wanted = {
		.has_mtu = request->has_mtu,
		.mtu = request->mtu,
		.has_alias = request->has_alias,
		.has_mac = request->has_mac,
		.mac = request->mac,
		.has_txqueuelen = request->has_txqueuelen,
		.txqueuelen = request->txqueuelen,
	};
	struct hycan_link_set_options change;
	const char *field = NULL;
	struct hycan_link link;
	int r;

	memcpy(wanted.alias, request->alias, sizeof(wanted.alias));
	r = kernel_link_get(op->scope, request->name, &link);
	if (r == 0 && wanted.has_mac && !link.has_mac)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "mac", "The link “%s” has no hardware address of 6 bytes.",
		                 request->name);
	if (r == 0)
		r = before_link_set(op, &link, &wanted);
	if (r == 0) {
		r = kernel_link_set(op->scope, &link, &wanted, &field);
		if (r < 0 && r != -ENODEV)
			return refuse(op, request, field, r);
		change = kernel_link_difference(&link, &wanted);
		op->unchanged = r == 0 && !kernel_link_sets_any(&change);
	}
	return r == -ENODEV ? op_refuse_no_link(op, "name", request->name) : r;
}
