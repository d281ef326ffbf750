/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hycanctl says of itself: help for each operation of the schema, and what a shell may offer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/schema.h>

#include "complete.h"
#include "help.h"
#include "value.h"

static char *written;
static size_t size;

static int forget(void **state)
{
	(void)state;
	free(written);
	written = NULL;
	return 0;
}

static FILE *begin(void)
{
	FILE *out;

	forget(NULL);
	out = open_memstream(&written, &size);
	assert_non_null(out);
	return out;
}

static size_t columns(const char *line, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += ((unsigned char)line[i] & 0xc0) != 0x80;
	return width;
}

/* Lines fit a terminal, unless they are one word that cannot be broken, and do not end in blanks. */
static void check_lines(const char *name)
{
	for (const char *line = written; *line;) {
		size_t n = strcspn(line, "\n");
		const char *word = line + strspn(line, " ");

		if (columns(line, n) > 80 && memchr(word, ' ', n - (size_t)(word - line)) && line[2] == ' ')
			fail_msg("%s: %.*s", name, (int)n, line);
		if (n && line[n - 1] == ' ')
			fail_msg("%s: “%.*s” ends in a blank", name, (int)n, line);
		line += n + (line[n] == '\n');
	}
}

static void test_every_operation(void **state)
{
	const struct hycan_operation *const *operations;
	char name[VALUE_NAME_SIZE], part[VALUE_NAME_SIZE + 8];
	size_t n;

	(void)state;
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++) {
		FILE *out = begin();

		help_print_operation(out, operations[i]);
		fclose(out);
		check_lines(operations[i]->name);
		assert_int_equal(strncmp(written, "usage: hycanctl ", 16), 0);
		for (uint16_t j = 0; j < operations[i]->request->n_fields; j++) {
			const struct hycan_field *field = &operations[i]->request->field[j];

			if (field->flags & HYCAN_FIELD_OPTIONAL)
				snprintf(part, sizeof(part), "\n  --%s ", value_option_name(field, name, sizeof(name)));
			else
				snprintf(part, sizeof(part), "\n  %s ", value_argument_name(field, name, sizeof(name)));
			if (!strstr(written, part))
				fail_msg("%s: no help for %s in:\n%s", operations[i]->name, field->name, written);
		}
	}
}

static void test_program_and_nouns(void **state)
{
	const struct hycan_operation *const *operations;
	char noun[VALUE_NAME_SIZE];
	FILE *out = begin();
	size_t n;

	(void)state;
	help_print_program(out);
	fclose(out);
	check_lines("hycanctl");
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++)
		if (!strchr(operations[i]->name, '_'))
			assert_non_null(strstr(written, strchr(operations[i]->name, '.') + 1));
	for (size_t i = 0; i < n; i++) {
		snprintf(noun, sizeof(noun), "%.*s", (int)strcspn(operations[i]->name, "."), operations[i]->name);
		out = begin();
		help_print_noun(out, noun);
		fclose(out);
		check_lines(noun);
		assert_int_equal(strncmp(written, "usage: hycanctl ", 16), 0);
	}
}

static void test_how_things_are_written(void **state)
{
	FILE *out = begin();

	(void)state;
	help_print_operation(out, hycan_operation_by_name("wireguard.peer_set"));
	fclose(out);
	assert_non_null(strstr(written, "usage: hycanctl wireguard peer-set NAME PUBLIC_KEY [--preshared-key …]\n"));
	assert_non_null(strstr(written, "\n  PUBLIC_KEY KEY|@FILE|-\n"));
	assert_non_null(strstr(written, "\n  --preshared-key @FILE|-\n"));
	assert_non_null(strstr(written, "\n  --allowed-ips NETWORK/LENGTH,…\n"));
	out = begin();
	help_print_operation(out, hycan_operation_by_name("wireguard.sync"));
	fclose(out);
	assert_non_null(strstr(written, "\n  PEERS @FILE|-|RECORD\n"));
	assert_non_null(strstr(written, "\n  [preshared_key=KEY|@FILE|-]\n"));
	out = begin();
	help_print_operation(out, hycan_operation_by_name("vlan.create"));
	fclose(out);
	assert_non_null(strstr(written, "\n  --protocol 802.1Q|802.1ad\n"));
}

/* Words behind “hycanctl”, separated by “|”; the last one is the one that is being typed. */
static const char *offered(const char *line)
{
	char copy[256], *words[16], *rest = copy;
	FILE *out = begin();
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (rest)
		words[n++] = strsep(&rest, "|");
	complete_print(out, words, n);
	fclose(out);
	for (char *c = written; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	return written;
}

static void test_completion(void **state)
{
	static const char *const table[][2] = {
		{ "vl", "vlan " },
		{ "forwarding|", "set get " },
		{ "wireguard|peer-", "peer-set peer-remove " },
		{ "wireguard|peer_", "" },
		{ "--json|forwarding|set|", "ipv4 ipv6 " },
		{ "forwarding|set|ipv6|", "on off " },
		{ "forwarding|set|ipv6|on|", "" },
		{ "vlan|create|eth0|100|--pro", "--protocol " },
		{ "vlan|create|eth0|100|--protocol|", "802.1Q 802.1ad " },
		{ "vlan|create|eth0|100|--protocol|802.1a", "802.1ad " },
		{ "vlan|create|eth0|100|--mtu|1500|--m", "" },
		{ "vlan|create|eth0|100|--mtu=1500|--m", "" },
		{ "wireguard|peer-set|wg0|k|--allowed-ips|a|--al", "--allowed-ips " },
		{ "--timeout|5|--exc", "--exclusive " },
		{ "--timeout|", "" },
		{ "--time", "--timeout " },
		{ "can|set|can0|--fd|o", "on off " },
		{ "can|set|can0|--fd|--listen", "--listen-only " },
		{ "route|list|--table|", "main local default " },
		{ "route|add|d", "default " },
		{ "nonsense|", "" },
		{ "nonsense|more|", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(offered(table[i][0]), table[i][1]) != 0)
			fail_msg("%s: “%s” instead of “%s”", table[i][0], written, table[i][1]);
	assert_non_null(strstr(offered("link|up|"), "lo "));
	assert_non_null(strstr(offered(""), "vlan "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_operation, forget),
		cmocka_unit_test_teardown(test_program_and_nouns, forget),
		cmocka_unit_test_teardown(test_how_things_are_written, forget),
		cmocka_unit_test_teardown(test_completion, forget),
	};

	return cmocka_run_group_tests_name("hycanctl_help", tests, NULL, NULL);
}
