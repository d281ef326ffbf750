/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which network namespace a number means.
 *
 * Objects are known by the inode of their namespace, which the kernel gives to another one as soon as that has ended. What no other
 * one has in the same boot is its cookie (SO_NETNS_COOKIE, socket(7)): that is noted once for each number, here and in the file.
 * Where it is not known, the number is believed.
 *
 * What this file does not do: ask the kernel, or decide what becomes of what is in a namespace that is gone (server/namespaces.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "entry.h"
#include "ledger_file.h"

/* From so many on, those in which there is nothing, and nobody, are forgotten: a machine hardly has as many at a time. */
#define NAMESPACES_MAX 65536u

struct netns {
	LIST_ENTRY(netns) entry;
	uint64_t inode;
	uint64_t cookie; /* 0: not known */
	size_t n_objects;
	size_t n_inside; /* who act there: ledger_enter_namespace() */
};

/* Mostly it is the same as the last time. */
static struct netns *find(struct ledger *l, uint64_t inode)
{
	struct netns *n = l->last_namespace;

	if (n && n->inode == inode)
		return n;
	LIST_FOREACH(n, &l->namespaces[inode % NAMESPACE_LISTS], entry)
	if (n->inode == inode)
		break;
	if (n)
		l->last_namespace = n;
	return n;
}

static void drop(struct ledger *l, struct netns *n)
{
	LIST_REMOVE(n, entry);
	free(n);
	l->n_namespaces--;
	l->last_namespace = NULL;
}

static void tidy(struct ledger *l)
{
	struct netns *n, *next;

	for (size_t i = 0; i < NAMESPACE_LISTS; i++)
		for (n = LIST_FIRST(&l->namespaces[i]); n; n = next) {
			next = LIST_NEXT(n, entry);
			if (n->n_objects == 0 && n->n_inside == 0)
				drop(l, n);
		}
	/* where most of them stay it is not worth while for each that comes */
	l->tidy_namespaces = l->n_namespaces < NAMESPACES_MAX / 2 ? NAMESPACES_MAX : 2 * l->n_namespaces;
}

static struct netns *obtain(struct ledger *l, uint64_t inode)
{
	struct netns *n = find(l, inode);

	if (n)
		return n;
	if (l->n_namespaces >= NAMESPACES_MAX && l->n_namespaces >= l->tidy_namespaces)
		tidy(l);
	n = table_memory(l, sizeof(*n));
	if (!n)
		return NULL;
	*n = (struct netns){ .inode = inode };
	LIST_INSERT_HEAD(&l->namespaces[inode % NAMESPACE_LISTS], n, entry);
	l->n_namespaces++;
	l->last_namespace = n;
	return n;
}

int namespace_prepare(struct ledger *l, uint64_t inode)
{
	return obtain(l, inode) ? 0 : -ENOMEM;
}

void namespace_count(struct ledger *l, uint64_t inode, int change)
{
	struct netns *n = find(l, inode);

	if (n)
		n->n_objects += (size_t)change;
}

int namespace_write_all(struct ledger *l)
{
	const struct netns *n;
	int r = 0;

	for (size_t i = 0; i < NAMESPACE_LISTS; i++)
		LIST_FOREACH(n, &l->namespaces[i], entry)
	if (n->cookie && r == 0)
		r = ledger_file_anew_namespace(l->file, n->inode, n->cookie);
	return r;
}

void namespace_close(struct ledger *l)
{
	struct netns *n;

	for (size_t i = 0; i < NAMESPACE_LISTS; i++)
		while ((n = LIST_FIRST(&l->namespaces[i])))
			drop(l, n);
}

bool ledger_is_of(struct ledger *ledger, uint64_t netns, uint64_t cookie)
{
	const struct netns *n;
	bool is;

	ledger_lock(ledger);
	n = find(ledger, netns);
	is = !n || !n->cookie || !cookie || n->cookie == cookie;
	ledger_unlock(ledger);
	return is;
}

int ledger_know_namespace(struct ledger *ledger, uint64_t netns, uint64_t cookie)
{
	struct netns *n;
	int r = 0;

	if (!cookie)
		return 0;
	ledger_lock(ledger);
	n = obtain(ledger, netns);
	if (!n)
		r = -ENOMEM;
	else if (n->cookie != cookie)
		r = ledger_file_namespace(ledger->file, netns, cookie);
	if (r == 0)
		n->cookie = cookie;
	ledger_unlock(ledger);
	return r;
}

int ledger_enter_namespace(struct ledger *ledger, uint64_t netns)
{
	struct netns *n;

	ledger_lock(ledger);
	n = obtain(ledger, netns);
	if (n)
		n->n_inside++;
	ledger_unlock(ledger);
	return n ? 0 : -ENOMEM;
}

void ledger_leave_namespace(struct ledger *ledger, uint64_t netns)
{
	struct netns *n;

	ledger_lock(ledger);
	n = find(ledger, netns);
	if (n && n->n_inside > 0)
		n->n_inside--;
	ledger_unlock(ledger);
}

void ledger_end_namespace(struct ledger *ledger, uint64_t netns, ledger_lost *lost, void *userdata)
{
	struct entry cursor = { .grave = true }, *e;
	const struct netns *n;
	struct ledger_object object;

	ledger_lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, &cursor, order);
	while ((n = find(ledger, netns)) && n->n_objects > 0 && (e = list_step(ledger, &cursor))) {
		if (e->object && e->netns == netns) {
			list_describe(e, &object);
			if (lost)
				lost(&object, userdata);
			ledger_file_take(ledger->file, &object.key);
			object_take_out(ledger, e);
		}
		ledger_take_turns(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	ledger_unlock(ledger);
}
