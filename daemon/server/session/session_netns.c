/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network namespaces in which sessions have acted, so that what is held there is found when nothing else leads there.
 *
 * However many sessions of a user are in a namespace, it is one descriptor; and a user has so many of them. What is left over is
 * what all others connect with.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "ledger.h"
#include "peer.h"
#include "server.h"
#include "session.h"

struct session_netns {
	LIST_ENTRY(session_netns) entry;
	uint64_t subject;
	uint64_t inode;
	int fd;
	size_t n_sessions;
};

/* Of the namespaces of all sessions: they are entered and looked for on workers, too, and seldom. */
static pthread_mutex_t netns_lock = PTHREAD_MUTEX_INITIALIZER;

/* With the lock; ret_n: how many the user has. */
static struct session_netns *find(const struct server *server, uint64_t subject, uint64_t inode, size_t *ret_n)
{
	struct session_netns *netns, *found = NULL;

	*ret_n = 0;
	LIST_FOREACH(netns, &server->namespaces, entry)
	{
		*ret_n += netns->subject == subject;
		if (netns->subject == subject && netns->inode == inode)
			found = netns;
	}
	return found;
}

/* With the lock: one that no session is in yet. */
static int open_netns(struct server *server, uint64_t subject, uint64_t inode, int fd, struct session_netns **ret_netns)
{
	struct session_netns *netns = calloc(1, sizeof(*netns));

	if (!netns)
		return -ENOMEM;
	*netns = (struct session_netns){ .subject = subject, .inode = inode, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	if (netns->fd < 0) {
		free(netns);
		return -errno;
	}
	if (ledger_enter_namespace(server->ledger, inode) < 0) {
		close(netns->fd);
		free(netns);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&server->namespaces, netns, entry);
	*ret_netns = netns;
	return 0;
}

/* With the lock: the session forgets the one that it entered first. */
static void leave_first(struct session *s)
{
	struct session_netns *netns = s->netns[0];

	memmove(&s->netns[0], &s->netns[1], --s->n_netns * sizeof(s->netns[0]));
	if (--netns->n_sessions > 0)
		return;
	LIST_REMOVE(netns, entry);
	ledger_leave_namespace(s->server->ledger, netns->inode);
	close(netns->fd);
	free(netns);
}

/* With the lock. */
static int enter(struct session *s, uint64_t inode, int fd)
{
	const uint64_t subject = s->record.subject;
	struct session_netns *netns;
	size_t n;
	int r;

	for (size_t i = 0; i < s->n_netns; i++)
		if (s->netns[i]->inode == inode)
			return 0;
	netns = find(s->server, subject, inode, &n);
	if (!netns && subject != 0 && n >= SESSION_NAMESPACES_PER_USER)
		return -EDQUOT;
	r = netns ? 0 : open_netns(s->server, subject, inode, fd, &netns);
	if (!netns)
		return r;
	netns->n_sessions++;
	if (s->n_netns == SESSION_NAMESPACES)
		leave_first(s);
	s->netns[s->n_netns++] = netns;
	return 0;
}

int session_enter(struct peer *peer, uint64_t inode, int netns)
{
	int r;

	if (!peer->session)
		return 0;
	pthread_mutex_lock(&netns_lock);
	r = enter(peer->session, inode, netns);
	pthread_mutex_unlock(&netns_lock);
	return r;
}

int session_enter_all(struct peer *peer, const struct session *from)
{
	int r = 0;

	pthread_mutex_lock(&netns_lock);
	for (size_t i = 0; i < from->n_netns && r == 0; i++)
		r = enter(peer->session, from->netns[i]->inode, from->netns[i]->fd);
	pthread_mutex_unlock(&netns_lock);
	return r;
}

void session_leave_all_netns(struct session *session)
{
	pthread_mutex_lock(&netns_lock);
	while (session->n_netns > 0)
		leave_first(session);
	pthread_mutex_unlock(&netns_lock);
}

int session_netns(struct server *server, uint64_t inode, int *ret_netns)
{
	const struct session_netns *netns;
	int fd = -1;

	pthread_mutex_lock(&netns_lock);
	LIST_FOREACH(netns, &server->namespaces, entry)
	if (netns->inode == inode)
		break;
	if (netns)
		fd = fcntl(netns->fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&netns_lock);
	if (fd < 0)
		return netns ? -errno : -ENOENT;
	*ret_netns = fd;
	return 0;
}
