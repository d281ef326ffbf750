/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that are kept, as bytes: the number of the operation, and behind it what would go over the wire. */
#include "asked.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "observe.h"
#include "server.h"
#include "table.h"
#include "wire.h"

/* Such a request is short, and has no lists. */
#define ASKED_MAX 256

static size_t write_request(const struct key_view *v, uint8_t bytes[static ASKED_MAX])
{
	const uint16_t number = v->job->operation->number;
	struct wire_fault fault;
	ssize_t n = wire_encode(v->job->operation->request, v->request, bytes + sizeof(number), ASKED_MAX - sizeof(number), NULL,
	                        NULL, &fault);

	memcpy(bytes, &number, sizeof(number));
	return n < 0 ? 0 : sizeof(number) + (size_t)n;
}

void asked_note(const struct key_view *v)
{
	uint8_t bytes[ASKED_MAX];
	struct ledger_key key;
	int r;

	if (!op_wished(v->job->operation->number)->is_compared || v->effect->list >= 0 || along_leaves_out(v, 0))
		return;
	key_of(v, 0, &key);
	r = ledger_settle(v->job->server->ledger, &key, bytes, write_request(v, bytes));
	/* a stranger's is not in the ledger */
	if (r < 0 && r != -ENOENT)
		log_write(LOG_WARNING,
		          "What was asked for could not be written down, and is not compared with what will be there: %s",
		          strerror(-r));
}

enum op_asked asked_of(struct ledger *ledger, const struct ledger_key *key, const void *found)
{
	struct wire_decoder decoder = { .strict = true };
	_cleanup_free_ void *bytes = NULL;
	const struct hycan_operation *operation;
	const struct op_wished *wished;
	union message request;
	uint16_t number;
	size_t size;

	if (ledger_settled_of(ledger, key, &bytes, &size) < 0 || size < sizeof(number))
		return OP_ASKED_UNKNOWN;
	memcpy(&number, bytes, sizeof(number));
	operation = hycan_operation_by_number(number);
	wished = op_wished(number);
	if (!operation || !wished->is_compared ||
	    wire_decode(&decoder, operation->request, (const char *)bytes + sizeof(number), size - sizeof(number), &request) < 0)
		return OP_ASKED_UNKNOWN;
	return wished->fits(found, &request) ? OP_ASKED_FITS : OP_ASKED_DIFFERS;
}
