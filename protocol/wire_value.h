/* SPDX-License-Identifier: BSD-3-Clause */
/* Values, for the files of the decoder alone. */
#ifndef PROTOCOL_WIRE_VALUE_H
#define PROTOCOL_WIRE_VALUE_H

#include "wire.h"

/* Keeps why the bytes were not decoded; -EBADMSG. */
__attribute__((format(printf, 4, 5))) int wire_fault(struct wire_decoder *d, enum hycan_refusal refusal,
                                                     const struct hycan_field *field, const char *sentence, ...);

/* Memory as it is, where wire_memory_take() gives zeros. */
void *wire_memory_reserve(struct wire_memory *memory, size_t size);

/* Decodes the value of a field of any type but a structure. */
int wire_decode_value(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size, void *value);

/* Writes a number as C has it, in size bytes. */
void wire_write_number(void *to, size_t size, uint64_t number);

/* Length of a UTF-8 character that is no control character; 0 for anything else. */
size_t wire_character(const unsigned char *p, size_t left);

#endif
