/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations about forwarding have in common: above all the switch of a whole namespace, which several may need.
 *
 * Who turned it on is to turn it off, and that is one of three: those who asked for it with forwarding.set, together, and then the
 * ledger has it; the networks, together, and then our table has a note of that; or a stranger, whom nobody knows, and it stays on. Who
 * asks for what networks turned on takes it over from them, and the last one who lets go leaves it to the networks that need it then.
 * So whoever is the last of his sort sees in one place whether there is anything to turn off, and nobody counts the others.
 *
 * What this file does not do: turn it on again where a stranger turned it off. That is for who asked for it, as drift.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "along.h"
#include "cleanup.h"
#include "forwarding.h"
#include "kernel/forwarding.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "nat.h"
#include "network.h"
#include "table.h"

int forwarding_refuse(struct op *op, enum hycan_family family, const char *link, int r)
{
	const char *ip = family == HYCAN_FAMILY_IPV6 ? "IPv6" : "IPv4";

	switch (r) {
	case -ENODEV:
		return op_refuse_no_link(op, "interface", link);
	case -EOPNOTSUPP:
		if (link)
			return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "interface", "The link “%s” does not carry %s.", link, ip);
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "family", "This kernel has no %s.", ip);
	case -EROFS:
	case -EACCES:
		return op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL,
		                 "The daemon may not write to /proc/sys/net, which is read-only for it: look for "
		                 "ProtectKernelTunables= in its unit, or for how its container mounts /proc/sys.");
	}
	return r;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void forwarding_lock(void)
{
	pthread_mutex_lock(&lock);
}

void forwarding_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

struct listing {
	struct op *op;
	struct forwarding_links links;
};

static int keep_name(const struct hycan_link *link, void *userdata)
{
	struct listing *l = userdata;
	int r = op_grow(l->op, &l->links.name, l->links.n, sizeof(*l->links.name));

	if (r == 0)
		memcpy(l->links.name[l->links.n++], link->name, sizeof(*l->links.name));
	return r;
}

/* So often it is read anew, where links came or went meanwhile. */
#define READINGS 8

int forwarding_list_links(struct op *op, struct forwarding_links *ret_links)
{
	struct listing l = { .op = op };
	int r = -EINTR;

	for (int i = 0; i < READINGS && r == -EINTR; i++) {
		l.links.n = 0;
		r = kernel_link_list(op->scope, NULL, keep_name, &l);
	}
	if (r == 0)
		*ret_links = l.links;
	return r;
}

static int keep_along(struct op *op, enum hycan_family family, bool links, struct kernel_sysctls *kept)
{
	const char *ip = family == HYCAN_FAMILY_IPV6 ? "ipv6" : "ipv4";
	struct forwarding_links all = { 0 };
	bool on = false, is_on = false;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "%s/conf/all/forwarding", ip);
	r = kernel_sysctl_keep(op->scope, kept, path, true);
	snprintf(path, sizeof(path), "%s/conf/default/forwarding", ip);
	if (r == 0)
		r = kernel_sysctl_keep(op->scope, kept, path, false);
	/* inet_forward_change(), net/ipv4/devinet.c */
	if (r == 0 && family == HYCAN_FAMILY_IPV4)
		r = kernel_sysctl_keep(op->scope, kept, "ipv4/conf/all/accept_redirects", false);
	if (r == 0 && links)
		r = forwarding_list_links(op, &all);
	if (r == 0 && links)
		r = kernel_forwarding_get(op->scope, family, NULL, &on);
	for (size_t i = 0; i < all.n && r == 0; i++) {
		snprintf(path, sizeof(path), "%s/conf/%s/forwarding", ip, all.name[i]);
		if (kernel_forwarding_get(op->scope, family, all.name[i], &is_on) == 0 && is_on != on)
			r = kernel_sysctl_keep(op->scope, kept, path, false);
	}
	return r;
}

int forwarding_say_along(struct op *op, enum hycan_family family, bool links)
{
	_cleanup_(kernel_sysctls_free) struct kernel_sysctls kept = { 0 };
	int r;

	if (!op_undoable(op))
		return 0;
	r = keep_along(op, family, links, &kept);
	return r == 0 ? along_say_sysctls(op, NULL, &kept) : r;
}

/* Whether somebody asked for it who has not let go: of a link, or of the whole namespace. */
static bool is_asked_for(struct op *op, enum hycan_family family, const char *link)
{
	struct hycan_forwarding_set_request request = { .family = family, .on = true, .has_interface = link };

	if (link)
		memcpy(request.interface, link, sizeof(request.interface));
	return op->server->is_held(op, HYCAN_OBJECT_KIND_FORWARDING, &request);
}

static int is_noted(struct op *op, enum hycan_family family, bool *ret_noted)
{
	int r = kernel_network_has_forwarding(op->scope, family, ret_noted);

	if (r != -EOPNOTSUPP)
		return nat_refuse(op, r);
	*ret_noted = false;
	return 0;
}

static int note(struct op *op, enum hycan_family family, bool on, bool *changed)
{
	int r = kernel_network_note_forwarding(op->scope, family, on);

	*changed = *changed || r == 0;
	return r == -EALREADY ? 0 : nat_refuse(op, r);
}

