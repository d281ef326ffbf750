/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client wants to be done when a stranger takes away what it asked for: the bytes that the ledger keeps with an object.
 *
 * They say what drift means for it, who said so, and where it is to be repaired the request that makes it alone, as it would go
 * over the wire, without keys.
 */
#ifndef SERVER_WISH_H
#define SERVER_WISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "messages.h"

struct hycan_structure;
struct job;
struct key_view;
struct ledger;
struct ledger_key;

/* What stands first. */
struct wish_head {
	uint64_t subject;
	uint16_t operation; /* 0: there is no request */
	uint8_t drift;
	bool keyless; /* there were keys in the request */
	uint32_t zero;
};

/* Bytes of all at most. */
#define WISH_MAX (sizeof(struct wish_head) + 8192)

/*
 * Writes what the job's request and that user want about an item, which may have to do with what was wanted of it before. Returns the size,
 * or 0: there is no way to say it.
 */
size_t wish_write(const struct key_view *v, size_t item, const struct ledger_key *key, uint64_t subject, enum hycan_drift drift,
                  uint8_t bytes[static WISH_MAX]);

/* Reads the head of what the ledger has. False: it makes no sense. */
bool wish_read(const void *bytes, size_t size, struct wish_head *ret_head);

/* Decodes the request behind it. NULL: it makes no sense. */
struct wire_memory;
const struct hycan_operation *wish_request(struct wire_memory *memory, const void *bytes, size_t size, union message *ret_request);

/* Writes what is wanted without what another request has since (op_wished()). Returns the size, or 0: nothing is different. */
size_t wish_yielding(struct wire_memory *memory, const void *bytes, size_t size, const struct hycan_operation *operation,
                     const void *given, uint8_t ret_bytes[static WISH_MAX]);

/* The same of what another one has changed in the thing itself. */
size_t wish_amended(struct wire_memory *memory, const void *bytes, size_t size, const struct hycan_operation *operation,
                    const void *given, uint8_t ret_bytes[static WISH_MAX]);

/* Writes what is wanted for when a link is called otherwise. Returns the size, or 0: it does not speak of that link. */
size_t wish_renamed(struct wire_memory *memory, const void *bytes, size_t size, const char *from, const char *to,
                    uint8_t ret_bytes[static WISH_MAX]);

/* Gives a link another name wherever a request speaks of it. False: it does not. */
bool wish_rename_link(const struct hycan_structure *structure, void *request, const char *from, const char *to);

#endif
