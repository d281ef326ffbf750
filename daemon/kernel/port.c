/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port mappings.
 *
 * Every port is an element of a map, and a range is as many elements as it has ports: the kernel's own translation to a
 * range of ports picks any of them instead of the one at the same place. What belongs together is told by the comment of
 * the elements, “8000-8010”, and of which network they are, “network 100”. So a lookup costs the same however many mappings there are, and so does adding one; a
 * range costs as much as it has ports.
 *
 * A single port is read alone. A range is read as part of the whole map, since any of its ports may have been taken out
 * by a stranger; then it is still the mapping that it was, and adding it again puts them back.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"
#include "cleanup.h"
#include "conntrack.h"
#include "nat.h"
#include "nft_table.h"
#include "port.h"
#include "port_element.h"

/* ---------------------------------------------------------------------------------------------------------- reading */

/* What the map has of the ports of one mapping. */
struct reading {
	const struct hycan_port_mapping *wanted;
	const uint32_t *since; /* the generation for which it is wanted, or NULL */
	const char *set;
	bool any_target;              /* a port is the same wherever it leads */
	bool mends;                   /* one that leads elsewhere is to be put right */
	uint8_t there[(1 << 16) / 8]; /* a bit for each port that is there and the same */
	uint8_t wrong[(1 << 16) / 8]; /* for each that is to be put right */
	size_t n_there;
	size_t n_wrong;
	struct hycan_port_mapping found; /* one of those that are there, or else to be put right */
	bool held;                       /* a port belongs to something else: */
	struct hycan_port_mapping holder;
};

static bool has_port(const uint8_t *ports, unsigned int port)
{
	return ports[port / 8] & 1 << port % 8;
}

static void add_port(uint8_t *ports, unsigned int port)
{
	ports[port / 8] |= (uint8_t)(1 << port % 8);
}

static int reading_element(const struct nft_element *element, void *userdata)
{
	struct reading *reading = userdata;
	const struct hycan_port_mapping *w = reading->wanted;
	struct port_entry e;

	if (port_read(reading->set, element, &e) < 0 || !port_same_place(&e.mapping, w) || e.port < w->host_port.first ||
	    e.port > w->host_port.last)
		return 0;
	if (port_same_range(&e.mapping, w) &&
	    (reading->any_target || (port_same_target(&e.mapping, w) && port_same_network(&e.mapping, w)))) {
		add_port(reading->there, e.port);
		reading->n_there++;
		reading->found = e.mapping;
	} else if (reading->mends && port_same_range(&e.mapping, w)) {
		add_port(reading->wrong, e.port);
		reading->n_wrong++;
		reading->found = e.mapping;
	} else {
		reading->held = true;
		reading->holder = e.mapping;
	}
	return 0;
}

static int read_ports(struct kernel_scope *scope, struct reading *reading)
{
	const struct hycan_port_mapping *w = reading->wanted;
	struct port_registers key;
	int r;

	reading->set = port_set(w);
	memset(reading->there, 0, sizeof(reading->there));
	memset(reading->wrong, 0, sizeof(reading->wrong));
	reading->n_there = reading->n_wrong = 0;
	reading->held = false;
	if (w->host_port.first != w->host_port.last)
		return nft_element_list(scope, reading->set, reading_element, reading);
	port_key(&key, w, w->host_port.first);
	r = nft_element_get(scope, reading->set, key.bytes, key.size, reading_element, reading);
	return r == -ENOENT ? 0 : r;
}

static int rival_element(const struct nft_element *element, void *userdata)
{
	struct reading *reading = userdata;
	const struct hycan_port_mapping *w = reading->wanted;
	struct port_entry e;

	if (port_read(reading->set, element, &e) < 0 || e.mapping.protocol != w->protocol || e.port < w->host_port.first ||
	    e.port > w->host_port.last)
		return 0;
	reading->held = true;
	reading->holder = e.mapping;
	return 0;
}

/* A port of one address against the same of all, and the other way round: then there may be several that hold it. */
static int read_rivals(struct kernel_scope *scope, struct reading *reading)
{
	struct hycan_port_mapping any = *reading->wanted;
	const char *own = reading->set;
	struct port_registers key;
	int r;

	any.has_host_address = false;
	reading->set = nft_port_set(any.to_address.family == AF_INET6, !reading->wanted->has_host_address);
	if (!reading->wanted->has_host_address || any.host_port.first != any.host_port.last) {
		r = nft_element_list(scope, reading->set, rival_element, reading);
	} else {
		port_key(&key, &any, any.host_port.first);
		r = nft_element_get(scope, reading->set, key.bytes, key.size, rival_element, reading);
	}
	reading->set = own;
	return r == -ENOENT ? 0 : r;
}

