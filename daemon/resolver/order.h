/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon says to the supervisor, and hears from it: one datagram each of a fixed form, one after the other.
 *
 * A zone is prepared, its hosts are told, and then it is run: what was not told of since it was prepared is gone. So the
 * supervisor needs to remember nothing, and whoever runs a zone that runs already, as it runs, interrupts nothing.
 *
 * Every order is answered at once: what takes its time, a dnsmasq that starts or was asked something, is in the state that
 * can be asked for, so that nobody waits for a zone of somebody else.
 */
#ifndef RESOLVER_ORDER_H
#define RESOLVER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "zone.h"

enum order_what {
	ORDER_BEGIN = 1, /* all zones will be told of, */
	ORDER_SETTLED,   /* and now they were: others end */
	ORDER_PREPARE,   /* a zone, with a descriptor of its namespace unless it is ours */
	ORDER_RUN,       /* as it was prepared; with wait its state tells whether it came to serve */
	ORDER_STOP,
	ORDER_HOST,    /* a host comes, or has these addresses now */
	ORDER_NO_HOST, /* it goes */
	ORDER_STATE,
	ORDER_PROBE, /* every zone is asked something, for which it has a second; its state tells what came of it */
	ORDER_ASKED, /* whether any was asked and may answer yet */
};

/* Of the form that this version speaks: a supervisor of another one is not understood. */
#define ORDER_VERSION 2

struct order {
	uint32_t version;
	enum order_what what;
	uint64_t netns;
	uint16_t vlan_id;
	bool wait;
	bool ask_host;                 /* other names: of whom this host asks; else of upstreams, if there are any */
	char link[HYCAN_IFNAME_SIZE];  /* of the network */
	char name[RESOLVER_NAME_SIZE]; /* the domain, or the host */
	struct hycan_prefix gateway[2];
	uint8_t n_addresses; /* of the host, or upstreams */
	struct hycan_address address[RESOLVER_ADDRESSES_MAX];
};

struct answer {
	int result;                      /* 0 or -errno; of ORDER_STATE -ENOENT: there is no such zone */
	int pid;                         /* 0: it does not run */
	bool serves;                     /* it answered when it was asked last */
	bool asked;                      /* it was asked, and there is time left for an answer */
	int start;                       /* -EINPROGRESS: it is to serve soon; else 0, or -errno: it did not */
	uint32_t restarts;               /* since the zone was told of first */
	uint64_t since_ms;               /* for how long it runs, */
	uint64_t again_ms;               /* or in how long it is started again */
	char words[RESOLVER_WORDS_SIZE]; /* what it said last, where it failed */
};

#endif
