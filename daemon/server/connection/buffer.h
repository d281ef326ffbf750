/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue of bytes that grows up to a limit and gives its memory back when it is empty. */
#ifndef SERVER_BUFFER_H
#define SERVER_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data;
	size_t begin; /* first byte that is not consumed */
	size_t end;   /* behind the last byte */
	size_t room;  /* size of data */
	size_t high;  /* behind the last byte that was ever there */
};

static inline size_t buffer_used(const struct buffer *b)
{
	return b->end - b->begin;
}

/* The first of those that are not consumed, or NULL where there was never one. */
static inline uint8_t *buffer_first(struct buffer *b)
{
	return b->data ? b->data + b->begin : NULL;
}

/* Room for size more bytes behind the end; NULL when that would be more than limit in all, or there is no memory. */
uint8_t *buffer_reserve(struct buffer *b, size_t size, size_t limit);

/* The bytes written into the reserved room are part of the queue now. */
static inline void buffer_commit(struct buffer *b, size_t size)
{
	b->end += size;
	if (b->end > b->high)
		b->high = b->end;
}

/* 0, or -ENOBUFS at the limit. */
int buffer_append(struct buffer *b, const void *bytes, size_t size, size_t limit);

/* Takes bytes off the front. keep: how much memory an empty queue may hold on to. */
void buffer_consume(struct buffer *b, size_t size, size_t keep);

/* Gives the memory back; the queue is empty and can be used again. Nobody finds what it held, since keys pass through. */
void buffer_release(struct buffer *b);

#endif
