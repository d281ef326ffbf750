/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handing connections over to the next daemon.
 *
 * When the daemon ends, and was told that another one may follow, it leaves its connections with the service manager
 * (sd_pid_notify_with_fds(3), FDSTORE=1), and beside them a file in memory that says how far each of them is. A restart
 * passes all of that to the next daemon, which goes on where this one stopped: clients notice nothing. When it was a stop,
 * the manager closes the connections.
 *
 * A daemon that is killed has no time for that: nobody knows how far its connections were, so they end with it.
 */
#ifndef SERVER_HANDOVER_H
#define SERVER_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

/* What a descriptor leads to. */
struct handover_place {
	uint64_t device;
	uint64_t inode;
};

struct handover_fd {
	struct handover_place place;
	int fd;
};

/* What a former daemon left. */
struct handover {
	struct handover_fd *fds; /* sockets, namespaces, and descriptors that came with requests */
	size_t n;
	int state; /* how far they were; or -1 */
};

/* Keeps a descriptor that was passed by that name; false: it is none of ours. */
bool handover_keep(struct handover *handover, const char *name, int fd);

/* All that was passed is kept. */
void handover_kept(struct handover *handover);

/*
 * A descriptor of the network namespace with that inode, where one that was left leads there: until handover_take() is through, and its
 * sessions know theirs. It is the caller's. -ENOENT: none does; or -errno. On any thread.
 */
int handover_netns(const struct handover *handover, uint64_t inode, int *ret_netns);

/* Goes on with what was left; in the loop's thread, with everything else ready. */
void handover_take(struct server *server);

/* Leaves what is there with the manager. The peers are closed afterwards, as for them nothing has happened. */
void handover_give(struct server *server);

void handover_done(struct handover *handover);

#endif
