/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that stand on others, as far as that is planned: which of them go with those, and which follow them. For this room alone. */
#ifndef KERNEL_LINK_STANDING_H
#define KERNEL_LINK_STANDING_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

struct link_standing {
	struct hycan_link link;
	bool goes_up; /* and down, when the one does that it stands on */
	bool shrinks; /* its mtu is never above that of the one that it stands on */
};

/* Those that stand on a link, or with 0 on any that is planned to go; for the caller to free(). 0 or -errno. */
int link_standing_on(struct kernel_scope *scope, uint32_t ifindex, struct link_standing **ret_standing, size_t *ret_n);

#endif
