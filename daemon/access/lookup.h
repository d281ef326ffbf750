/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name. */
#ifndef ACCESS_LOOKUP_H
#define ACCESS_LOOKUP_H

#include <stdbool.h>
#include <sys/types.h>

/* The number of a user, or of a group. -ESRCH: there is none of that name. */
int lookup_id(const char *name, bool group, id_t *ret_id);

#endif
