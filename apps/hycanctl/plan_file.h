/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file for “hycanctl apply”: a JSON object with one member, “steps”, an array of objects. Each has the name of an
 * operation at “operation”, and the fields of its request under their names in the schema:
 *
 *   { "steps": [ { "operation": "vlan.create", "parent": "eth0", "vlan_id": 100 }, … ] }
 */
#ifndef HYCANCTL_PLAN_FILE_H
#define HYCANCTL_PLAN_FILE_H

#include <stddef.h>

#include <hycan/schema.h>

#include "problem.h"

struct plan_step {
	const struct hycan_operation *operation;
	void *request;
	unsigned int line; /* in the file */
};

struct plan_file {
	struct plan_step *step;
	size_t n;
};

/* Reads text. 0, or -EINVAL with the problem filled in: the line, and what is wrong there. */
int plan_file_read(const char *text, struct plan_file *ret_file, struct problem *problem);

/* Wipes and frees. */
void plan_file_free(struct plan_file *file);

#endif
