/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broken promises, inputs and chance. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void fuzz_broken(const char *promise, const char *file, int line)
{
	fprintf(stderr, "%s:%d: a promise is broken: %s\n", file, line, promise);
	abort();
}

uint8_t material_byte(struct material *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

const struct hycan_operation *material_operation(struct material *input)
{
	size_t n;
	const struct hycan_operation *const *operations = hycan_operations(&n);

	return operations[material_byte(input) % n];
}

/* splitmix64 */
uint64_t chance_next(struct chance *chance)
{
	uint64_t x = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

size_t chance_below(struct chance *chance, size_t n)
{
	return (size_t)(chance_next(chance) % n);
}

void check_sendable(const struct hycan_structure *structure, const void *request)
{
	static uint8_t bytes[1 << 20];
	struct wire_decoder decoder = { .fds = (const int[WIRE_FDS_MAX]){ 0 } };
	int fds[WIRE_FDS_MAX];
	struct wire_fault fault = { 0 };
	void *value = malloc(structure->size ? structure->size : 1);
	ssize_t n = wire_encode(structure, request, bytes, sizeof(bytes), fds, &decoder.n_fds, &fault);

	CHECK(n >= 0 && value);
	CHECK(wire_decode(&decoder, structure, bytes, (size_t)n, value) == 0);
	free(value);
}
