/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a peer is, as the kernel says: never what the peer says itself. */
#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct identity {
	uint64_t subject; /* the user, or the machine (subject.h) */
	bool privileged;  /* of a machine: a process that may have a port below 1024 there (vsock.h) */
	gid_t gid;        /* of a user; of a machine -1 */
	pid_t pid;        /* 0 where the process is not visible from here */
	gid_t *groups;    /* supplementary groups */
	size_t n_groups;
};

/*
 * Who is at the other end of a socket: of a Unix one the user, as of the moment it connected (SO_PEERCRED, SO_PEERGROUPS;
 * unix(7)); of vsock(7) the machine. -ENODATA: the kernel does not know. Whoever gets no identity is served nothing.
 */
int identity_from_socket(int fd, struct identity *ret_identity);

/* Lets go of what it holds. Again is harmless. */
void identity_done(struct identity *identity);

/* Whether that is the primary group, or one of the others. */
bool identity_in_group(const struct identity *identity, gid_t gid);

#endif
