/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes, as bytes: so few that nobody takes them for what somebody wants a link to be (settings.c). */
#include "forwards.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

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

void forwards_note(const struct key_view *v)
{
	struct ledger *ledger = v->job->server->ledger;
	char link[HYCAN_IFNAME_SIZE];
	struct ledger_key key;
	uint32_t families = 0;
	int r;

	if (v->effect->kind != HYCAN_OBJECT_KIND_NETWORK || !link_of(v, link, &key))
		return;
	pthread_mutex_lock(&lock);
	r = op_scope_forwards_of(v->job->op.scope, link, &families);
	if (r == 0)
		r = ledger_settle(ledger, &key, &families, families ? sizeof(families) : 0);
	pthread_mutex_unlock(&lock);
	/* a stranger's link is not in the ledger, and a network that is gone since says nothing */
	if (r < 0 && r != -ENOENT)
		log_write(LOG_WARNING, "That forwarding was turned on for networks could not be written down: %s", strerror(-r));
}

uint32_t forwards_of(struct op *op, const char *link)
{
	const struct job *job = (const struct job *)op;
	_cleanup_free_ void *bytes = NULL;
	struct ledger_key key;
	uint32_t families = 0;
	size_t size = 0;

	key_of_name(op_scope_inode(op->scope), link, &key);
	if (ledger_settled_of(job->server->ledger, &key, &bytes, &size) == 0 && size == sizeof(families))
		memcpy(&families, bytes, sizeof(families));
	return families;
}
