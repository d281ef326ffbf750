/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy routing rules: the order of those of one priority, of which the first decides.
 *
 * The kernel adds a rule behind the others of its priority (fib_nl_newrule(), net/core/fib_rules.c), and nowhere else. So one that is put
 * back in front of others is brought there by adding those once more behind it, as the kernel tells of them, and then deleting them where
 * they were: none is missing at any time, and a second one that says the same does nothing. All are added before the first is deleted,
 * so that what an interrupted try has left says how far it was.
 *
 * What is kept of a rule is a hash of what the kernel tells of it: the rest is there to be read when it is needed.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "fnv.h"
#include "netlink.h"
#include "rule.h"
#include "rule_read.h"

/* What became of the link that a rule names, and of the one to go to, is no part of it. */
#define FLAGS_OF_NOW ((uint32_t)(FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED | FIB_RULE_UNRESOLVED))

/* -------------------------------------------------------------------------------------------------- rules of one priority */

struct standing {
	struct nlmsghdr *message; /* as the kernel tells of it, with its priority */
	uint64_t id;
};

struct standings {
	uint8_t family;
	uint32_t priority;
	struct standing *at;
	size_t n;
};

static void standings_free(struct standings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->at[i].message);
	cleanup_free(&s->at);
	s->n = 0;
}

uint32_t rule_priority(const struct nlmsghdr *nlh)
{
	const struct nlattr *a[FRA_MAX + 1];
	uint32_t priority = 0;

	netlink_parse(nlh, sizeof(struct fib_rule_hdr), a, FRA_MAX);
	(void)attribute_u32(a[FRA_PRIORITY], &priority);
	return priority;
}

static bool is_rule(const struct nlmsghdr *nlh, uint8_t family)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(nlh);

	return nlh->nlmsg_type == RTM_NEWRULE && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*header) && header->family == family;
}

static int keep(struct standings *s, const struct nlmsghdr *nlh)
{
	struct standing it;

	if (array_grow(&s->at, s->n, sizeof(*s->at)) < 0)
		return -ENOMEM;
	it.message = netlink_keep(nlh, MNL_ATTR_HDRLEN + sizeof(uint32_t));
	if (!it.message)
		return -ENOMEM;
	((struct fib_rule_hdr *)mnl_nlmsg_get_payload(it.message))->flags &= ~FLAGS_OF_NOW;
	it.id = fnv1a(FNV_BASIS, mnl_nlmsg_get_payload(it.message), mnl_nlmsg_get_payload_len(it.message));
	/* not told, and not given it would be any */
	if (s->priority == 0)
		mnl_attr_put_u32(it.message, FRA_PRIORITY, 0);
	s->at[s->n++] = it;
	return 0;
}

static int read_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct standings *s = userdata;

	return is_rule(nlh, s->family) && rule_priority(nlh) == s->priority ? keep(s, nlh) : 0;
}

/* ----------------------------------------------------------------------------------------------------------------- keeping */

/* What is kept: those of the priority in their order, and which of them it is about. */
struct place {
	uint32_t family;
	uint32_t priority;
	uint32_t n;
	uint32_t which;
};

struct search {
	const struct hycan_rule *wanted;
	bool exact;
	struct standings all;
	size_t which;
	bool found;
};

static int search_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct search *s = userdata;
	struct hycan_rule rule;
	bool whole;

	if (!is_rule(nlh, s->all.family))
		return 0;
	if (s->all.n > 0 && rule_priority(nlh) != s->all.priority) {
		if (s->found)
			return 0;
		standings_free(&s->all);
	}
	if (!s->found && rule_read(nlh, &rule, &whole) && kernel_rule_is_meant(s->wanted, s->exact, &rule, whole)) {
		s->found = true;
		s->which = s->all.n;
	}
	s->all.priority = rule_priority(nlh);
	return keep(&s->all, nlh);
}

static int make_place(const struct search *s, struct kernel_rule_place *place)
{
	const struct place head = {
		.family = s->all.family, .priority = s->all.priority, .n = (uint32_t)s->all.n, .which = (uint32_t)s->which
	};
	uint8_t *bytes;

	place->size = sizeof(head) + s->all.n * sizeof(uint64_t);
	place->bytes = bytes = malloc(place->size);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, &head, sizeof(head));
	for (size_t i = 0; i < s->all.n; i++)
		memcpy(bytes + sizeof(head) + i * sizeof(uint64_t), &s->all.at[i].id, sizeof(uint64_t));
	return 0;
}

