/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of our table.
 *
 * An element is kept as the message that would have added or deleted it, in an image (image.h), and the last word about it
 * counts. Intervals, of which there are few, are kept as such, since they are found by any key in them; they never overlap,
 * so the newest one around a key tells what will be there.
 *
 * What this file does not do: refuse what the kernel would.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "nft_plan.h"
#include "nft_table.h"

/* Registers of the longest key of an interval, and of what one leads to. */
#define KEY_MAX  16
#define DATA_MAX HYCAN_IFNAME_SIZE

/* More sets than our table can have. */
#define SETS_MAX 512

/* Room for a message about one element: its key, where it leads, and a comment. */
#define MESSAGE_MAX 512

struct interval {
	TAILQ_ENTRY(interval) order;
	char set[NFT_SET_NAME_SIZE];
	uint8_t first[KEY_MAX];
	uint8_t behind[KEY_MAX]; /* the first key behind it */
	size_t key_size;
	uint8_t data[DATA_MAX];
	size_t data_size;
	bool gone;
};

TAILQ_HEAD(interval_list, interval);

struct planned_set {
	char name[NFT_SET_NAME_SIZE];
	bool gone;
	bool told; /* the kernel has it, too */
};

/* Where a batch is that is noted. */
struct noting {
	uint16_t type; /* of the message */
	const char *set;
	bool has_last; /* an element that may be the first of an interval: its end is the next one */
	struct nft_element last;
	uint16_t last_type;
	const char *last_set;
	bool has_rules;
};

struct nft_plan {
	struct noting noting;
	struct image elements;
	struct interval_list intervals; /* in the order of planning */
	struct planned_set set[SETS_MAX];
	size_t n_sets;
	bool table_gone;
	bool has_rules;
	size_t rules;
};

static void forget_all(struct nft_plan *plan)
{
	struct interval *interval;

	image_close(&plan->elements);
	while ((interval = TAILQ_FIRST(&plan->intervals))) {
		TAILQ_REMOVE(&plan->intervals, interval, order);
		free(interval);
	}
	plan->n_sets = 0;
}

static void plan_free(struct nft_plan *plan)
{
	forget_all(plan);
	free(plan);
}

void nft_plan_forget(struct kernel_scope *scope)
{
	struct nft_plan **plan = netlink_nft_plan(scope);

	if (*plan)
		plan_free(*plan);
	*plan = NULL;
}

static struct nft_plan *plan_of(struct kernel_scope *scope)
{
	return *netlink_nft_plan(scope);
}

bool nft_plan_is_any(struct kernel_scope *scope)
{
	return plan_of(scope);
}

bool nft_plan_hides_table(struct kernel_scope *scope)
{
	return plan_of(scope) && plan_of(scope)->table_gone;
}

bool nft_plan_rules(struct kernel_scope *scope, size_t *ret_n)
{
	const struct nft_plan *plan = plan_of(scope);

	if (!plan || !plan->has_rules)
		return false;
	*ret_n = plan->rules;
	return true;
}

/* ----------------------------------------------------------------------------------------------------------- planning */

static struct nft_plan *begin(struct kernel_scope *scope)
{
	struct nft_plan **plan = netlink_nft_plan(scope);

	if (*plan)
		return *plan;
	*plan = calloc(1, sizeof(**plan));
	if (*plan)
		TAILQ_INIT(&(*plan)->intervals);
	if (*plan && image_open(&(*plan)->elements) < 0) {
		plan_free(*plan);
		*plan = NULL;
	}
	return *plan;
}

static void put_key(struct image_key *key, const char *set, const void *bytes, size_t size)
{
	size_t n = strnlen(set, NFT_SET_NAME_SIZE - 1) + 1;

	key->nth = 0;
	memcpy(key->bytes, set, n);
	memcpy(key->bytes + n, bytes, size);
	key->size = (uint16_t)(n + size);
}

static int note_element(struct nft_plan *plan, uint16_t type, const char *set, const struct nft_element *element)
{
	_Alignas(8) uint8_t buffer[MESSAGE_MAX] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct image_entry *entry;
	struct image_key key;
	struct nlattr *list;

	nlh->nlmsg_type = type;
	nft_put_header(nlh, 0, 0);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	nft_put_element(nlh, element);
	mnl_attr_nest_end(nlh, list);
	put_key(&key, set, element->key, element->key_size);
	entry = image_find(&plan->elements, 0, &key);
	entry = entry ? image_change(&plan->elements, entry, nlh, nlh->nlmsg_len)
	              : image_add(&plan->elements, 0, &key, nlh, nlh->nlmsg_len);
	return entry ? 0 : -ENOMEM;
}

