/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks over values and frames by the tables, and wipes key material in them.
 */
#include <string.h>

#include "wire.h"

const void *wire_values(const struct hycan_field *field, const void *value, size_t *ret_n)
{
	const char *first = (const char *)value + field->offset;

	*ret_n = 1;
	if ((field->flags & HYCAN_FIELD_OPTIONAL) && !*((const bool *)value + field->has_offset))
		*ret_n = 0;
	else if (field->flags & HYCAN_FIELD_LIST) {
		memcpy(ret_n, (const char *)value + field->count_offset, sizeof(*ret_n));
		memcpy(&first, (const char *)value + field->offset, sizeof(first));
	}
	return first;
}

void wire_wipe(const struct hycan_structure *structure, void *value)
{
	for (uint16_t i = 0; structure->has_secrets && i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n;
		char *p = (char *)wire_values(field, value, &n);

		for (size_t k = 0; k < n; k++, p += field->size) {
			if (field->flags & HYCAN_FIELD_SECRET)
				explicit_bzero(p, field->size);
			else if (field->type == HYCAN_TYPE_STRUCT)
				wire_wipe(field->structure, p);
		}
	}
}

void wire_wipe_frame(const struct hycan_structure *structure, void *attributes, size_t size)
{
	uint8_t *p = attributes;

	if (!structure->has_secrets)
		return;
	while (size >= sizeof(struct nlattr)) {
		const struct hycan_field *field;
		struct nlattr nla;
		size_t step;

		memcpy(&nla, p, sizeof(nla));
		step = NLA_ALIGN((size_t)nla.nla_len);
		if (nla.nla_len < sizeof(nla) || step > size)
			break;
		nla.nla_type &= NLA_TYPE_MASK;
		field = nla.nla_type >= 1 && nla.nla_type <= structure->n_fields ? &structure->field[nla.nla_type - 1] : NULL;
		if (!field || (field->flags & HYCAN_FIELD_SECRET))
			explicit_bzero(p + sizeof(nla), step - sizeof(nla));
		else if (field->type == HYCAN_TYPE_STRUCT)
			wire_wipe_frame(field->structure, p + sizeof(nla), nla.nla_len - sizeof(nla));
		p += step;
		size -= step;
	}
	/* what is no attribute any more may still be key material */
	explicit_bzero(p, size);
}
