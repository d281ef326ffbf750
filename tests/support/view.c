/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own view of a link beside ours.
 *
 * Both are written as one line of text, from the JSON of ip(8) and from our structure, so that a difference is seen at a
 * glance. What is here of JSON is what ip(8) writes: no spaces but in texts, and none of the escapes that would matter.
 * A program that reads it properly would take a second for each look on an emulated machine.
 */
#include "view.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const operstates[] = { "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP" };
static const char *const can_states[] = { "ERROR-ACTIVE", "ERROR-WARNING", "ERROR-PASSIVE", "BUS-OFF", "STOPPED", "SLEEPING" };

/* ------------------------------------------------------------------------------------------------------------- JSON */

/* Behind the value that begins at p. */
static const char *skip_value(const char *p)
{
	int depth = 0;

	do {
		if (*p == '"') {
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	} while (*p && (depth > 0 || !strchr(",}]", *p)));
	return p;
}

static bool is_text(const char *p, const char *text, size_t n)
{
	return *p == '"' && strncmp(p + 1, text, n) == 0 && p[1 + n] == '"';
}

/* The value of a key of the object that begins at p, or NULL. */
static const char *find_key(const char *p, const char *key, size_t n)
{
	while (*p == '{' || *p == ',') {
		const char *value = skip_value(++p);

		/* skip_value() of a key runs on over its colon and its value */
		if (is_text(p, key, n))
			return p + n + 3;
		p = value;
	}
	return NULL;
}

static bool has_text(const char *p, const char *text, size_t n)
{
	while (*p == '[' || *p == ',') {
		if (is_text(++p, text, n))
			return true;
		p = skip_value(p);
	}
	return false;
}

static void write_value(FILE *f, const char *value)
{
	size_t n = (size_t)(skip_value(value) - value);

	if (*value == '"')
		fprintf(f, "%.*s", (int)n - 2, value + 1);
	else
		fprintf(f, "%.*s", (int)n, value);
}

/* Writes the value at a path from the object that begins at p. */
static void write_path(FILE *f, const char *p, const char *path)
{
	for (size_t n; p && *path; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		if (*p == '[') {
			fputs(has_text(p, path, n) ? "yes" : "no", f);
			return;
		}
		p = find_key(p, path, n);
	}
	if (p)
		write_value(f, p);
	else
		fputc('-', f);
}

/* ------------------------------------------------------------------------------------------------------------- views */

static void write_paths(FILE *f, const char *object, const char *paths)
{
	char *copy = strdup(paths), *rest = NULL;

	assert_non_null(copy);
	for (char *path = strtok_r(copy, " ", &rest); path; path = strtok_r(NULL, " ", &rest)) {
		if (path != copy)
			fputc(' ', f);
		write_path(f, object, path);
	}
	free(copy);
}

char *ip_link_values(const char *name, const char *paths)
{
	char *json = shell("ip -d -s -j link show dev %s", name);
	char *values = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&values, &size);

	assert_non_null(f);
	assert_int_equal(json[0], '[');
	write_paths(f, json + 1, paths);
	fclose(f);
	free(json);
	return values;
}

void assert_ip_shows(const char *name, const char *paths, const char *expected)
{
	char *values = ip_link_values(name, paths);

	assert_string_equal(values, expected);
	free(values);
}

#define TIMING(of)                                                                                                                 \
	of ".bitrate " of ".sample_point " of ".tq " of ".prop_seg " of ".phase_seg1 " of ".phase_seg2 " of ".sjw " of ".brp"

#define PATHS                                                                                                                      \
	"ifindex ifname linkinfo.info_kind mtu flags.UP operstate link master ifalias "                                            \
	"stats64.rx.packets stats64.rx.bytes stats64.rx.errors stats64.rx.dropped "                                                \
	"stats64.tx.packets stats64.tx.bytes stats64.tx.errors stats64.tx.dropped"

static char *our_values(const struct hycan_link *link)
{
	const struct hycan_link_statistics *s = &link->statistics;
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&line, &size);

	assert_true(link->has_statistics);
	assert_in_range(link->operstate, 0, 6);
	fprintf(f, "%u %s %s %u %s %s %s %s %s", link->ifindex, link->name, link->has_kind ? link->kind : "-", link->mtu,
	        link->up ? "yes" : "no", operstates[link->operstate], link->has_parent ? link->parent : "-",
	        link->has_master ? link->master : "-", link->has_alias ? link->alias : "-");
	fprintf(f, " %ju %ju %ju %ju %ju %ju %ju %ju", (uintmax_t)s->rx_packets, (uintmax_t)s->rx_bytes, (uintmax_t)s->rx_errors,
	        (uintmax_t)s->rx_dropped, (uintmax_t)s->tx_packets, (uintmax_t)s->tx_bytes, (uintmax_t)s->tx_errors,
	        (uintmax_t)s->tx_dropped);
	fclose(f);
	return line;
}

static const char *yes(bool on)
{
	return on ? "yes" : "no";
}

