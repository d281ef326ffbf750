/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder, and the encoder behind it.
 *
 *   [operation] [mode: 1 strict, 2 the answer instead of the request, 4… number of descriptors] attributes
 *
 * Measuring and filling must agree to the byte and to the word of a refusal; less memory than was measured is refused.
 * What was decoded is looked at, encoded, decoded again, and must be the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* A value that was decoded, with its memory. */
struct decoded {
	struct wire_decoder decoder;
	uint8_t *value;
	int result;
};

struct question {
	const struct hycan_structure *structure;
	bool strict;
	size_t n_fds;
};

static const int fds[WIRE_FDS_MAX] = { 100, 101, 102, 103 };

/* Everything has exactly the size that it needs, so that the sanitizer sees one byte too many. */
static struct decoded decode(const struct question *q, const uint8_t *bytes, size_t size, bool fill, size_t memory)
{
	struct decoded d = { .decoder = { .strict = q->strict, .fds = fds, .n_fds = q->n_fds } };
	size_t room = q->structure->size ? q->structure->size : 1;

	d.value = malloc(room);
	if (fill) {
		d.decoder.memory.base = malloc(memory ? memory : 1);
		d.decoder.memory.size = memory;
	}
	CHECK(d.value && (!fill || d.decoder.memory.base));
	memset(d.value, 0xa5, room);
	d.result = wire_decode(&d.decoder, q->structure, bytes, size, d.value);
	CHECK(d.result == 0 || d.result == -EBADMSG);
	if (d.result < 0) {
		CHECK(d.decoder.fault.sentence[0]);
		CHECK(strnlen(d.decoder.fault.sentence, sizeof(d.decoder.fault.sentence)) < sizeof(d.decoder.fault.sentence));
	}
	CHECK(d.decoder.n_fds_used <= q->n_fds);
	return d;
}

static void release(struct decoded *d)
{
	free(d->value);
	free(d->decoder.memory.base);
}

static void check_same_fault(const struct decoded *a, const struct decoded *b)
{
	CHECK(a->result == b->result);
	CHECK(a->decoder.memory.used == b->decoder.memory.used);
	CHECK(a->decoder.n_fds_used == b->decoder.n_fds_used);
	if (a->result == 0)
		return;
	CHECK(a->decoder.fault.refusal == b->decoder.fault.refusal);
	CHECK(a->decoder.fault.field == b->decoder.fault.field);
	CHECK(strcmp(a->decoder.fault.sentence, b->decoder.fault.sentence) == 0);
}

/* With one byte less than was measured it is refused, and nothing is written behind the memory. */
static void check_less_memory(const struct question *q, const uint8_t *bytes, size_t size, size_t memory)
{
	struct decoded d;

	if (memory == 0)
		return;
	d = decode(q, bytes, size, true, memory - 1);
	CHECK(d.result == -EBADMSG && d.decoder.fault.refusal == HYCAN_REFUSAL_LIMIT);
	release(&d);
}

/* What a strict decoder takes, a lenient one takes too. */
static void check_lenient(const struct question *q, const uint8_t *bytes, size_t size)
{
	struct question lenient = { q->structure, false, q->n_fds };
	struct decoded d = decode(&lenient, bytes, size, false, 0);

	CHECK(d.result == 0);
	release(&d);
}

/* Encodes into memory of exactly the size that is needed. Returns NULL for a value that cannot be sent. */
static uint8_t *encode(const struct hycan_structure *structure, const void *value, size_t *ret_size, size_t *ret_n_fds)
{
	static uint8_t large[1 << 18];
	int sent[WIRE_FDS_MAX];
	size_t n_fds;
	struct wire_fault fault = { 0 };
	ssize_t n = wire_encode(structure, value, large, sizeof(large), sent, &n_fds, &fault);
	uint8_t *bytes;

	CHECK(n >= 0 || (n == -EINVAL && fault.sentence[0]));
	if (n < 0)
		return NULL;
	CHECK(n % NLA_ALIGNTO == 0);
	CHECK(n_fds <= WIRE_FDS_MAX);
	bytes = malloc(n ? (size_t)n : 1);
	CHECK(bytes);
	CHECK(wire_encode(structure, value, bytes, (size_t)n, sent, &n_fds, &fault) == n);
	CHECK(memcmp(bytes, large, (size_t)n) == 0);
	if (n > 0)
		CHECK(wire_encode(structure, value, large, (size_t)n - 1, sent, &n_fds, &fault) == -ENOBUFS);
	*ret_size = (size_t)n;
	*ret_n_fds = n_fds;
	return bytes;
}

static void check_round_trip(const struct question *q, const struct decoded *first)
{
	uint8_t *bytes, *again;
	size_t size, size_again, n_fds;
	struct decoded second;

	bytes = encode(q->structure, first->value, &size, &n_fds);
	if (!bytes) {
		/* of what was legal, everything can be sent */
		CHECK(!q->strict && walk_incomplete(q->structure, first->value));
		return;
	}
	/* lists in another order may need other gaps between them */
	second = decode(q, bytes, size, true, first->decoder.memory.used + 8 * size);
	CHECK(!q->strict || n_fds == first->decoder.n_fds_used);
	/* a descriptor that is required and absent is a lenient decoder's 0, and would be sent */
	if (n_fds == first->decoder.n_fds_used) {
		CHECK(second.result == 0);
		CHECK(walk_same(q->structure, first->value, second.value));
		again = encode(q->structure, second.value, &size_again, &n_fds);
		CHECK(again && size_again == size && memcmp(again, bytes, size) == 0);
		free(again);
	}
	release(&second);
	free(bytes);
}

static struct question question(struct material *input)
{
	const struct hycan_operation *operation = material_operation(input);
	uint8_t mode = material_byte(input);

	return (struct question){ .structure = mode & 2 ? operation->reply : operation->request,
		                  .strict = mode & 1,
		                  .n_fds = (mode >> 2) % (WIRE_FDS_MAX + 1) };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct material input = { data, size };
	struct question q = question(&input);
	struct decoded measured, filled;

	measured = decode(&q, input.data, input.size, false, 0);
	filled = decode(&q, input.data, input.size, true, measured.decoder.memory.used);
	check_same_fault(&measured, &filled);
	if (filled.result == 0) {
		walk_structure(q.structure, filled.value, q.strict);
		check_less_memory(&q, input.data, input.size, measured.decoder.memory.used);
		if (q.strict)
			check_lenient(&q, input.data, input.size);
		check_round_trip(&q, &filled);
	}
	release(&measured);
	release(&filled);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct material input = { data, size };
	struct chance chance = { seed };
	struct question q;

	if (size < 2 || max_size < 8 || chance_below(&chance, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	q = question(&input);
	if (chance_below(&chance, 8) == 0)
		return 2 + mutate_sample(&chance, q.structure, data + 2, max_size - 2);
	return 2 + mutate_attributes(&chance, data + 2, size - 2, max_size - 2);
}