static int note_interval(struct nft_plan *plan, uint16_t type, const char *set, const struct nft_element *first,
                         const struct nft_element *end)
{
	struct interval *interval;

	if (first->key_size > KEY_MAX || end->key_size > KEY_MAX || first->data_size > DATA_MAX)
		return -EOVERFLOW;
	interval = calloc(1, sizeof(*interval));
	if (!interval)
		return -ENOMEM;
	interval->key_size = first->key_size;
	interval->data_size = first->data_size;
	interval->gone = type == NFT_MSG_DELSETELEM;
	strncpy(interval->set, set, sizeof(interval->set) - 1);
	memcpy(interval->first, first->key, first->key_size);
	memcpy(interval->behind, end->key, end->key_size);
	if (first->data)
		memcpy(interval->data, first->data, first->data_size);
	TAILQ_INSERT_TAIL(&plan->intervals, interval, order);
	return 0;
}

static int note_last(struct nft_plan *plan)
{
	struct noting *noting = &plan->noting;
	bool has_last = noting->has_last;

	noting->has_last = false;
	return has_last ? note_element(plan, noting->last_type, noting->last_set, &noting->last) : 0;
}

static int noted(const struct nft_element *element, void *userdata)
{
	struct nft_plan *plan = userdata;
	struct noting *noting = &plan->noting;
	int r;

	if (element->end && noting->has_last) {
		noting->has_last = false;
		return note_interval(plan, noting->type, noting->set, &noting->last, element);
	}
	r = note_last(plan);
	noting->has_last = true;
	noting->last = *element;
	noting->last_type = noting->type;
	noting->last_set = noting->set;
	return r;
}

/* The text of an attribute of a message about our table, or "". */
static const char *read_name(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_str(attr);
	return "";
}

static int note_set(struct nft_plan *plan, const char *name, bool gone)
{
	for (size_t i = 0; i < plan->n_sets; i++)
		if (strcmp(plan->set[i].name, name) == 0) {
			plan->set[i].gone = gone;
			return 0;
		}
	if (plan->n_sets == SETS_MAX)
		return -EOVERFLOW;
	plan->set[plan->n_sets] = (struct planned_set){ .gone = gone };
	strncpy(plan->set[plan->n_sets++].name, name, NFT_SET_NAME_SIZE - 1);
	return 0;
}

/* Nothing is left, of what was planned before neither. */
static int note_no_table(struct nft_plan *plan)
{
	forget_all(plan);
	plan->rules = 0;
	plan->has_rules = plan->table_gone = true;
	return image_open(&plan->elements);
}

static int note_message(struct nft_plan *plan, const struct nlmsghdr *nlh)
{
	struct noting *noting = &plan->noting;

	noting->type = NFNL_MSG_TYPE(nlh->nlmsg_type);
	switch (noting->type) {
	case NFT_MSG_NEWSET:
	case NFT_MSG_DELSET:
		return note_set(plan, read_name(nlh, NFTA_SET_NAME), noting->type == NFT_MSG_DELSET);
	case NFT_MSG_NEWRULE:
		/* all are put at once */
		plan->rules = noting->has_rules ? plan->rules + 1 : 1;
		plan->has_rules = noting->has_rules = true;
		return 0;
	case NFT_MSG_DELTABLE:
		return note_no_table(plan);
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
		noting->set = read_name(nlh, NFTA_SET_ELEM_LIST_SET);
		return nft_elements_read(nlh, noted, plan);
	}
	return 0;
}

int nft_plan_batch(struct kernel_scope *scope, const void *batch, size_t size)
{
	struct nft_plan *plan = begin(scope);
	const struct nlmsghdr *nlh = batch;
	int r = 0, left = (int)size;

	if (!plan)
		return -ENOMEM;
	plan->noting = (struct noting){ 0 };
	for (; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_NFTABLES)
			r = note_message(plan, nlh);
	return r == 0 ? note_last(plan) : r;
}

/* ------------------------------------------------------------------------------------------------------------ looking */

