/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks, their ways and their names, as steps. For the files of the export alone. */
#ifndef HYCANCTL_EXPORT_NETWORK_H
#define HYCANCTL_EXPORT_NETWORK_H

#include "export_entry.h"

/* The network whose link that is, or NULL. */
int export_find_network(struct exporter *e, const char *link, const struct hycan_network_state **ret_network);

int export_network(struct exporter *e, struct listing *l, char *identity);
int export_dns(struct exporter *e, struct listing *l, char *identity);
int export_dns_host(struct exporter *e, struct listing *l, char *identity);

/* What is open between networks, when all of them are there. */
int export_ways(struct exporter *e);
int export_port(struct exporter *e, struct listing *l, char *identity);

#endif
