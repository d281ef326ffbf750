/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request is about, in words for the log. */
#ifndef SERVER_WORDING_H
#define SERVER_WORDING_H

#include <stddef.h>

struct job;

/*
 * The things that a request makes, changes or takes away, as object.list names them; of a long list the first. Of a request
 * that does none of that, what policy looks at first; of a transaction those of the step that failed.
 */
void wording_object(struct job *job, char *text, size_t size);

/*
 * What was asked for: “NAME=VALUE” for each field that is there, but for keys, and those of each structure in braces; of requests in
 * the request their number; what is too long is cut.
 */
void wording_request(const struct job *job, char *text, size_t size);

/* The sentence, and before it the step of a transaction that failed; WORDING_SENTENCE_SIZE bytes, which are enough for any. */
#define WORDING_SENTENCE_SIZE 320
void wording_sentence(const struct job *job, char text[WORDING_SENTENCE_SIZE]);

/* What became of it: “done”, “unchanged”, “let_go”, the word of a refusal, or the text of an errno. */
const char *wording_result(const struct job *job);

/* Of something that the daemon tried by itself: “done”, the word of a refusal, or the text of an errno. */
const char *wording_of(int result);

#endif
