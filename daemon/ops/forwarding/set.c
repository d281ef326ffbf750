/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forwarding.set. */
#include <string.h>

#include "forwarding.h"
#include "kernel/forwarding.h"
#include "table.h"

static int say(struct op *op, enum hycan_family family, const char *link, bool on)
{
	struct hycan_forwarding_set_request request = { .family = family, .on = on, .has_interface = link };

	if (link)
		memcpy(request.interface, link, sizeof(request.interface));
	return op_undo(op, HYCAN_OPERATION_FORWARDING_SET, &request);
}

/* Links whose value is not that of all: the kernel sets them along with it. */
static int say_links(struct op *op, enum hycan_family family, bool on)
{
	struct forwarding_links links = { 0 };
	int r = forwarding_list_links(op, &links);

	for (size_t i = 0; i < links.n && r == 0; i++) {
		bool is_on;

		/* one that is gone, or does not carry the family, has nothing to be put back */
		if (kernel_forwarding_get(op->scope, family, links.name[i], &is_on) == 0 && is_on != on)
			r = say(op, family, links.name[i], is_on);
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
	if (!link && r == 0)
		r = forwarding_say_along(op, family, false);
	return r < 0 ? r : say(op, family, link, is_on);
}

/* Nobody asks for it any more: said between the two locks, so that who lets go next, or a network, sees that he is the last one. */
static void tell_gone(struct op *op, const struct hycan_forwarding_set_request *request)
{
	struct hycan_forwarding_set_request made = *request;

	made.on = true;
	op->server->gone(op, HYCAN_OBJECT_KIND_FORWARDING, &made);
}

static int set(struct op *op, const struct hycan_forwarding_set_request *request, const char *link, bool *ret_changed)
{
	int r;

	forwarding_lock();
	if (link && request->on)
		r = forwarding_ask_link(op, request->family, link, ret_changed);
	else if (link)
		r = forwarding_let_go_link(op, request->family, link, ret_changed);
	else if (request->on)
		r = forwarding_ask(op, request->family, ret_changed);
	else
		r = forwarding_let_go(op, request->family, ret_changed);
	if (r == 0 && !request->on)
		tell_gone(op, request);
	forwarding_unlock();
	return r;
}

int op_forwarding_set(struct op *op, const struct hycan_forwarding_set_request *request)
{
	const char *link = request->has_interface ? request->interface : NULL;
	bool changed = false;
	int r = op_undoable(op) ? before(op, request->family, link, request->on) : 0;

	if (r == 0)
		r = set(op, request, link, &changed);
	op->unchanged = r == 0 && !changed;
	return forwarding_refuse(op, request->family, link, r);
}