static size_t count(const struct hycan_port_mapping *m)
{
	return (size_t)(m->host_port.last - m->host_port.first) + 1;
}

/* --------------------------------------------------------------------------------------------- adding and removing */

/* Puts ports into the batch: those that are missing among these are added, or these are deleted. */
static void put_elements(struct nft_batch *batch, uint16_t type, const struct reading *reading, const uint8_t *ports)
{
	const struct hycan_port_mapping *w = reading->wanted;
	bool add = type == NFT_MSG_NEWSETELEM;
	struct port_registers key, data;
	char comment[32];
	bool says = port_comment(w, comment, sizeof(comment));

	for (unsigned int port = w->host_port.first; port <= w->host_port.last; port++) {
		struct nft_element element = { .key = key.bytes };

		if (has_port(ports, port) == add)
			continue;
		port_key(&key, w, (uint16_t)port);
		element.key_size = key.size;
		if (add) {
			port_data(&data, w, (uint16_t)port);
			element.data = data.bytes;
			element.data_size = data.size;
			element.comment = says ? comment : NULL;
		}
		nft_batch_element(batch, type, reading->set, &element);
	}
}

static int add_once(struct kernel_scope *scope, struct reading *reading)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	struct nft_layout layout;
	bool whole;
	int r;

	r = nft_layout_read(scope, &layout);
	if (r < 0)
		return r;
	if (reading->since && layout.generation != *reading->since && !netlink_turn(scope)->alone)
		return -ERESTART;
	r = read_ports(scope, reading);
	if (r < 0)
		return r;
	if (!reading->held && reading->n_there + reading->n_wrong == 0)
		r = read_rivals(scope, reading);
	if (r < 0)
		return r;
	if (reading->held)
		return -EEXIST;
	whole = layout.ports && nft_layout_is_whole(&layout);
	if (whole && reading->n_there == count(reading->wanted))
		return -EALREADY;
	nft_batch_begin(&batch, scope, layout.generation);
	layout.ports = true;
	if (!whole)
		nft_layout_put(&batch, &layout);
	if (reading->n_wrong > 0)
		put_elements(&batch, NFT_MSG_DELSETELEM, reading, reading->wrong);
	put_elements(&batch, NFT_MSG_NEWSETELEM, reading, reading->there);
	r = nft_batch_send(&batch);
	if (r < 0)
		return r;
	nft_layout_changed(scope, &layout, count(reading->wanted) - reading->n_there, reading->n_wrong);
	return 0;
}

static int add(struct kernel_scope *scope, struct reading *reading, struct hycan_port_mapping *ret_holder)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	int r;

	do
		r = add_once(scope, reading);
	while (kernel_nat_turn_again(turn, r));
	if (r == -EEXIST)
		*ret_holder = reading->holder;
	/* a connection of TCP or SCTP is somebody's at this host, and goes on; UDP has only senders */
	if (r == 0 && reading->wanted->protocol == HYCAN_TRANSPORT_UDP)
		conntrack_forget_untranslated(scope, reading->wanted);
	return r;
}

int kernel_port_add(struct kernel_scope *scope, const struct hycan_port_mapping *mapping, const uint32_t *since,
                    struct hycan_port_mapping *ret_holder)
{
	return add(scope, &(struct reading){ .wanted = mapping, .since = since }, ret_holder);
}

int kernel_port_put(struct kernel_scope *scope, const struct hycan_port_mapping *mapping, struct hycan_port_mapping *ret_holder)
{
	struct reading reading = { .wanted = mapping, .mends = true };
	int r = add(scope, &reading, ret_holder);

	/* who was led elsewhere is so no more */
	if (r == 0 && reading.n_wrong > 0 && !port_same_target(&reading.found, mapping))
		conntrack_forget_translated(scope, &reading.found);
	return r;
}