int kernel_rule_keep_place(struct kernel_scope *scope, const struct hycan_rule *wanted, bool exact, struct kernel_rule_place *place)
{
	struct search s = { .wanted = wanted, .exact = exact, .all.family = (uint8_t)wanted->family };
	int r = rule_dump(scope, s.all.family, search_answer, &s);

	if (r == 0 && s.found)
		r = make_place(&s, place);
	standings_free(&s.all);
	return r;
}

void kernel_rule_place_free(struct kernel_rule_place *place)
{
	cleanup_free(&place->bytes);
	place->size = 0;
}

/* ---------------------------------------------------------------------------------------------- the order that they get */

struct kept {
	struct place head;
	const uint8_t *ids; /* not aligned */
};

static uint64_t kept_id(const struct kept *kept, size_t i)
{
	uint64_t id;

	memcpy(&id, kept->ids + i * sizeof(id), sizeof(id));
	return id;
}

static bool is_kept(const struct kept *kept, size_t from, size_t to, uint64_t id)
{
	for (size_t i = from; i < to; i++)
		if (kept_id(kept, i) == id)
			return true;
	return false;
}

/* How many there may be that say the same: as many as there were. */
static size_t allowed(const struct kept *kept, uint64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < kept->head.n; i++)
		n += kept_id(kept, i) == id;
	return n ? n : 1;
}

static size_t times(const struct standings *s, size_t from, size_t to, uint64_t id)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += s->at[i].id == id;
	return n;
}

/* Those that an interrupted try added are there twice; leaves the first or the last of them. Returns how many are left. */
static size_t leave_once(const struct standings *s, const struct kept *kept, bool last, const struct standing **ret_left)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const uint64_t id = s->at[i].id;

		if ((last ? times(s, i + 1, s->n, id) : times(s, 0, i, id)) < allowed(kept, id))
			ret_left[n++] = &s->at[i];
	}
	return n;
}

/* Where, among others, the one belongs that it is about. */
static size_t find_place(const struct standing *const *others, size_t n, const struct kept *kept)
{
	const uint32_t which = kept->head.which;

	for (size_t i = 0; i < n; i++)
		if (is_kept(kept, which + 1, kept->head.n, others[i]->id))
			return i;
	while (n > 0 && !is_kept(kept, 0, which, others[n - 1]->id))
		n--;
	return n;
}

/*
 * Puts the one that it is about where it belongs: in front of the first that was behind it, or where none is there any more, behind the last
 * that was in front of it; those that came later stay behind.
 */
static void place(const struct standing **s, size_t n, const struct kept *kept)
{
	const uint64_t id = kept_id(kept, kept->head.which);
	const struct standing *it;
	size_t was = n, is;

	while (was > 0 && s[was - 1]->id != id)
		was--;
	if (was == 0)
		return;
	it = s[--was];
	memmove(s + was, s + was + 1, (n - was - 1) * sizeof(*s));
	is = find_place(s, n - 1, kept);
	memmove(s + is + 1, s + is, (n - is - 1) * sizeof(*s));
	s[is] = it;
}

/* Whether all that was in front of it is there, and nothing else. */
static bool is_divided(const struct standing *const *s, size_t n, const struct kept *kept)
{
	const uint32_t which = kept->head.which;
	bool behind = false;

	for (size_t i = 0; i < n; i++) {
		if (s[i]->id == kept_id(kept, which))
			behind = true;
		else if (is_kept(kept, 0, which, s[i]->id) == behind)
			return false;
	}
	return true;
}

/*
 * As they are to stand. Of an interrupted try the last are so when all were added, and some may be deleted; else the first are as they
 * were. Returns how many they are.
 */
static size_t find_order(const struct standings *s, const struct kept *kept, const struct standing **ret_order)
{
	size_t n = leave_once(s, kept, true, ret_order);

	if (n < s->n && !is_divided(ret_order, n, kept))
		n = leave_once(s, kept, false, ret_order);
	place(ret_order, n, kept);
	return n;
}

/* --------------------------------------------------------------------------------------------------------------- changing */

/* Of how many, from the first on, the order is right, and none is taken for one of those behind them. */
static size_t untouched(const struct standings *s, const struct standing *const *order, size_t n)
{
	size_t first = 0;

	while (first < n && order[first]->id == s->at[first].id)
		first++;
	for (size_t i = s->n; i-- > first;)
		for (size_t k = 0; k < first; k++)
			if (rule_may_be_taken_for(s->at[i].message, s->at[k].message)) {
				first = k;
				i = s->n;
			}
	return first;
}

/* How many of those at the end are the first of what is to stand behind the untouched ones. */
static size_t in_place(const struct standings *s, const struct standing *const *order, size_t n, size_t first)
{
	size_t at_end = n - first, i;

	for (;; at_end--) {
		for (i = 0; i < at_end && s->at[s->n - at_end + i].id == order[first + i]->id; i++)
			;
		if (i == at_end)
			return at_end;
	}
}

