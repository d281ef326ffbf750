/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a network namespace is. The descriptor comes from a client, so its type is asked for before anything else. */
#include <errno.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "namespace.h"

int kernel_namespace_owner(int netns, uid_t *ret_owner)
{
	_cleanup_close_ int user = -1;
	int type = ioctl(netns, NS_GET_NSTYPE);

	if (type < 0)
		return -errno;
	if (type != CLONE_NEWNET)
		return -EINVAL;
	user = ioctl(netns, NS_GET_USERNS);
	if (user < 0)
		return -errno;
	if (ioctl(user, NS_GET_OWNER_UID, ret_owner) < 0)
		return -errno;
	return 0;
}
