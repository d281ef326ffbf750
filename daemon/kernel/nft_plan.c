/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in the plan of our table (nft_plan_state.h): the last word about an element, an interval, a set.
 *
 * What this file does not do: refuse what the kernel would.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>

#include "nft_plan.h"
#include "nft_plan_state.h"

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
	nft_plan_put_key(&image_key, set, key, key_size);
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
	nft_plan_put_key(&key, set, element->key, element->key_size);
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

		if (nlh->nlmsg_type == NFT_MSG_NEWSETELEM && strcmp(nft_plan_read_name(nlh, NFTA_SET_ELEM_LIST_SET), set) == 0)
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
