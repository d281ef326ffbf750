/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, 64 bits: tells bytes from others where nobody chooses them to be taken for those (draft-eastlake-fnv). */
#ifndef CORE_FNV_H
#define CORE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)

/* The hash so far, which begins with FNV_BASIS, with these bytes as well. */
static inline uint64_t fnv1a(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	for (; size > 0; size--)
		hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
