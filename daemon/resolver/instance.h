/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One dnsmasq, with what it serves: in the supervisor.
 *
 * Its arguments are made here, of numbers and of names that were looked at again. It has no configuration file, writes no
 * file, and keeps of all that the supervisor may nothing but the right to use port 53.
 */
#ifndef RESOLVER_INSTANCE_H
#define RESOLVER_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "order.h"

#define INSTANCE_PATH_SIZE 96

struct instance {
	LIST_ENTRY(instance) entries;
	uint64_t netns;
	uint16_t vlan_id;
	struct order zone;    /* as it was prepared */
	struct order running; /* as dnsmasq was started */
	int netns_fd;         /* -1: the supervisor's own */
	char directory[INSTANCE_PATH_SIZE];
	char (*told)[RESOLVER_NAME_SIZE]; /* hosts since it was prepared, until it is run */
	size_t n_told;
	bool prepared;
	bool wanted; /* it was told of since ORDER_BEGIN */

	pid_t pid;       /* 0: it does not run */
	int output;      /* what it says, or -1 */
	int probe;       /* where it is asked, or -1 */
	uint16_t number; /* of the question */
	bool asked;
	bool serves;
	bool is_up;           /* it has answered since it was started */
	uint64_t asked_us;    /* when */
	uint64_t patience_us; /* how long one that was started may take until it serves */
	uint64_t start_us;    /* until when it is to serve, where somebody waits for that; or 0 */
	int start;            /* what came of that: 0 or -errno */
	uint8_t more;         /* answers that do not count yet */
	uint32_t restarts;
	uint64_t started_us;
	uint64_t again_us; /* when it is started again; 0: it is not waiting for that */
	uint64_t pause_us; /* how long the next time */
	char words[RESOLVER_WORDS_SIZE];
	char line[RESOLVER_WORDS_SIZE]; /* that it has begun to say */
	size_t n_line;
};

uint64_t instance_now_us(void);

/* Makes one, with a folder of its own below that one. 0 or -errno. */
int instance_new(const char *folder, const struct order *order, struct instance **ret_instance);

/* Ends it, and waits until it has. */
void instance_stop(struct instance *instance);
void instance_free(struct instance **instance);

/* Starts it. 0, also where it will turn out not to work, or -errno; then it may have words about it. */
int instance_start(struct instance *instance, const char *program);

/* The same, and where it does not work, it is tried again after a while. */
void instance_try_again(struct instance *instance, const char *program);

/* It runs otherwise than it was prepared: so that it has to be started anew, and else in whom it asks. */
bool instance_differs(const struct instance *instance);
bool instance_differs_in_servers(const struct instance *instance);

/* It asks whom it was prepared to ask, and goes on meanwhile. 0 or -errno. */
int instance_reload(struct instance *instance);

/* Its process is gone. When it was not stopped, it is started again after a while. */
void instance_ended(struct instance *instance, int status);

/* What it says: keeps the last line, and writes it to the log. */
void instance_listen(struct instance *instance);

/* Files of hosts: instance_file.c. */
void instance_prepare(struct instance *instance, const struct order *order);
int instance_put_host(struct instance *instance, const struct order *order);
int instance_remove_host(struct instance *instance, const char *name);

/* Whom it asks, and for which names nobody. */
int instance_write_servers(const struct instance *instance);

/* What was not told of since it was prepared goes. */
int instance_settle_hosts(struct instance *instance);

int instance_make_folder(const char *folder, struct instance *instance);
void instance_remove_folder(struct instance *instance);

/* What it has an answer to by itself. */
#define INSTANCE_PROBE_NAME "hycan.invalid"

/* Whether port 53 of the gateway is there and free. 0 or -errno, with words. */
int instance_check_port(struct instance *instance);

/* Somebody waits for it to serve: when it does not soon, or ends, it is not tried again. */
void instance_await(struct instance *instance);

/* What is to be done by now about a start or a question; returns when something else is, or UINT64_MAX. */
uint64_t instance_look(struct instance *instance, uint64_t now_us);

/* Asks it whether it is there, and hears the answer: instance_probe.c. */
void instance_ask(struct instance *instance);
void instance_hear(struct instance *instance);

#endif
