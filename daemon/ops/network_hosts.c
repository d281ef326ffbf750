/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hosts of a network have beside its link: names and port mappings. A network that gets another subnet would leave them
 * behind, with addresses that are somebody else's before long: so they go first, and whoever asks is told which.
 */
#include <errno.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/port.h"
#include "nat.h"
#include "network_check.h"
#include "port.h"

struct move {
	const struct kernel_network *before;
	const struct kernel_network *wanted;
};

static bool leaves_behind(const struct move *m, const struct hycan_address *address)
{
	return network_has(m->before, address) && !network_has(m->wanted, address);
}

/* The field that says which addresses of that family there are. */
static const char *field_of(const struct hycan_address *address)
{
	return address->family == AF_INET6 ? "ipv6_subnet" : "subnet";
}

static int check_mappings(struct op *op, const struct move *m)
{
	_cleanup_free_ struct hycan_port_mapping *mappings = NULL;
	char place[PORT_TEXT_SIZE], to[HYCAN_ADDRESS_TEXT_SIZE];
	size_t n = 0;
	int r = kernel_port_list(op->scope, &mappings, &n);

	for (size_t i = 0; i < n && r == 0; i++)
		/* what is older than the network is nobody's again */
		if (mappings[i].has_network && mappings[i].network == m->wanted->vlan_id &&
		    leaves_behind(m, &mappings[i].to_address))
			r = op_refuse(op, HYCAN_REFUSAL_BUSY, field_of(&mappings[i].to_address),
			              "The port mapping %s leads to %s, which would not be in the network any more: take it away "
			              "first (“port.remove”).",
			              port_format(&mappings[i], place, sizeof(place)),
			              hycan_address_format(&mappings[i].to_address, to, sizeof(to)));
	return nat_refuse(op, r);
}

static int check_names(struct op *op, const struct move *m)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r = dns_zone_get(op, m->wanted->vlan_id, &zone);

	for (size_t i = 0; i < zone.n_hosts && r == 0; i++)
		for (size_t k = 0; k < zone.host[i].n_addresses && r == 0; k++)
			if (leaves_behind(m, &zone.host[i].address[k]))
				r = op_refuse(
					op, HYCAN_REFUSAL_BUSY, field_of(&zone.host[i].address[k]),
					"The host “%s” has %s, which would not be in the network any more: take it out of the "
					"names first (“dns.remove_host”).",
					zone.host[i].name, hycan_address_format(&zone.host[i].address[k], text, sizeof(text)));
	return r == -ENOENT ? 0 : r;
}

int network_check_hosts(struct op *op, const struct kernel_network *wanted, const struct kernel_network *before)
{
	const struct move move = { .before = before, .wanted = wanted };
	int r = check_mappings(op, &move);

	return r == 0 ? check_names(op, &move) : r;
}
