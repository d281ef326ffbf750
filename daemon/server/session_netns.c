/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network namespaces in which a session has acted, so that what it holds there is found when its connection is gone. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "peer.h"
#include "session.h"

/* Of the namespaces of all sessions: they are entered and looked for on workers, too, and seldom. */
static pthread_mutex_t netns_lock = PTHREAD_MUTEX_INITIALIZER;

void session_enter(struct peer *peer, uint64_t inode, int netns)
{
	struct session *s = peer->session;
	size_t i = 0;
	_cleanup_close_ int fd = s ? fcntl(netns, F_DUPFD_CLOEXEC, 0) : -1;

	if (fd < 0)
		return;
	pthread_mutex_lock(&netns_lock);
	while (i < s->n_netns && s->netns[i].inode != inode)
		i++;
	/* of too many, the one that was entered first is looked for where it can be found */
	if (i == SESSION_NAMESPACES) {
		close(s->netns[0].fd);
		memmove(&s->netns[0], &s->netns[1], --i * sizeof(s->netns[0]));
		s->n_netns--;
	}
	if (i == s->n_netns) {
		s->netns[s->n_netns].inode = inode;
		s->netns[s->n_netns++].fd = steal_fd(&fd);
	}
	pthread_mutex_unlock(&netns_lock);
}

int session_netns(struct session *session, uint64_t inode, int *ret_netns)
{
	int fd = -1;

	pthread_mutex_lock(&netns_lock);
	for (size_t i = 0; i < session->n_netns; i++)
		if (session->netns[i].inode == inode)
			fd = fcntl(session->netns[i].fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&netns_lock);
	if (fd < 0)
		return -ENOENT;
	*ret_netns = fd;
	return 0;
}
