/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.get: whether the daemon does what it is there for.
 *
 * Everything is looked at when it is asked for, and each thing by itself: what is wrong with one keeps nobody from being
 * told about the others. What is looked at is what others rely on: that a change can be written down, that the kernel
 * answers, and that our table has what the ledger says, thing by thing, and nothing else. What a request is about meanwhile is
 * left out, since it is half done; nobody waits for it. Nothing is mended here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/link.h"
#include "kernel/nat.h"
#include "kernel/network.h"
#include "network.h"
#include "network_way.h"
#include "table.h"

/* So many are told; behind those of the table there is room for others. */
#define PROBLEMS_MAX 64

struct findings {
	struct op *op;
	uint64_t moment; /* at which one began to look */
	struct hycan_health_problem *problem;
	size_t n;
};

__attribute__((format(printf, 3, 4))) static void find(struct findings *f, const char *check, const char *message, ...)
{
	struct hycan_health_problem *problem = &f->problem[f->n];
	va_list ap;

	if (f->n == PROBLEMS_MAX)
		return;
	f->n++;
	snprintf(problem->check, sizeof(problem->check), "%s", check);
	va_start(ap, message);
	vsnprintf(problem->message, sizeof(problem->message), message, ap);
	va_end(ap);
}

static void look_at_ledger(struct findings *f, int ledger)
{
	if (ledger == -ESTALE)
		find(f, "ledger",
		     "Its file is gone, or another one is in its place, so the next daemon will not know what was made.");
	else if (ledger < 0)
		find(f, "ledger", "Its file cannot be written, so nothing can be changed: %s.", strerror(-ledger));
}

static void look_at_kernel(struct findings *f)
{
	struct hycan_link link;
	int r = kernel_link_get(f->op->scope, "lo", &link);

	if (r < 0)
		find(f, "kernel", "It does not tell about the link lo: %s.", strerror(-r));
}

/* What is to be said of things of a kind. */
struct kind {
	struct findings *f;
	const char *check, *thing, *things;
	const char *make, *remove; /* operations */
};

static void find_amiss(enum op_amiss_what what, const char *identity, const char *owner, size_t n, void *userdata)
{
	const struct kind *k = userdata;

	switch (what) {
	case OP_AMISS_GONE:
		find(k->f, k->check, "The %s “%s” of %s is gone.", k->thing, identity, owner);
		break;
	case OP_AMISS_LOST:
		find(k->f, k->check, "A stranger took away the %s “%s” of %s; “%s” makes it again, “%s” is content with that.",
		     k->thing, identity, owner, k->make, k->remove);
		break;
	case OP_AMISS_FOREIGN:
		find(k->f, k->check, "The %s “%s” is in the table inet hycan, and the daemon did not make it; “%s” takes it away.",
		     k->thing, identity, k->remove);
		break;
	case OP_AMISS_CHANGED:
		find(k->f, k->check, "A stranger made something else of the %s “%s”; “%s” as it was asked for puts it right.",
		     k->thing, identity, k->make);
		break;
	case OP_AMISS_UNNAMED:
		find(k->f, k->check, "So it is with %zu more %s.", n, k->things);
		break;
	}
}

static void compare(struct findings *f, enum hycan_object_kind kind, struct kind *k)
{
	int r = f->op->server->compare(f->op, kind, find_amiss, k);

	if (r == -EINTR)
		find(f, k->check, "They change faster than they can be read, so it cannot be seen whether they are all there.");
	else if (r < 0)
		find(f, k->check, "It cannot be seen whether they are all there: %s.", strerror(-r));
}

static void look_at_table(struct findings *f)
{
	struct kind masquerades = { f,
		                    "masquerade",
		                    "masqueraded subnet",
		                    "masqueraded subnets",
		                    "masquerade.add",
		                    "masquerade.remove" },
		    ports = { f, "mappings", "port mapping", "port mappings", "port.add", "port.remove" },
		    networks = { f, "networks", "network", "networks", "network.create", "network.delete" };
	bool whole = true;
	int r = 0;

	/* a kernel without nf_tables is well as long as nobody asked for any of this */
	if (f->op->server->count(f->op, HYCAN_OBJECT_KIND_MASQUERADE) + f->op->server->count(f->op, HYCAN_OBJECT_KIND_PORT) +
	            f->op->server->count(f->op, HYCAN_OBJECT_KIND_NETWORK) >
	    0)
		r = kernel_nat_check(f->op->scope, &whole);
	if (r < 0 && r != -EINTR)
		find(f, "rules", "The kernel does not tell: %s.", strerror(-r));
	else if (!whole && !f->op->server->was_under_way(f->op, f->moment, HYCAN_OBJECT_KIND_NETWORK, NULL))
		find(f, "rules",
		     "Some of the rules in the table inet hycan are gone, or others came; the next change puts them back.");
	compare(f, HYCAN_OBJECT_KIND_PORT, &ports);
	compare(f, HYCAN_OBJECT_KIND_MASQUERADE, &masquerades);
	compare(f, HYCAN_OBJECT_KIND_NETWORK, &networks);
}

static bool is_under_way(const struct findings *f, uint16_t vlan_id, const char *link)
{
	return network_was_under_way(f->op, f->moment, vlan_id, link);
}

