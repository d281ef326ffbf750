/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the peers that are to the peers that are wanted.
 *
 * A needless change costs a peer its session, so what is equal is not sent. Peers are found by their public key and
 * allowed IPs by their prefix in sorted lists: hashing what a stranger chose would need a secret, and sorting does not.
 *
 * An allowed IP belongs to one peer: given to another it leaves the first by itself (cryptokey routing). So a peer whose
 * allowed IPs only go to others in the same request is left alone, and the order of the changes does not matter: no
 * prefix is given twice, and what a peer keeps nobody else is given. Only for one that nobody wants must the list of its
 * peer be replaced, since the kernel cannot take away a single one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "messages.h"
#include "wireguard.h"

int wireguard_refuse(struct op *op, const char *name, int result)
{
	if (result == -ENODEV)
		return op_refuse_no_link(op, "name", name);
	if (result == -EOPNOTSUPP)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "name", "“%s” is not a WireGuard link.", name);
	if (result == -ENOENT)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL, "This kernel has no WireGuard (module wireguard).");
	return result;
}

/* A peer that is wanted, and what there is of it. */
struct wish {
	const struct hycan_wireguard_peer_config *config;
	const struct hycan_wireguard_peer *peer; /* NULL: it is missing */
	const struct hycan_key *preshared_key;
	bool differs;
	bool surplus; /* it has an allowed IP that nobody wants */
};

/* An allowed IP that is wanted. */
struct claim {
	const struct hycan_prefix *prefix;
	struct wish *owner;
	bool done; /* the owner has it, or is given it */
};

/* The request, so sorted that everything in it is found. */
struct wishes {
	size_t n;
	struct wish *wish;    /* in the order of the request */
	struct wish **by_key; /* by public key */
	size_t n_claims;
	struct claim *claim; /* by prefix */
};

static void wishes_clear(struct wishes *w)
{
	free(w->wish);
	free(w->by_key);
	free(w->claim);
}

static int compare_keys(const struct hycan_key *a, const struct hycan_key *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int compare_prefixes(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->address.bytes, b->address.bytes, hycan_address_size(&a->address));
}

static int compare_order(const struct wish *a, const struct wish *b)
{
	return (a > b) - (a < b);
}

static int compare_wishes(const void *a, const void *b)
{
	const struct wish *x = *(struct wish *const *)a, *y = *(struct wish *const *)b;
	int r = compare_keys(&x->config->public_key, &y->config->public_key);

	return r ? r : compare_order(x, y);
}

static int compare_key_and_wish(const void *key, const void *element)
{
	return compare_keys(key, &(*(struct wish *const *)element)->config->public_key);
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int r = compare_prefixes(x->prefix, y->prefix);

	return r ? r : compare_order(x->owner, y->owner);
}

static int compare_prefix_and_claim(const void *key, const void *element)
{
	return compare_prefixes(key, ((const struct claim *)element)->prefix);
}

static struct wish *find_wish(const struct wishes *w, const struct hycan_key *key)
{
	struct wish **found = w->n ? bsearch(key, w->by_key, w->n, sizeof(*w->by_key), compare_key_and_wish) : NULL;

	return found ? *found : NULL;
}

static struct claim *find_claim(const struct wishes *w, const struct hycan_prefix *prefix)
{
	return w->n_claims ? bsearch(prefix, w->claim, w->n_claims, sizeof(*w->claim), compare_prefix_and_claim) : NULL;
}

/* What cannot be right in a single peer, as a clause; NULL: nothing. */
static const char *fault_of_peer(const struct kernel_wireguard *is, const struct hycan_key *public_key)
{
	if (kernel_wireguard_key_is_none(public_key))
		return "has a public key of zeros, which belongs to no private key";
	/* the kernel says nothing about such a peer, and does not make it */
	if (is->device.has_public_key && compare_keys(public_key, &is->device.public_key) == 0)
		return "has the public key of the interface itself, which cannot be its own peer";
	return NULL;
}

static int check_peers(struct op *op, const struct kernel_wireguard *is, const struct wishes *w, bool whole)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *fault = fault_of_peer(is, &w->wish[i].config->public_key);

		if (fault && whole)
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "peers", "Peer %zu (counted from 0) %s.", i, fault);
		if (fault)
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "public_key", "The peer %s.", fault);
	}
	for (size_t i = 1; i < w->n; i++)
		if (compare_keys(&w->by_key[i - 1]->config->public_key, &w->by_key[i]->config->public_key) == 0)
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "peers",
			                 "Peers %zu and %zu (counted from 0) have the same public key; give each peer once.",
			                 (size_t)(w->by_key[i - 1] - w->wish), (size_t)(w->by_key[i] - w->wish));
	return 0;
}

