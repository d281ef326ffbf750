/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.get: whether the daemon does what it is there for.
 *
 * Everything is looked at when it is asked for, and each thing by itself: what is wrong with one keeps nobody from being
 * told about the others. What is looked at is what others rely on: that a change can be written down, that the kernel
 * answers, and that what the ledger says is in our table is in it. Nothing is mended here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/link.h"
#include "kernel/masquerade.h"
#include "kernel/nat.h"
#include "kernel/network.h"
#include "kernel/port.h"
#include "table.h"

/* More than there are things to look at. */
#define PROBLEMS_MAX 16

struct findings {
	struct op *op;
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
	if (ledger < 0)
		find(f, "ledger", "Its file cannot be written, so nothing can be changed: %s.", strerror(-ledger));
}

static void look_at_kernel(struct findings *f)
{
	struct hycan_link link;
	int r = kernel_link_get(f->op->scope, "lo", &link);

	if (r < 0)
		find(f, "kernel", "It does not tell about the link lo: %s.", strerror(-r));
}

static void compare(struct findings *f, const char *check, const char *what, size_t made, int r, size_t there)
{
	if (r < 0)
		find(f, check, "The kernel does not tell: %s.", strerror(-r));
	else if (there < made)
		find(f, check, "The daemon made %zu %s here, and only %zu are there.", made, what, there);
}

static void compare_with_table(struct findings *f, size_t ports, size_t masquerades)
{
	_cleanup_free_ struct hycan_port_mapping *port = NULL;
	_cleanup_free_ struct hycan_masquerade *masquerade = NULL;
	bool whole = true;
	size_t n = 0;
	int r;

	r = kernel_nat_check(f->op->scope, &whole);
	if (r < 0)
		find(f, "rules", "The kernel does not tell: %s.", strerror(-r));
	else if (!whole)
		find(f, "rules",
		     "Some of the rules in the table inet hycan are gone, or others came; the next change puts them back.");
	r = kernel_port_list(f->op->scope, &port, &n);
	compare(f, "mappings", "port mappings", ports, r, n);
	n = 0;
	r = kernel_masquerade_list(f->op->scope, &masquerade, &n);
	compare(f, "masquerade", "masqueraded subnets", masquerades, r, n);
}

/* Strangers may have put more into our table; only what is missing is wrong. */
static void look_at_table(struct findings *f)
{
	size_t ports = f->op->server->count(f->op, HYCAN_OBJECT_KIND_PORT);
	size_t masquerades = f->op->server->count(f->op, HYCAN_OBJECT_KIND_MASQUERADE);
	size_t networks = f->op->server->count(f->op, HYCAN_OBJECT_KIND_NETWORK);

	/* a kernel without nf_tables is well as long as nobody asked for any of this */
	if (ports + masquerades + networks > 0)
		compare_with_table(f, ports, masquerades);
}

static void look_at_link(struct findings *f, const struct kernel_network *network)
{
	struct hycan_link link;
	int r = kernel_link_get(f->op->scope, network->link, &link);

	if (r == -ENODEV)
		find(f, "networks", "The link %s of the network “%s” is gone.", network->link, network->name);
	else if (r < 0)
		find(f, "networks", "The kernel does not tell about the link %s: %s.", network->link, strerror(-r));
	else if (!link.up)
		find(f, "networks", "The link %s of the network “%s” is down.", network->link, network->name);
}

static void look_at_elements(struct findings *f, const struct kernel_network *network)
{
	bool whole = true;
	int r = kernel_network_check(f->op->scope, network, &whole);

	if (r < 0)
		find(f, "networks", "The kernel does not tell about the network “%s”: %s.", network->name, strerror(-r));
	else if (!whole)
		find(f, "networks",
		     "Elements of the network “%s” are gone from the table inet hycan; “network.create” with its values puts them "
		     "back.",
		     network->name);
}

/* “network.list” tells the rest of what is otherwise. */
static void look_at_networks(struct findings *f, uint32_t *ret_networks)
{
	size_t made = f->op->server->count(f->op, HYCAN_OBJECT_KIND_NETWORK), n = 0;
	_cleanup_free_ struct kernel_network *networks = NULL;
	int r = kernel_network_list(f->op->scope, &networks, &n);

	*ret_networks = (uint32_t)n;
	compare(f, "networks", "networks", made, r, n);
	for (size_t i = 0; i < n; i++) {
		look_at_link(f, &networks[i]);
		look_at_elements(f, &networks[i]);
	}
}

static void find_dns(uint16_t vlan_id, const char *message, void *userdata)
{
	find(userdata, "dns", "The names of VLAN %u are not told as they should be: %s.", vlan_id, message);
}

int op_health_get(struct op *op, const struct hycan_health_get_request *request, struct hycan_health_get_reply *reply)
{
	struct findings f = { .op = op, .problem = op->memory(op, PROBLEMS_MAX * sizeof(*f.problem)) };
	int ledger = 0;

	(void)request;
	if (!f.problem)
		return -ENOMEM;
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
