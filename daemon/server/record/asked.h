/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for of things that stay what they are called when a stranger makes something else of them: a port mapping is
 * known by its port, and may lead elsewhere; a route is known by its place, where there may be others.
 *
 * The ledger keeps the request with such a thing, whatever is to be done about drift, so that one can compare it with what is
 * there; which rows that is about says op_wished(). What is to be done is said elsewhere (repair.h).
 */
#ifndef SERVER_ASKED_H
#define SERVER_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "op.h"

struct hycan_operation;
struct job;
struct key_view;
struct ledger;
struct ledger_key;
union message;

/* A request made it, or found it as it is asked for. */
void asked_note(const struct key_view *v);

/* A link is called otherwise, by a request. */
void asked_renamed(struct ledger *ledger, uint64_t netns, const char *from, const char *to);

/*
 * What was asked for of something before a step of a transaction makes something else of it, in bytes for asked_put_back(); by the
 * request that would put back what is there. 0: nothing, or just that.
 */
#define ASKED_BEFORE_SIZE 260
size_t asked_before(struct job *job, const struct hycan_operation *operation, const void *request,
                    uint8_t ret_bytes[static ASKED_BEFORE_SIZE]);
void asked_put_back(struct job *job, uint64_t netns, const void *bytes, size_t size);

/* The request that is kept, with its lists in the memory of the job. 1; 0: there is none; or -ENOMEM. */
int asked_request(struct job *job, const struct ledger_key *key, union message *ret_request);

/* How something that was found (op_monitor_list()) is to what was asked for. */
enum op_asked asked_of(struct ledger *ledger, const struct ledger_key *key, const void *found);

/* Whether that may be, or has any of, what was asked for: what is called the same may be another one. */
bool asked_is_left(struct ledger *ledger, const struct ledger_key *key, const void *found);

#endif
