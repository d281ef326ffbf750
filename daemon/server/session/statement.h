/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients state between object.replace_begin and object.replace_end, when the daemon is restarted in between: for its
 * successor, to whom the connections are handed over.
 */
#ifndef SERVER_STATEMENT_H
#define SERVER_STATEMENT_H

#include <stdint.h>

#include "buffer.h"

struct ledger;
struct server;
struct session;

/* All statements together. */
struct statements {
	uint64_t size;   /* bytes about what was asked for since the first began, which follow */
	uint32_t first;  /* its round; with the successor another one */
	uint32_t rounds; /* since, with it; 0: nothing is being stated, or it cannot be written down */
};

/* One of them, of a session. */
struct statement_record {
	uint64_t since_us;
	uint32_t round; /* so many after the first */
	uint32_t kind;  /* 0: all */
	uint32_t begun;
};

/* Writes down what was asked for of all statements. 0 or -errno: then there are none. */
int statement_leave_all(const struct server *server, struct statements *ret, struct buffer *objects);

/* The successor's ledger knows it again. -EBADMSG: that cannot be read. */
int statement_resume_all(struct ledger *ledger, struct statements *statements, const uint8_t *objects);

void statement_leave(const struct session *session, const struct statements *statements, struct statement_record *ret);

/* The session goes on stating. */
void statement_resume(struct session *session, const struct statements *statements, const struct statement_record *record);

#endif
