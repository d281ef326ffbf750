/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line a fact, with a tab in front of the value. */
#define LINKS                                                                                                                      \
	"ip -o link | sed 's/@[^:]*:/:/' | awk '{ n = $2; sub(\":\", \"\", n); print \"link \" n \"\\t\"; "                        \
	"for (i = 4; i < NF; i++) if ($i == \"mtu\") print \"link \" n \" mtu\\t\" $(i + 1); "                                     \
	"print \"link \" n \" state\\t\" ($3 ~ /[<,]UP[,>]/ ? \"up\" : \"down\") }'; "
#define ADDRESSES "ip -o addr | awk '$4 !~ /^fe80/ { print \"address \" $2 \" \" $4 \"\\t\" }'; "
#define FORWARDING                                                                                                                 \
	"cd /proc/sys/net; echo \"forwarding ipv4\t$(cat ipv4/ip_forward)\"; "                                                     \
	"echo \"forwarding ipv6\t$(cat ipv6/conf/all/forwarding)\"; for f in ipv4 ipv6; do for l in $f/conf/*; do n=${l##*/}; "    \
	"case $n in all|default) ;; *) echo \"forwarding $f interface $n\t$(cat $l/forwarding)\";; esac; done; done; "
#define WIREGUARD                                                                                                                  \
	"wg show all dump 2>/dev/null | awk -F'\\t' 'NF == 5 { print \"wireguard \" $1 \" listen_port\\t\" $4; "                   \
	"print \"wireguard \" $1 \" fwmark\\t\" ($5 == \"off\" ? 0 : $5) } "                                                       \
	"NF == 9 { print \"wireguard_peer \" $1 \" \" $2 \"\\t\"; "                                                                \
	"print \"wireguard_peer \" $1 \" \" $2 \" persistent_keepalive\\t\" ($9 == \"off\" ? 0 : $9); "                            \
	"gsub(\",\", \" \", $5); print \"wireguard_peer \" $1 \" \" $2 \" allowed_ips\\t\" ($5 == \"(none)\" ? \"\" : $5) }'; "
#define TABLE                                                                                                                      \
	"nft list table inet hycan 2>/dev/null | awk '/^table/ { print \"table inet hycan\\t\" } "                                 \
	"$1 == \"set\" || $1 == \"map\" { s = $2 } /elements = / { sub(/.*elements = \\{/, \"\"); e = 1 } "                        \
	"e { end = sub(/\\}.*/, \"\"); n = split($0, p, \",\"); for (i = 1; i <= n; i++) { x = p[i]; gsub(/\"|^[ \\t]+|[ "         \
	"\\t]+$/, \"\", x); "                                                                                                      \
	"if (x == \"\") continue; v = \"\"; if (j = index(x, \" comment \")) { v = substr(x, j + 9); x = substr(x, 1, j - 1) } "   \
	"else if (j = index(x, \" : \")) { v = substr(x, j + 3); x = substr(x, 1, j - 1) } "                                       \
	"print \"element \" s \" \" x \"\\t\" v } if (end) e = 0 }'"

static const struct fact *find(const struct facts *f, const char *what)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->fact[i].what, what) == 0)
			return &f->fact[i];
	return NULL;
}

static void set(struct facts *f, const char *what, const char *value)
{
	const struct fact *there = find(f, what);
	const size_t i = there ? (size_t)(there - f->fact) : f->n;

	assert_true(i < sizeof(f->fact) / sizeof(*f->fact));
	f->n += !there;
	snprintf(f->fact[i].what, sizeof(f->fact[i].what), "%s", what);
	snprintf(f->fact[i].value, sizeof(f->fact[i].value), "%s", value);
}

/* All that begin with that. */
static void drop(struct facts *f, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (strncmp(f->fact[i].what, what, strlen(what)) != 0)
			f->fact[n++] = f->fact[i];
	f->n = n;
}

void facts_read(struct facts *f)
{
	char *text = shell(LINKS ADDRESSES FORWARDING WIREGUARD TABLE), *rest = NULL;

	f->n = 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(line, '\t');

		if (!value)
			fail_msg("no fact: %s", line);
		*value = '\0';
		set(f, line, value + 1);
	}
	free(text);
}

/* ----------------------------------------------------------------------------------------------------- carrying a plan out */

