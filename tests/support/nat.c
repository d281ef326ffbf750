/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Masquerade and port mappings, in the words of a test. */
#include "nat.h"
#include "text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static const struct {
	const char *name;
	enum hycan_transport protocol;
} protocols[] = { { "tcp", HYCAN_TRANSPORT_TCP }, { "udp", HYCAN_TRANSPORT_UDP }, { "sctp", HYCAN_TRANSPORT_SCTP } };

struct hycan_port_mapping nat_mapping(const char *text)
{
	struct hycan_port_mapping m = { 0 };
	char protocol[8], range[16], to[64], address[64];
	int n = sscanf(text, "%7s %15s %63s %hu %63s", protocol, range, to, &m.to_port, address);

	assert_true(n >= 4);
	for (size_t i = 0; i < 3; i++)
		if (strcmp(protocol, protocols[i].name) == 0)
			m.protocol = protocols[i].protocol;
	assert_int_equal(hycan_port_range_parse(range, &m.host_port), 0);
	m.to_address = address_of(to);
	m.has_host_address = n == 5;
	if (m.has_host_address)
		m.host_address = address_of(address);
	return m;
}

int nat_remove_mapping(struct hycan *h, const struct hycan_port_mapping *mapping)
{
	const struct hycan_port_remove_options options = {
		.has_host_address = mapping->has_host_address,
		.host_address = mapping->host_address,
		.has_family = !mapping->has_host_address,
		.family = (enum hycan_family)mapping->to_address.family,
	};

	return hycan_port_remove(h, mapping->protocol, &mapping->host_port, &options);
}

struct hycan_masquerade nat_masquerade(const char *text)
{
	struct hycan_masquerade m = { 0 };
	char subnet[64];

	m.has_out_interface = sscanf(text, "%63s %15s", subnet, m.out_interface) == 2;
	m.subnet = prefix_of(subnet);
	return m;
}

char *nat_list_mappings(struct hycan *h)
{
	struct hycan_port_mapping *m = NULL;
	char *text = NULL;
	size_t n = 0, size = 0;
	FILE *file = open_memstream(&text, &size);

	assert_done(h, hycan_port_list(h, &m, &n));
	for (size_t i = 0; i < n; i++) {
		char range[16], to[64], address[64];
		const char *protocol = "?";

		for (size_t k = 0; k < 3; k++)
			if (m[i].protocol == protocols[k].protocol)
				protocol = protocols[k].name;
		fprintf(file, "%s %s %s %u%s%s\n", protocol, hycan_port_range_format(&m[i].host_port, range, sizeof(range)),
		        hycan_address_format(&m[i].to_address, to, sizeof(to)), m[i].to_port, m[i].has_host_address ? " " : "",
		        m[i].has_host_address ? hycan_address_format(&m[i].host_address, address, sizeof(address)) : "");
	}
	fclose(file);
	free(m);
	return text;
}

char *nat_list_masquerades(struct hycan *h)
{
	struct hycan_masquerade *m = NULL;
	char *text = NULL;
	size_t n = 0, size = 0;
	FILE *file = open_memstream(&text, &size);

	assert_done(h, hycan_masquerade_list(h, &m, &n));
	for (size_t i = 0; i < n; i++) {
		char subnet[64];

		fprintf(file, "%s%s%s\n", hycan_prefix_format(&m[i].subnet, subnet, sizeof(subnet)),
		        m[i].has_out_interface ? " " : "", m[i].has_out_interface ? m[i].out_interface : "");
	}
	fclose(file);
	free(m);
	return text;
}

struct nat_watch {
	char path[96];
	pid_t pid;
};

/*
 * Two tables of a stranger's come and go, one until it is seen, so that the monitor listens, the other when all is over,
 * so that nothing is still on its way.
 */
struct nat_watch *nat_watch_begin(struct world *w)
{
	struct nat_watch *watch = calloc(1, sizeof(*watch));
	char *text;

	need_command("nft");
	snprintf(watch->path, sizeof(watch->path), "%s/changes", w->directory);
	text = shell("nft monitor >%s 2>&1 & echo $!", watch->path);
	watch->pid = (pid_t)atoi(text);
	free(text);
	shell_until(30, "nft 'add table ip before; delete table ip before'; grep -q before %s", watch->path);
	free(shell("nft 'add table ip after'; nft 'delete table ip after'"));
	shell_until(30, "grep -q 'delete table ip after' %s && : >%s", watch->path, watch->path);
	return watch;
}

char *nat_watch_end(struct nat_watch *watch)
{
	char *text;

	free(shell("nft 'add table ip after'"));
	shell_until(30, "grep -q 'add table ip after' %s", watch->path);
	kill(watch->pid, SIGTERM);
	text = shell("tr -d '\\000' <%s | grep -v 'table ip after' | grep -v '^# new generation' || true", watch->path);
	free(shell("rm %s; nft delete table ip after", watch->path));
	free(watch);
	return text;
}
