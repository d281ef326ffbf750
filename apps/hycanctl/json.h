/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers and errors for machines. */
#ifndef HYCANCTL_JSON_H
#define HYCANCTL_JSON_H

#include <stdio.h>

#include <hycan/schema.h>

/* Prints a list of answers as an array, one on a line. */
void json_print_list(FILE *out, const struct hycan_structure *description, const void *answers, size_t n);

/* Prints one answer as an object. */
void json_print_answer(FILE *out, const struct hycan_structure *description, const void *answer);

/* Prints the value of a field that is there: of a list, an array. */
void json_print_field(FILE *out, const struct hycan_field *field, const void *structure);

/* Prints a text, in quotes. */
void json_print_text(FILE *out, const char *text);

/* Prints {"error": {…}}. Whatever is NULL or empty is left out. */
void json_print_error(FILE *out, const char *code, const char *message, const char *field, const char *operation);

#endif
