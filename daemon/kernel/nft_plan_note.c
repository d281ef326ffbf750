/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How batches come into the plan of our table: each message that the gate did not let through is read again, and says which
 * elements, sets and rules there will be.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "nft_plan.h"
#include "nft_plan_state.h"

/* Room for a message about one element: its key, where it leads, and a comment. */
#define MESSAGE_MAX 512

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

const char *nft_plan_read_name(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_str(attr);
	return "";
}

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
	nft_plan_put_key(&key, set, element->key, element->key_size);
	entry = image_find(&plan->elements, 0, &key);
	entry = entry ? image_change(&plan->elements, entry, nlh, nlh->nlmsg_len)
	              : image_add(&plan->elements, 0, &key, nlh, nlh->nlmsg_len);
	return entry ? 0 : -ENOMEM;
}

static int note_interval(struct nft_plan *plan, uint16_t type, const char *set, const struct nft_element *first,
                         const struct nft_element *end)
{
	struct interval *interval;

	if (first->key_size > NFT_PLAN_KEY_MAX || end->key_size > NFT_PLAN_KEY_MAX || first->data_size > NFT_PLAN_DATA_MAX)
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

static int note_set(struct nft_plan *plan, const char *name, bool gone)
{
	for (size_t i = 0; i < plan->n_sets; i++)
		if (strcmp(plan->set[i].name, name) == 0) {
			plan->set[i].gone = gone;
			return 0;
		}
	if (plan->n_sets == NFT_PLAN_SETS_MAX)
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
		return note_set(plan, nft_plan_read_name(nlh, NFTA_SET_NAME), noting->type == NFT_MSG_DELSET);
	case NFT_MSG_NEWRULE:
		/* all are put at once */
		plan->rules = noting->has_rules ? plan->rules + 1 : 1;
		plan->has_rules = noting->has_rules = true;
		return 0;
	case NFT_MSG_DELTABLE:
		return note_no_table(plan);
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
		noting->set = nft_plan_read_name(nlh, NFTA_SET_ELEM_LIST_SET);
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
