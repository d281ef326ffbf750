/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for, and goes along with an address (op_restate_keep()).
 *
 * Lists are read twice, and what is in the second one as in the first stays as it is: asking the kernel for each of many routes would
 * take longer.
 *
 * Of IPv6 no address goes along, and routes stay, but forget that they prefer it as their source.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"
#include "kernel/address.h"
#include "kernel/route.h"
#include "messages.h"
#include "route.h"

/* Lists that change while they are read are read again, so often at most. */
#define READINGS 8

struct kept_address {
	struct hycan_link_address address;
	bool is_there;
};

/* All routes in a place, as the kernel tells of them. */
struct kept_place {
	void *messages;
	size_t size;
	bool gateways; /* behind those through which these are reached */
	bool is_there;
};

struct op_restate {
	struct op *op;
	uint32_t round;
	struct kept_address *address;
	size_t n_addresses;
	struct kept_place *place;
	size_t n_places;
	bool again;  /* it is the second list, */
	size_t next; /* of which what comes is looked for from there on */
};

static void forget(struct op_restate *k)
{
	for (size_t i = 0; i < k->n_places; i++)
		free(k->place[i].messages);
	k->n_places = k->n_addresses = 0;
}

void op_restate_free(struct op_restate **restate)
{
	struct op_restate *k = *restate;

	*restate = NULL;
	if (!k)
		return;
	forget(k);
	free(k->place);
	free(k->address);
	free(k);
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

static bool address_is_stated(const struct op_restate *k, const struct hycan_link_address *address)
{
	const struct hycan_address_add_request request = { .link_address = *address };

	return k->op->server->is_stated(k->op, HYCAN_OBJECT_KIND_ADDRESS, &request, k->round);
}

static int keep_address(struct op_restate *k, const struct hycan_link_address *address)
{
	int r = array_grow(&k->address, k->n_addresses, sizeof(*k->address));

	if (r == 0)
		k->address[k->n_addresses++] = (struct kept_address){ .address = *address };
	return r;
}

static int keep_stated_address(const struct hycan_link_address *address, void *userdata)
{
	struct op_restate *k = userdata;

	return address_is_stated(k, address) ? keep_address(k, address) : 0;
}

/* In the same order, but for what is missing. */
static int find_address(const struct hycan_link_address *address, void *userdata)
{
	struct op_restate *k = userdata;

	for (size_t i = k->next; i < k->n_addresses; i++) {
		struct kept_address *kept = &k->address[i];

		if (strcmp(kept->address.link, address->link) != 0 || !kernel_address_is(address, &kept->address.address))
			continue;
		kept->is_there = true;
		k->next = i + 1;
		break;
	}
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------- routes */

/* The ledger knows it without a metric that is the kernel's own. */
static bool route_is_stated(const struct op_restate *k, const struct hycan_route *route)
{
	struct hycan_route_replace_request request = { .route = *route };

	request.route.has_metric = route->has_metric && !route_says_default_metric(route);
	return k->op->server->is_stated(k->op, HYCAN_OBJECT_KIND_ROUTE, &request, k->round);
}

static int may_go(const struct kernel_route_seen *seen, void *userdata)
{
	const bool may = seen->route.destination.address.family == AF_INET || seen->route.has_source ||
	                 ((struct op_restate *)userdata)->again;

	return may && seen->in_words && !seen->comes_back && route_is_stated(userdata, &seen->route);
}

static int keep_place(struct op_restate *k, const void *messages, size_t size, bool gateways)
{
	struct kept_place *kept;

	if (array_grow(&k->place, k->n_places, sizeof(*k->place)) < 0)
		return -ENOMEM;
	kept = &k->place[k->n_places];
	*kept = (struct kept_place){ .messages = malloc(size), .size = size, .gateways = gateways };
	if (!kept->messages)
		return -ENOMEM;
	memcpy(kept->messages, messages, size);
	k->n_places++;
	return 0;
}

static int find_place(const void *messages, size_t size, bool gateways, void *userdata)
{
	struct op_restate *k = userdata;

	if (!k->again)
		return keep_place(k, messages, size, gateways);
	for (size_t i = k->next; i < k->n_places; i++) {
		struct kept_place *kept = &k->place[i];

		if (kept->size != size || memcmp(kept->messages, messages, size) != 0)
			continue;
		kept->is_there = true;
		k->next = i + 1;
		break;
	}
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ reading */

static int read_lists(struct op_restate *k)
{
	const struct kernel_route_places places = { .goes = may_go, .found = find_place, .userdata = k };
	int r;

	k->next = 0;
	r = kernel_address_list(k->op->scope, NULL, AF_INET, k->again ? find_address : keep_stated_address, k);
	k->next = 0;
	return r < 0 ? r : kernel_route_list_places(k->op->scope, &places);
}

static int read_again(struct op_restate *k)
{
	int r = -EINTR;

	for (int i = 0; i < READINGS && r == -EINTR; i++) {
		if (!k->again)
			forget(k);
		r = read_lists(k);
	}
	return r;
}

int op_restate_keep(struct op *op, uint32_t round, struct op_restate **ret_restate)
{
	struct op_restate *k = calloc(1, sizeof(*k));
	int r;

	*ret_restate = k;
	if (!k)
		return -ENOMEM;
	k->op = op;
	k->round = round;
	r = read_again(k);
	if (r < 0 || k->n_addresses + k->n_places == 0)
		op_restate_free(ret_restate);
	return r;
}

/* ----------------------------------------------------------------------------------------------------- writing it down */

int op_restate_tell(const struct op_restate *kept, op_restated_told *told, void *userdata)
{
	int r = 0;

	for (size_t i = 0; i < kept->n_addresses && r == 0; i++)
		r = told(&(struct op_restated){ .address = &kept->address[i].address }, userdata);
	for (size_t i = 0; i < kept->n_places && r == 0; i++)
		r = told(&(struct op_restated){ .messages = kept->place[i].messages,
		                                .size = kept->place[i].size,
		                                .gateways = kept->place[i].gateways },
		         userdata);
	return r;
}

int op_restate_add(struct op *op, const struct op_restated *restated, struct op_restate **restate)
{
	struct op_restate *k = *restate ? *restate : calloc(1, sizeof(*k));

	*restate = k;
	if (!k)
		return -ENOMEM;
	k->op = op;
	return restated->address ? keep_address(k, restated->address)
	                         : keep_place(k, restated->messages, restated->size, restated->gateways);
}

/* ------------------------------------------------------------------------------------------------------- putting back */

/* What is there by now is as it was asked for; what passes is the caller's to try again. */
static int explain(struct op *op, const char *what, const struct hycan_prefix *which, int error)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (error == 0 || error == -EEXIST)
		return 0;
	if (error == -ENOMEM || error == -ENOBUFS || error == -EINTR)
		return error;
	return op_refuse_kernel(
		op, HYCAN_REFUSAL_INVALID, "address", error,
		"With an address that is taken away goes the %s %s, which is asked for, and it cannot be made again", what,
		hycan_prefix_format(which, text, sizeof(text)));
}

static int put_back_address(struct op_restate *k, const struct kept_address *kept)
{
	if (kept->is_there || !address_is_stated(k, &kept->address))
		return 0;
	return explain(k->op, "address", &kept->address.address, kernel_address_add(k->op->scope, &kept->address));
}

static int put_back_place(struct op_restate *k, const struct kept_place *kept, bool gateways)
{
	struct hycan_route route;
	bool in_words;
	int r;

	if (kept->is_there || kept->gateways != gateways)
		return 0;
	r = kernel_route_read_place(k->op->scope, kept->messages, kept->size, &route, &in_words);
	if (r < 0 || !route_is_stated(k, &route))
		return r;
	r = kernel_route_put_back(k->op->scope, kept->messages, kept->size, true, false);
	return explain(k->op, "route to", &route.destination, r);
}

/* Counts what failed, and keeps the first result. */
static void note(int result, int *first, uint32_t *lost)
{
	*lost += result != 0;
	*first = *first ? *first : result;
}

int op_restate(struct op *op, struct op_restate *kept, uint32_t *ret_lost)
{
	int first = 0, r;

	for (size_t i = 0; i < kept->n_addresses; i++)
		kept->address[i].is_there = false;
	for (size_t i = 0; i < kept->n_places; i++)
		kept->place[i].is_there = false;
	kept->op = op;
	kept->again = true;
	*ret_lost = 1;
	r = read_again(kept);
	if (r < 0)
		return r;
	*ret_lost = 0;
	for (size_t i = 0; i < kept->n_addresses; i++)
		note(put_back_address(kept, &kept->address[i]), &first, ret_lost);
	for (int gateways = 0; gateways < 2; gateways++)
		for (size_t i = 0; i < kept->n_places; i++)
			note(put_back_place(kept, &kept->place[i], gateways), &first, ret_lost);
	return first;
}
