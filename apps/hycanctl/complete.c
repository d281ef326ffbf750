/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a shell may offer: nouns, verbs, options and values, from the schema.
 *
 * No daemon is asked, so that the tabulator key never waits. Where nothing is known, nothing is printed and the shell
 * offers files.
 */
#include <dirent.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "complete.h"
#include "options.h"
#include "text.h"
#include "value.h"

struct completion {
	FILE *out;
	const char *begun; /* the last word as far as it is typed */
	struct options options;
	const char *noun;
	const char *verb;
	const struct hycan_operation *operation;
	uint64_t given;      /* fields that have their value */
	const char *pending; /* the option before the last word, which wants a value; or NULL */
};

static void offer(const struct completion *c, const char *before, const char *word)
{
	char whole[VALUE_NAME_SIZE + 256];

	snprintf(whole, sizeof(whole), "%s%s", before, word);
	for (char *dash = whole; *dash && !c->operation; dash++)
		*dash = *dash == '_' ? '-' : *dash;
	if (strncmp(whole, c->begun, strlen(c->begun)) == 0) {
		text_print_foreign(c->out, whole);
		fputc('\n', c->out);
	}
}

static void offer_directory(const struct completion *c, const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			offer(c, "", entry->d_name);
	closedir(directory);
}

/* /sys/class/net would show those of whoever mounted it */
static void offer_links(const struct completion *c)
{
	struct if_nameindex *links = if_nameindex();

	for (const struct if_nameindex *link = links; link && link->if_index; link++)
		offer(c, "", link->if_name);
	if (links)
		if_freenameindex(links);
}

static void offer_names(const struct completion *c)
{
	const struct hycan_operation *const *operations;
	char name[VALUE_NAME_SIZE], last[VALUE_NAME_SIZE] = "";
	size_t n;

	if (!c->noun) {
		offer(c, "", ARGUMENTS_SHORT);
		offer(c, "", "apply");
		offer(c, "", "export");
	}
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++) {
		size_t family = strcspn(operations[i]->name, ".");

		if (c->noun && !arguments_names(operations[i], c->noun, NULL))
			continue;
		if (c->noun) {
			offer(c, "", operations[i]->name + family + 1);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)family, operations[i]->name);
		if (strcmp(name, last) != 0)
			offer(c, "", name);
		memcpy(last, name, sizeof(last));
	}
}

static void offer_options(const struct completion *c)
{
	static const char *const of_apply[] = { "plan", "prune", "confirm-within" };
	char name[VALUE_NAME_SIZE];

	for (uint16_t i = 0; c->operation && i < c->operation->request->n_fields; i++) {
		const struct hycan_field *field = &c->operation->request->field[i];

		if (field->flags & HYCAN_FIELD_OPTIONAL && (field->flags & HYCAN_FIELD_LIST || !(c->given & 1ull << i)))
			offer(c, "--", value_option_name(field, name, sizeof(name)));
	}
	for (size_t i = 0; c->noun && strcmp(c->noun, "apply") == 0 && i < sizeof(of_apply) / sizeof(*of_apply); i++)
		offer(c, "--", of_apply[i]);
	for (size_t i = 0; i < n_option_rows; i++)
		offer(c, "--", option_rows[i].name);
}

static void offer_values(const struct completion *c, const struct hycan_field *field)
{
	static const char *const switches[] = { "on", "off" }, *const tables[] = { "main", "local", "default" };

	if (field->type == HYCAN_TYPE_BOOL)
		for (size_t i = 0; i < 2; i++)
			offer(c, "", switches[i]);
	if (field->type == HYCAN_TYPE_TABLE)
		for (size_t i = 0; i < 3; i++)
			offer(c, "", tables[i]);
	for (size_t i = 0; field->enumeration && i < field->enumeration->n_enumerators; i++)
		offer(c, "", field->enumeration->enumerator[i].name);
	if (field->type == HYCAN_TYPE_IFNAME)
		offer_links(c);
	if (field->type == HYCAN_TYPE_FD)
		offer_directory(c, "/run/netns");
	if (field->type == HYCAN_TYPE_PREFIX && !(field->flags & HYCAN_FIELD_LIST))
		offer(c, "", "default");
}

/* The field that the last word belongs to: that of the option before it, else the next required one; or NULL. */
static const struct hycan_field *field_at_end(const struct completion *c)
{
	const struct hycan_structure *request = c->operation->request;

	if (c->pending)
		return value_field(request, c->pending, strlen(c->pending));
	for (uint16_t i = 0; i < request->n_fields; i++)
		if (!(request->field[i].flags & HYCAN_FIELD_OPTIONAL) && !(c->given & 1ull << i))
			return &request->field[i];
	return NULL;
}

/* An option among the words before the last one. */
static void read_option(struct completion *c, char *const *words, size_t n, size_t *at)
{
	const char *name = words[*at] + 2;
	size_t length = strcspn(name, "=");
	const struct hycan_field *field = c->operation ? value_field(c->operation->request, name, length) : NULL;
	struct problem problem;
	size_t before = *at;

	if (field) {
		bool has_value =
			name[length] || (field->type == HYCAN_TYPE_BOOL && *at + 1 < n && strncmp(words[*at + 1], "--", 2) == 0);

		c->given |= 1ull << (field - c->operation->request->field);
		c->pending = !has_value && *at + 1 == n ? name : NULL;
		*at += has_value || *at + 1 == n ? 1 : 2;
		return;
	}
	if (options_take(&c->options, words, n, at, &problem) < 0 && *at + 1 == n)
		c->pending = name;
	if (*at == before)
		*at += 1;
}

static void read_word(struct completion *c, const char *word)
{
	if (!c->noun) {
		c->noun = arguments_short(word, &c->verb);
		if (c->noun)
			c->operation = arguments_operation(c->noun, c->verb);
		else
			c->noun = word;
	} else if (!c->verb) {
		c->verb = word;
		c->operation = arguments_operation(c->noun, c->verb);
	} else if (c->operation) {
		const struct hycan_field *field = field_at_end(c);

		if (field)
			c->given |= 1ull << (field - c->operation->request->field);
	}
}

void complete_print(FILE *out, char *const *words, size_t n)
{
	struct completion c = { .out = out, .begun = n ? words[n - 1] : "" };
	const struct hycan_field *field;

	n -= n > 0;
	for (size_t i = 0; i < n;) {
		if (strncmp(words[i], "--", 2) == 0)
			read_option(&c, words, n, &i);
		else
			read_word(&c, words[i++]);
	}
	field = c.operation ? field_at_end(&c) : NULL;
	/* a switch need not have a value */
	if (c.begun[0] == '-' && (!c.pending || (field && field->type == HYCAN_TYPE_BOOL)))
		offer_options(&c);
	else if (field)
		offer_values(&c, field);
	else if (c.pending && strcmp(c.pending, "netns") == 0)
		offer_directory(&c, "/run/netns");
	else if (!c.pending && !c.verb)
		offer_names(&c);
}
