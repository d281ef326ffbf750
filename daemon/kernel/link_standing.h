/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that stand on others, as far as that is planned: which of them go with those. For this room alone. */
#ifndef KERNEL_LINK_STANDING_H
#define KERNEL_LINK_STANDING_H

#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

/* Those that go since they stand on a link that is planned to go, for the caller to free(). 0 or -errno. */
int link_standing_on_gone(struct kernel_scope *scope, struct hycan_link **ret_links, size_t *ret_n);

#endif