static int request(struct kernel_scope *scope, uint16_t type, uint16_t flags, const struct nlmsghdr *message)
{
	const size_t size = mnl_nlmsg_get_payload_len(message);
	struct nlmsghdr *nlh = netlink_message(scope, type, flags);

	memcpy(mnl_nlmsg_put_extra_header(nlh, size), mnl_nlmsg_get_payload(message), size);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

/* Somebody else may have taken away one meanwhile, and so both. */
static int delete (struct kernel_scope *scope, const struct nlmsghdr *message)
{
	int r = request(scope, RTM_DELRULE, 0, message);

	return r == -ENOENT ? 0 : r;
}

/*
 * The last first, so that none is behind one that it was in front of. But what the kernel would take for one goes before that; the first of
 * these first, for which it takes none any more.
 */
static int delete_former(struct kernel_scope *scope, struct standing *former, size_t n)
{
	int r = 0;

	for (size_t i = n; i-- > 0;)
		for (size_t k = 0; former[i].message && k <= i && r == 0; k++)
			if (k == i || (former[k].message && rule_may_be_taken_for(former[i].message, former[k].message))) {
				r = delete (scope, former[k].message);
				cleanup_free(&former[k].message);
			}
	return r;
}

static int arrange(struct kernel_scope *scope, const struct standings *s, const struct standing *const *order, size_t n)
{
	const size_t first = untouched(s, order, n), there = in_place(s, order, n, first);
	int r = 0;

	/* nobody can delete that one, and it would be there twice for good */
	for (size_t i = first; i < s->n - there; i++)
		if (((const struct fib_rule_hdr *)mnl_nlmsg_get_payload(s->at[i].message))->flags & FIB_RULE_PERMANENT)
			return -EPERM;
	/* they are there, so not NLM_F_EXCL */
	for (size_t i = first + there; i < n && r == 0; i++)
		r = request(scope, RTM_NEWRULE, NLM_F_CREATE, order[i]->message);
	return r < 0 ? r : delete_former(scope, s->at + first, s->n - there - first);
}

/* Of those that say the same the first. */
static size_t find(const struct standings *s, uint64_t id)
{
	size_t i = 0;

	while (i < s->n && s->at[i].id != id)
		i++;
	return i;
}

static bool is_another_taken_for(const struct standings *s, size_t which)
{
	for (size_t i = 0; i < which; i++)
		if (rule_may_be_taken_for(s->at[which].message, s->at[i].message))
			return true;
	return false;
}

static int take_out(struct kernel_scope *scope, const struct standings *s, size_t which)
{
	_cleanup_free_ const struct standing **order = NULL;
	size_t n = 0;
	int r;

	if (which == s->n)
		return -ENOENT;
	r = is_another_taken_for(s, which) ? netlink_gate(scope) : 1;
	if (r < 0)
		return r;
	/* what does not go there takes nothing for anything else */
	if (r > 0)
		return request(scope, RTM_DELRULE, 0, s->at[which].message);
	order = calloc(s->n, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		if (i != which)
			order[n++] = &s->at[i];
	return arrange(scope, s, order, n);
}

int rule_delete(struct kernel_scope *scope, const struct nlmsghdr *told)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(told);
	_cleanup_(standings_free) struct standings s = { .family = header->family, .priority = rule_priority(told) };
	_cleanup_(standings_free) struct standings meant = s;
	int r = keep(&meant, told);

	if (r == 0)
		r = rule_dump(scope, s.family, read_answer, &s);
	return r < 0 ? r : take_out(scope, &s, find(&s, meant.at[0].id));
}

int kernel_rule_put_in_place(struct kernel_scope *scope, const void *bytes, size_t size)
{
	_cleanup_(standings_free) struct standings s = { 0 };
	_cleanup_free_ const struct standing **order = NULL;
	struct kept kept;
	int r;

	if (size < sizeof(kept.head))
		return -EBADMSG;
	memcpy(&kept.head, bytes, sizeof(kept.head));
	kept.ids = (const uint8_t *)bytes + sizeof(kept.head);
	if ((size - sizeof(kept.head)) / sizeof(uint64_t) < kept.head.n || kept.head.which >= kept.head.n)
		return -EBADMSG;
	s.family = (uint8_t)kept.head.family;
	s.priority = kept.head.priority;
	r = rule_dump(scope, s.family, read_answer, &s);
	if (r < 0 || s.n == 0)
		return r;
	order = calloc(s.n, sizeof(*order));
	if (!order)
		return -ENOMEM;
	return arrange(scope, &s, order, find_order(&s, &kept, order));
}
