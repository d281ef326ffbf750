/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal alone: what is written is read again, whatever becomes of the writer or of the file's end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/journal.h"

#define HEAD 64

struct place {
	char directory[64];
	char path[96];
	char other[96];
};

static int begin(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->directory, "/tmp/hycan-journal-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof(p->path), "%s/ledger", p->directory);
	snprintf(p->other, sizeof(p->other), "%s/other", p->directory);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	unlink(p->other);
	assert_int_equal(rmdir(p->directory), 0);
	free(p);
	return 0;
}

static void append(struct journal *j, uint32_t type, const char *text)
{
	void *to = journal_reserve(j, strlen(text));

	assert_non_null(to);
	memcpy(to, text, strlen(text));
	journal_commit(j, type, strlen(text));
}

static int collect(uint32_t type, const uint8_t *bytes, size_t size, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%u:%.*s ", type, (int)size, (const char *)bytes);
	return 0;
}

static void assert_records(struct journal *j, int result, const char *expected)
{
	char text[1024] = "";

	assert_int_equal(journal_read(j, collect, text), result);
	assert_string_equal(text, expected);
}

static struct journal *open_journal(const char *path)
{
	struct journal *j = NULL;

	assert_int_equal(journal_open(path, &j), 0);
	return j;
}

static void is_read_again(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);

	assert_records(j, 0, "");
	append(j, 1, "one");
	append(j, 2, "");
	append(j, 3, "a longer one");
	journal_free(&j);
	assert_null(j);
	journal_free(&j);
	for (int i = 0; i < 2; i++) {
		j = open_journal(p->path);
		assert_records(j, 0, "1:one 2: 3:a longer one ");
		journal_free(&j);
	}
	j = open_journal(p->path);
	assert_records(j, 0, "1:one 2: 3:a longer one ");
	append(j, 4, "more");
	assert_records(j, 0, "1:one 2: 3:a longer one 4:more ");
	journal_free(&j);
}

/* What another process gets: 0, or an errno. A child that only inherits what is open is none. */
static int open_elsewhere(const char *path)
{
	struct journal *j = NULL;
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(-journal_open(path, &j));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void is_of_one_process(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);

	assert_int_equal(open_elsewhere(p->path), EBUSY);
	journal_free(&j);
	j = open_journal(p->path);
	journal_free(&j);
}

/* What was written and not committed is not there, and nothing of it is left behind a shorter record. */
static void half_is_nothing(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);
	uint8_t *to;

	append(j, 1, "one");
	to = journal_reserve(j, 4096);
	assert_non_null(to);
	memset(to, 0xff, 4096);
	journal_free(&j);
	j = open_journal(p->path);
	assert_records(j, 0, "1:one ");
	append(j, 2, "two");
	journal_free(&j);
	j = open_journal(p->path);
	assert_records(j, 0, "1:one 2:two ");
	journal_free(&j);
}

/* A file that ends anywhere: the whole records in it count. */
static void ends_anywhere(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);
	static const char *const texts[] = { "first", "second!!", "", "third" };
	size_t end[5] = { HEAD }, used;

	for (size_t i = 0; i < 4; i++) {
		append(j, 1, texts[i]);
		end[i + 1] = end[i] + 8 + strlen(texts[i]);
		assert_int_equal((end[i + 1] + 7) / 8 * 8, journal_used(j));
		end[i + 1] = journal_used(j);
	}
	used = journal_used(j);
	journal_free(&j);
	for (size_t size = used; size > 0; size--) {
		char text[256] = "", expected[256] = "";
		int r;

		assert_int_equal(truncate(p->path, (off_t)size), 0);
		if (size < HEAD) {
			assert_int_equal(journal_open(p->path, &j), -EBADMSG);
			continue;
		}
		j = open_journal(p->path);
		r = journal_read(j, collect, text);
		assert_true(r == 0 || r == -EBADMSG);
		for (size_t i = 0; i < 4 && end[i] + 8 + strlen(texts[i]) <= size; i++)
			sprintf(expected + strlen(expected), "1:%s ", texts[i]);
		assert_string_equal(text, expected);
		journal_free(&j);
	}
}

static void poke(const char *path, off_t at, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, at), size);
	close(fd);
}

/* Sizes that cannot be. */
static void is_not_believed(void **state)
{
	struct place *p = *state;
	const uint32_t sizes[] = { 1, 7, 0x7fffffff, 0xffffffff, 0xfffffff9, 70000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct journal *j = open_journal(p->path);

		append(j, 1, "one");
		append(j, 2, "two");
		journal_free(&j);
		poke(p->path, HEAD + 16, &sizes[i], sizeof(sizes[i]));
		j = open_journal(p->path);
		assert_records(j, -EBADMSG, "1:one ");
		journal_free(&j);
		assert_int_equal(unlink(p->path), 0);
	}
}

static void is_of_this_boot(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);

	append(j, 1, "one");
	journal_free(&j);
	poke(p->path, 16, "00000000", 8);
	j = open_journal(p->path);
	assert_records(j, 0, "");
	append(j, 2, "two");
	journal_free(&j);
	j = open_journal(p->path);
	assert_records(j, 0, "2:two ");
	journal_free(&j);

	poke(p->path, 0, "h", 1);
	assert_int_equal(journal_open(p->path, &j), -EBADMSG);
	assert_int_equal(journal_create(p->path, &j), 0);
	assert_records(j, 0, "");
	journal_free(&j);
}

