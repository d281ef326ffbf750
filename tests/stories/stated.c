/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While a transaction is carried out, which may take its time, others ask for things. Who states a whole list knows nothing of what they
 * make; and what a transaction made that fails stays for who asked for it meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "names.h"
#include "network.h"
#include "objects.h"
#include "question.h"
#include "text.h"
#include "world.h"

/* A dnsmasq that takes its time for net101, until end_waiting(); its path is in a buffer of 64 bytes. */
static void write_waiting(char *program)
{
	snprintf(program, 64, "/var/tmp/hycan-test-dnsmasq-%d", getpid());
	free(shell("printf '#!/bin/sh\ncase \"$*\" in *--interface=net101*) sleep 600.%d;; esac\nexec %%s \"$@\"\n' "
	           "\"$(PATH=$PATH:/usr/sbin command -v dnsmasq)\" >%s && chmod 755 %s",
	           getpid(), program, program));
}

static void until_waiting(void)
{
	shell_until(60, "pgrep -f 'sleep 600[.]%d'", getpid());
}

static void end_waiting(void)
{
	free(shell("kill $(pgrep -f 'sleep 600[.]%d')", getpid()));
}

static struct hycan_key key_of(uint8_t n)
{
	return (struct hycan_key){ .bytes = { n, [31] = 0x42 } };
}

/* States one peer, which another one does not outlive, and one host, and waits for names of another network. */
static int state_all(const char *socket)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = key_of(1) }, other = { .public_key = key_of(3) };
	struct hycan *h = NULL;

	return hycan_open(&h, socket) || hycan_transaction_begin(h) || hycan_wireguard_peer_set(h, "wg0", &other) ||
	       hycan_wireguard_sync(h, "wg0", &peer, 1, NULL) || names_set(h, 100, "web 10.9.0.2", NULL) ||
	       names_set(h, 101, "", NULL) || hycan_transaction_commit(h, NULL, NULL);
}

static void test_meanwhile(void **state)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = key_of(2) };
	const struct hycan_object_list_options peers = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_WIREGUARD_PEER };
	char program[64], *text;
	const struct world_options options = { .arguments = { "--dnsmasq", program } };
	struct world *w;
	size_t n = 0;
	int status;
	pid_t child;

	write_waiting(program);
	*state = w = world_start(&options);
	names_begin();
	need_kind("wireguard");
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_done(w->h, names_set(w->h, 100, "old 10.9.0.7", NULL));
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(state_all(w->socket));
	}
	until_waiting();
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	assert_done(w->h, names_add(w->h, 100, "late 10.9.0.3"));
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	end_waiting();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* both are there, and known */
	names_objects(w->h,
	              "dns 100 link net100\ndns_host 100 web link net100\ndns_host 100 late link net100\ndns 101 link net101\n");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "late", false), "10.9.0.3");
	text = objects_text(w->h, &peers);
	for (const char *p = text; (p = strstr(p, "wireguard_peer wg0 ")); p++)
		n++;
	assert_int_equal(n, 2);
	free(text);
	free(shell("rm %s", program));
}

static struct hycan_link_address address(void)
{
	return (struct hycan_link_address){ .link = "fx0", .address = prefix_of("10.7.0.1/24") };
}

/* Makes a network and an address, waits for names of another network, and fails. */
static int make_and_fail(const char *socket)
{
	const struct hycan_link_address a = address();
	struct hycan *h = NULL;

	return hycan_open(&h, socket) || hycan_transaction_begin(h) || network_create(h, "102 10.6.0.0/24 10.6.0.1 green") ||
	       hycan_address_add(h, &a) || names_set(h, 101, "", NULL) || hycan_link_up(h, "none") ||
	       hycan_transaction_commit(h, NULL, NULL) != HYCAN_REFUSAL_NOT_FOUND;
}

static void test_fails(void **state)
{
	const struct hycan_link_address a = address();
	char program[64], *text;
	const struct world_options options = { .arguments = { "--dnsmasq", program } };
	struct hycan *h;
	struct world *w;
	int status;
	pid_t child;

	write_waiting(program);
	*state = w = world_start(&options);
	names_begin();
	free(shell("ip link add fx0 type veth peer name fx1"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(make_and_fail(w->socket));
	}
	until_waiting();
	h = client_open(w);
	client_hold_while_connected(h, 0);
	assert_done(h, network_create(h, "102 10.6.0.0/24 10.6.0.1 green"));
	assert_done(h, hycan_address_add(h, &a));
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	end_waiting();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(shell("ip link show net102 && ip addr show fx0 | grep -q 10.7.0.1"));
	hycan_close(h);
	shell_until(60, "! ip link show net102 && ! ip addr show fx0 | grep -q 10.7.0.1");
	text = objects_text(w->h, NULL);
	assert_null(strstr(text, "102"));
	assert_null(strstr(text, "10.7.0.1"));
	free(text);
	free(shell("rm %s", program));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_meanwhile, world_end),
		cmocka_unit_test_teardown(test_fails, world_end),
	};

	return cmocka_run_group_tests_name("transactions that take their time", tests, NULL, NULL);
}
