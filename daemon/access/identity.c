/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel who is at the other end of a socket.
 *
 * The answers are those of the moment of connect(2): a process that changes its user later, or hands the socket to
 * another, stays who it was. A machine has no users here: the kernel of the host knows which one it is, and no more. What this file does not do: look into /proc, where a number may belong to another process
 * by now, or ask a directory service, which may take its time.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "identity.h"
#include "subject.h"
#include "vsock.h"

static int read_groups(int fd, struct identity *identity)
{
	socklen_t size = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
		return 0;
	if (errno != ERANGE)
		return -errno;
	identity->groups = malloc(size);
	if (!identity->groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, identity->groups, &size) < 0)
		return -errno;
	identity->n_groups = size / sizeof(gid_t);
	return 0;
}

int identity_from_socket(int fd, struct identity *ret_identity)
{
	_cleanup_(identity_done) struct identity identity = { 0 };
	struct ucred cred;
	socklen_t size = sizeof(cred);
	uint32_t cid;
	int r;

	r = vsock_peer(fd, &cid, &identity.privileged);
	if (r == 0) {
		identity.subject = subject_of_cid(cid);
		identity.gid = (gid_t)-1;
		*ret_identity = identity;
		return 0;
	}
	if (r != -ENODATA)
		return r;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	/* what the kernel says of a socket that nobody has connected to */
	if (size != sizeof(cred) || cred.uid == (uid_t)-1 || cred.gid == (gid_t)-1)
		return -ENODATA;
	identity.subject = cred.uid;
	identity.gid = cred.gid;
	identity.pid = cred.pid;
	r = read_groups(fd, &identity);
	if (r < 0)
		return r;
	*ret_identity = identity;
	identity = (struct identity){ 0 };
	return 0;
}

void identity_done(struct identity *identity)
{
	cleanup_free(&identity->groups);
	identity->n_groups = 0;
}

bool identity_in_group(const struct identity *identity, gid_t gid)
{
	if (identity->gid == gid)
		return true;
	for (size_t i = 0; i < identity->n_groups; i++)
		if (identity->groups[i] == gid)
			return true;
	return false;
}