static int turn(struct op *op, enum hycan_family family, bool on, bool *changed)
{
	bool turned = false;
	int r = kernel_forwarding_set(op->scope, family, NULL, on, &turned);

	*changed = *changed || turned;
	return forwarding_refuse(op, family, NULL, r);
}

/* The kernel turns off that of each link along with it; of one for which somebody asked by itself it is on again at once. */
static int turn_off(struct op *op, enum hycan_family family, bool *changed)
{
	struct forwarding_links links = { 0 };
	bool again;
	int r = forwarding_list_links(op, &links);

	if (r == 0)
		r = turn(op, family, false, changed);
	for (size_t i = 0; i < links.n && r == 0; i++) {
		if (is_asked_for(op, family, links.name[i]))
			r = kernel_forwarding_set(op->scope, family, links.name[i], true, &again);
		/* it went meanwhile, or carries the family no more */
		if (r == -ENODEV || r == -EOPNOTSUPP)
			r = 0;
	}
	return r;
}

int forwarding_ask(struct op *op, enum hycan_family family, bool *ret_changed)
{
	bool changed = false, noted = false;
	int r = is_noted(op, family, &noted);

	if (r == 0)
		r = turn(op, family, true, &changed);
	if (r == 0 && noted)
		r = note(op, family, false, &changed);
	/* the table that said so may be gone, and then what the ledger has beside it counts */
	if (r == 0 && !changed && !is_asked_for(op, family, NULL))
		changed = op->server->forwards(op, NULL) & OP_FORWARDS(family);
	if (r == 0)
		*ret_changed = changed;
	return r;
}

int forwarding_let_go(struct op *op, enum hycan_family family, bool *ret_changed)
{
	bool changed = false, needed = false, on = false, noted = false;
	int r = network_needs_forwarding(op, family, &needed);

	if (r == 0 && needed)
		r = forwarding_refuse(op, family, NULL, kernel_forwarding_get(op->scope, family, NULL, &on));
	if (r == 0 && needed && on) {
		r = note(op, family, true, &changed);
	} else if (r == 0) {
		r = turn_off(op, family, &changed);
		r = r ? r : is_noted(op, family, &noted);
		if (r == 0 && noted)
			r = note(op, family, false, &changed);
	}
	if (r == 0)
		*ret_changed = changed;
	return r;
}

/* Whether all links forward, and not by a stranger's word alone. */
static int is_ours(struct op *op, enum hycan_family family, bool *ret_ours)
{
	bool on = false, noted = false;
	int r = kernel_forwarding_get(op->scope, family, NULL, &on);

	if (r == 0 && on)
		r = is_noted(op, family, &noted);
	if (r == 0)
		*ret_ours = on && (noted || is_asked_for(op, family, NULL) || op->server->forwards(op, NULL) & OP_FORWARDS(family));
	return r;
}

/* Nothing is asked of the kernel, and yet it is a change: of who holds it. */
static int change_holders(struct op *op, bool *ret_changed)
{
	int r = kernel_scope_ask_gate(op->scope);

	*ret_changed = r >= 0;
	return r < 0 ? r : 0;
}

int forwarding_ask_link(struct op *op, enum hycan_family family, const char *link, bool *ret_changed)
{
	bool changed = false, ours = false;
	int r = kernel_forwarding_set(op->scope, family, link, true, &changed);

	if (r == 0 && !changed && !is_asked_for(op, family, link))
		r = is_ours(op, family, &ours);
	if (r == 0 && ours)
		r = change_holders(op, &changed);
	if (r == 0)
		*ret_changed = changed;
	return r;
}

int forwarding_let_go_link(struct op *op, enum hycan_family family, const char *link, bool *ret_changed)
{
	bool on = false, ours = false;
	int r = kernel_forwarding_get(op->scope, family, link, &on);

	/* who holds nothing of it wants it otherwise than all are; of what nobody holds any more the daemon says so */
	if (r == 0 && on && (op->exact || is_asked_for(op, family, link)))
		r = is_ours(op, family, &ours);
	if (r != 0)
		return r;
	return ours ? change_holders(op, ret_changed) : kernel_forwarding_set(op->scope, family, link, false, ret_changed);
}

int forwarding_need(struct op *op, enum hycan_family family, bool *changed)
{
	bool on = false;
	int r = kernel_forwarding_get(op->scope, family, NULL, &on);

	if (r < 0 || on)
		return forwarding_refuse(op, family, NULL, r);
	*changed = true;
	/* first, so that a daemon that is killed in between leaves nothing on that nobody turns off */
	r = note(op, family, true, changed);
	return r ? r : turn(op, family, true, changed);
}

int forwarding_release(struct op *op, enum hycan_family family)
{
	bool noted = false, changed = false;
	int r = is_noted(op, family, &noted);

	if (r != 0 || !noted)
		return r;
	/* a stranger had turned it off, and it was turned on for both */
	if (!is_asked_for(op, family, NULL))
		r = turn_off(op, family, &changed);
	return r ? r : note(op, family, false, &changed);
}