/* What a thing is: “1” for what is on; that of a link which was made is known behind it alone. */
#define UNKNOWN "?"

static void check(const struct facts *f, const char *what, const char *was, const char *line)
{
	const struct fact *fact = find(f, what);

	if (fact && strcmp(fact->value, UNKNOWN) != 0 && strcmp(fact->value, was) != 0)
		fail_msg("“%s”: %s is “%s”", line, what, fact->value);
}

static void turn(struct facts *f, const char *what, bool on)
{
	char prefix[256];

	set(f, what, on ? "1" : "0");
	/* what all have, each has */
	if (strstr(what, "interface"))
		return;
	snprintf(prefix, sizeof(prefix), "%s interface ", what);
	for (size_t i = 0; i < f->n; i++)
		if (strncmp(f->fact[i].what, prefix, strlen(prefix)) == 0)
			snprintf(f->fact[i].value, sizeof(f->fact[i].value), "%d", on);
}

static void make_link(struct facts *f, const char *name)
{
	static const struct {
		const char *before, *behind, *value;
	} facts[] = { { "link ", "", "" },
		      { "link ", " state", "down" },
		      { "link ", " mtu", UNKNOWN },
		      { "forwarding ipv4 interface ", "", UNKNOWN },
		      { "forwarding ipv6 interface ", "", UNKNOWN } };
	char what[256];

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		snprintf(what, sizeof(what), "%s%s%s", facts[i].before, name, facts[i].behind);
		set(f, what, facts[i].value);
	}
}

/* Everything that names the link has another name, or is gone (NULL). */
static void rename_link(struct facts *f, const char *from, const char *to)
{
	static const char *const prefixes[] = {
		"link ", "address ", "wireguard ", "wireguard_peer ", "forwarding ipv4 interface ", "forwarding ipv6 interface "
	};
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct fact fact = f->fact[i];
		bool gone = false;

		for (size_t k = 0; k < sizeof(prefixes) / sizeof(*prefixes); k++) {
			const size_t at = strlen(prefixes[k]), length = strlen(from);

			if (strncmp(fact.what, prefixes[k], at) != 0 || strncmp(fact.what + at, from, length) != 0 ||
			    (fact.what[at + length] != '\0' && fact.what[at + length] != ' '))
				continue;
			gone = !to;
			if (to)
				snprintf(fact.what, sizeof(fact.what), "%s%s%s", prefixes[k], to, f->fact[i].what + at + length);
		}
		if (!gone)
			f->fact[n++] = fact;
	}
	f->n = n;
}

/* “mtu 1500, alias old” and “mtu 1400, alias new” of a thing. */
static void change(struct facts *f, const char *thing, const struct hycan_planned_change *c, const char *line)
{
	char was[512], becomes[512], what[512], *rest[2] = { NULL, NULL };

	snprintf(was, sizeof(was), "%s", c->was);
	snprintf(becomes, sizeof(becomes), "%s", c->becomes);
	for (char *w = strtok_r(was, ",", &rest[0]), *b = strtok_r(becomes, ",", &rest[1]); w && b;
	     w = strtok_r(NULL, ",", &rest[0]), b = strtok_r(NULL, ",", &rest[1])) {
		w += strspn(w, " ");
		b += strspn(b, " ");
		snprintf(what, sizeof(what), "%s %.*s", thing, (int)strcspn(w, " "), w);
		w += strcspn(w, " ");
		b += strcspn(b, " ");
		w += *w == ' ';
		b += *b == ' ';
		check(f, what, strcmp(w, "none") == 0 ? "" : w, line);
		/* of what this does not look at nothing is known */
		if (find(f, what) || strncmp(thing, "link", 4) != 0)
			set(f, what, strcmp(b, "none") == 0 ? "" : b);
	}
}

static void change_link(struct facts *f, const char *name, const struct hycan_planned_change *c, const char *line)
{
	const bool state = strcmp(c->becomes, "up") == 0 || strcmp(c->becomes, "down") == 0;
	char what[256];

	snprintf(what, sizeof(what), "link %s state", name);
	if (state) {
		check(f, what, c->was, line);
		set(f, what, c->becomes);
	} else if (strchr(c->becomes, ' ')) {
		snprintf(what, sizeof(what), "link %s", name);
		change(f, what, c, line);
	} else {
		rename_link(f, c->was, c->becomes);
	}
}

