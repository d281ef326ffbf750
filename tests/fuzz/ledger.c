/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger's file.
 *
 *   the records, behind a head as it should be
 *
 * Whatever is in it, the ledger is there, and the next daemon knows what this one knew.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "ledger.h"

/* Of the file's head. */
#define HEAD 64

static char path[64], broken[80], directory[48];
static uint8_t head[HEAD];

static void clean(void)
{
	unlink(path);
	unlink(broken);
	rmdir(directory);
}

static struct ledger *keep(bool *ret_broken)
{
	struct ledger *ledger = NULL;

	CHECK(ledger_open(&ledger) == 0);
	CHECK(ledger_keep(ledger, path, ret_broken) == 0);
	return ledger;
}

static void begin(void)
{
	struct ledger *ledger;
	bool was_broken;
	int fd;

	snprintf(directory, sizeof(directory), "%s/hycan-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	CHECK(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/ledger", directory);
	snprintf(broken, sizeof(broken), "%s.broken", path);
	atexit(clean);
	ledger = keep(&was_broken);
	CHECK(!was_broken);
	ledger_free(&ledger);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(read(fd, head, sizeof(head)) == sizeof(head));
	close(fd);
}

/* A number that tells whether two ledgers have the same objects, in whatever order. */
static int add_up(const struct ledger_object *object, void *userdata)
{
	uint64_t *sum = userdata, hash = object->holder.subject + object->n_holders + object->holder.session +
	                                 object->key.kind * UINT64_C(31) + object->key.netns;

	CHECK(object->key.size <= LEDGER_IDENTITY_MAX);
	for (size_t i = 0; i < object->key.size; i++)
		hash = (hash ^ object->key.identity[i]) * UINT64_C(1099511628211);
	*sum += hash * UINT64_C(0x9e3779b97f4a7c15) + 1;
	return 0;
}

static int add_up_request(unsigned int number, const uint8_t *request, size_t size, void *userdata)
{
	uint64_t *sum = userdata;

	for (size_t i = 0; i < size; i++)
		*sum = *sum * 31 + request[i] + number;
	return 0;
}

static uint64_t sum_of(struct ledger *ledger)
{
	uint64_t sum = 0;

	CHECK(ledger_list(ledger, add_up, &sum) == 0);
	CHECK(ledger_unfinished(ledger, add_up_request, &sum) == 0);
	return sum + ledger_count(ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ledger_key more = { .netns = 1, .kind = HYCAN_OBJECT_KIND_LINK, .size = 4, .identity = "more" };
	const struct ledger_holder holder = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger *ledger;
	bool was_broken;
	uint64_t sum;
	int fd;

	if (!directory[0])
		begin();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, head, sizeof(head)) == sizeof(head) && write(fd, data, size) == (ssize_t)size);
	close(fd);
	ledger = keep(&was_broken);
	CHECK((access(broken, F_OK) == 0) == was_broken);
	unlink(broken);
	CHECK(ledger_put(ledger, &holder, 1, &more, 1, NULL, NULL) == 0);
	sum = sum_of(ledger);
	ledger_free(&ledger);

	ledger = keep(&was_broken);
	CHECK(!was_broken && sum_of(ledger) == sum);
	ledger_free(&ledger);
	return 0;
}
