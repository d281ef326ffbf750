/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.get: lines that Prometheus reads, and counts that are right. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "world.h"

/* A comment, or a sample: name, labels, value. */
#define HEAD   "^# (HELP|TYPE) [a-z_]+ .+$"
#define SAMPLE "^[a-z_]+(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\\})? [0-9]+(\\.[0-9]{6})?$"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_form, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_counts, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("metrics.get", tests, NULL, NULL);
}
