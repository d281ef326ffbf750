/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a link is to be, as requests say it that change one which is there, and how it is.
 *
 * Of a private key one knows its public one, and that from the kernel alone: what is asked for is taken from what is found next.
 */
#ifndef OPS_SETTING_H
#define OPS_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/types.h>

#include "messages.h"

/* What the kernel does not announce: of an interface of WireGuard. */
#define OP_SETTING_LISTEN_PORT (1u << 0)
#define OP_SETTING_FWMARK      (1u << 1)
#define OP_SETTING_PRIVATE_KEY (1u << 2)
#define OP_SETTINGS_SILENT     (OP_SETTING_LISTEN_PORT | OP_SETTING_FWMARK | OP_SETTING_PRIVATE_KEY)

/* What is not kept, and so cannot be put back. */
#define OP_SETTINGS_SECRET OP_SETTING_PRIVATE_KEY

/* Without gaps, since the ledger's file has it as it is here; members are appended. */
struct op_settings {
	uint32_t said; /* of what follows, what is said */
	uint32_t fwmark;
	uint16_t listen_port; /* wanted 0: any */
	uint8_t has_public_key;
	uint8_t zero;
	struct hycan_key public_key;
};

/*
 * What a request says of the link that it changes or makes; and of that, what it does not say itself (ret_unknown). False:
 * nothing.
 */
bool op_settings_of_request(enum hycan_operation_number operation, const void *request, struct op_settings *ret_settings,
                            uint32_t *ret_unknown);

/* How an interface of WireGuard is. */
void op_settings_of_wireguard(const struct hycan_wireguard *device, struct op_settings *ret_settings);

/* Some of them are as those, which say them. */
void op_settings_take(struct op_settings *settings, const struct op_settings *from, uint32_t which);

/* Those that are said of both, and otherwise than wanted. */
uint32_t op_settings_differ(const struct op_settings *wanted, const struct op_settings *is);

/*
 * A request that makes some of them what they are to be. Returns which it is about, of which the others are done by further ones;
 * 0: none can be.
 */
uint32_t op_settings_request(const struct op_settings *wanted, uint32_t which, const char *link,
                             enum hycan_operation_number *ret_operation, union message *ret_request);

/* Their names in the schema, with commas. */
#define OP_SETTINGS_WORDS 128
const char *op_settings_words(uint32_t which, char words[static OP_SETTINGS_WORDS]);

#endif
