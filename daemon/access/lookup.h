/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name. */
#ifndef ACCESS_LOOKUP_H
#define ACCESS_LOOKUP_H

#include <stdbool.h>
#include <sys/types.h>

/* The number of a user, or of a group. -ESRCH: there is none of that name. */
int lookup_id(const char *name, bool group, id_t *ret_id);

/*
 * The name of a user, by /etc/passwd alone: other databases (nsswitch.conf(5)) may take as long as a directory server that
 * is gone, and a name that its owner knows anyway is worth no thread. false: it is not there, or too long.
 */
bool lookup_name(uid_t uid, char *name, size_t size);

#endif
