/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow: a pointer and a number of elements, which tells how much memory there is. */
#ifndef CORE_ARRAY_H
#define CORE_ARRAY_H

#include <errno.h>
#include <stdlib.h>

/*
 * The room that an array of n elements needs for one more, where it has none; else 0. There is room for 16, and then for
 * twice as many whenever they are full, so n must only ever have grown by one.
 */
static inline size_t array_room(size_t n)
{
	if (n == 0)
		return 16;
	return n < 16 || (n & (n - 1)) ? 0 : n * 2;
}

/* Makes room for one more element in an array of n, given by the address of its pointer. 0 or -ENOMEM. */
static inline int array_grow(void *array, size_t n, size_t size)
{
	const size_t room = array_room(n);
	void **pp = array, *p;

	if (!room)
		return 0;
	p = reallocarray(*pp, room, size);
	if (!p)
		return -ENOMEM;
	*pp = p;
	return 0;
}

#endif
