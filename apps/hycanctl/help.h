/* SPDX-License-Identifier: BSD-3-Clause */
/* Help, made from the schema. */
#ifndef HYCANCTL_HELP_H
#define HYCANCTL_HELP_H

#include <stdio.h>

#include <hycan/schema.h>

/* What hycanctl is, its nouns and its options. */
void help_print_program(FILE *out);

/* The verbs of a noun. */
void help_print_noun(FILE *out, const char *noun);

/* An operation: its line, what it does, each of its fields. */
void help_print_operation(FILE *out, const struct hycan_operation *operation);

/* “usage: hycanctl vlan create PARENT VLAN_ID [--name …]”; of the whole program with NULL. */
void help_print_usage(FILE *out, const struct hycan_operation *operation);

/* What may be typed for a field: “tcp|udp|sctp”, “@FILE|-”. */
void help_print_form(FILE *out, const struct hycan_field *field);

#endif
