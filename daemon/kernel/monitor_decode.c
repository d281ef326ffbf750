/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor: what is in the image, one after the other, and in words. */
#include <errno.h>
#include <string.h>

#include "address_read.h"
#include "monitor_state.h"
#include "rule_read.h"

const struct image_entry *kernel_monitor_next(const struct kernel_monitor *m, unsigned int kinds, uint64_t number,
                                              const struct image_entry *hint, uint64_t *ret_number)
{
	const struct image_entry *e = image_after(&m->image, number, (struct image_entry *)hint);

	while (e && !(kinds & KERNEL_BIT(e->kind)))
		e = TAILQ_NEXT(e, order);
	if (e)
		*ret_number = e->number;
	return e;
}

static bool name_of(const struct kernel_monitor *m, uint32_t ifindex, char name[static HYCAN_IFNAME_SIZE])
{
	const char *found = ifindex ? kernel_link_names_find(m->names, ifindex) : NULL;

	if (found)
		memcpy(name, found, HYCAN_IFNAME_SIZE);
	return found;
}

const char *kernel_monitor_link_name(const struct kernel_monitor *m, uint32_t ifindex)
{
	return kernel_link_names_find(m->names, ifindex);
}

static int decode_link(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct hycan_link *link)
{
	uint32_t parent, master;

	link_read(nlh, link, &parent, &master);
	link->has_parent = name_of(m, parent, link->parent);
	link->has_master = name_of(m, master, link->master);
	return 0;
}

static int decode_address(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct hycan_link_address *a)
{
	uint32_t ifindex;

	if (!address_read(nlh, a, &ifindex) || !name_of(m, ifindex, a->link))
		return -ENODATA;
	/* the label that every IPv4 address has says nothing */
	a->has_label = a->has_label && strcmp(a->label, a->link) != 0;
	return 0;
}

int kernel_monitor_decode(struct kernel_monitor *m, const struct image_entry *entry, struct kernel_thing *thing)
{
	const struct nlmsghdr *nlh = image_message(entry);
	bool whole;
	int r;

	thing->kind = (enum kernel_kind)entry->kind;
	switch (thing->kind) {
	case KERNEL_LINK:
		return decode_link(m, nlh, &thing->link);
	case KERNEL_ADDRESS:
		return decode_address(m, nlh, &thing->address);
	case KERNEL_ROUTE:
		r = route_read(&m->reader, nlh, &thing->route);
		return r > 0 ? -ENODATA : r;
	case KERNEL_RULE:
		return rule_read(nlh, &thing->rule, &whole) ? 0 : -ENODATA;
	case KERNEL_FORWARDING:
		return -ENODATA;
	case KERNEL_WIREGUARD:
		return monitor_decode_wireguard(m, nlh, &thing->wireguard);
	}
	return -ENODATA;
}
