/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of hosts and domains: what may be one. Nothing else ever reaches dnsmasq, neither as a file's name, nor in a file,
 * nor among its arguments; so both sides ask, the daemon to explain and the supervisor to be sure.
 */
#ifndef RESOLVER_NAME_H
#define RESOLVER_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a name or a domain. Together with a dot they are at most as long as DNS allows. */
#define RESOLVER_NAME_SIZE 127

/* NULL: it is a name. Else what is wrong, for the end of a sentence. */
const char *resolver_name_fault(const char *name);

/* Whether a link's name means that link to dnsmasq, and nothing else: letters, digits, “.”, “_” and “-”. */
bool resolver_link_is_good(const char *link);

#endif