int kernel_port_get(struct kernel_scope *scope, const struct hycan_port_mapping *key, struct hycan_port_mapping *ret_mapping)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	struct reading reading = { .wanted = key, .any_target = true };
	uint32_t generation;
	int r = nft_generation(scope, &generation);

	if (r < 0)
		return r == -EOPNOTSUPP ? -ENOENT : r;
	do
		r = read_ports(scope, &reading);
	while (kernel_nat_turn_again(turn, r));
	if (r < 0)
		return r;
	if (!reading.n_there)
		return -ENOENT;
	*ret_mapping = reading.found;
	return 0;
}

static int remove_once(struct kernel_scope *scope, struct reading *reading)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	struct nft_layout layout;
	size_t n;
	int r;

	r = nft_layout_read(scope, &layout);
	if (r < 0)
		return r;
	r = read_ports(scope, reading);
	if (r < 0)
		return r;
	if (!reading->n_there)
		return reading->held ? -EEXIST : -ENOENT;
	r = nft_layout_count(scope, &layout, &n);
	if (r < 0)
		return r;
	nft_batch_begin(&batch, scope, layout.generation);
	if (n > reading->n_there)
		put_elements(&batch, NFT_MSG_DELSETELEM, reading, reading->there);
	else
		nft_batch_delete_table(&batch);
	r = nft_batch_send(&batch);
	if (r < 0)
		return r;
	nft_layout_changed(scope, &layout, 0, reading->n_there);
	return 0;
}

int kernel_port_remove(struct kernel_scope *scope, const struct hycan_port_mapping *key, struct hycan_port_mapping *ret_holder)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	struct reading reading = { .wanted = key, .any_target = true };
	int r;

	do
		r = remove_once(scope, &reading);
	while (kernel_nat_turn_again(turn, r));
	if (r == -EEXIST)
		*ret_holder = reading.holder;
	if (r == 0)
		conntrack_forget_translated(scope, &reading.found);
	return r;
}

/* ---------------------------------------------------------------------------------------------------------- listing */

struct listing {
	const char *set;
	struct hycan_port_mapping *mapping;
	size_t n;
};

static void listing_free(struct listing *l)
{
	cleanup_free(&l->mapping);
}

static int list_element(const struct nft_element *element, void *userdata)
{
	struct listing *l = userdata;
	struct port_entry e;
	int r;

	if (port_read(l->set, element, &e) < 0)
		return 0;
	r = array_grow(&l->mapping, l->n, sizeof(*l->mapping));
	if (r < 0)
		return r;
	l->mapping[l->n++] = e.mapping;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct hycan_port_mapping *x = a, *y = b;

	if (x->to_address.family != y->to_address.family)
		return x->to_address.family < y->to_address.family ? -1 : 1;
	if (x->host_port.first != y->host_port.first)
		return x->host_port.first < y->host_port.first ? -1 : 1;
	if (x->host_port.last != y->host_port.last)
		return x->host_port.last < y->host_port.last ? -1 : 1;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->has_host_address != y->has_host_address)
		return x->has_host_address ? 1 : -1;
	return memcmp(x->host_address.bytes, y->host_address.bytes, sizeof(x->host_address.bytes));
}

static int list_once(struct kernel_scope *scope, struct listing *l)
{
	uint32_t generation;
	int r;

	l->n = 0;
	/* which tells whether there are any maps to read */
	r = nft_generation(scope, &generation);
	if (r < 0)
		return r;
	for (int i = 0; i < 4; i++) {
		l->set = nft_port_set(i / 2, i % 2);
		r = nft_element_list(scope, l->set, list_element, l);
		if (r < 0)
			return r;
	}
	return 0;
}

int kernel_port_list(struct kernel_scope *scope, struct hycan_port_mapping **ret_mappings, size_t *ret_n)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	_cleanup_(listing_free) struct listing l = { 0 };
	size_t n = 0;
	int r = -EINTR;

	do
		r = list_once(scope, &l);
	while (kernel_nat_turn_again(turn, r));
	if (r < 0)
		return r;
	if (l.n)
		qsort(l.mapping, l.n, sizeof(*l.mapping), compare);
	/* the ports of a range are one mapping */
	for (size_t i = 0; i < l.n; i++)
		if (!n || !port_same(&l.mapping[n - 1], &l.mapping[i]))
			l.mapping[n++] = l.mapping[i];
	*ret_n = n;
	*ret_mappings = steal(&l.mapping);
	return 0;
}
