/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders: what the supervisor is told, and what it answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "datagram.h"
#include "supervisor_state.h"

#define ZONES_MAX 4096u

/* ------------------------------------------------------------------------------------------------------------- answers */

static void answer(struct supervisor *s, const struct answer *a)
{
	if (s->peer >= 0 && datagram_send(s->peer, a, sizeof(*a), -1) < 0)
		cleanup_close(&s->peer);
}

void supervisor_answer(struct supervisor *s, int result, const char *words)
{
	struct answer a = { .result = result };

	snprintf(a.words, sizeof(a.words), "%s", words);
	answer(s, &a);
}

static void answer_state(struct supervisor *s, const struct instance *instance)
{
	uint64_t now = instance_now_us();
	struct answer a = {
		.pid = instance->pid,
		.serves = instance->serves,
		.asked = instance->asked,
		.start = instance->start_us ? -EINPROGRESS : instance->start,
		.restarts = instance->restarts,
		.since_ms = instance->pid ? (now - instance->started_us) / 1000 : 0,
		.again_ms = instance->again_us > now ? (instance->again_us - now) / 1000 : 0,
	};

	if (!instance->pid || !instance->serves)
		memcpy(a.words, instance->words, sizeof(a.words));
	answer(s, &a);
}

/* -------------------------------------------------------------------------------------------------------------- orders */

static struct instance *find(struct supervisor *s, const struct order *order)
{
	struct instance *instance;

	LIST_FOREACH(instance, &s->instances, entries)
	if (instance->netns == order->netns && instance->vlan_id == order->vlan_id)
		return instance;
	return NULL;
}

void supervisor_forget(struct supervisor *s, struct instance *instance)
{
	LIST_REMOVE(instance, entries);
	s->n--;
	instance_free(&instance);
}

/* Whoever says something else than the daemon would is not listened to. */
static bool is_legal(const struct order *order)
{
	bool host = order->what == ORDER_HOST || order->what == ORDER_NO_HOST;
	bool prepares = order->what == ORDER_PREPARE;
	size_t most = host ? RESOLVER_ADDRESSES_MAX : RESOLVER_UPSTREAMS_MAX;

	if (order->version != ORDER_VERSION || !memchr(order->name, '\0', sizeof(order->name)) || order->n_addresses > most)
		return false;
	if (host || (prepares && *order->name))
		if (resolver_name_fault(order->name))
			return false;
	for (size_t i = 0; i < order->n_addresses; i++)
		if (order->address[i].family != AF_INET && order->address[i].family != AF_INET6)
			return false;
	if (prepares && (!memchr(order->link, '\0', sizeof(order->link)) || !resolver_link_is_good(order->link)))
		return false;
	return !prepares || (order->gateway[0].address.family == AF_INET &&
	                     (!order->gateway[1].address.family || order->gateway[1].address.family == AF_INET6));
}

static int prepare(struct supervisor *s, const struct order *order, int *netns)
{
	struct instance *instance = find(s, order);
	int r = 0;

	if (!instance) {
		if (s->n == ZONES_MAX)
			return -ENOSPC;
		r = instance_new(s->folder, order, &instance);
		if (r < 0)
			return r;
		instance->patience_us = s->patience_us;
		LIST_INSERT_HEAD(&s->instances, instance, entries);
		s->n++;
	}
	cleanup_close(&instance->netns_fd);
	instance->netns_fd = steal_fd(netns);
	instance_prepare(instance, order);
	return 0;
}

/* Who has not answered yet may not know SIGHUP yet either. */
static bool must_start(const struct instance *instance)
{
	return instance->pid == 0 || instance_differs(instance) || (!instance->is_up && instance_differs_in_servers(instance));
}

static void run(struct supervisor *s, struct instance *instance, bool wait)
{
	int r = instance_settle_hosts(instance);

	if (r == 0 && must_start(instance)) {
		instance_stop(instance);
		r = access(s->program, X_OK) < 0 ? -errno : instance_start(instance, s->program);
	} else if (r == 0 && instance_differs_in_servers(instance)) {
		r = instance_reload(instance);
	}
	if (r < 0 && !wait && instance->pid == 0) {
		/* an address may come, and a port be free */
		instance_try_again(instance, s->program);
		r = 0;
	}
	if (r == 0 && wait)
		instance_await(instance);
	supervisor_answer(s, r, instance->words);
}

static void probe_all(struct supervisor *s)
{
	struct instance *instance;

	LIST_FOREACH(instance, &s->instances, entries)
	if (instance->pid)
		instance_ask(instance);
}

static void answer_asked(struct supervisor *s)
{
	const struct instance *instance;
	struct answer a = { 0 };

	LIST_FOREACH(instance, &s->instances, entries)
	a.asked = a.asked || (instance->asked && !instance->start_us);
	answer(s, &a);
}

static void end_unwanted(struct supervisor *s)
{
	struct instance *instance = LIST_FIRST(&s->instances);

	while (instance) {
		struct instance *next = LIST_NEXT(instance, entries);

		if (!instance->wanted)
			supervisor_forget(s, instance);
		instance = next;
	}
}

/* Orders about one zone that is there. */
static void carry_out_of(struct supervisor *s, struct instance *instance, const struct order *order)
{
	switch (order->what) {
	case ORDER_RUN:
		run(s, instance, order->wait);
		return;
	case ORDER_STOP:
		supervisor_forget(s, instance);
		supervisor_answer(s, 0, "");
		return;
	case ORDER_HOST:
		supervisor_answer(s, instance_put_host(instance, order), "");
		return;
	case ORDER_NO_HOST:
		supervisor_answer(s, instance_remove_host(instance, order->name), "");
		return;
	case ORDER_STATE:
		answer_state(s, instance);
		return;
	case ORDER_BEGIN:
	case ORDER_SETTLED:
	case ORDER_PREPARE:
	case ORDER_PROBE:
	case ORDER_ASKED:
		break;
	}
	supervisor_answer(s, -EBADMSG, "");
}

void supervisor_carry_out(struct supervisor *s, const struct order *order, int *netns)
{
	struct instance *instance = NULL;

	if (!is_legal(order)) {
		supervisor_answer(s, -EBADMSG, "");
		return;
	}
	switch (order->what) {
	case ORDER_BEGIN:
		LIST_FOREACH(instance, &s->instances, entries)
		instance->wanted = false;
		supervisor_answer(s, 0, "");
		return;
	case ORDER_SETTLED:
		end_unwanted(s);
		supervisor_answer(s, 0, "");
		return;
	case ORDER_PREPARE:
		supervisor_answer(s, prepare(s, order, netns), "");
		return;
	case ORDER_PROBE:
		probe_all(s);
		supervisor_answer(s, 0, "");
		return;
	case ORDER_ASKED:
		answer_asked(s);
		return;
	case ORDER_RUN:
	case ORDER_STOP:
	case ORDER_HOST:
	case ORDER_NO_HOST:
	case ORDER_STATE:
		break;
	}
	instance = find(s, order);
	if (instance)
		carry_out_of(s, instance, order);
	else
		supervisor_answer(s, order->what == ORDER_STOP ? 0 : -ENOENT, "");
}
