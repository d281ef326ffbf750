/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forwarding.set. */
#include <errno.h>
#include <string.h>

#include "forwarding.h"
#include "kernel/forwarding.h"
#include "kernel/link.h"
#include "table.h"

/* Links whose value is not that of all: the kernel sets them along with it. Collected, since a list asks nothing meanwhile. */
struct links {
	struct op *op;
	enum hycan_family family;
	bool on;
	char (*name)[HYCAN_IFNAME_SIZE];
	size_t n;
};

static int keep_name(const struct hycan_link *link, void *userdata)
{
	struct links *l = userdata;
	int r = op_grow(l->op, &l->name, l->n, sizeof(*l->name));

	if (r == 0)
		memcpy(l->name[l->n++], link->name, sizeof(*l->name));
	return r;
}

static int say(struct op *op, enum hycan_family family, const char *link, bool on)
{
	struct hycan_forwarding_set_request request = { .family = family, .on = on, .has_interface = link };

	if (link)
		memcpy(request.interface, link, sizeof(request.interface));
	return op_undo(op, HYCAN_OPERATION_FORWARDING_SET, &request);
}

static int say_links(struct op *op, enum hycan_family family, bool on)
{
	struct links l = { .op = op };
	int r = kernel_link_list(op->scope, NULL, keep_name, &l);

	for (size_t i = 0; i < l.n && r == 0; i++) {
		bool is_on;

		/* one that is gone, or does not carry the family, has nothing to be put back */
		if (kernel_forwarding_get(op->scope, family, l.name[i], &is_on) == 0 && is_on != on)
			r = say(op, family, l.name[i], is_on);
	}
	return r;
}

/* What is there before it is set. */
static int before(struct op *op, enum hycan_family family, const char *link, bool on)
{
	bool is_on;
	int r = kernel_forwarding_get(op->scope, family, link, &is_on);

	if (r < 0 || is_on == on)
		return r;
	if (!link)
		r = say_links(op, family, is_on);
	return r < 0 ? r : say(op, family, link, is_on);
}

int op_forwarding_set(struct op *op, const struct hycan_forwarding_set_request *request)
{
	const char *link = request->has_interface ? request->interface : NULL;
	bool changed = false;
	int r = op_undoable(op) ? before(op, request->family, link, request->on) : 0;

	if (r == 0)
		r = kernel_forwarding_set(op->scope, request->family, link, request->on, &changed);
	op->unchanged = r == 0 && !changed;
	return forwarding_refuse(op, request->family, link, r);
}
