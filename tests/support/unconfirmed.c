/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unconfirmed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "view.h"

#define VIEW "ip -d link; ip -d addr; ip route show table all | sort"

void unconfirmed_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 up && ip link set tx1 up && "
	           "ip addr add 10.1.0.1/24 dev tx0 && ip route add 10.5.0.0/16 via 10.1.0.9"));
	shell_until(10, "! ip -6 addr | grep -q tentative");
}

void unconfirmed_commit(struct hycan *h, char token[33])
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_true(reply->has_token);
	memcpy(token, reply->token, 33);
	free(reply);
}

void unconfirmed_in_vain(struct hycan *h, bool waits)
{
	char token[33];

	if (waits) {
		unconfirmed_commit(h, token);
		assert_done(h, hycan_transaction_cancel(h, token));
	} else {
		assert_done(h, hycan_link_up(h, "none"));
		assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	}
}

void unconfirmed_take_back(struct world *w, const char *token, unsigned int way)
{
	if (way == 0) {
		assert_done(w->h, hycan_transaction_cancel(w->h, token));
		return;
	}
	(void)world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, NULL);
	hycan_close(w->h);
	assert_done(w->h, hycan_open(&w->h, w->socket));
}

void unconfirmed_change(struct hycan *h, uint32_t seconds, bool detached, char token[33])
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = seconds, .has_detached = true, .detached = detached
	};
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan_prefix gone = prefix_of("10.5.0.0/16");
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_add(h, &a));
	assert_done(h, hycan_route_remove(h, &gone, NULL));
	assert_done(h, hycan_link_set(h, "tx1", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1400 }));
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_true(reply->has_token);
	memcpy(token, reply->token, 33);
	free(reply);
	/* where there is time to look */
	if (seconds >= 60)
		free(shell("ip link show tx1 | grep -q 'mtu 1400' && ip addr show tx1 | grep -q 10.9.0.1 && "
		           "! ip route | grep -q 10.5"));
}

char *unconfirmed_view(void)
{
	view_settle();
	return shell(VIEW);
}

void unconfirmed_same(struct world *w, const char *before)
{
	char path[sizeof(w->directory) + 8];
	FILE *file;

	snprintf(path, sizeof(path), "%s/before", w->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(before, file) >= 0 && fclose(file) == 0);
	shell_until(20, "{ " VIEW "; } | diff %s -", path);
	remove(path);
}

void unconfirmed_back(struct world *w, const char *before)
{
	shell_until(20,
	            "! ip addr show tx1 | grep -q 10.9.0.1 && ip route | grep -q 10.5 && ! ip link show tx1 | grep -q 'mtu 1400'");
	unconfirmed_same(w, before);
}
