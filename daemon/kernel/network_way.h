/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways between networks as elements that shall be there or shall not, for the files of this room alone. */
#ifndef KERNEL_NETWORK_WAY_H
#define KERNEL_NETWORK_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include "network_element.h"

/* Which ways change along with something else. */
struct network_ways {
	const char *mend;               /* those from the network of that link are to be as they were asked for; NULL: none */
	const char *drop;               /* those from it and to it go; NULL: none */
	bool adopt;                     /* all that are open were asked for: the table does not say yet which were, */
	const struct network_wish *but; /* but for what is said of them otherwise */
	size_t n_but;
	const struct kernel_network_ways *told; /* what else was asked for; or NULL */
};

/* As wishes, for free(). 0 or -errno. */
int network_ways_wish(struct kernel_scope *scope, const struct network_ways *ways, struct network_wish **ret_wish, size_t *ret_n);

#endif
