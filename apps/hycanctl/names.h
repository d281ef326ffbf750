/* SPDX-License-Identifier: BSD-3-Clause */
/* What was probably meant where a noun, a verb or an option is not known. */
#ifndef HYCANCTL_NAMES_H
#define HYCANCTL_NAMES_H

#include <stddef.h>

#include <hycan/schema.h>

#include "problem.h"

/*
 * Says what is wrong with a noun and a verb that name no operation; either may be NULL. A noun that is not known is NULL
 * from then on.
 *
 * Returns -EINVAL with the problem filled in.
 */
int names_explain(const char **noun, const char *verb, struct problem *problem);

/* The optional field that the first length bytes of a word mean, also in the words of ip(8): “via”, or “dev” for link. Or NULL. */
const struct hycan_field *names_option(const struct hycan_structure *description, const char *word, size_t length);

#endif
