/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own view of a link beside ours.
 *
 * Both are written as one line of text, in Python from the JSON of ip(8) and in C from our structure, so that a
 * difference is seen at a glance.
 */
#include "view.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Python: the line for l, what “ip -d -s -j link show” gives for a link. */
#define IP_LINE                                                                                                                    \
	"info = l.get(\"linkinfo\", {}); data = info.get(\"info_data\", {}); kind = info.get(\"info_kind\", \"-\")\n"              \
	"mac = l.get(\"address\", \"\"); s = l[\"stats64\"]\n"                                                                     \
	"line = [l[\"ifindex\"], l[\"ifname\"], kind, mac if len(mac) == 17 else \"-\", l[\"mtu\"], int(\"UP\" in "                \
	"l[\"flags\"]),\n"                                                                                                         \
	"        l[\"operstate\"], l.get(\"link\") or \"-\", l.get(\"master\", \"-\"), l.get(\"ifalias\", \"-\"), "                \
	"l.get(\"txqlen\", 0)]\n"                                                                                                  \
	"line += [s[d][k] for d in (\"rx\", \"tx\") for k in (\"packets\", \"bytes\", \"errors\", \"dropped\")]\n"                 \
	"if kind == \"vlan\": line += [data[\"protocol\"], data[\"id\"]]\n"                                                        \
	"def timing(t): return [t[\"bitrate\"], round(float(t[\"sample_point\"]) * 1000), *[t[k] for k in\n"                       \
	"                       (\"tq\", \"prop_seg\", \"phase_seg1\", \"phase_seg2\", \"sjw\", \"brp\")]]\n"                      \
	"if kind == \"can\":\n"                                                                                                    \
	"    e = data.get(\"berr_counter\", {\"tx\": 0, \"rx\": 0}); m = data.get(\"ctrlmode\", [])\n"                             \
	"    line += [data[\"state\"], e[\"tx\"], e[\"rx\"], data.get(\"restart_ms\", 0), data[\"clock\"]]\n"                      \
	"    line += timing(data[\"bittiming\"]) if \"bittiming\" in data else []\n"                                               \
	"    line += [int(k in m) for k in (\"FD\", \"LISTEN-ONLY\", \"LOOPBACK\", \"ONE-SHOT\", \"TRIPLE-SAMPLING\", "            \
	"\"BERR-REPORTING\")]\n"

static const char *const operstates[] = { "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP" };
static const char *const can_states[] = { "ERROR-ACTIVE", "ERROR-WARNING", "ERROR-PASSIVE", "BUS-OFF", "STOPPED", "SLEEPING" };

static char *python(const char *name, const char *statements, const char *expression)
{
	char *output =
		shell("ip -d -s -j link show dev %s | python3 -c 'import json, sys\nl = json.load(sys.stdin)[0]\n%sprint(%s)'",
	              name, statements, expression);

	output[strcspn(output, "\n")] = '\0';
	return output;
}

char *ip_link_value(const char *name, const char *expression)
{
	return python(name, "", expression);
}

void assert_ip_link_value(const char *name, const char *expression, const char *expected)
{
	char *value = ip_link_value(name, expression);

	assert_string_equal(value, expected);
	free(value);
}

static void write_can(FILE *f, const struct hycan_can *can)
{
	const struct hycan_can_bit_timing *t = &can->bit_timing;

	fprintf(f, " %s %u %u %u %u", can_states[can->state], can->tx_errors, can->rx_errors, can->restart_ms, can->clock);
	if (can->has_bit_timing)
		fprintf(f, " %u %u %u %u %u %u %u %u", t->bitrate, t->sample_point, t->tq, t->prop_seg, t->phase_seg1,
		        t->phase_seg2, t->sjw, t->brp);
	fprintf(f, " %d %d %d %d %d %d", can->fd, can->listen_only, can->loopback, can->one_shot, can->triple_sampling,
	        can->berr_reporting);
}

static char *our_line(const struct hycan_link *link)
{
	const struct hycan_link_statistics *s = &link->statistics;
	char mac[HYCAN_MAC_TEXT_SIZE], *line = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&line, &size);

	assert_true(link->has_statistics);
	assert_in_range(link->operstate, 0, 6);
	fprintf(f, "%u %s %s %s %u %d %s %s %s %s %u", link->ifindex, link->name, link->has_kind ? link->kind : "-",
	        link->has_mac ? hycan_mac_format(&link->mac, mac, sizeof(mac)) : "-", link->mtu, link->up,
	        operstates[link->operstate], link->has_parent ? link->parent : "-", link->has_master ? link->master : "-",
	        link->has_alias ? link->alias : "-", link->txqueuelen);
	fprintf(f, " %ju %ju %ju %ju %ju %ju %ju %ju", (uintmax_t)s->rx_packets, (uintmax_t)s->rx_bytes, (uintmax_t)s->rx_errors,
	        (uintmax_t)s->rx_dropped, (uintmax_t)s->tx_packets, (uintmax_t)s->tx_bytes, (uintmax_t)s->tx_errors,
	        (uintmax_t)s->tx_dropped);
	assert_int_equal(link->has_vlan_id, link->has_vlan_protocol);
	if (link->has_vlan_id)
		fprintf(f, " %s %u", link->vlan_protocol == HYCAN_VLAN_PROTOCOL_802_1AD ? "802.1ad" : "802.1Q", link->vlan_id);
	if (link->has_can)
		write_can(f, &link->can);
	fclose(f);
	return line;
}

void assert_as_ip_shows(const struct hycan_link *link)
{
	char *ip = python(link->name, IP_LINE, "*line");
	char *ours = our_line(link);

	assert_string_equal(ours, ip);
	free(ip);
	free(ours);
}
