/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes, as bytes: so few that nobody takes them for what somebody wants a link to be (settings.c). */
#include "forwards.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "op.h"
#include "server.h"
#include "table.h"

/* What is noted last is what was read last: of two workers each reads and notes at one go. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int settle(struct ledger *ledger, const struct ledger_key *link, uint32_t families)
{
	int r = ledger_settle(ledger, link, &families, families ? sizeof(families) : 0);

	/* a stranger's link is not in the ledger */
	return r == -ENOENT ? 0 : r;
}

/* Links of a namespace, and what is noted with them. */
struct links {
	uint64_t netns;
	struct noted {
		struct ledger_key link;
		uint32_t families;
	} * noted;
	size_t n;
	int r;
};

static void links_free(struct links *links)
{
	free(links->noted);
}

static int add(struct links *links, const struct ledger_key *link, uint32_t families)
{
	int r = array_grow(&links->noted, links->n, sizeof(*links->noted));

	if (r == 0)
		links->noted[links->n++] = (struct noted){ .link = *link, .families = families };
	return r;
}

static void add_settled(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct links *links = userdata;
	uint32_t families;

	if (key->kind != HYCAN_OBJECT_KIND_LINK || key->netns != links->netns || size != sizeof(families) || links->r < 0)
		return;
	memcpy(&families, bytes, size);
	links->r = add(links, key, families);
}

static int add_network(const char *link, uint32_t families, void *userdata)
{
	struct links *links = userdata;
	struct ledger_key key;

	key_of_name(links->netns, link, &key);
	return add(links, &key, families);
}

static int compare(const void *a, const void *b)
{
	return key_compare(&((const struct noted *)a)->link, &((const struct noted *)b)->link);
}

/* -------------------------------------------------------------------------------------------------------------- one network */

/* The link of the network that an effect is about, and its key. */
static bool link_of(const struct key_view *v, char link[static HYCAN_IFNAME_SIZE], struct ledger_key *ret_key)
{
	struct ledger_key network;
	union message away;

	key_of(v, 0, &network);
	if (!key_request(&network, &away))
		return false;
	memcpy(link, ((const struct hycan_network_delete_request *)&away)->link, HYCAN_IFNAME_SIZE);
	key_of_name(network.netns, link, ret_key);
	return true;
}

static int note_network(const struct key_view *v)
{
	char link[HYCAN_IFNAME_SIZE];
	struct ledger_key key;
	uint32_t families = 0;
	int r;

	if (!link_of(v, link, &key))
		return 0;
	r = op_scope_forwards_of(v->job->op.scope, link, &families);
	/* one that is gone since says nothing */
	return r == -ENOENT ? 0 : r < 0 ? r : settle(v->job->server->ledger, &key, families);
}

/* ------------------------------------------------------------------------------------------------------------- all of them */

/* Of which family an effect turned the whole namespace's on or off, as OP_FORWARDS(); 0: none. */
static uint32_t turned(const struct key_view *v)
{
	const struct hycan_forwarding_set_request *request;
	struct ledger_key key;
	union message away;

	/* what a daemon that was killed had begun it may have done */
	if (v->job->op.unchanged && !v->job->again && !v->job->retold)
		return 0;
	key_of(v, 0, &key);
	if (!key_request(&key, &away))
		return 0;
	request = (const struct hycan_forwarding_set_request *)&away;
	return request->has_interface ? 0 : OP_FORWARDS(request->family);
}

/* What the table says of each network; and of a link whose network is not in the table any more, that it is not for that to turn off. */
static int note_all(const struct key_view *v, uint32_t family)
{
	_cleanup_(links_free) struct links networks = { .netns = op_scope_inode(v->job->op.scope) };
	_cleanup_(links_free) struct links settled = { .netns = networks.netns };
	struct ledger *ledger = v->job->server->ledger;
	int r = op_scope_list_forwards(v->job->op.scope, add_network, &networks);

	if (r < 0)
		return r;
	ledger_list_settled(ledger, add_settled, &settled);
	r = settled.r;
	if (networks.n > 0)
		qsort(networks.noted, networks.n, sizeof(*networks.noted), compare);
	for (size_t i = 0; i < settled.n && r == 0; i++) {
		const struct noted *is = &settled.noted[i];

		if (networks.n == 0 || !bsearch(is, networks.noted, networks.n, sizeof(*is), compare))
			r = settle(ledger, &is->link, is->families & ~family);
	}
	for (size_t i = 0; i < networks.n && r == 0; i++)
		r = settle(ledger, &networks.noted[i].link, networks.noted[i].families);
	return r;
}

void forwards_note(const struct key_view *v)
{
	const bool taken = v->effect->does == OP_TAKES;
	const uint32_t family = v->effect->kind == HYCAN_OBJECT_KIND_FORWARDING ? turned(v) : 0;
	int r = 0;

	if (!family && (v->effect->kind != HYCAN_OBJECT_KIND_NETWORK || taken))
		return;
	pthread_mutex_lock(&lock);
	r = family ? note_all(v, family) : note_network(v);
	pthread_mutex_unlock(&lock);
	if (r < 0)
		log_write(LOG_WARNING, "Whether forwarding is for networks to turn off could not be written down: %s",
		          strerror(-r));
}

static uint32_t forwards_of_any(struct ledger *ledger, uint64_t netns)
{
	_cleanup_(links_free) struct links settled = { .netns = netns };
	uint32_t families = 0;

	ledger_list_settled(ledger, add_settled, &settled);
	for (size_t i = 0; i < settled.n; i++)
		families |= settled.noted[i].families;
	return families;
}

uint32_t forwards_with(struct ledger *ledger, const struct ledger_key *link)
{
	_cleanup_free_ void *bytes = NULL;
	uint32_t families = 0;
	size_t size = 0;

	if (ledger_settled_of(ledger, link, &bytes, &size) == 0 && size == sizeof(families))
		memcpy(&families, bytes, sizeof(families));
	return families;
}

uint32_t forwards_of(struct op *op, const char *link)
{
	struct ledger *ledger = ((const struct job *)op)->server->ledger;
	struct ledger_key key;

	if (!link)
		return forwards_of_any(ledger, op_scope_inode(op->scope));
	key_of_name(op_scope_inode(op->scope), link, &key);
	return forwards_with(ledger, &key);
}