static void look_at_gateways(struct findings *f, const struct kernel_network *network)
{
	bool ipv4, ipv6;
	int r = network_has_gateways(f->op->scope, network, &ipv4, &ipv6);

	/* of a link that is gone, or of which the kernel does not tell, that is said */
	if (r < 0 || (ipv4 && ipv6) || is_under_way(f, network->vlan_id, network->link))
		return;
	find(f, "networks",
	     "The link %s of the network “%s” does not have the gateway's address%s; “network.create” with its values puts it "
	     "back.",
	     network->link, network->name, ipv4 ? " of IPv6" : "");
}

static void look_at_link(struct findings *f, const struct kernel_network *network)
{
	struct hycan_link link;
	int r = kernel_link_get(f->op->scope, network->link, &link);

	if (r == 0 && link.up)
		look_at_gateways(f, network);
	if ((r == 0 && link.up) || is_under_way(f, network->vlan_id, network->link))
		return;
	if (r == -ENODEV)
		find(f, "networks", "The link %s of the network “%s” is gone.", network->link, network->name);
	else if (r < 0)
		find(f, "networks", "The kernel does not tell about the link %s: %s.", network->link, strerror(-r));
	else
		find(f, "networks", "The link %s of the network “%s” is down.", network->link, network->name);
}

static void look_at_elements(struct findings *f, const struct kernel_network *network)
{
	bool whole = true;
	int r = kernel_network_check(f->op->scope, network, &whole);

	if ((r == 0 && whole) || is_under_way(f, network->vlan_id, network->link))
		return;
	if (r < 0)
		find(f, "networks", "The kernel does not tell about the network “%s”: %s.", network->name, strerror(-r));
	else
		find(f, "networks",
		     "Elements of the network “%s” are gone from the table inet hycan; “network.create” with its values puts them "
		     "back.",
		     network->name);
}

static void find_way(struct findings *f, const struct kernel_network *network, const struct kernel_network_way *way)
{
	switch (network_way_state(f->op, way)) {
	case NETWORK_WAY_AS_ASKED:
		break;
	case NETWORK_WAY_OPENED:
		find(f, "networks", "A stranger opened the way from the network “%s” to %s; “network.allow” closes it.",
		     network->name, way->to);
		break;
	case NETWORK_WAY_CLOSED:
		find(f, "networks", "A stranger closed the way from the network “%s” to %s; “network.allow” opens it.",
		     network->name, way->to);
		break;
	case NETWORK_WAY_FORGOTTEN:
		find(f, "networks",
		     "A stranger took out of the table inet hycan that the way from the network “%s” to %s was asked for; "
		     "“network.create” with its values puts that back.",
		     network->name, way->to);
		break;
	}
}

/* What a network lets others do is told with it, as its elements are. */
static void look_at_ways(struct findings *f, const struct kernel_network *network, const struct kernel_network_way *ways, size_t n)
{
	size_t n_from;
	const struct kernel_network_way *from = kernel_network_ways_from(ways, n, network->link, &n_from);

	for (size_t i = 0; i < n_from; i++)
		if (kernel_network_way_differs(&from[i]) && !is_under_way(f, network->vlan_id, network->link))
			find_way(f, network, &from[i]);
}

/* “network.list” tells the rest of what is otherwise. */
static void look_at_networks(struct findings *f, uint32_t *ret_networks)
{
	_cleanup_free_ struct kernel_network *networks = NULL;
	_cleanup_free_ struct kernel_network_way *ways = NULL;
	size_t n = 0, n_ways = 0;

	/* that they cannot be read was said already */
	(void)kernel_network_list(f->op->scope, &networks, &n);
	if (n > 0)
		(void)kernel_network_list_ways(f->op->scope, &ways, &n_ways);
	*ret_networks = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		look_at_link(f, &networks[i]);
		look_at_elements(f, &networks[i]);
		look_at_ways(f, &networks[i], ways, n_ways);
	}
}

static void find_dns(uint16_t vlan_id, const char *link, const char *message, void *userdata)
{
	struct hycan_dns_set_request made = { .vlan_id = vlan_id, .has_link = true };
	struct findings *f = userdata;

	memcpy(made.link, link, strnlen(link, sizeof(made.link) - 1));
	if (!f->op->server->was_under_way(f->op, f->moment, HYCAN_OBJECT_KIND_DNS, &made) && !is_under_way(f, vlan_id, link))
		find(f, "dns", "The names of VLAN %u are not told as they should be: %s.", vlan_id, message);
}

int op_health_get(struct op *op, const struct hycan_health_get_request *request, struct hycan_health_get_reply *reply)
{
	struct findings f = { .op = op, .problem = op->memory(op, PROBLEMS_MAX * sizeof(*f.problem)) };
	int ledger = 0;

	(void)request;
	if (!f.problem)
		return -ENOMEM;
	f.moment = op->server->moment(op);
	op->server->health(op, reply, &ledger);
	look_at_ledger(&f, ledger);
	look_at_kernel(&f);
	look_at_table(&f);
	look_at_networks(&f, &reply->networks);
	dns_check(op, find_dns, &f);
	reply->problems = f.problem;
	reply->n_problems = f.n;
	reply->healthy = f.n == 0;
	return 0;
}
