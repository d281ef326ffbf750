/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.list: every link once, as ip(8) shows it, also while links come and go. */
#include "view.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct hycan_link *find(const struct hycan_link *links, size_t n, const char *name)
{
	const struct hycan_link *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(links[i].name, name) != 0)
			continue;
		/* once, not twice */
		assert_null(found);
		found = &links[i];
	}
	return found;
}

static void test_all(void **state)
{
	struct world *w = *state;
	struct hycan_link *links;
	size_t n;

	free(shell("ip link add v0 type veth peer name v1 && ip link add br0 type bridge && ip link set v0 master br0"));
	assert_done(w->h, hycan_link_list(w->h, NULL, &links, &n));
	for (size_t i = 0; i < n; i++)
		assert_as_ip_shows(&links[i]);
	assert_non_null(find(links, n, "lo"));
	assert_string_equal(find(links, n, "v0")->parent, "v1");
	assert_string_equal(find(links, n, "v0")->master, "br0");
	assert_string_equal(find(links, n, "v1")->parent, "v0");
	assert_false(find(links, n, "v1")->has_master);
	free(shell("test $(ip -o link | wc -l) = %zu", n));
	free(links);
}

static void test_kind(void **state)
{
	struct hycan_link_list_options options = { .has_kind = true, .kind = "veth" };
	struct world *w = *state;
	struct hycan_link *links;
	size_t n;

	free(shell("ip link add v0 type veth peer name v1 && ip link add br0 type bridge"));
	assert_done(w->h, hycan_link_list(w->h, &options, &links, &n));
	assert_int_equal(n, 2);
	assert_non_null(find(links, n, "v0"));
	/* the other end is named although only links of one kind are listed */
	assert_string_equal(find(links, n, "v1")->parent, "v0");
	free(links);
	strcpy(options.kind, "nosuch");
	assert_done(w->h, hycan_link_list(w->h, &options, &links, &n));
	assert_int_equal(n, 0);
	free(links);
	strcpy(options.kind, "gretap");
	assert_done(w->h, hycan_link_list(w->h, &options, &links, &n));
	for (size_t i = 0; i < n; i++)
		assert_string_equal(links[i].kind, "gretap");
	free(links);
}

static void test_many(void **state)
{
	struct world *w = *state;
	struct hycan_link *links;
	char name[16];
	size_t n;

	free(shell("for i in $(seq 500); do echo link add many$i alias number-$i type ifb; done | ip -batch -"));
	assert_done(w->h, hycan_link_list(w->h, NULL, &links, &n));
	free(shell("test $(ip -o link | wc -l) = %zu", n));
	for (unsigned int i = 1; i <= 500; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		assert_non_null(find(links, n, name));
	}
	free(links);
}

/* A dump that a change interrupts is begun again, so that no link is missing or there twice. */
static void test_while_changing(void **state)
{
	struct world *w = *state;
	struct hycan_link *links;
	pid_t child;
	size_t n;

	free(shell("for i in $(seq 100); do echo link add stays$i type ifb; done | ip -batch -"));
	child = fork();
	if (child == 0) {
		execlp("sh", "sh", "-c",
		       "while :; do ip link add goes1 type ifb; ip link add goes2 type ifb; ip link delete goes1; ip link delete "
		       "goes2; done",
		       NULL);
		_exit(127);
	}
	assert_true(child > 0);
	for (int round = 0; round < 50; round++) {
		assert_done(w->h, hycan_link_list(w->h, NULL, &links, &n));
		assert_non_null(find(links, n, "stays1"));
		assert_non_null(find(links, n, "stays50"));
		assert_non_null(find(links, n, "stays100"));
		(void)find(links, n, "goes1");
		(void)find(links, n, "goes2");
		free(links);
	}
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_kind, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_many, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_while_changing, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("link.list", tests, NULL, NULL);
}
