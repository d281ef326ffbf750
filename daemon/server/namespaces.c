/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coming into a network namespace.
 *
 * That one has ended is not seen when it does: nothing tells of it, and whoever would wait for it by a descriptor would keep it. It
 * is seen when somebody comes to another one with its number, before anything is done there.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

#include "cleanup.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "losses.h"
#include "namespaces.h"
#include "news.h"
#include "op.h"
#include "pending.h"
#include "porter.h"
#include "repair.h"
#include "server.h"
#include "session.h"
#include "subject.h"

/* Of what went with a namespace so much is told one by one. */
#define TOLD_MAX 20

/* Who comes second to one finds nothing of the former any more. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct ending {
	struct ledger_object gone[TOLD_MAX];
	size_t n;
};

static void keep(const struct ledger_object *object, void *userdata)
{
	struct ending *ending = userdata;

	if (ending->n++ < TOLD_MAX)
		ending->gone[ending->n - 1] = *object;
}

/* When nobody waits for the ledger any more. */
static void tell(const struct ending *ending, uint64_t netns)
{
	char text[512];

	for (size_t i = 0; i < ending->n && i < TOLD_MAX; i++) {
		key_format(&ending->gone[i].key, text, sizeof(text));
		log_write(LOG_NOTICE, "%s, which %s had asked for, is gone with its network namespace.", text,
		          subject_say(ending->gone[i].holder.subject).text);
	}
	if (ending->n > 0)
		log_write(LOG_NOTICE,
		          "Network namespace %" PRIu64 " has ended, and another one has its number: %zu objects in all are gone.",
		          netns, ending->n);
}

/* With the lock. */
static void end(struct server *server, uint64_t netns)
{
	struct ending ending = { .n = 0 };

	news_find(true);
	ledger_end_namespace(server->ledger, netns, keep, &ending);
	news_find(false);
	repair_end_place(&server->repairs, netns);
	losses_end_place(&server->losses, netns);
	pending_end_place(server, netns);
	tell(&ending, netns);
}

/* With the lock. 1: it is the one that the ledger knows by that number, as far as that can be said; 0: that one is gone; or -errno. */
static int compare(struct server *server, struct kernel_scope *scope, uint64_t *ret_cookie)
{
	const uint64_t netns = op_scope_inode(scope);
	int r = op_scope_cookie(scope, ret_cookie);

	if (r < 0)
		return r;
	if (ledger_is_of(server->ledger, netns, *ret_cookie))
		return 1;
	end(server, netns);
	return 0;
}

int namespaces_enter(struct server *server, struct kernel_scope *scope)
{
	const uint64_t netns = op_scope_inode(scope);
	uint64_t cookie;
	int r = ledger_enter_namespace(server->ledger, netns);

	if (r < 0)
		return r;
	pthread_mutex_lock(&lock);
	r = compare(server, scope, &cookie);
	if (r >= 0)
		r = ledger_know_namespace(server->ledger, netns, cookie);
	pthread_mutex_unlock(&lock);
	if (r < 0)
		ledger_leave_namespace(server->ledger, netns);
	return r;
}

void namespaces_leave(struct server *server, uint64_t netns)
{
	ledger_leave_namespace(server->ledger, netns);
}

static int open_netns(struct server *server, uint64_t inode, struct kernel_scope **ret_scope)
{
	_cleanup_close_ int netns = -1;
	int r = session_netns(server, inode, &netns);

	/* a former daemon's session that goes on */
	if (r == -ENOENT)
		r = handover_netns(&server->handover, inode, &netns);
	/* no other session leads to what has neither name nor process */
	if (r == -ENOENT)
		r = porter_is_there() ? porter_find_namespace(inode, &netns) : op_namespace_find(inode, &netns);
	return r < 0 ? r : op_scope_open_in(netns, ret_scope);
}

int namespaces_find(struct server *server, uint64_t netns, struct kernel_scope **ret_other)
{
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	uint64_t cookie;
	int r;

	if (netns == op_scope_inode(server->job.scope))
		return 0;
	r = open_netns(server, netns, &other);
	if (r < 0)
		return r;
	pthread_mutex_lock(&lock);
	r = compare(server, other, &cookie);
	pthread_mutex_unlock(&lock);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	*ret_other = steal(&other);
	return 0;
}