static void apply_change(struct facts *f, const struct hycan_planned_change *c, const char *line)
{
	char what[512];

	if (strncmp(c->what, "link.up ", 8) == 0 || strncmp(c->what, "link.down ", 10) == 0) {
		snprintf(what, sizeof(what), "link %s state", strchr(c->what, ' ') + 1);
		check(f, what, c->what[5] == 'u' ? "down" : "up", line);
		set(f, what, c->what[5] == 'u' ? "up" : "down");
	} else if (strncmp(c->what, "link.set ", 9) == 0) {
		snprintf(what, sizeof(what), "link %s", c->what + 9);
		change(f, what, c, line);
	} else if (strncmp(c->what, "link ", 5) == 0) {
		change_link(f, c->what + 5, c, line);
	} else if (strncmp(c->what, "forwarding ", 11) == 0) {
		check(f, c->what, strcmp(c->was, "on") == 0 ? "1" : "0", line);
		turn(f, c->what, strcmp(c->becomes, "on") == 0);
	} else if (strncmp(c->what, "element ", 8) == 0) {
		set(f, c->what, c->becomes);
	} else if (strncmp(c->what, "wireguard.set ", 14) == 0) {
		snprintf(what, sizeof(what), "wireguard %s", c->what + 14);
		change(f, what, c, line);
	} else if (strncmp(c->what, "wireguard.peer_set ", 19) == 0 || strncmp(c->what, "wireguard_peer ", 15) == 0) {
		snprintf(what, sizeof(what), "wireguard_peer %s", strchr(c->what, ' ') + 1);
		change(f, what, c, line);
	}
}

static void apply(struct facts *f, const struct hycan_planned_change *c, const char *line)
{
	const bool makes = c->action == HYCAN_CHANGE_ACTION_MAKE;

	if (c->action == HYCAN_CHANGE_ACTION_CHANGE)
		apply_change(f, c, line);
	else if (strncmp(c->what, "forwarding ", 11) == 0)
		turn(f, c->what, makes);
	else if (strncmp(c->what, "link ", 5) == 0 && makes)
		make_link(f, c->what + 5);
	else if (strncmp(c->what, "link ", 5) == 0)
		rename_link(f, c->what + 5, NULL);
	else if (strncmp(c->what, "network ", 8) == 0)
		return; /* what it consists of is told, too */
	else if (makes)
		set(f, c->what, c->becomes);
	else
		drop(f, c->what);
	if (strncmp(c->what, "table ", 6) == 0 && !makes)
		drop(f, "element ");
}

void facts_apply(struct facts *f, const struct hycan_transaction_run_reply *plan)
{
	for (size_t i = 0; i < plan->n_changes; i++) {
		char line[2048];

		snprintf(line, sizeof(line), "step %u, %s: %s -> %s", plan->changes[i].step, plan->changes[i].what,
		         plan->changes[i].was, plan->changes[i].becomes);
		apply(f, &plan->changes[i], line);
	}
}

/* ---------------------------------------------------------------------------------------------------------- comparing */

static bool is_amid(const struct facts *f, const struct fact *fact, bool made)
{
	const struct fact *other = find(f, fact->what);

	if (!other)
		return made && (strncmp(fact->what, "wireguard ", 10) == 0 || strstr(fact->what, " persistent_keepalive") ||
		                strstr(fact->what, " allowed_ips"));
	return strcmp(other->value, UNKNOWN) == 0 || strcmp(fact->value, UNKNOWN) == 0 || strcmp(other->value, fact->value) == 0;
}

void facts_assert_same(const struct facts *expected, const struct facts *is, const char *plan)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < expected->n; i++)
		if (!is_amid(is, &expected->fact[i], false))
			fprintf(out, "expected: %s “%s”\n", expected->fact[i].what, expected->fact[i].value);
	/* what comes along with an interface, or a peer, that is made is no line of a plan */
	for (size_t i = 0; i < is->n; i++)
		if (!is_amid(expected, &is->fact[i], true))
			fprintf(out, "found: %s “%s”\n", is->fact[i].what, is->fact[i].value);
	assert_int_equal(fclose(out), 0);
	if (*text) {
		print_error("%sThe plan:\n%s", text, plan);
		fail();
	}
	free(text);
}
