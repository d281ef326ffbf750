/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zones that are wanted, and telling the supervisor.
 *
 * A change is in the file before the supervisor hears of it, so whatever ends in between, the next one does the rest. One
 * lock covers both; while a dnsmasq is starting nobody has it.
 */
#include "resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "known.h"
#include "log.h"
#include "supervisor.h"

/* ------------------------------------------------------------------------------------------------------- what is wanted */

static const struct taken *find_taken(const struct resolver *resolver, const struct taken *which)
{
	const struct taken *taken;

	LIST_FOREACH(taken, &resolver->taken, entries)
	if (taken->netns == which->netns && taken->vlan_id == which->vlan_id)
		return taken;
	return NULL;
}

/* Takes the lock, and the zone, for whoever changes it. */
static void take(struct resolver *resolver, struct taken *taken, uint64_t netns, uint16_t vlan_id)
{
	*taken = (struct taken){ .netns = netns, .vlan_id = vlan_id };
	pthread_mutex_lock(&resolver->lock);
	if (find_taken(resolver, taken)) {
		resolver_say_waits(resolver, true);
		do
			pthread_cond_wait(&resolver->given_back, &resolver->lock);
		while (find_taken(resolver, taken));
		resolver_say_waits(resolver, false);
	}
	LIST_INSERT_HEAD(&resolver->taken, taken, entries);
}

static void give_back(struct resolver *resolver, struct taken *taken)
{
	LIST_REMOVE(taken, entries);
	pthread_cond_broadcast(&resolver->given_back);
	pthread_mutex_unlock(&resolver->lock);
}

/* Tells the supervisor what it was before. */
static void put_back(struct resolver *resolver, const struct resolver_zone *zone, struct known *before)
{
	struct answer answer;

	if (before && before->resumed)
		(void)tell_zone(resolver, &before->zone, before->netns, false, &answer);
	else
		(void)tell_simply(resolver, ORDER_STOP, zone, &answer);
	if (before)
		(void)known_save(resolver, &before->zone);
	else
		known_unsave(resolver, zone);
}

static int set(struct resolver *resolver, const struct resolver_zone *zone, int netns, char *ret_words)
{
	_cleanup_(resolver_zone_done) struct resolver_zone copy = { 0 };
	_cleanup_close_ int fd = netns < 0 ? -1 : fcntl(netns, F_DUPFD_CLOEXEC, 0);
	struct answer answer = { 0 };
	struct known *known;
	int r = netns >= 0 && fd < 0 ? -errno : tell_connect(resolver);

	if (r == 0)
		r = resolver_zone_copy(zone, &copy);
	if (r == 0)
		r = known_save(resolver, zone);
	if (r < 0)
		return r;
	r = tell_zone(resolver, zone, fd, true, &answer);
	if (r == 0)
		r = tell_until_served(resolver, zone, &answer);
	/* one of a former daemon may have gone meanwhile */
	known = known_find(resolver, zone->netns, zone->vlan_id);
	if (r < 0) {
		memcpy(ret_words, answer.words, RESOLVER_WORDS_SIZE);
		put_back(resolver, zone, known);
		return r;
	}
	if (known) {
		resolver_zone_done(&known->zone);
		known->zone = copy;
		copy.host = NULL;
	} else {
		known = known_insert(resolver, &copy);
	}
	if (!known) {
		put_back(resolver, zone, NULL);
		return -ENOMEM;
	}
	cleanup_close(&known->netns);
	known->netns = steal_fd(&fd);
	known->resumed = true;
	return 0;
}

int resolver_set(struct resolver *resolver, const struct resolver_zone *zone, int netns, char ret_words[static RESOLVER_WORDS_SIZE])
{
	struct taken taken;
	int r;

	ret_words[0] = '\0';
	take(resolver, &taken, zone->netns, zone->vlan_id);
	r = set(resolver, zone, netns, ret_words);
	give_back(resolver, &taken);
	return r;
}

int resolver_replace(struct resolver *resolver, const struct resolver_zone *zone, const struct resolver_zone *before, int netns,
                     char ret_words[static RESOLVER_WORDS_SIZE])
{
	const struct known *known;
	struct taken taken;
	int r;

	ret_words[0] = '\0';
	take(resolver, &taken, zone->netns, zone->vlan_id);
	known = known_find(resolver, zone->netns, zone->vlan_id);
	r = known && before ? resolver_zone_same(&known->zone, before) : !known && !before;
	r = r ? set(resolver, zone, netns, ret_words) : -EINTR;
	give_back(resolver, &taken);
	return r;
}

