/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of networks as tests write them. */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "objects.h"

#define HOSTS_MAX     16
#define ADDRESSES_MAX 32

struct hosts {
	struct hycan_dns_host host[HOSTS_MAX];
	struct hycan_address address[HOSTS_MAX][ADDRESSES_MAX];
	size_t n;
};

void names_begin(void)
{
	need_command("dnsmasq");
	network_make_parent();
}

size_t names_addresses(const char *text, struct hycan_address *addresses, size_t room)
{
	char copy[1024], *rest = NULL;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(n < room);
		assert_int_equal(hycan_address_parse(word, &addresses[n++]), 0);
	}
	return n;
}

static void read_hosts(const char *text, struct hosts *hosts)
{
	char copy[2048], *rest = NULL;

	memset(hosts, 0, sizeof(*hosts));
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		struct hycan_dns_host *host = &hosts->host[hosts->n];
		struct hycan_address *address = hosts->address[hosts->n++];
		size_t length;

		word += *word == ' ';
		length = strcspn(word, " ");
		snprintf(host->name, sizeof(host->name), "%.*s", (int)length, word);
		host->n_addresses = names_addresses(word + length, address, ADDRESSES_MAX);
		host->addresses = address;
	}
}

int names_set(struct hycan *h, uint16_t vlan_id, const char *text, const struct hycan_dns_set_options *options)
{
	struct hosts hosts;

	read_hosts(text, &hosts);
	return hycan_dns_set(h, vlan_id, hosts.host, hosts.n, options);
}

int names_add(struct hycan *h, uint16_t vlan_id, const char *text)
{
	struct hosts hosts;

	read_hosts(text, &hosts);
	assert_int_equal(hosts.n, 1);
	return hycan_dns_add_host(h, vlan_id, &hosts.host[0], NULL);
}

struct hycan_dns_state *names_state(struct hycan *h, uint16_t vlan_id)
{
	const struct hycan_dns_list_options options = { .has_vlan_id = true, .vlan_id = vlan_id };
	struct hycan_dns_state *state = NULL;
	size_t n = 0;

	assert_done(h, hycan_dns_list(h, &options, &state, &n));
	assert_int_equal(n, 1);
	return state;
}

int names_pid(struct hycan *h, uint16_t vlan_id)
{
	struct hycan_dns_state *state = names_state(h, vlan_id);
	int pid = state->pid;

	free(state);
	return pid;
}

void names_objects(struct hycan *h, const char *expected)
{
	char *all = objects_text(h, NULL), *rest = NULL, text[4096] = "";
	size_t at = 0;

	for (char *line = strtok_r(all, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "dns", 3) == 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\n", line);
	free(all);
	assert_string_equal(text, expected);
}
