/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a command line become an operation and its request. */
#ifndef HYCANCTL_ARGUMENTS_H
#define HYCANCTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/schema.h>

#include "options.h"
#include "problem.h"

/* Whether the operation is NOUN's, and VERB's if that is not NULL; “-” and “_” are the same. */
bool arguments_names(const struct hycan_operation *operation, const char *noun, const char *verb);

/* A noun that stands for another and its verb: “monitor”, for “event subscribe”. NULL: it is none of those. */
const char *arguments_short(const char *noun, const char **ret_verb);

/* The verb of a noun that has no other, and only shows something: it may be left out. NULL: there is no such verb. */
const char *arguments_only_verb(const char *noun);

#define ARGUMENTS_SHORT "monitor"

/* The operation that NOUN VERB names, or NULL. */
const struct hycan_operation *arguments_operation(const char *noun, const char *verb);

/*
 * Reads what stands behind NOUN VERB. Required fields are words in the order of the schema; each field is also “--name VALUE”. Options
 * that are no fields go to options.
 *
 * @param ret_request the structure of operation->request: arguments_free() it, also on failure
 * 0, or -EINVAL with the problem filled in.
 */
int arguments_read(const struct hycan_operation *operation, char *const *words, size_t n, struct options *options,
                   void **ret_request, struct problem *problem);

/* Wipes and frees a request. */
void arguments_free(const struct hycan_operation *operation, void **request);

#endif
