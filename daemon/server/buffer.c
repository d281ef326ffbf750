/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of bytes. Growing copies to new memory and wipes the old: frames may hold key material. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

#define BUFFER_SIZE_MIN 4096u

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
	while (room < used + size)
		room *= 2;
	data = malloc(room);
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
	if (b->data)
		explicit_bzero(b->data, b->high);
	free(b->data);
	*b = (struct buffer){ 0 };
}
