/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow: a pointer and a number of elements, which tells how much memory there is. */
#ifndef CORE_ARRAY_H
#define CORE_ARRAY_H

#include <errno.h>
#include <stdlib.h>

/*
 * Makes room for one more element in an array of n, given by the address of its pointer. There is room for 16, and then
 * for twice as many whenever they are full, so n must only ever have grown by one. 0 or -ENOMEM.
 */
static inline int array_grow(void *array, size_t n, size_t size)
{
	void **pp = array, *p;

	if (n != 0 && (n < 16 || (n & (n - 1))))
		return 0;
	p = reallocarray(*pp, n ? n * 2 : 16, size);
	if (!p)
		return -ENOMEM;
	*pp = p;
	return 0;
}

#endif