/* Refuses a prefix that two peers claim; leaves one of those that the same peer claims again. */
static int check_claims(struct op *op, struct wishes *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_claims; i++) {
		const struct claim *last = n ? &w->claim[n - 1] : NULL;

		if (!last || compare_prefixes(last->prefix, w->claim[i].prefix) != 0) {
			w->claim[n++] = w->claim[i];
		} else if (last->owner != w->claim[i].owner) {
			char text[HYCAN_ADDRESS_TEXT_SIZE];

			return op_refuse(
				op, HYCAN_REFUSAL_INVALID, "peers",
				"Peers %zu and %zu (counted from 0) both have the allowed IP %s, which can belong to one alone.",
				(size_t)(last->owner - w->wish), (size_t)(w->claim[i].owner - w->wish),
				hycan_prefix_format(last->prefix, text, sizeof(text)));
		}
	}
	w->n_claims = n;
	return 0;
}

static int wishes_sort(const struct hycan_wireguard_peer_config *wanted, size_t n, struct wishes *w)
{
	size_t claims = 0;

	for (size_t i = 0; i < n; i++)
		claims += wanted[i].has_allowed_ips ? wanted[i].n_allowed_ips : 0;
	/* one more, since nothing at all is no error */
	w->wish = calloc(n + 1, sizeof(*w->wish));
	w->by_key = calloc(n + 1, sizeof(*w->by_key));
	w->claim = calloc(claims + 1, sizeof(*w->claim));
	if (!w->wish || !w->by_key || !w->claim)
		return -ENOMEM;
	w->n = n;
	for (size_t i = 0; i < n; i++) {
		w->wish[i].config = &wanted[i];
		w->by_key[i] = &w->wish[i];
		for (size_t k = 0; wanted[i].has_allowed_ips && k < wanted[i].n_allowed_ips; k++)
			w->claim[w->n_claims++] = (struct claim){ .prefix = &wanted[i].allowed_ips[k], .owner = &w->wish[i] };
	}
	qsort(w->by_key, w->n, sizeof(*w->by_key), compare_wishes);
	qsort(w->claim, w->n_claims, sizeof(*w->claim), compare_claims);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------- comparing */

static void match_allowed_ips(const struct wishes *w, struct wish *wish, const struct hycan_wireguard_peer *peer)
{
	for (size_t i = 0; i < peer->n_allowed_ips; i++) {
		struct claim *claim = find_claim(w, &peer->allowed_ips[i]);

		if (claim && claim->owner == wish) {
			claim->done = true;
		} else {
			wish->differs = true;
			wish->surplus = wish->surplus || !claim;
		}
	}
}

/* Finds out what there is of each wish, and begins the plan with the peers that nobody wants. */
static void match_peers(const struct wishes *w, const struct kernel_wireguard *is, bool whole, struct wireguard_plan *plan)
{
	for (size_t i = 0; i < is->n_peers; i++) {
		struct wish *wish = find_wish(w, &is->peers[i].public_key);

		if (wish) {
			wish->peer = &is->peers[i];
			wish->preshared_key = &is->preshared_keys[i];
			if (wish->config->has_allowed_ips)
				match_allowed_ips(w, wish, wish->peer);
		} else if (whole) {
			plan->former[plan->n_former++] = (struct wireguard_former){ .at = i };
			plan->changes[plan->n_changes++] =
				(struct kernel_wireguard_change){ .public_key = &is->peers[i].public_key, .remove = true };
			plan->removed++;
		}
	}
}

static bool same_endpoint(const struct hycan_endpoint *a, const struct hycan_endpoint *b)
{
	return a->address.family == b->address.family && a->port == b->port && a->scope_id == b->scope_id &&
	       memcmp(a->address.bytes, b->address.bytes, hycan_address_size(&a->address)) == 0;
}

/* Writes the allowed IPs that the peer is to be given beside those it has; returns how many. */
static size_t missing_allowed_ips(const struct wishes *w, const struct wish *wish, struct hycan_prefix *additions)
{
	size_t n = 0;

	for (size_t i = 0; i < wish->config->n_allowed_ips; i++) {
		struct claim *claim = find_claim(w, &wish->config->allowed_ips[i]);

		if (!claim || claim->done)
			continue;
		additions[n++] = *claim->prefix;
		claim->done = true;
	}
	return n;
}

/* Which properties of a peer differ; of one that is missing, those that it does not have by itself. */
static struct kernel_wireguard_change compare_properties(const struct wish *wish)
{
	static const struct hycan_wireguard_peer nothing;
	static const struct hycan_key none;
	const struct hycan_wireguard_peer_config *config = wish->config;
	const struct hycan_wireguard_peer *peer = wish->peer ? wish->peer : &nothing;
	const struct hycan_key *preshared_key = wish->peer ? wish->preshared_key : &none;
	struct kernel_wireguard_change change = { .public_key = &config->public_key, .update_only = wish->peer };

	if (config->has_preshared_key && compare_keys(&config->preshared_key, preshared_key) != 0)
		change.preshared_key = &config->preshared_key;
	if (config->has_endpoint && !(peer->has_endpoint && same_endpoint(&config->endpoint, &peer->endpoint)))
		change.endpoint = &config->endpoint;
	if (config->has_persistent_keepalive && config->persistent_keepalive != peer->persistent_keepalive)
		change.persistent_keepalive = &config->persistent_keepalive;
	return change;
}

static void plan_peer(const struct wishes *w, const struct kernel_wireguard *is, struct wish *wish, struct wireguard_plan *plan,
                      size_t *n_additions)
{
	struct kernel_wireguard_change change = compare_properties(wish);
	bool send;

	if (wish->surplus) {
		change.replace_allowed_ips = true;
		change.allowed_ips = wish->config->allowed_ips;
		change.n_allowed_ips = wish->config->n_allowed_ips;
	} else if (wish->config->has_allowed_ips) {
		change.allowed_ips = plan->additions + *n_additions;
		change.n_allowed_ips = missing_allowed_ips(w, wish, plan->additions + *n_additions);
		*n_additions += change.n_allowed_ips;
	}
	send = !wish->peer || change.preshared_key || change.endpoint || change.persistent_keepalive ||
	       change.replace_allowed_ips || change.n_allowed_ips;
	if (send)
		plan->changes[plan->n_changes++] = change;
	if (!wish->peer) {
		plan->added++;
	} else if (send || wish->differs) {
		plan->former[plan->n_former++] =
			(struct wireguard_former){ .at = (size_t)(wish->peer - is->peers), .gets_endpoint = change.endpoint };
		plan->changed++;
	}
}

int wireguard_plan(struct op *op, const struct kernel_wireguard *is, const struct hycan_wireguard_peer_config *wanted, size_t n,
                   bool whole, struct wireguard_plan **ret_plan)
{
	_cleanup_(wireguard_plan_free) struct wireguard_plan *plan = NULL;
	_cleanup_(wishes_clear) struct wishes w = { 0 };
	size_t n_additions = 0;
	int r;

	r = wishes_sort(wanted, n, &w);
	if (r < 0)
		return r;
	r = check_peers(op, is, &w, whole);
	if (r)
		return r;
	r = check_claims(op, &w);
	if (r)
		return r;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	plan->changes = calloc(n + is->n_peers + 1, sizeof(*plan->changes));
	plan->additions = calloc(w.n_claims + 1, sizeof(*plan->additions));
	plan->former = calloc(is->n_peers + 1, sizeof(*plan->former));
	if (!plan->changes || !plan->additions || !plan->former)
		return -ENOMEM;
	match_peers(&w, is, whole, plan);
	for (size_t i = 0; i < n; i++)
		plan_peer(&w, is, &w.wish[i], plan, &n_additions);
	*ret_plan = steal(&plan);
	return 0;
}

void wireguard_plan_free(struct wireguard_plan **plan)
{
	if (!*plan)
		return;
	free((*plan)->changes);
	free((*plan)->additions);
	free((*plan)->former);
	free(*plan);
	*plan = NULL;
}

/* ------------------------------------------------------------------------------------------------------------- going on */

int wireguard_unseal(struct op *op, const struct kernel_wireguard *is, const struct hycan_wireguard_peer_config **wanted, size_t *n)
{
	struct hycan_wireguard_peer_config *known;
	size_t n_known = 0;
	bool *missing;

	if (!op->sealed || *n == 0)
		return 0;
	known = op->memory(op, *n * sizeof(*known));
	missing = op->memory(op, *n * sizeof(*missing));
	if (!known || !missing)
		return -ENOMEM;
	for (size_t i = 0; i < *n; i++) {
		struct hycan_wireguard_peer_config *peer = &known[n_known];
		const bool has_key = (*wanted)[i].has_preshared_key && !kernel_wireguard_key_is_none(&(*wanted)[i].preshared_key);
		const size_t at = has_key ? kernel_wireguard_find_peer(is, &(*wanted)[i].public_key) : 0;

		missing[i] = has_key && at == is->n_peers;
		if (missing[i])
			continue;
		*peer = (*wanted)[i];
		if (has_key && op_key_fits(op, &peer->preshared_key, &is->preshared_keys[at]))
			peer->preshared_key = is->preshared_keys[at];
		else if (has_key)
			*peer = (struct hycan_wireguard_peer_config){ .public_key = peer->public_key };
		n_known++;
	}
	op->items_failed = missing;
	*wanted = known;
	*n = n_known;
	return 0;
}
