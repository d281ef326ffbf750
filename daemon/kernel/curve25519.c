/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers modulo 2^255 - 19, in sixteen limbs of 16 bits, least first. Between two operations a limb may have more bits than that, or be
 * negative: products of sums of two stay below 2^45, far from where they would overflow.
 */
#include <string.h>

#include "curve25519.h"

#define LIMBS 16

typedef int64_t number[LIMBS];

/* (A - 2) / 4 of the curve y^2 = x^3 + Ax^2 + x, where A is 486662 */
static const number a24 = { 0xdb41, 1 };

static void add(number sum, const number a, const number b)
{
	for (size_t i = 0; i < LIMBS; i++)
		sum[i] = a[i] + b[i];
}

static void subtract(number difference, const number a, const number b)
{
	for (size_t i = 0; i < LIMBS; i++)
		difference[i] = a[i] - b[i];
}

/* What a limb has beyond its 16 bits goes to the next one; 2^256 is 38. */
static void carry(number n)
{
	for (size_t i = 0; i < LIMBS; i++) {
		const int64_t over = n[i] >> 16;

		n[i] &= 0xffff;
		n[(i + 1) % LIMBS] += i + 1 < LIMBS ? over : 38 * over;
	}
}

static void multiply(number product, const number a, const number b)
{
	int64_t wide[2 * LIMBS] = { 0 };

	for (size_t i = 0; i < LIMBS; i++)
		for (size_t k = 0; k < LIMBS; k++)
			wide[i + k] += a[i] * b[k];
	for (size_t i = 0; i < LIMBS; i++)
		product[i] = wide[i] + 38 * wide[i + LIMBS];
	carry(product);
	carry(product);
	explicit_bzero(wide, sizeof(wide));
}

/* a^(p - 2), where p - 2 has all bits but those of 2 and 4: its inverse, by Fermat. */
static void invert(number inverse, const number a)
{
	number n;

	memcpy(n, a, sizeof(n));
	for (int bit = 253; bit >= 0; bit--) {
		multiply(n, n, n);
		if (bit != 2 && bit != 4)
			multiply(n, n, a);
	}
	memcpy(inverse, n, sizeof(n));
	explicit_bzero(n, sizeof(n));
}

/* Where swaps is 1, and not where it is 0; by no branch, which would take another time. */
static void swap_if(int64_t swaps, number a, number b)
{
	for (size_t i = 0; i < LIMBS; i++) {
		const int64_t difference = -swaps & (a[i] ^ b[i]);

		a[i] ^= difference;
		b[i] ^= difference;
	}
}

/* a - p where that is not negative. */
static void reduce(number a)
{
	number less;
	int64_t borrowed = 0;

	for (size_t i = 0; i < LIMBS; i++) {
		less[i] = a[i] - (i == 0 ? 0xffed : i + 1 < LIMBS ? 0xffff : 0x7fff) - borrowed;
		borrowed = (less[i] >> 16) & 1;
		less[i] &= 0xffff;
	}
	swap_if(1 - borrowed, a, less);
	explicit_bzero(less, sizeof(less));
}

static void pack(number n, struct hycan_key *ret_key)
{
	/* what is carried out of the last limb comes in at the first */
	for (int i = 0; i < 3; i++)
		carry(n);
	/* 2^256 is 2p + 38 */
	reduce(n);
	reduce(n);
	for (size_t i = 0; i < LIMBS; i++) {
		ret_key->bytes[2 * i] = (uint8_t)n[i];
		ret_key->bytes[2 * i + 1] = (uint8_t)(n[i] >> 8);
	}
}

/* Of the Montgomery ladder; names as in RFC 7748, section 5. */
struct ladder {
	uint8_t scalar[sizeof(((struct hycan_key *)NULL)->bytes)];
	number x2, z2, x3, z3;
	number a, aa, b, bb, c, d, da, cb, e;
};

static void step(struct ladder *l, const number x1)
{
	add(l->a, l->x2, l->z2);
	multiply(l->aa, l->a, l->a);
	subtract(l->b, l->x2, l->z2);
	multiply(l->bb, l->b, l->b);
	subtract(l->e, l->aa, l->bb);
	add(l->c, l->x3, l->z3);
	subtract(l->d, l->x3, l->z3);
	multiply(l->da, l->d, l->a);
	multiply(l->cb, l->c, l->b);
	add(l->x3, l->da, l->cb);
	multiply(l->x3, l->x3, l->x3);
	subtract(l->z3, l->da, l->cb);
	multiply(l->z3, l->z3, l->z3);
	multiply(l->z3, l->z3, x1);
	multiply(l->x2, l->aa, l->bb);
	multiply(l->z2, l->e, a24);
	add(l->z2, l->z2, l->aa);
	multiply(l->z2, l->z2, l->e);
}

void curve25519_public_key(const struct hycan_key *private_key, struct hycan_key *ret_public_key)
{
	static const number base = { 9 };
	struct ladder l = { .x2 = { 1 }, .z3 = { 1 } };
	int64_t swapped = 0;

	memcpy(l.scalar, private_key->bytes, sizeof(l.scalar));
	l.scalar[0] &= 248;
	l.scalar[sizeof(l.scalar) - 1] = (l.scalar[sizeof(l.scalar) - 1] & 127) | 64;
	memcpy(l.x3, base, sizeof(base));
	for (int i = 254; i >= 0; i--) {
		const int64_t bit = l.scalar[i / 8] >> (i % 8) & 1;

		swap_if(swapped ^ bit, l.x2, l.x3);
		swap_if(swapped ^ bit, l.z2, l.z3);
		swapped = bit;
		step(&l, base);
	}
	swap_if(swapped, l.x2, l.x3);
	swap_if(swapped, l.z2, l.z3);
	invert(l.z2, l.z2);
	multiply(l.x2, l.x2, l.z2);
	pack(l.x2, ret_public_key);
	explicit_bzero(&l, sizeof(l));
}