/* What others may have written is not read. */
static void is_ours_alone(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);

	journal_free(&j);
	assert_int_equal(link(p->path, p->other), 0);
	assert_int_equal(journal_open(p->path, &j), -EPERM);
	assert_int_equal(unlink(p->other), 0);
	assert_int_equal(chmod(p->path, 0620), 0);
	assert_int_equal(journal_open(p->path, &j), -EPERM);
	assert_int_equal(chmod(p->path, 0600), 0);
	assert_int_equal(symlink(p->path, p->other), 0);
	assert_int_equal(journal_open(p->other, &j), -EPERM);
	assert_int_equal(unlink(p->other), 0);
	assert_int_equal(mkfifo(p->other, 0600), 0);
	assert_true(journal_open(p->other, &j) < 0);
	assert_true(journal_open(p->directory, &j) < 0);
	assert_int_equal(journal_open("/nonexistent/ledger", &j), -ENOENT);
	if (geteuid() == 0) {
		assert_int_equal(chown(p->path, 1, 1), 0);
		assert_int_equal(journal_open(p->path, &j), -EPERM);
	}
}

static void takes_another_name(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path), *next = NULL;

	append(j, 1, "old");
	assert_int_equal(journal_create(p->other, &next), 0);
	append(next, 1, "new");
	assert_int_equal(journal_rename(next, p->path, NULL), 0);
	journal_free(&j);
	append(next, 2, "more");
	assert_int_equal(open_elsewhere(p->path), EBUSY);
	journal_free(&next);
	j = open_journal(p->path);
	assert_records(j, 0, "1:new 2:more ");
	journal_free(&j);
}

/* What had the name is kept under a third one. */
static void keeps_the_former(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path), *next = NULL;
	char third[128];

	snprintf(third, sizeof(third), "%s/third", p->directory);
	append(j, 1, "old");
	assert_int_equal(journal_create(p->other, &next), 0);
	append(next, 1, "new");
	assert_int_equal(journal_rename(next, p->path, third), 0);
	journal_free(&j);
	journal_free(&next);
	assert_int_equal(access(p->other, F_OK), -1);
	j = open_journal(p->path);
	assert_records(j, 0, "1:new ");
	journal_free(&j);
	j = open_journal(third);
	assert_records(j, 0, "1:old ");
	journal_free(&j);
	unlink(third);
}

static int count(uint32_t type, const uint8_t *bytes, size_t size, void *userdata)
{
	uint32_t *n = userdata;

	(void)bytes;
	assert_int_equal(type, ++*n);
	assert_int_equal(size, type % 100);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], type & 0xff);
	return 0;
}

/* A full file system is an answer; what was written before stays, and when there is room it goes on. */
static void is_full(void **state)
{
	struct place *p = *state;
	struct journal *j = open_journal(p->path);
	struct rlimit limit, small;
	uint32_t n = 0, read = 0;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = 1 << 20, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (uint8_t *to; (to = journal_reserve(j, (n + 1) % 100)); journal_commit(j, n, n % 100)) {
		n++;
		memset(to, (int)(n & 0xff), n % 100);
	}
	assert_int_equal(errno, ENOSPC);
	assert_true(n > 10000);
	assert_int_equal(journal_read(j, count, &read), 0);
	assert_int_equal(read, n);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(journal_reserve(j, 10));
	assert_null(journal_reserve(j, (size_t)1 << 40));
	journal_free(&j);
}

/* Killed at any instruction. */
static void is_killed(void **state)
{
	struct place *p = *state;

	for (int round = 0; round < 20; round++) {
		struct journal *j = NULL;
		uint32_t n = 0;
		int pipes[2], status;
		pid_t child;
		char byte;

		unlink(p->path);
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0) {
			j = open_journal(p->path);
			for (uint8_t *to; (to = journal_reserve(j, (n + 1) % 100)); journal_commit(j, n, n % 100)) {
				n++;
				memset(to, (int)(n & 0xff), n % 100);
				if (n == 101 && write(pipes[1], "", 1) != 1)
					_exit(2);
				/* not more than the test can read in its time */
				while (n == 100000)
					pause();
			}
			_exit(1);
		}
		assert_int_equal(read(pipes[0], &byte, 1), 1);
		usleep((useconds_t)(round * 97));
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));
		close(pipes[0]);
		close(pipes[1]);
		j = open_journal(p->path);
		assert_int_equal(journal_read(j, count, &n), 0);
		assert_true(n >= 100);
		journal_free(&j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_read_again, begin, end),
		cmocka_unit_test_setup_teardown(is_of_one_process, begin, end),
		cmocka_unit_test_setup_teardown(half_is_nothing, begin, end),
		cmocka_unit_test_setup_teardown(ends_anywhere, begin, end),
		cmocka_unit_test_setup_teardown(is_not_believed, begin, end),
		cmocka_unit_test_setup_teardown(is_of_this_boot, begin, end),
		cmocka_unit_test_setup_teardown(is_ours_alone, begin, end),
		cmocka_unit_test_setup_teardown(takes_another_name, begin, end),
		cmocka_unit_test_setup_teardown(keeps_the_former, begin, end),
		cmocka_unit_test_setup_teardown(is_full, begin, end),
		cmocka_unit_test_setup_teardown(is_killed, begin, end),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
