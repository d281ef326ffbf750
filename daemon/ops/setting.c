/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a link is to be, and how it is: one against the other. */
#include <stdio.h>
#include <string.h>

#include "setting.h"

_Static_assert(sizeof(struct op_settings) == 64 + 256, "there are no gaps");
_Static_assert(sizeof(((struct hycan_link_set_request *)0)->alias) == 256, "an alias is as long as that of a request");

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

static bool of_link_set(const struct hycan_link_set_request *request, struct op_settings *s)
{
	if (request->has_mtu) {
		s->said |= OP_SETTING_MTU;
		s->mtu = request->mtu;
	}
	if (request->has_mac) {
		s->said |= OP_SETTING_MAC;
		s->mac = request->mac;
	}
	if (request->has_txqueuelen) {
		s->said |= OP_SETTING_TXQUEUELEN;
		s->txqueuelen = request->txqueuelen;
	}
	if (request->has_alias) {
		s->said |= OP_SETTING_ALIAS;
		memcpy(s->alias, request->alias, sizeof(s->alias));
	}
	return s->said;
}

static bool of_up(bool up, struct op_settings *s)
{
	s->said = OP_SETTING_UP;
	s->up = up;
	return true;
}

static bool of_mtu(bool has_mtu, uint32_t mtu, struct op_settings *s)
{
	s->said = has_mtu ? OP_SETTING_MTU : 0;
	s->mtu = mtu;
	return has_mtu;
}

bool op_settings_of_request(enum hycan_operation_number operation, const void *request, struct op_settings *ret_settings,
                            uint32_t *ret_unknown)
{
	memset(ret_settings, 0, sizeof(*ret_settings));
	*ret_unknown = 0;
	if (operation == HYCAN_OPERATION_WIREGUARD_SET)
		return of_wireguard_set(request, ret_settings, ret_unknown);
	if (operation == HYCAN_OPERATION_LINK_SET)
		return of_link_set(request, ret_settings);
	if (operation == HYCAN_OPERATION_LINK_UP || operation == HYCAN_OPERATION_LINK_DOWN)
		return of_up(operation == HYCAN_OPERATION_LINK_UP, ret_settings);
	if (operation == HYCAN_OPERATION_VLAN_CREATE) {
		const struct hycan_vlan_create_request *create = request;

		return of_mtu(create->has_mtu, create->mtu, ret_settings);
	}
	if (operation == HYCAN_OPERATION_WIREGUARD_CREATE) {
		const struct hycan_wireguard_create_request *create = request;

		return of_mtu(create->has_mtu, create->mtu, ret_settings);
	}
	if (operation == HYCAN_OPERATION_VCAN_CREATE) {
		const struct hycan_vcan_create_request *create = request;

		return of_mtu(create->has_mtu, create->mtu, ret_settings);
	}
	if (operation == HYCAN_OPERATION_VXCAN_CREATE) {
		const struct hycan_vxcan_create_request *create = request;

		return of_mtu(create->has_mtu, create->mtu, ret_settings);
	}
	return false;
}

void op_settings_of_wireguard(const struct hycan_wireguard *device, struct op_link_found *ret_found)
{
	memset(ret_found, 0, sizeof(*ret_found));
	ret_found->name = device->name;
	ret_found->ifindex = device->ifindex;
	ret_found->is.said = OP_SETTINGS_SILENT;
	ret_found->is.listen_port = device->listen_port;
	ret_found->is.fwmark = device->fwmark;
	ret_found->is.has_public_key = device->has_public_key;
	if (device->has_public_key)
		ret_found->is.public_key = device->public_key;
}

void op_settings_of_link(const struct hycan_link *link, struct op_link_found *ret_found)
{
	memset(ret_found, 0, sizeof(*ret_found));
	ret_found->name = link->name;
	ret_found->ifindex = link->ifindex;
	/* of the two ends of a pair each goes up and down by itself */
	if (link->has_parent && link->has_kind && strcmp(link->kind, "vlan") == 0)
		ret_found->below = link->parent;
	ret_found->is.said = OP_SETTINGS_ANNOUNCED;
	ret_found->is.mtu = link->mtu;
	ret_found->is.up = link->up;
	if (link->has_mac)
		ret_found->is.mac = link->mac;
	ret_found->is.txqueuelen = link->txqueuelen;
	if (link->has_alias)
		memcpy(ret_found->is.alias, link->alias, strnlen(link->alias, sizeof(ret_found->is.alias) - 1));
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
	if (which & OP_SETTING_MTU)
		settings->mtu = from->mtu;
	if (which & OP_SETTING_UP)
		settings->up = from->up;
	if (which & OP_SETTING_MAC)
		settings->mac = from->mac;
	if (which & OP_SETTING_TXQUEUELEN)
		settings->txqueuelen = from->txqueuelen;
	if (which & OP_SETTING_ALIAS)
		memcpy(settings->alias, from->alias, sizeof(settings->alias));
}

