/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzzers share.
 *
 * A fuzzer is a function that is given bytes, and must neither crash, nor leak, nor break a promise: CHECK() is how a
 * promise is written down. The sanitizers see to the rest.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/schema.h>

#include "wire.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

/* A promise. Where it is broken, libFuzzer keeps the input. */
#define CHECK(promise) ((promise) ? (void)0 : fuzz_broken(#promise, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *promise, const char *file, int line);

/* The entrance of libFuzzer, and those that a fuzzer may have beside it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Bytes of an input, taken one after the other; zeros behind its end. */
struct material {
	const uint8_t *data;
	size_t size;
};

uint8_t material_byte(struct material *input);

/* The operation that the next byte chooses. */
const struct hycan_operation *material_operation(struct material *input);

/* ------------------------------------------------------------------------------------------------------------ chance */

/* Numbers that follow from a seed. */
struct chance {
	uint64_t state;
};

uint64_t chance_next(struct chance *chance);

/* A number below n, which is not 0. */
size_t chance_below(struct chance *chance, size_t n);

/* ------------------------------------------------------------------------------------------------------------ values */

/* Where made values come from. */
struct sample {
	struct chance chance;
	struct wire_memory memory; /* for lists */
	int fd;                    /* for descriptors */
};

/* Makes a legal value of a structure: one that a strict decoder takes. */
void sample_structure(struct sample *sample, const struct hycan_structure *structure, void *value);

/*
 * Looks at everything in a value that was decoded: flags are true or false, texts end, every value has a text. With
 * legal also that a strict decoder let nothing through that it must not.
 */
void walk_structure(const struct hycan_structure *structure, const void *value, bool legal);

/* Whether two values are the same, padding aside. */
bool walk_same(const struct hycan_structure *structure, const void *a, const void *b);

/* Whether an address is required and absent, as a lenient decoder lets it be: then there is nothing to send. */
bool walk_incomplete(const struct hycan_structure *structure, const void *value);

/* A request that was read from text can be sent: it is encoded, and a decoder takes it. */
void check_sendable(const struct hycan_structure *structure, const void *request);

/* ---------------------------------------------------------------------------------------------------- frames, handlers */

/* The kernel is about to be changed. */
void fuzz_changed(void);

/* Another run begins, and with it the tokens. */
void fuzz_forget_tokens(void);

/* ---------------------------------------------------------------------------------------------------------- mutation */

/* Changes something in one attribute, at any depth, and corrects the lengths of those around it. Returns the new size. */
size_t mutate_attributes(struct chance *chance, uint8_t *data, size_t size, size_t max_size);

/* A legal value as attributes, in place of what is there. Returns the new size. */
size_t mutate_sample(struct chance *chance, const struct hycan_structure *structure, uint8_t *data, size_t max_size);

/* The same for frames behind one another: one of them is changed, or a legal one of some operation, or its answer, added. */
size_t mutate_frames(struct chance *chance, bool answers, uint8_t *data, size_t size, size_t max_size);

#endif
