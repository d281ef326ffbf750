/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire: bytes to structures and back.
 *
 * A frame is a struct nlmsghdr and attributes behind it, in netlink's own format. One codec walks the tables of
 * messages.c, for every operation and in both directions, so there is one parser to trust. It allocates nothing: whoever
 * decodes brings the memory that lists need.
 */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <hycan/schema.h>
#include <hycan/types.h>

/* Largest frame of a request, and of an answer. */
#define WIRE_REQUEST_MAX (16u << 20)
#define WIRE_ANSWER_MAX  (64u << 20)

/* Largest payload of an attribute that is filled up to a multiple of four. */
#define WIRE_PAYLOAD_MAX 65528u

/* Fields of a structure: the decoder keeps those that it has seen in 64 bits. scripts/generate lets no more through. */
#define WIRE_FIELDS_MAX 63u

/* Descriptors that one frame may carry. */
#define WIRE_FDS_MAX 4u

/* Attributes of an error frame, behind struct nlmsgerr: netlink's own, and from WIRE_ERROR_REFUSAL on HyCAN's. */
enum {
	WIRE_ERROR_MESSAGE = NLMSGERR_ATTR_MSG, /* text: the sentence */
	WIRE_ERROR_REFUSAL = 64,                /* u32: enum hycan_refusal; absent when something broke */
	WIRE_ERROR_FIELD = 65,                  /* text: the field at fault */
	WIRE_ERROR_POLICY_LINE = 66,            /* u32: line of the rule that denied; 0: no rule allowed */
	WIRE_ERROR_STEP = 67,                   /* u32: the step of a transaction that failed, from 0 */
};

/* Memory for lists. With base NULL nothing is stored and used says how much would be needed. */
struct wire_memory {
	uint8_t *base;
	size_t size;
	size_t used;
};

/* Zeroed, aligned memory; NULL when there is none, or when only measuring. */
void *wire_memory_take(struct wire_memory *memory, size_t size);

/* An attribute at p, compared with what is left: its length with padding, its type and the size of its payload; 0 for none. */
static inline size_t wire_attribute(const uint8_t *p, size_t left, uint16_t *ret_type, size_t *ret_size)
{
	struct nlattr nla;
	size_t step;

	if (left < sizeof(nla))
		return 0;
	memcpy(&nla, p, sizeof(nla));
	step = NLA_ALIGN((size_t)nla.nla_len);
	if (nla.nla_len < sizeof(nla) || step > left)
		return 0;
	*ret_type = nla.nla_type & NLA_TYPE_MASK;
	*ret_size = nla.nla_len - sizeof(nla);
	return step;
}

/* Makes a text what texts are here: what is no character of UTF-8, or a control character, becomes a question mark. */
void wire_tidy_text(char *text);

/* Why bytes were not decoded, or a value not encoded. */
struct wire_fault {
	enum hycan_refusal refusal;
	const char *field;  /* name of the field, or NULL */
	char sentence[200]; /* what was wrong */
};

struct wire_decoder {
	bool strict;               /* a request: unknown attributes, bad contents and missing fields are faults, defaults are set */
	struct wire_memory memory; /* for lists */
	const int *fds;            /* descriptors that came with the frame */
	size_t n_fds;
	size_t n_fds_used;
	struct wire_fault fault;
};

/* Decodes attributes into value, which has structure->size bytes. 0, or -EBADMSG with the fault filled in. */
int wire_decode(struct wire_decoder *decoder, const struct hycan_structure *structure, const void *attributes, size_t size,
                void *value);

/* Sets what is absent and has a default, as decoding a request does. 0, or -EBADMSG where a default cannot be. */
int wire_complete(const struct hycan_structure *structure, void *value);

/*
 * Writes value as attributes into buffer. Returns the number of bytes, a multiple of four; -ENOBUFS when they do not
 * fit; -EINVAL with the fault filled in for a value that cannot be sent: text too long, or 64 KiB in one attribute.
 * Descriptors are collected in fds, WIRE_FDS_MAX of them.
 */
ssize_t wire_encode(const struct hycan_structure *structure, const void *value, void *buffer, size_t size, int *fds, size_t *n_fds,
                    struct wire_fault *fault);

/* Where an encoder writes, if that may grow. */
struct wire_room {
	uint8_t *bytes;
	size_t size;
	/* Makes room for more bytes behind those that are used, which may move; false: there is none. */
	bool (*grow)(struct wire_room *room, size_t used, size_t more);
};

/* The same into room that grows. */
ssize_t wire_encode_growing(const struct hycan_structure *structure, const void *value, struct wire_room *room, int *fds,
                            size_t *n_fds, struct wire_fault *fault);

/* The values of a field in a structure: the first, and how many: one, those of a list, or 0 where it is absent. */
static inline const void *wire_values(const struct hycan_field *field, const void *value, size_t *ret_n)
{
	const char *first = (const char *)value + field->offset;

	*ret_n = 1;
	if ((field->flags & HYCAN_FIELD_OPTIONAL) && !*((const bool *)value + field->has_offset))
		*ret_n = 0;
	else if (field->flags & HYCAN_FIELD_LIST) {
		memcpy(ret_n, (const char *)value + field->count_offset, sizeof(*ret_n));
		memcpy(&first, (const char *)value + field->offset, sizeof(first));
	}
	return first;
}

#endif
