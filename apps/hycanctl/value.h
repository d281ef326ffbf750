/* SPDX-License-Identifier: BSD-3-Clause */
/* Words become values of a request's fields. */
#ifndef HYCANCTL_VALUE_H
#define HYCANCTL_VALUE_H

#include <hycan/schema.h>

#include "problem.h"

/* Where a word stood. What stands on a command line is seen by everybody, so no secret may. */
enum place {
	PLACE_COMMAND_LINE,
	PLACE_FILE,
};

/*
 * Gives the field of a structure a value; of a list one or more, behind those that it has. A structure is read from a
 * text such as “10.20.0.0/16 via=10.99.0.2”, a list of structures from one, from “@FILE” or from “-”.
 * 0, or -EINVAL with the problem filled in.
 */
int value_give(const struct hycan_field *field, void *structure, const char *text, enum place place, struct problem *problem);

/* When everything is given: “default” becomes the default network of the family that the rest of the structure has. */
void value_finish(const struct hycan_structure *description, void *structure);

/* The field of that name, which may be written with “-” for “_”, or NULL. The name has length bytes. */
const struct hycan_field *value_field(const struct hycan_structure *description, const char *name, size_t length);

/* The name of a field as people type it: of an option “host-address”, of an argument “HOST_ADDRESS”. Returns text. */
const char *value_option_name(const struct hycan_field *field, char *text, size_t size);
const char *value_argument_name(const struct hycan_field *field, char *text, size_t size);

/* Room for such a name. */
#define VALUE_NAME_SIZE 64

#endif
