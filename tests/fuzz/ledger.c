/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger's file.
 *
 *   the records, behind a head as it should be
 *
 * Whatever is in it, the ledger is there, and the next daemon knows what this one knew. Each file is tried twice: as the daemon
 * reads it, where each identity can be read then; and with all identities, so that few records end the reading.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "key.h"
#include "ledger.h"

/* Of the file's head. */
#define HEAD 64

/* Of what is kept of the sessions that are looked at. */
#define KEPT 9

static char path[64], broken[80], directory[48];
static uint8_t head[HEAD];
static bool believes; /* every identity */

/* Of the handlers, which are linked with who reads keys: nothing is carried out here. */
void fuzz_changed(void)
{
}

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
	if (!believes)
		ledger_on_read(ledger, key_is_whole);
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

	union message request;
	char text[512];

	CHECK(object->key.size <= LEDGER_IDENTITY_MAX);
	if (!believes) {
		CHECK(key_is_whole(&object->key));
		key_format(&object->key, text, sizeof(text));
		(void)key_request(&object->key, &request);
	}
	for (size_t i = 0; i < object->key.size; i++)
		hash = (hash ^ object->key.identity[i]) * UINT64_C(1099511628211);
	*sum += hash * UINT64_C(0x9e3779b97f4a7c15) + 1;
	return 0;
}

static int add_up_bytes(const uint8_t *bytes, size_t size, void *userdata)
{
	uint64_t *sum = userdata;

	for (size_t i = 0; i < size; i++)
		*sum = *sum * 31 + bytes[i];
	return 0;
}

/* A request that was under way, and what was noted about it. */
struct request_sum {
	struct ledger *ledger;
	uint64_t sum;
};

static int add_up_request(unsigned int number, const uint8_t *request, size_t size, void *userdata)
{
	struct request_sum *all = userdata;

	all->sum += number;
	(void)add_up_bytes(request, size, &all->sum);
	return ledger_notes(all->ledger, number, add_up_bytes, &all->sum);
}

static int add_up_session(uint64_t session, uint64_t subject, void *userdata)
{
	uint64_t *sum = userdata;

	*sum += (session * 31 + subject) * UINT64_C(0x9e3779b97f4a7c15);
	return 0;
}

static int add_up_kept(const void *bytes, void *userdata)
{
	uint64_t *sum = userdata, one = 0;

	(void)add_up_bytes(bytes, KEPT, &one);
	*sum += one * UINT64_C(0x9e3779b97f4a7c15);
	return 0;
}

static uint64_t sum_of(struct ledger *ledger)
{
	struct request_sum requests = { .ledger = ledger };
	uint64_t sum = 0;

	CHECK(ledger_list(ledger, add_up, &sum) == 0);
	CHECK(ledger_unfinished(ledger, add_up_request, &requests) == 0);
	CHECK(ledger_list_sessions(ledger, add_up_session, &sum) == 0);
	CHECK(ledger_list_kept_sessions(ledger, KEPT, add_up_kept, &sum) == 0);
	return sum + requests.sum + ledger_count(ledger);
}

static void try(const uint8_t *data, size_t size)
{
	const struct ledger_key more = { .netns = 1, .kind = HYCAN_OBJECT_KIND_LINK, .size = 6, .identity = "\1more" };
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int i = 0; i < 2; i++) {
		believes = i;
		try(data, size);
	}
	return 0;
}

/* A record at p: its bytes with the padding; 0 where there is none. */
static size_t record_at(const uint8_t *p, size_t left)
{
	uint32_t size;

	if (left < 8)
		return 0;
	memcpy(&size, p, sizeof(size));
	return size < 8 || size > left || ((size + 7) & ~UINT32_C(7)) > left ? 0 : (size + 7) & ~UINT32_C(7);
}

/* One of them, each as likely; of the first it is its place. */
static size_t pick(struct chance *chance, const uint8_t *data, size_t size, size_t *ret_at)
{
	size_t n = 0, found = 0, step;

	for (size_t at = 0; (step = record_at(data + at, size - at)) > 0; at += step)
		if (chance_below(chance, ++n) == 0) {
			*ret_at = at;
			found = step;
		}
	return found;
}

/* Half of the time one record alone is changed, and its size made right again; or it is told twice, or not at all. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static uint8_t rest[1 << 14];
	struct chance chance = { seed };
	size_t at = 0, step = chance_below(&chance, 2) ? pick(&chance, data, size, &at) : 0, behind = size - at - step, room, n;
	uint32_t length;

	if (step == 0 || size + 64 > max_size || behind > sizeof(rest))
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(rest, data + at + step, behind);
	switch (chance_below(&chance, 8)) {
	case 0:
		memmove(data + at, rest, behind);
		return at + behind;
	case 1:
		if (size + step > max_size)
			return size;
		memcpy(data + at + step, data + at, step);
		memcpy(data + at + 2 * step, rest, behind);
		return size + step;
	case 2:
		data[at + 4] = (uint8_t)chance_below(&chance, 14);
		return size;
	}
	memcpy(&length, data + at, sizeof(length));
	room = (max_size - at - behind) & ~(size_t)7;
	n = LLVMFuzzerMutate(data + at + 8, length - 8, room - 8);
	length = (uint32_t)n + 8;
	memcpy(data + at, &length, sizeof(length));
	step = (length + 7) & ~(size_t)7;
	memset(data + at + length, 0, step - length);
	memcpy(data + at + step, rest, behind);
	return at + step + behind;
}