int resolver_unset(struct resolver *resolver, uint64_t netns, uint16_t vlan_id)
{
	struct answer answer;
	struct taken taken;
	struct known *known;
	int r = -ENOENT;

	take(resolver, &taken, netns, vlan_id);
	known = known_find(resolver, netns, vlan_id);
	if (known) {
		r = 0;
		known_unsave(resolver, &known->zone);
		/* whoever is not there runs nothing */
		if (tell_connect(resolver) == 0)
			(void)tell_simply(resolver, ORDER_STOP, &known->zone, &answer);
		known_drop(known);
	}
	give_back(resolver, &taken);
	return r;
}

static int tell_change(struct resolver *resolver, const struct resolver_zone *zone, const struct resolver_host *host,
                       const char *gone)
{
	if (host)
		return tell_host(resolver, zone, host);
	return resolver->ask.fd >= 0 ? tell_host_gone(resolver, zone, gone) : 0;
}

/* Changes the zone, its file, and what the supervisor has; or nothing. */
static int change(struct resolver *resolver, struct known *known, const struct resolver_host *host, const char *gone)
{
	_cleanup_(resolver_zone_done) struct resolver_zone after = { 0 };
	/* the supervisor has not heard of the zone, and will of all of it */
	const bool waits = !known->resumed && !resolver->resumed;
	int r = waits ? 0 : tell_connect(resolver);

	/* whoever is not there will not hear of it later either */
	if (r == 0 || gone)
		r = resolver_zone_copy(&known->zone, &after);
	if (r == 0 && host)
		r = resolver_zone_put(&after, host);
	if (r == 0 && gone && !resolver_zone_remove(&after, gone))
		r = -ENOENT;
	if (r == 0)
		r = known_save(resolver, &after);
	if (r < 0)
		return r;
	if (!waits)
		r = tell_change(resolver, &known->zone, host, gone);
	if (r < 0 && !(gone && r == -EPIPE)) {
		(void)known_save(resolver, &known->zone);
		return r;
	}
	resolver_zone_done(&known->zone);
	known->zone = after;
	after.host = NULL;
	return 0;
}

/* Whether what matters to a host is as it was read. */
static bool is_as_read(const struct resolver_zone *zone, const struct resolver_zone *read, const struct resolver_host *before,
                       const char *name)
{
	const struct resolver_host *is = resolver_zone_find(zone, name);

	return strcmp(zone->link, read->link) == 0 && resolver_same_prefix(&zone->gateway[0], &read->gateway[0]) &&
	       resolver_same_prefix(&zone->gateway[1], &read->gateway[1]) &&
	       (is && before ? resolver_host_same(is, before) : is == before);
}

int resolver_put_host(struct resolver *resolver, const struct resolver_zone *read, const struct resolver_host *before,
                      const struct resolver_host *host)
{
	struct taken taken;
	struct known *known;
	int r = -ENOENT;

	take(resolver, &taken, read->netns, read->vlan_id);
	known = known_find(resolver, read->netns, read->vlan_id);
	if (known)
		r = is_as_read(&known->zone, read, before, host->name) ? change(resolver, known, host, NULL) : -EINTR;
	give_back(resolver, &taken);
	return r;
}

int resolver_remove_host(struct resolver *resolver, uint64_t netns, uint16_t vlan_id, const char *name)
{
	struct taken taken;
	struct known *known;
	int r;

	take(resolver, &taken, netns, vlan_id);
	known = known_find(resolver, netns, vlan_id);
	r = known ? change(resolver, known, NULL, name) : -ENOENT;
	give_back(resolver, &taken);
	return r;
}

/* -------------------------------------------------------------------------------------------------------------- looking */

int resolver_get(struct resolver *resolver, uint64_t netns, uint16_t vlan_id, struct resolver_zone *ret_zone)
{
	const struct known *known;
	int r;

	pthread_mutex_lock(&resolver->lock);
	known = known_find(resolver, netns, vlan_id);
	r = known ? resolver_zone_copy(&known->zone, ret_zone) : -ENOENT;
	pthread_mutex_unlock(&resolver->lock);
	return r;
}

int resolver_list(struct resolver *resolver, uint64_t netns, uint16_t **ret_vlan_ids, size_t *ret_n)
{
	const struct known *known;
	uint16_t *ids;
	size_t n = 0;

	pthread_mutex_lock(&resolver->lock);
	LIST_FOREACH(known, &resolver->zones, entries)
	n++;
	ids = calloc(n + 1, sizeof(*ids));
	n = 0;
	LIST_FOREACH(known, &resolver->zones, entries)
	if (ids && known->zone.netns == netns)
		ids[n++] = known->zone.vlan_id;
	pthread_mutex_unlock(&resolver->lock);
	if (!ids)
		return -ENOMEM;
	*ret_vlan_ids = ids;
	*ret_n = n;
	return 0;
}

