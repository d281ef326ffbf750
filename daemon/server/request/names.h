/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of links in a request. */
#ifndef SERVER_NAMES_H
#define SERVER_NAMES_H

struct job;

/*
 * Refuses a request in which a link is called by an alternative name: policy and the ledger know links by the name that
 * they have, and would take it for another one. Asks the kernel, so it belongs to where the job is carried out.
 */
int names_check(struct job *job);

#endif
