/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of bytes. Frames may hold key material, so memory that is given up is wiped, or goes back to the kernel.
 *
 * A long queue is pages of its own: it grows without being copied, which for 16 MiB would be felt by everybody who waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buffer.h"

#define BUFFER_SIZE_MIN 4096u

/* From this size on a queue is pages of its own. */
#define BUFFER_PAGES_MIN (128u << 10)

static uint8_t *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	(void)madvise(p, size, MADV_DONTDUMP);
	return p;
}

/* The same bytes with more room behind them. */
static uint8_t *grow_pages(struct buffer *b, size_t room)
{
	void *p = mremap(b->data, b->room, room, MREMAP_MAYMOVE);

	if (p == MAP_FAILED)
		return NULL;
	b->data = p;
	b->room = room;
	return b->data + b->end;
}

uint8_t *buffer_reserve(struct buffer *b, size_t size, size_t limit)
{
	size_t used = buffer_used(b), room = b->room ? b->room : BUFFER_SIZE_MIN;
	uint8_t *data;

	if (size > limit || used > limit - size)
		return NULL;
	if (b->room - b->end >= size)
		return b->data + b->end;
	if (b->begin >= used && b->room - used >= size) {
		memcpy(b->data, b->data + b->begin, used);
		b->begin = 0;
		b->end = used;
		return b->data + b->end;
	}
	if (b->room >= BUFFER_PAGES_MIN) {
		while (room < b->end + size)
			room *= 2;
		return grow_pages(b, room);
	}
	while (room < used + size)
		room *= 2;
	data = room >= BUFFER_PAGES_MIN ? pages(room) : malloc(room);
	if (!data)
		return NULL;
	if (used)
		memcpy(data, b->data + b->begin, used);
	buffer_release(b);
	*b = (struct buffer){ .data = data, .end = used, .room = room, .high = used };
	return b->data + b->end;
}

int buffer_append(struct buffer *b, const void *bytes, size_t size, size_t limit)
{
	uint8_t *p = buffer_reserve(b, size, limit);

	if (!p)
		return -ENOBUFS;
	memcpy(p, bytes, size);
	buffer_commit(b, size);
	return 0;
}

void buffer_consume(struct buffer *b, size_t size, size_t keep)
{
	b->begin += size;
	if (b->begin < b->end)
		return;
	b->begin = b->end = 0;
	if (b->room > keep)
		buffer_release(b);
}

void buffer_release(struct buffer *b)
{
	if (b->room >= BUFFER_PAGES_MIN) {
		(void)munmap(b->data, b->room);
	} else if (b->data) {
		explicit_bzero(b->data, b->high);
		free(b->data);
	}
	*b = (struct buffer){ 0 };
}