/* The newest one around a key. */
static const struct interval *find_interval(const struct nft_plan *plan, const char *set, const void *key, size_t size)
{
	const struct interval *interval;

	TAILQ_FOREACH_REVERSE(interval, &plan->intervals, interval_list, order)
	if (interval->key_size == size && memcmp(interval->first, key, size) <= 0 && memcmp(key, interval->behind, size) < 0 &&
	    strcmp(interval->set, set) == 0)
		break;
	return interval;
}

static int tell_interval(const struct interval *interval, nft_element_found *found, void *userdata)
{
	const struct nft_element element = {
		.key = interval->first,
		.key_size = interval->key_size,
		.data = interval->data_size ? interval->data : NULL,
		.data_size = interval->data_size,
	};

	return found(&element, userdata);
}

int nft_plan_get(struct kernel_scope *scope, const char *set, const void *key, size_t key_size, nft_element_found *found,
                 void *userdata)
{
	const struct nft_plan *plan = plan_of(scope);
	const struct interval *interval;
	struct image_entry *entry;
	struct image_key image_key;

	if (!plan)
		return 1;
	put_key(&image_key, set, key, key_size);
	entry = image_find(&plan->elements, 0, &image_key);
	if (entry)
		return image_message(entry)->nlmsg_type == NFT_MSG_DELSETELEM
		               ? -ENOENT
		               : nft_elements_read(image_message(entry), found, userdata);
	interval = find_interval(plan, set, key, key_size);
	if (interval)
		return interval->gone ? -ENOENT : tell_interval(interval, found, userdata);
	return plan->table_gone ? -ENOENT : 1;
}

bool nft_plan_hides(struct kernel_scope *scope, const char *set, const struct nft_element *element)
{
	const struct nft_plan *plan = plan_of(scope);
	const struct interval *interval;
	struct image_key key;

	if (!plan)
		return false;
	put_key(&key, set, element->key, element->key_size);
	if (!element->end && image_find(&plan->elements, 0, &key))
		return true;
	TAILQ_FOREACH(interval, &plan->intervals, order)
	if (interval->gone && interval->key_size == element->key_size && strcmp(interval->set, set) == 0 &&
	    memcmp(element->end ? interval->behind : interval->first, element->key, element->key_size) == 0)
		return true;
	return false;
}

/* Whether nothing planned later takes it away. */
static bool stays(const struct nft_plan *plan, const struct interval *interval)
{
	return !interval->gone && find_interval(plan, interval->set, interval->first, interval->key_size) == interval;
}

int nft_plan_list(struct kernel_scope *scope, const char *set, nft_element_found *found, void *userdata)
{
	const struct nft_plan *plan = plan_of(scope);
	const struct interval *interval;
	struct image_entry *entry;
	int r = 0;

	if (!plan)
		return 0;
	for (entry = TAILQ_FIRST(&plan->elements.entries); entry && r == 0; entry = TAILQ_NEXT(entry, order)) {
		const struct nlmsghdr *nlh = image_message(entry);

		if (nlh->nlmsg_type == NFT_MSG_NEWSETELEM && strcmp(read_name(nlh, NFTA_SET_ELEM_LIST_SET), set) == 0)
			r = nft_elements_read(nlh, found, userdata);
	}
	for (interval = TAILQ_FIRST(&plan->intervals); interval && r == 0; interval = TAILQ_NEXT(interval, order)) {
		const struct nft_element end = { .key = interval->behind, .key_size = interval->key_size, .end = true };

		if (strcmp(interval->set, set) != 0 || !stays(plan, interval))
			continue;
		r = tell_interval(interval, found, userdata);
		if (r == 0)
			r = found(&end, userdata);
	}
	return r;
}

bool nft_plan_hides_set(struct kernel_scope *scope, const char *name)
{
	struct nft_plan *plan = plan_of(scope);

	for (size_t i = 0; plan && i < plan->n_sets; i++)
		if (strcmp(plan->set[i].name, name) == 0) {
			plan->set[i].told = true;
			return plan->set[i].gone;
		}
	return false;
}

int nft_plan_list_sets(struct kernel_scope *scope, nft_set_found *found, void *userdata)
{
	struct nft_plan *plan = plan_of(scope);
	int r = 0;

	for (size_t i = 0; plan && i < plan->n_sets && r == 0; i++) {
		if (!plan->set[i].told && !plan->set[i].gone)
			r = found(plan->set[i].name, userdata);
		plan->set[i].told = false;
	}
	return r;
}
