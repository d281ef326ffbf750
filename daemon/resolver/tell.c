/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the supervisor: a zone is a row of orders, and what it runs by then is exactly what was told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "known.h"
#include "log.h"

/* How often is looked: at first, and later. */
#define LOOK_FIRST_NS 1000000
#define LOOK_LATER_NS 10000000
#define LOOKS_FIRST   100u

/* Whoever looks more often than that waits longer than most, and says so. */
#define LOOKS_IN_SILENCE 50u

/* What is asked has a second, and may be asked again by somebody else meanwhile. */
#define LOOKS_AT_ANSWERS 200u

static struct order order_of(enum order_what what, const struct resolver_zone *zone)
{
	struct order order = { .version = ORDER_VERSION, .what = what };

	if (zone) {
		order.netns = zone->netns;
		order.vlan_id = zone->vlan_id;
	}
	return order;
}

int tell_host(struct resolver *resolver, const struct resolver_zone *zone, const struct resolver_host *host)
{
	struct order order = order_of(ORDER_HOST, zone);
	struct answer answer;

	memcpy(order.name, host->name, sizeof(order.name));
	order.n_addresses = host->n_addresses;
	memcpy(order.address, host->address, sizeof(host->address));
	return ask(&resolver->ask, &order, -1, &answer);
}

int tell_zone(struct resolver *resolver, const struct resolver_zone *zone, int netns, bool wait, struct answer *ret_answer)
{
	struct order order = order_of(ORDER_PREPARE, zone);
	int r;

	memcpy(order.link, zone->link, sizeof(order.link));
	memcpy(order.name, zone->domain, sizeof(order.name));
	memcpy(order.gateway, zone->gateway, sizeof(order.gateway));
	order.ask_host = !zone->internal && !zone->own_only && zone->n_upstreams == 0;
	if (!zone->internal && !zone->own_only) {
		order.n_addresses = zone->n_upstreams;
		memcpy(order.address, zone->upstream, sizeof(zone->upstream));
	}
	r = ask(&resolver->ask, &order, netns, ret_answer);
	for (size_t i = 0; i < zone->n_hosts && r == 0; i++)
		r = tell_host(resolver, zone, &zone->host[i]);
	if (r < 0)
		return r;
	order = order_of(ORDER_RUN, zone);
	order.wait = wait;
	return ask(&resolver->ask, &order, -1, ret_answer);
}

/* Others have the lock for a moment. n counts how often, for one thing. */
static void pause_without_lock(struct resolver *resolver, unsigned int n)
{
	const struct timespec pause = { .tv_nsec = n < LOOKS_FIRST ? LOOK_FIRST_NS : LOOK_LATER_NS };

	if (n == LOOKS_IN_SILENCE)
		resolver_say_waits(resolver, true);
	pthread_mutex_unlock(&resolver->lock);
	nanosleep(&pause, NULL);
	pthread_mutex_lock(&resolver->lock);
}

/* Behind n pauses. */
static void end_pauses(const struct resolver *resolver, unsigned int n)
{
	if (n > LOOKS_IN_SILENCE)
		resolver_say_waits(resolver, false);
}

int tell_until_served(struct resolver *resolver, const struct resolver_zone *zone, struct answer *ret_answer)
{
	const unsigned int connection = resolver->connection;
	unsigned int n = 0;
	int r;

	/* the supervisor gives up some time */
	for (;;) {
		r = tell_simply(resolver, ORDER_STATE, zone, ret_answer);
		if (r < 0 || ret_answer->start != -EINPROGRESS)
			break;
		pause_without_lock(resolver, n++);
		/* another supervisor was told what there was before */
		if (resolver->connection != connection) {
			r = -EPIPE;
			break;
		}
	}
	end_pauses(resolver, n);
	return r == -ENOENT ? -EPIPE : r < 0 ? r : ret_answer->start;
}

void tell_until_answered(struct resolver *resolver)
{
	struct answer answer = { .asked = true };
	unsigned int n = 0;

	while (n < LOOKS_AT_ANSWERS && tell_simply(resolver, ORDER_ASKED, NULL, &answer) == 0 && answer.asked)
		pause_without_lock(resolver, n++);
	end_pauses(resolver, n);
}

int tell_simply(struct resolver *resolver, enum order_what what, const struct resolver_zone *zone, struct answer *ret_answer)
{
	struct order order = order_of(what, zone);

	return ask(&resolver->ask, &order, -1, ret_answer);
}

int tell_host_gone(struct resolver *resolver, const struct resolver_zone *zone, const char *name)
{
	struct order order = order_of(ORDER_NO_HOST, zone);
	struct answer answer;

	snprintf(order.name, sizeof(order.name), "%s", name);
	return ask(&resolver->ask, &order, -1, &answer);
}

int tell_all(struct resolver *resolver)
{
	struct answer answer;
	struct known *known;
	int r = tell_simply(resolver, ORDER_BEGIN, NULL, &answer);

	LIST_FOREACH(known, &resolver->zones, entries)
	if (r == 0 && known->resumed) {
		r = tell_zone(resolver, &known->zone, known->netns, false, &answer);
		/* what one lacks is nothing to the others */
		if (r < 0 && r != -EPIPE) {
			log_write(LOG_WARNING, "The DNS of VLAN %u cannot be resumed: %s", known->zone.vlan_id, strerror(-r));
			r = 0;
		}
	}
	return r == 0 ? tell_simply(resolver, ORDER_SETTLED, NULL, &answer) : r;
}

int tell_connect(struct resolver *resolver)
{
	bool new;
	int r = ask_connect(&resolver->ask, &new);

	if (r == 0 && new) {
		resolver->connection++;
		r = tell_all(resolver);
	}
	return r;
}
