/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.remove. */
#include <errno.h>

#include "before.h"
#include "kernel/address.h"
#include "table.h"

struct search {
	const struct hycan_prefix *address;
	bool found;
};

static int found(const struct hycan_link_address *there, void *userdata)
{
	struct search *s = userdata;

	s->found = s->found || kernel_address_is(there, s->address);
	return 0;
}

/* Of a plan: the kernel is not there to say that there is no such address. */
static int look(struct op *op, const struct hycan_address_remove_request *request)
{
	struct search s = { .address = &request->address };
	int r = kernel_address_list(op->scope, request->link, request->address.address.family, found, &s);

	return r < 0 || s.found ? r : -EADDRNOTAVAIL;
}

int op_address_remove(struct op *op, const struct hycan_address_remove_request *request)
{
	struct hycan_address_remove_request *settled = op->memory(op, sizeof(*settled));
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r;

	if (!settled)
		return -ENOMEM;
	*settled = *request;
	/* of one with a far end the ledger has the address alone */
	settled->address.length = (uint8_t)(hycan_address_size(&request->address.address) * 8);
	r = op_claim(op, settled);
	if (r == 0) {
		*settled = *request;
		r = op_claim(op, settled);
	}
	if (r != 0)
		return r;
	r = op->plan ? look(op, request) : 0;
	if (r == 0)
		r = before_address_remove(op, request->link, &request->address);
	if (r == 0)
		r = kernel_address_remove(op->scope, request->link, &request->address, &settled->address);
	if (r == -ENODEV)
		return op_refuse_no_link(op, "link", request->link);
	if (r == -EADDRNOTAVAIL)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "address", "The link “%s” does not have the address %s.",
		                 request->link, hycan_prefix_format(&request->address, text, sizeof(text)));
	return r;
}
