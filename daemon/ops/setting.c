/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a link is to be, and how it is: one against the other. */
#include <stdio.h>
#include <string.h>

#include "setting.h"

_Static_assert(sizeof(struct op_settings) == 12 + sizeof(struct hycan_key), "there are no gaps");

static bool of_wireguard_set(const struct hycan_wireguard_set_request *request, struct op_settings *s, uint32_t *unknown)
{
	if (request->has_listen_port) {
		s->said |= OP_SETTING_LISTEN_PORT;
		s->listen_port = request->listen_port;
	}
	if (request->has_fwmark) {
		s->said |= OP_SETTING_FWMARK;
		s->fwmark = request->fwmark;
	}
	if (request->has_private_key) {
		s->said |= OP_SETTING_PRIVATE_KEY;
		*unknown |= OP_SETTING_PRIVATE_KEY;
	}
	return s->said;
}

bool op_settings_of_request(enum hycan_operation_number operation, const void *request, struct op_settings *ret_settings,
                            uint32_t *ret_unknown)
{
	memset(ret_settings, 0, sizeof(*ret_settings));
	*ret_unknown = 0;
	return operation == HYCAN_OPERATION_WIREGUARD_SET && of_wireguard_set(request, ret_settings, ret_unknown);
}

void op_settings_of_wireguard(const struct hycan_wireguard *device, struct op_settings *ret_settings)
{
	*ret_settings = (struct op_settings){
		.said = OP_SETTINGS_SILENT,
		.listen_port = device->listen_port,
		.fwmark = device->fwmark,
		.has_public_key = device->has_public_key,
	};
	if (device->has_public_key)
		ret_settings->public_key = device->public_key;
}

void op_settings_take(struct op_settings *settings, const struct op_settings *from, uint32_t which)
{
	settings->said |= which;
	if (which & OP_SETTING_LISTEN_PORT)
		settings->listen_port = from->listen_port;
	if (which & OP_SETTING_FWMARK)
		settings->fwmark = from->fwmark;
	if (which & OP_SETTING_PRIVATE_KEY) {
		settings->has_public_key = from->has_public_key;
		settings->public_key = from->public_key;
	}
}

uint32_t op_settings_differ(const struct op_settings *wanted, const struct op_settings *is)
{
	uint32_t which = 0;

	if (wanted->listen_port != 0 && wanted->listen_port != is->listen_port)
		which |= OP_SETTING_LISTEN_PORT;
	if (wanted->fwmark != is->fwmark)
		which |= OP_SETTING_FWMARK;
	if (wanted->has_public_key != is->has_public_key ||
	    (is->has_public_key && memcmp(&wanted->public_key, &is->public_key, sizeof(is->public_key)) != 0))
		which |= OP_SETTING_PRIVATE_KEY;
	return which & wanted->said & is->said;
}

uint32_t op_settings_request(const struct op_settings *wanted, uint32_t which, const char *link,
                             enum hycan_operation_number *ret_operation, union message *ret_request)
{
	struct hycan_wireguard_set_request set = { 0 };

	which &= OP_SETTINGS_SILENT & ~OP_SETTINGS_SECRET;
	if (which == 0)
		return 0;
	memcpy(set.name, link, strlen(link) + 1);
	set.has_listen_port = which & OP_SETTING_LISTEN_PORT;
	set.listen_port = wanted->listen_port;
	set.has_fwmark = which & OP_SETTING_FWMARK;
	set.fwmark = wanted->fwmark;
	memcpy(ret_request, &set, sizeof(set));
	*ret_operation = HYCAN_OPERATION_WIREGUARD_SET;
	return which;
}

const char *op_settings_words(uint32_t which, char words[static OP_SETTINGS_WORDS])
{
	static const char *const names[] = { "listen_port", "fwmark", "private_key" };
	size_t n = 0;

	words[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (which & 1u << i)
			n += (size_t)snprintf(words + n, OP_SETTINGS_WORDS - n, "%s%s", n ? ", " : "", names[i]);
	return words;
}
