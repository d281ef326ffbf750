/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client states between object.replace_begin and object.replace_end, when the daemon is restarted in between: for its
 * successor, to whom the connection is handed over.
 */
#ifndef SERVER_STATEMENT_H
#define SERVER_STATEMENT_H

#include <stdint.h>

#include "buffer.h"

struct session;

struct statement_record {
	uint64_t since_us;
	uint64_t size; /* bytes about the objects that were asked for since, which follow */
	uint32_t kind; /* 0: all */
	uint32_t begun;
};

/* Writes down what the session has stated so far: the objects go behind what the buffer has. 0 or -errno. */
int statement_leave(const struct session *session, struct statement_record *ret_record, struct buffer *objects);

/* The session goes on stating it. -EBADMSG: that cannot be read. */
int statement_resume(struct session *session, const struct statement_record *record, const uint8_t *objects);

#endif
