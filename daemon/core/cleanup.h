/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owning locals: a variable declared with one of these is released when it goes out of scope, whichever way that is.
 *
 * A function that takes ownership takes the pointer's address, or the caller writes steal(&pointer) or steal_fd(&fd), so
 * one can see that nothing leaks without reading what is called.
 */
#ifndef CORE_CLEANUP_H
#define CORE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)    __attribute__((cleanup(f)))
#define _cleanup_free_  _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
	*(void **)p = NULL;
}

/* Closes a descriptor, leaves -1 and keeps errno. */
static inline void cleanup_close(int *fd)
{
	int e = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = e;
}

/* Takes the value out of an owning local. */
#define steal(p)                                                                                                                   \
	({                                                                                                                         \
		__typeof__(p) _p = (p);                                                                                            \
		__typeof__(*_p) _v = *_p;                                                                                          \
		*_p = NULL;                                                                                                        \
		_v;                                                                                                                \
	})

static inline int steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#endif