int resolver_probe(struct resolver *resolver)
{
	struct answer answer;
	int r;

	pthread_mutex_lock(&resolver->lock);
	r = tell_connect(resolver);
	if (r == 0)
		r = tell_simply(resolver, ORDER_PROBE, NULL, &answer);
	if (r == 0)
		tell_until_answered(resolver);
	pthread_mutex_unlock(&resolver->lock);
	return r;
}

int resolver_state(struct resolver *resolver, uint64_t netns, uint16_t vlan_id, struct resolver_state *ret_state)
{
	const struct resolver_zone which = { .netns = netns, .vlan_id = vlan_id };
	struct answer answer;
	int r;

	pthread_mutex_lock(&resolver->lock);
	r = tell_connect(resolver);
	if (r == 0)
		r = tell_simply(resolver, ORDER_STATE, &which, &answer);
	pthread_mutex_unlock(&resolver->lock);
	if (r < 0)
		return r;
	*ret_state = (struct resolver_state){
		.pid = answer.pid,
		.serves = answer.serves,
		.starts = answer.start == -EINPROGRESS,
		.restarts = answer.restarts,
		.since_ms = answer.since_ms,
		.again_ms = answer.again_ms,
	};
	memcpy(ret_state->words, answer.words, sizeof(ret_state->words));
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- life and end */

void resolver_resume(struct resolver *resolver, resolver_found *found, void *userdata)
{
	struct known *known, *next;
	int goes_on, r = 0;

	pthread_mutex_lock(&resolver->lock);
	resolver->resumed = true;
	for (known = LIST_FIRST(&resolver->zones); known; known = next) {
		next = LIST_NEXT(known, entries);
		if (known->resumed)
			continue;
		goes_on = found(&known->zone, &known->netns, userdata);
		known->resumed = goes_on > 0;
		if (goes_on != 0)
			continue;
		known_unsave(resolver, &known->zone);
		known_drop(known);
	}
	/* nobody is there when nobody is needed */
	if (!LIST_EMPTY(&resolver->zones))
		r = resolver->ask.fd >= 0 ? tell_all(resolver) : tell_connect(resolver);
	if (r < 0)
		log_write(LOG_WARNING, "The DNS of networks cannot be resumed: %s", strerror(-r));
	pthread_mutex_unlock(&resolver->lock);
}

bool resolver_is_whole(const struct resolver *resolver)
{
	return !resolver->unread;
}

const char *resolver_lacks(const struct resolver *resolver)
{
	return resolver->ask.socket || resolver->started || resolver->program ? NULL : SUPERVISOR_PACKAGE;
}

int resolver_start(struct resolver *resolver)
{
	int r;

	if (resolver->ask.socket || !resolver->program)
		return 0;
	r = ask_start(&resolver->ask, resolver->program, resolver->patience_ms);
	resolver->started = r == 0;
	return r;
}

int resolver_open(const struct resolver_options *options, struct resolver **ret_resolver)
{
	_cleanup_(resolver_free) struct resolver *resolver = calloc(1, sizeof(*resolver));
	int r = 0;

	if (!resolver)
		return -ENOMEM;
	pthread_mutex_init(&resolver->lock, NULL);
	pthread_cond_init(&resolver->given_back, NULL);
	LIST_INIT(&resolver->taken);
	LIST_INIT(&resolver->zones);
	resolver->ask = (struct ask){ .socket = options->socket, .fd = -1 };
	resolver->waits = options->waits;
	resolver->program = supervisor_find_program(options->program);
	resolver->patience_ms = options->patience_ms;
	if (options->state_path) {
		resolver->state_path = strdup(options->state_path);
		if (!resolver->state_path)
			return -ENOMEM;
		r = known_load(resolver);
	}
	if (r < 0)
		log_write(LOG_ERR, "What names were told of networks cannot all be read, and nobody tells the rest: %s",
		          strerror(-r));
	/* names are no reason to leave everything else undone */
	resolver->unread = r < 0;
	*ret_resolver = steal(&resolver);
	return 0;
}

void resolver_free(struct resolver **resolver)
{
	struct resolver *r = *resolver;

	if (!r)
		return;
	ask_end(&r->ask);
	while (!LIST_EMPTY(&r->zones))
		known_drop(LIST_FIRST(&r->zones));
	pthread_cond_destroy(&r->given_back);
	pthread_mutex_destroy(&r->lock);
	free(r->state_path);
	free(r);
	*resolver = NULL;
}
