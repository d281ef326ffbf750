/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a file or standard input whole.
 *
 * Keys come this way, so no copy stays behind: read(2) into memory that is wiped, no buffers of stdio(3). A text with a zero
 * byte in it is refused, because the rest of it would be silently lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source.h"

#define FIRST_SIZE 4096

bool source_is_named(const char *word)
{
	return word[0] == '@' || strcmp(word, "-") == 0;
}

void source_free(struct source *source)
{
	if (source->text)
		explicit_bzero(source->text, source->size);
	free(source->text);
	*source = (struct source){ 0 };
}

/* Twice the room. The old memory is wiped before it is given back. */
static int grow(struct source *source)
{
	size_t size = source->size ? 2 * source->size : FIRST_SIZE;
	char *text = malloc(size);

	if (!text)
		return -ENOMEM;
	if (source->text) {
		memcpy(text, source->text, source->size);
		explicit_bzero(source->text, source->size);
		free(source->text);
	}
	source->text = text;
	source->size = size;
	return 0;
}

static int read_whole(int fd, size_t limit, struct source *source)
{
	size_t used = 0;
	ssize_t n = 1;
	int r;

	while (n > 0) {
		if (used + 1 >= source->size) {
			r = grow(source);
			if (r < 0)
				return r;
		}
		n = read(fd, source->text + used, source->size - used - 1);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return -errno;
		else
			used += (size_t)n;
		if (used > limit)
			return -EFBIG;
	}
	source->text[used] = '\0';
	return memchr(source->text, '\0', used) ? -EILSEQ : 0;
}

int source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem)
{
	bool input = strcmp(word, "-") == 0;
	struct source source = { .name = input ? "standard input" : word + 1 };
	int fd = input ? STDIN_FILENO : open(word + 1, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : read_whole(fd, limit, &source);

	if (!input && fd >= 0)
		close(fd);
	if (r == 0) {
		*ret_source = source;
		return 0;
	}
	problem_set(problem, NULL, "%s cannot be read: %s.", source.name,
	            r == -EFBIG    ? "it is too large"
	            : r == -EILSEQ ? "it is no text"
	                           : strerror(-r));
	source_free(&source);
	return -EINVAL;
}
