/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks over values and frames by the tables: to find what policy looks at, and to wipe key material.
 */
#include <string.h>

#include "wire.h"

/* The values of a field: one, those of a list, or none when it is absent. */
static const char *values(const struct hycan_field *field, const void *value, size_t *ret_n)
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

int wire_policy_walk(const struct hycan_structure *structure, const void *value, wire_policy_visit *visit, void *userdata)
{
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		const char *p;
		size_t n;
		int r = 0;

		if (!(field->flags & HYCAN_FIELD_POLICY) && field->type != HYCAN_TYPE_STRUCT)
			continue;
		p = values(field, value, &n);
		for (size_t k = 0; k < n && r == 0; k++, p += field->size)
			r = field->type == HYCAN_TYPE_STRUCT ? wire_policy_walk(field->structure, p, visit, userdata)
			                                     : visit(field, p, userdata);
		if (r != 0)
			return r;
	}
	return 0;
}

void wire_wipe(const struct hycan_structure *structure, void *value)
{
	for (uint16_t i = 0; structure->has_secrets && i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n;
		char *p = (char *)values(field, value, &n);

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
