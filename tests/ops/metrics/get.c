/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.get: lines that Prometheus reads, and counts that are right. */
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "network.h"
#include "text.h"
#include "world.h"

/* A comment, or a sample: name, labels, value. */
#define HEAD   "^# (HELP|TYPE) [a-z_]+ .+$"
#define SAMPLE "^[a-z_]+(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? [0-9]+(\\.[0-9]{6})?$"

struct metrics {
	struct hycan_metrics_line *line;
	size_t n;
};

static struct metrics ask(struct world *w)
{
	struct metrics m = { 0 };

	assert_done(w->h, hycan_metrics_get(w->h, &m.line, &m.n));
	assert_true(m.n > 0);
	return m;
}

static void assert_line(const struct metrics *m, const char *line)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->line[i].line, line) == 0)
			return;
	for (size_t i = 0; i < m->n; i++)
		print_error("%s\n", m->line[i].line);
	fail_msg("“%s” is not among the metrics", line);
}

/* A sample stands below the type of its metric, and each metric has one. */
static void test_form(void **state)
{
	struct world *w = *state;
	struct metrics m = ask(w);
	char metric[64] = "";
	regex_t head, sample;

	assert_int_equal(regcomp(&head, HEAD, REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(regcomp(&sample, SAMPLE, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < m.n; i++) {
		const char *line = m.line[i].line;

		if (line[0] == '#') {
			assert_int_equal(regexec(&head, line, 0, NULL, 0), 0);
			assert_int_equal(sscanf(line + 7, "%63s", metric), 1);
		} else {
			if (regexec(&sample, line, 0, NULL, 0) != 0)
				fail_msg("“%s” is no sample", line);
			assert_memory_equal(line, metric, strlen(metric));
		}
	}
	regfree(&head);
	regfree(&sample);
	free(m.line);
}

static void test_counts(void **state)
{
	struct world *w = *state;
	struct hycan_link_address address = { .link = "va", .address = prefix_of("10.0.0.1/24") };
	struct metrics m;

	free(shell("ip link add va type veth peer name vb"));
	for (int i = 0; i < 3; i++)
		assert_done(w->h, hycan_address_add(w->h, &address));
	assert_refused(w->h, hycan_link_up(w->h, "nosuch0"), HYCAN_REFUSAL_NOT_FOUND);
	m = ask(w);
	assert_line(&m, "hycan_clients 1");
	assert_line(&m, "hycan_objects{kind=\"address\"} 1");
	assert_line(&m, "hycan_objects{kind=\"link\"} 0");
	assert_line(&m, "hycan_operations_total{operation=\"address.add\",result=\"done\"} 3");
	assert_line(&m, "hycan_operations_total{operation=\"link.up\",result=\"refused\"} 1");
	assert_line(&m, "hycan_operation_duration_seconds_bucket{operation=\"address.add\",le=\"+Inf\"} 3");
	assert_line(&m, "hycan_operation_duration_seconds_count{operation=\"address.add\"} 3");
	free(m.line);
	assert_done(w->h, hycan_address_remove(w->h, "va", &address.address));
	m = ask(w);
	assert_line(&m, "hycan_objects{kind=\"address\"} 0");
	/* the one before */
	assert_line(&m, "hycan_operations_total{operation=\"metrics.get\",result=\"done\"} 1");
	free(m.line);
}

static uint64_t sample_of(const struct metrics *m, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < m->n; i++)
		if (strncmp(m->line[i].line, name, n) == 0 && m->line[i].line[n] == ' ')
			return strtoull(m->line[i].line + n + 1, NULL, 10);
	fail_msg("“%s” is not among the metrics", name);
	return 0;
}

/* What subscriptions are told; that one of them missed something, and that the daemon did. */
static void test_events(void **state)
{
	const struct world_options options = { .arguments = { "--event-buffer", "4" } };
	struct world *w = *state = world_start(&options);
	struct metrics m = ask(w);
	struct hycan *own = NULL;
	struct events e;

	assert_line(&m, "hycan_events_total{family=\"rule\"} 0");
	assert_line(&m, "hycan_event_overflows_total 0");
	assert_line(&m, "hycan_resyncs_total 0");
	free(m.line);
	free(shell("ip link add b0 type bridge"));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	m = ask(w);
	assert_true(sample_of(&m, "hycan_events_total{family=\"link\"}") >= events_count(&e, "link "));
	assert_line(&m, "hycan_event_overflows_total 0");
	free(m.line);
	free(shell("ip link set b0 up"));
	assert_int_equal(kill(w->daemon, SIGSTOP), 0);
	free(shell("seq 5000 | sed 's/.*/route add 11.0.0.0\\/32 dev b0 metric &/' | ip -batch -"));
	assert_int_equal(kill(w->daemon, SIGCONT), 0);
	events_until(&e, "overflow");
	do
		events_until(&e, "complete");
	while (events_count(&e, "route 11.") < 5000);
	m = ask(w);
	assert_true(sample_of(&m, "hycan_resyncs_total") > 0);
	assert_true(sample_of(&m, "hycan_event_overflows_total") >= e.n_overflows);
	assert_true(sample_of(&m, "hycan_events_total{family=\"route\"}") >= 5000);
	free(m.line);
	events_end(&e);
	hycan_close(own);
}

#define BLUE(counter) "hycan_network_" counter "_total{vlan_id=\"100\",network=\"blue\"}"
#define RED(counter)  "hycan_network_" counter "_total{vlan_id=\"101\",network=\"red\"}"

/* What comes from a network's hosts, and what goes there: ten packets of 1000 bytes, and their answers, of one of two. */
static void test_networks(void **state)
{
	struct world *w = *state;
	struct metrics before, after;

	before = ask(w);
	for (size_t i = 0; i < before.n; i++)
		assert_null(strstr(before.line[i].line, "vlan_id="));
	free(before.line);
	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	free(shell("ip netns add inside && ip link set up1 netns inside && ip -n inside link set up1 up && "
	           "ip -n inside link add link up1 name eth0 type vlan id 100 && ip -n inside link set eth0 up && "
	           "ip -n inside address add 10.9.0.2/24 dev eth0"));
	shell_until(60, "ip netns exec inside ping -c 1 -W 1 10.9.0.1");
	before = ask(w);
	free(shell("ip netns exec inside ping -q -c 10 -i 0.01 -s 972 10.9.0.1"));
	after = ask(w);
	assert_in_range(sample_of(&after, BLUE("receive_packets")) - sample_of(&before, BLUE("receive_packets")), 10, 40);
	assert_in_range(sample_of(&after, BLUE("transmit_packets")) - sample_of(&before, BLUE("transmit_packets")), 10, 40);
	assert_in_range(sample_of(&after, BLUE("receive_bytes")) - sample_of(&before, BLUE("receive_bytes")), 10000, 13000);
	assert_in_range(sample_of(&after, BLUE("transmit_bytes")) - sample_of(&before, BLUE("transmit_bytes")), 10000, 13000);
	assert_in_range(sample_of(&after, RED("receive_bytes")), 0, 5000);
	free(before.line);
	/* as the kernel has it */
	free(shell("test \"$(ip -j -s link show net100 | tr -d ' ' | sed 's/.*\"rx\":{\"bytes\":\\([0-9]*\\).*/\\1/')\" -ge %ju",
	           (uintmax_t)sample_of(&after, BLUE("receive_bytes"))));
	free(after.line);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	after = ask(w);
	for (size_t i = 0; i < after.n; i++)
		assert_null(strstr(after.line[i].line, "network=\"blue\""));
	(void)sample_of(&after, RED("receive_bytes"));
	free(after.line);
}

static int end_networks(void **state)
{
	(void)shell_status(NULL, "ip netns delete inside");
	return world_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_form, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_counts, world_begin, world_end),
		cmocka_unit_test_teardown(test_events, world_end),
		cmocka_unit_test_setup_teardown(test_networks, world_begin, end_networks),
	};

	return cmocka_run_group_tests_name("metrics.get", tests, NULL, NULL);
}