static void compare_can(const char *name, const struct hycan_can *can)
{
	const struct hycan_can_bit_timing *t = &can->bit_timing;
	char line[256] = "- - - - - - - -";

	if (can->has_bit_timing)
		snprintf(line, sizeof(line), "%u 0.%03u %u %u %u %u %u %u", t->bitrate, t->sample_point, t->tq, t->prop_seg,
		         t->phase_seg1, t->phase_seg2, t->sjw, t->brp);
	assert_ip_shows(name, TIMING("linkinfo.info_data.bittiming"), line);
	snprintf(line, sizeof(line), "%s %u %u %u %u", can_states[can->state], can->tx_errors, can->rx_errors, can->restart_ms,
	         can->clock);
	assert_ip_shows(name,
	                "linkinfo.info_data.state linkinfo.info_data.berr_counter.tx linkinfo.info_data.berr_counter.rx "
	                "linkinfo.info_data.restart_ms linkinfo.info_data.clock",
	                line);
	if (can->fd || can->listen_only || can->loopback || can->one_shot || can->triple_sampling || can->berr_reporting) {
		snprintf(line, sizeof(line), "%s %s %s %s %s %s", yes(can->fd), yes(can->listen_only), yes(can->loopback),
		         yes(can->one_shot), yes(can->triple_sampling), yes(can->berr_reporting));
		assert_ip_shows(name,
		                "linkinfo.info_data.ctrlmode.FD linkinfo.info_data.ctrlmode.LISTEN-ONLY "
		                "linkinfo.info_data.ctrlmode.LOOPBACK "
		                "linkinfo.info_data.ctrlmode.ONE-SHOT linkinfo.info_data.ctrlmode.TRIPLE-SAMPLING "
		                "linkinfo.info_data.ctrlmode.BERR-REPORTING",
		                line);
	} else {
		assert_ip_shows(name, "linkinfo.info_data.ctrlmode", "-");
	}
}

void assert_as_ip_shows(const struct hycan_link *link)
{
	char text[HYCAN_MAC_TEXT_SIZE + 16];
	char *ours = our_values(link);

	assert_ip_shows(link->name, PATHS, ours);
	free(ours);
	if (link->has_mac)
		assert_ip_shows(link->name, "address", hycan_mac_format(&link->mac, text, sizeof(text)));
	else
		assert_ip_shows(link->name, "address", "-");
	snprintf(text, sizeof(text), "%u", link->txqueuelen);
	/* ip(8) leaves out a queue of none */
	assert_ip_shows(link->name, "txqlen", link->txqueuelen ? text : "-");
	assert_int_equal(link->has_vlan_id, link->has_kind && strcmp(link->kind, "vlan") == 0);
	assert_int_equal(link->has_vlan_id, link->has_vlan_protocol);
	if (link->has_vlan_id) {
		snprintf(text, sizeof(text), "%s %u", link->vlan_protocol == HYCAN_VLAN_PROTOCOL_802_1AD ? "802.1ad" : "802.1Q",
		         link->vlan_id);
		assert_ip_shows(link->name, "linkinfo.info_data.protocol linkinfo.info_data.id", text);
	}
	if (link->has_can)
		compare_can(link->name, &link->can);
}

/* Links with one state, of IPv6 each address beyond its trial and, where there is a carrier, with the route that makes it local. */
#define SETTLED                                                                                                                    \
	"{ ip -o link; ip -6 route show table local; ip -6 -o addr; } | awk '"                                                     \
	"$3 ~ /^</ { up = /LOWER_UP/; bad += (up ? /state [A-Z]*DOWN/ : /state UP/); split($2, n, /[@:]/); carrier[n[1]] = up } "  \
	"$1 == \"local\" { local[$2, $4] = 1 } "                                                                                   \
	"$3 == \"inet6\" { split($4, a, \"/\"); bad += /tentative/ || (carrier[$2] && !((a[1], $2) in local)) } "                  \
	"END { exit bad > 0 }'"

/*
 * The kernel notes later than at once that a carrier has come or gone, and only then tries new IPv6 addresses. The route of one that is
 * not tried is made later, too: by a worker of the kernel's.
 */
void view_settle(void)
{
	shell_until(20, SETTLED);
}

/* ------------------------------------------------------------------------------------------------------ before and after */

/* IPv6 routes are sorted: those to fe80::/64 and ff00::/8, which the kernel makes for each link, it lists by age. */
#define EVERYTHING                                                                                                                 \
	"ip -d link; ip -d addr; ip -4 -d route show table all; ip -6 -d route show table all | sort; ip rule; ip -6 rule; "       \
	"ip neigh show nud permanent | sort; ip -4 neigh show proxy; ip -6 neigh show proxy; nft list ruleset 2>/dev/null; "       \
	"grep -sH . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv[46]/conf/*/* /proc/sys/net/ipv[46]/neigh/*/*; "                \
	"for i in $(wg show interfaces 2>/dev/null); do wg showconf $i; done"

char *view_everything(void)
{
	return shell(EVERYTHING);
}

/* Only the lines that differ, which are few among hundreds. */
void view_assert_same(const struct world *w, const char *before)
{
	char path[sizeof(w->directory) + 8];
	FILE *file;
	char *difference;
	int status;

	snprintf(path, sizeof(path), "%s/before", w->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(before, file) >= 0 && fclose(file) == 0);
	status = shell_status(&difference, "{ " EVERYTHING "; } | diff %s -", path);
	remove(path);
	if (status != 0)
		print_error("%s", difference);
	free(difference);
	assert_int_equal(status, 0);
}