static uint32_t when(bool differs, uint32_t which)
{
	return differs ? which : 0;
}

uint32_t op_settings_differ(const struct op_settings *wanted, const struct op_settings *is)
{
	uint32_t which = 0;

	which |= when(wanted->listen_port != 0 && wanted->listen_port != is->listen_port, OP_SETTING_LISTEN_PORT);
	which |= when(wanted->fwmark != is->fwmark, OP_SETTING_FWMARK);
	which |= when(wanted->has_public_key != is->has_public_key ||
	                      (is->has_public_key && memcmp(&wanted->public_key, &is->public_key, sizeof(is->public_key)) != 0),
	              OP_SETTING_PRIVATE_KEY);
	which |= when(wanted->mtu != is->mtu, OP_SETTING_MTU);
	which |= when(wanted->up != is->up, OP_SETTING_UP);
	which |= when(memcmp(&wanted->mac, &is->mac, sizeof(is->mac)) != 0, OP_SETTING_MAC);
	which |= when(wanted->txqueuelen != is->txqueuelen, OP_SETTING_TXQUEUELEN);
	which |= when(strcmp(wanted->alias, is->alias) != 0, OP_SETTING_ALIAS);
	return which & wanted->said & is->said;
}

static enum hycan_operation_number ask_wireguard(const struct op_settings *wanted, uint32_t which, const char *link,
                                                 union message *ret_request)
{
	struct hycan_wireguard_set_request request = {
		.has_listen_port = which & OP_SETTING_LISTEN_PORT,
		.listen_port = wanted->listen_port,
		.has_fwmark = which & OP_SETTING_FWMARK,
		.fwmark = wanted->fwmark,
	};

	strncpy(request.name, link, sizeof(request.name) - 1);
	memcpy(ret_request, &request, sizeof(request));
	return HYCAN_OPERATION_WIREGUARD_SET;
}

static enum hycan_operation_number ask_link(const struct op_settings *wanted, uint32_t which, const char *link,
                                            union message *ret_request)
{
	struct hycan_link_set_request request = {
		.has_mtu = which & OP_SETTING_MTU,
		.mtu = wanted->mtu,
		.has_mac = which & OP_SETTING_MAC,
		.mac = wanted->mac,
		.has_txqueuelen = which & OP_SETTING_TXQUEUELEN,
		.txqueuelen = wanted->txqueuelen,
		.has_alias = which & OP_SETTING_ALIAS,
	};

	memcpy(request.alias, wanted->alias, sizeof(wanted->alias));
	strncpy(request.name, link, sizeof(request.name) - 1);
	memcpy(ret_request, &request, sizeof(request));
	return HYCAN_OPERATION_LINK_SET;
}

static enum hycan_operation_number ask_up(const struct op_settings *wanted, const char *link, union message *ret_request)
{
	struct hycan_link_up_request request = { 0 };

	_Static_assert(sizeof(struct hycan_link_up_request) == sizeof(struct hycan_link_down_request), "both are a name");
	strncpy(request.name, link, sizeof(request.name) - 1);
	memcpy(ret_request, &request, sizeof(request));
	return wanted->up ? HYCAN_OPERATION_LINK_UP : HYCAN_OPERATION_LINK_DOWN;
}

uint32_t op_settings_request(const struct op_settings *wanted, uint32_t which, const char *link,
                             enum hycan_operation_number *ret_operation, union message *ret_request)
{
	const uint32_t silent = which & OP_SETTINGS_SILENT & ~OP_SETTINGS_SECRET,
		       set = which & OP_SETTINGS_ANNOUNCED & ~OP_SETTING_UP;

	if (silent) {
		*ret_operation = ask_wireguard(wanted, silent, link, ret_request);
		return silent;
	}
	if (set) {
		*ret_operation = ask_link(wanted, set, link, ret_request);
		return set;
	}
	if (which & OP_SETTING_UP)
		*ret_operation = ask_up(wanted, link, ret_request);
	return which & OP_SETTING_UP;
}

const char *op_settings_words(uint32_t which, char words[static OP_SETTINGS_WORDS])
{
	static const char *const names[] = { "listen_port", "fwmark", "private_key", "mtu", "up", "mac", "txqueuelen", "alias" };
	size_t n = 0;

	words[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (which & 1u << i)
			n += (size_t)snprintf(words + n, OP_SETTINGS_WORDS - n, "%s%s", n ? ", " : "", names[i]);
	return words;
}
