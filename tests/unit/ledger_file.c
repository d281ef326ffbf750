/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger's file: another process knows what this one knew, however it ended. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/holders.h"
#include "ledger/ledger.h"
#include "ledger/ledger_record.h"
#include "subject.h"

/* What is in a small file is shorter. */
#define TEXT (256u << 10)

struct place {
	char directory[64];
	char path[96];
	char broken[128];
};

static int begin(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->directory, "/tmp/hycan-ledger-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof(p->path), "%s/ledger", p->directory);
	snprintf(p->broken, sizeof(p->broken), "%s.broken", p->path);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	unlink(p->broken);
	/* nothing else is left there */
	assert_int_equal(rmdir(p->directory), 0);
	free(p);
	return 0;
}

static struct ledger_key key(enum hycan_object_kind kind, const char *identity)
{
	struct ledger_key k = { .netns = 1, .kind = kind, .size = (uint8_t)strlen(identity) };

	memcpy(k.identity, identity, k.size);
	return k;
}

static struct ledger *keep(const char *path, bool broken)
{
	struct ledger *l = NULL;
	bool was_broken = !broken;

	assert_int_equal(ledger_open(&l), 0);
	assert_int_equal(ledger_keep(l, path, &was_broken), 0);
	assert_int_equal(was_broken, broken);
	return l;
}

/* Of five users, two machines that are called as two of them, and four sessions. */
static struct ledger_holder holder_number(unsigned int number)
{
	struct ledger_holder holder = { .subject = number % 6 == 5 ? subject_of_cid(1) : number % 6,
		                        .lifetime = HYCAN_LIFETIME_PERMANENT };

	if (number % 7 < 4)
		return holder;
	holder.lifetime = number % 7 == 4 ? HYCAN_LIFETIME_LEASE : HYCAN_LIFETIME_CONNECTION;
	holder.session = 100 + number % 4;
	holder.subject = number % 4 == 3 ? subject_of_cid(2) : number % 4;
	holder.seconds = number % 7 == 4 ? 10 + number % 5 : 0;
	return holder;
}

static void put(struct ledger *l, enum hycan_object_kind kind, const char *identity, const char *on, uint64_t uid)
{
	const struct ledger_holder holder = holder_number(uid);
	const struct ledger_key k = key(kind, identity);
	struct ledger_key link = key(HYCAN_OBJECT_KIND_LINK, on ? on : "");

	assert_int_equal(ledger_put(l, &holder, uid * UINT64_C(1000), &k, 1, on ? &link : NULL, NULL), 0);
}

static int append(const struct ledger_object *object, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%d:%.*s:%s/%u:%ju:%ju:%ju\n", (int)object->key.kind, object->key.size, object->key.identity,
	        subject_say(object->holder.subject).text, object->n_holders, (uintmax_t)object->holder.session,
	        (uintmax_t)object->deadline_us, (uintmax_t)object->since_us);
	return 0;
}

static void append_settled(const struct ledger_key *k, const void *bytes, size_t size, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "settled %d:%.*s:%.*s\n", (int)k->kind, k->size, k->identity, (int)size, (const char *)bytes);
}

static void append_wish(const struct ledger_key *k, const void *bytes, size_t size, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "wish %d:%.*s:%.*s\n", (int)k->kind, k->size, k->identity, (int)size, (const char *)bytes);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All objects, in an order that does not depend on when they came. */
static void sorted(struct ledger *l, char *text)
{
	static char plain[TEXT];
	static char *line[8192];
	size_t n = 0;

	plain[0] = text[0] = '\0';
	ledger_list(l, append, plain);
	ledger_list_wishes(l, append_wish, plain);
	ledger_list_settled(l, append_settled, plain);
	for (char *p = strtok(plain, "\n"); p; p = strtok(NULL, "\n"))
		line[n++] = p;
	qsort(line, n, sizeof(*line), compare);
	for (size_t i = 0; i < n; i++)
		text += sprintf(text, "%s\n", line[i]);
}

static void assert_same(struct ledger *l, struct ledger *other)
{
	static char a[TEXT], b[TEXT];

	sorted(l, a);
	sorted(other, b);
	assert_string_equal(a, b);
	assert_int_equal(ledger_count(l), ledger_count(other));
}

static void change_holder(struct ledger *l, const struct ledger_key *k, unsigned int number)
{
	const struct ledger_holder holder = holder_number(number / 3);

	if (number % 3)
		assert_int_equal(ledger_hold(l, &holder, number, k, 1, NULL, ledger_stamp(l)), 0);
	else if (ledger_let_go(l, k, &holder, false, l))
		ledger_take(l, k);
}

static void end_session(struct ledger *l, uint64_t session, unsigned int number)
{
	const atomic_bool yes = true;
	struct ledger_key keys[8];
	uint64_t next;
	size_t n;

	switch (number / 4 % 4) {
	case 0:
		/* by the same user */
		ledger_adopt(l, session, session < 104 ? session + 4 : session - 4);
		return;
	case 1:
		ledger_renew(l, session, number);
		return;
	case 2:
		/* somebody who did not take it away */
		if (ledger_session_end(l, session, UINT64_MAX, &yes, l, keys, 1, &next) > 0)
			ledger_cancel(l, l);
		return;
	case 3:
		while ((n = ledger_session_end(l, session, UINT64_MAX, &yes, l, keys, 8, &next)) > 0)
			for (size_t i = 0; i < n; i++)
				ledger_take(l, &keys[i]);
	}
}

/* Something that may happen to a ledger; the same for the same number. */
static void step(struct ledger *l, unsigned int number)
{
	unsigned int random = number * 2654435761u;
	char a[16], b[16], address[32];
	struct ledger_key k, to;

	snprintf(a, sizeof(a), "link%u", random >> 8 & 15);
	snprintf(b, sizeof(b), "link%u", random >> 12 & 15);
	snprintf(address, sizeof(address), "%s/%u", a, random >> 16 & 7);
	k = key(HYCAN_OBJECT_KIND_LINK, a);
	to = key(HYCAN_OBJECT_KIND_LINK, b);
	switch (random >> 24 & 15) {
	case 0:
	case 1:
		put(l, HYCAN_OBJECT_KIND_LINK, a, NULL, number);
		return;
	case 2:
		put(l, HYCAN_OBJECT_KIND_LINK, a, b, number);
		return;
	case 3:
		ledger_take(l, &k);
		return;
	case 4:
		assert_int_equal(ledger_rename(l, &k, &to, 1u << HYCAN_OBJECT_KIND_ADDRESS, 0), 0);
		return;
	case 5:
		ledger_take_on(l, &k, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
		return;
	case 6:
		ledger_take_others(l, &k, HYCAN_OBJECT_KIND_ADDRESS, 0, NULL, NULL, UINT64_MAX);
		return;
	case 7:
		k = key(HYCAN_OBJECT_KIND_ADDRESS, address);
		ledger_take(l, &k);
		return;
	case 8:
	case 9:
		snprintf(address, sizeof(address), "10.%u.0.0/16", random >> 16 & 31);
		put(l, HYCAN_OBJECT_KIND_ROUTE, address, a, number);
		return;
	case 10:
		change_holder(l, &k, number);
		return;
	case 11:
		k = key(HYCAN_OBJECT_KIND_ADDRESS, address);
		change_holder(l, &k, number);
		return;
	case 12:
		end_session(l, 100 + number % 8, number);
		return;
	case 13:
		if (number % 2)
			k = key(HYCAN_OBJECT_KIND_ADDRESS, address);
		(void)ledger_wish(l, &k, "repair it", random >> 16 & 7);
		(void)ledger_settle(l, &k, "like this", random >> 20 & 7);
		return;
	default:
		put(l, HYCAN_OBJECT_KIND_ADDRESS, address, a, number);
	}
}

/* Also while the file is written anew, which happens every ten thousand steps or so. */
static void is_known_again(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false), *again;
	struct ledger *memory = NULL;
	unsigned int n = 0;
	struct stat st;

	assert_int_equal(ledger_open(&memory), 0);
	for (unsigned int round = 0; round < 60; round++) {
		for (unsigned int i = 0; i < 1000 + round * 7; i++) {
			step(l, n);
			step(memory, n++);
		}
		assert_same(l, memory);
		ledger_free(&l);
		again = keep(p->path, false);
		assert_same(again, memory);
		l = again;
	}
	assert_int_equal(stat(p->path, &st), 0);
	assert_in_range(st.st_size, 1, 4 << 20);
	ledger_free(&l);
	ledger_free(&memory);
}

/* What is put back for several users at a time is read by the next one. */
static void back_of_several(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);

	for (uint64_t owner = 0; owner < 3; owner++) {
		const struct ledger_holder back = ledger_holder_back(owner);
		const struct ledger_key k = key(HYCAN_OBJECT_KIND_LINK, (char[]){ (char)('a' + owner), '\0' });

		assert_int_equal(ledger_put(l, &back, 1, &k, 1, NULL, NULL), 0);
	}
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 3);
	ledger_free(&l);
}

static void one_run_is_small(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false), *again;
	struct stat st;

	for (unsigned int i = 0; i < 300000; i++)
		step(l, i);
	assert_int_equal(stat(p->path, &st), 0);
	assert_in_range(st.st_size, 1, 4 << 20);
	ledger_free(&l);
	again = keep(p->path, false);
	assert_int_equal(ledger_open(&l), 0);
	for (unsigned int i = 0; i < 300000; i++)
		step(l, i);
	assert_same(l, again);
	ledger_free(&l);
	ledger_free(&again);
}

/* Of steps that were done all are known, and of the one under way all or nothing of what it asks for. */
static void is_killed(void **state)
{
	struct place *p = *state;
	unsigned int *done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (unsigned int round = 0; round < 30; round++) {
		struct ledger *before = NULL, *after = NULL, *again;
		static char a[TEXT], b[TEXT], c[TEXT];
		unsigned int n;
		int status;
		pid_t child;

		unlink(p->path);
		*done = 0;
		child = fork();
		if (child == 0) {
			struct ledger *l = keep(p->path, false);

			for (unsigned int i = 0;; i++) {
				step(l, i);
				__atomic_store_n(done, i + 1, __ATOMIC_RELEASE);
				while (i > 100000)
					pause();
			}
		}
		while (__atomic_load_n(done, __ATOMIC_ACQUIRE) < 1000 * round + 1 && waitpid(child, &status, WNOHANG) == 0)
			usleep(50);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		n = *done;
		again = keep(p->path, false);
		assert_int_equal(ledger_open(&before), 0);
		assert_int_equal(ledger_open(&after), 0);
		for (unsigned int i = 0; i < n + 1; i++) {
			if (i < n)
				step(before, i);
			step(after, i);
		}
		sorted(again, a);
		sorted(before, b);
		sorted(after, c);
		/* a sweep writes one record for each object; here there are eight */
		if (strcmp(a, b) != 0 && strcmp(a, c) != 0 &&
		    (ledger_count(again) < ledger_count(after) || ledger_count(again) > ledger_count(before)))
			fail_msg("killed in step %u, it knows\n%sand neither what was there before\n%snor behind it\n%s", n, a, b,
			         c);
		ledger_free(&again);
		ledger_free(&before);
		ledger_free(&after);
	}
	munmap(done, sizeof(*done));
}

/* Who of several holds an object first is the same when the file is read again. */
static void first_of_several(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false), *again;
	const struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a");
	const struct ledger_holder one = holder_number(1);
	static char before[TEXT], behind[TEXT];

	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 2);
	assert_false(ledger_let_go(l, &a, &one, false, l));
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 3);
	sorted(l, before);
	ledger_free(&l);
	again = keep(p->path, false);
	sorted(again, behind);
	assert_string_equal(before, behind);
	ledger_free(&again);
}

static int count_request(unsigned int number, const uint8_t *request, size_t size, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%u:%.*s ", number, (int)size, (const char *)request);
	return 0;
}

static int begin_request(struct ledger *l, const char *text, size_t n_objects, unsigned int *ret_number)
{
	const size_t half = strlen(text) / 2;
	const struct ledger_bytes parts[] = {
		{ .bytes = text, .size = half },
		{ .bytes = (text + half), .size = strlen(text) - half },
	};

	return ledger_begin(l, parts, 2, n_objects, false, ret_number);
}

static void assert_unfinished(struct ledger *l, const char *expected)
{
	char text[256] = "";

	assert_int_equal(ledger_unfinished(l, count_request, text), 0);
	assert_string_equal(text, expected);
}

static void requests(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	unsigned int one, two, three;

	assert_int_equal(begin_request(l, "one", 1, &one), 0);
	assert_int_equal(begin_request(l, "two", 1000, &two), 0);
	assert_int_equal(begin_request(l, "", 0, &three), 0);
	assert_unfinished(l, "0:one 1:two 2: ");
	ledger_commit(l, one);
	ledger_commit(l, three);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_unfinished(l, "1:two ");
	/* it goes along when the file is written anew */
	for (unsigned int i = 0; i < 100000; i++)
		step(l, i);
	assert_unfinished(l, "1:two ");
	ledger_free(&l);
	l = keep(p->path, false);
	assert_unfinished(l, "1:two ");
	ledger_commit(l, two);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_unfinished(l, "");
	for (unsigned int i = 0; i < 512; i++)
		assert_int_equal(begin_request(l, "", 0, &one), 0);
	assert_int_equal(begin_request(l, "", 0, &one), -EBUSY);
	ledger_free(&l);
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Which session goes on as another one is known to the next daemon, also where the file was written anew. */
static void knows_who_adopted(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	char identity[16];

	ledger_adopt(l, 300, 301);
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 0);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_adopted_by(l, 300), 301);
	for (unsigned int i = 0; i < 20000; i++) {
		const struct ledger_key k = key(HYCAN_OBJECT_KIND_ROUTE, (snprintf(identity, sizeof(identity), "%u", i), identity));

		put(l, HYCAN_OBJECT_KIND_ROUTE, identity, NULL, 0);
		ledger_take(l, &k);
	}
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_adopted_by(l, 300), 301);
	ledger_free(&l);
}

/* Since when something is there, and has its name, is known to the next daemon, also where the file was written anew. */
static void knows_since_when(void **state)
{
	const struct ledger_holder holder = { .subject = 4242, .lifetime = HYCAN_LIFETIME_PERMANENT },
				   other = { .subject = 4243, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), b = key(HYCAN_OBJECT_KIND_LINK, "b"),
				c = key(HYCAN_OBJECT_KIND_LINK, "c");
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	char identity[16];
	uint64_t owner;

	assert_int_equal(ledger_put(l, &other, 10, (const struct ledger_key[]){ a, c }, 2, NULL, NULL), 0);
	assert_int_equal(ledger_rename(l, &a, &b, 0, 20), 0);
	for (int anew = 0; anew < 3; anew++) {
		ledger_free(&l);
		l = keep(p->path, false);
		assert_true(ledger_is_others_since(l, &b, &holder, 19, false, &owner));
		assert_false(ledger_is_others_since(l, &b, &holder, 20, false, &owner));
		assert_true(ledger_is_others_since(l, &b, &holder, 9, true, &owner));
		assert_false(ledger_is_others_since(l, &b, &holder, 10, true, &owner));
		assert_true(ledger_is_others_since(l, &c, &holder, 9, false, &owner));
		assert_false(ledger_is_others_since(l, &c, &holder, 10, false, &owner));
		for (unsigned int i = 0; anew == 0 && i < 20000; i++) {
			const struct ledger_key k =
				key(HYCAN_OBJECT_KIND_ROUTE, (snprintf(identity, sizeof(identity), "%u", i), identity));

			put(l, HYCAN_OBJECT_KIND_ROUTE, identity, NULL, 0);
			ledger_take(l, &k);
		}
	}
	ledger_free(&l);
}

static uint8_t *put_key(uint8_t *p, const struct ledger_key *k)
{
	p = put_bytes(p, &k->netns, sizeof(k->netns));
	*p++ = (uint8_t)k->kind;
	*p++ = k->size;
	return put_bytes(p, k->identity, k->size);
}

/* As a former release wrote it: of what was put it is one time, and of what was renamed there is none. */
static void knows_since_when_of_former(void **state)
{
	const struct ledger_holder holder = { .subject = 4242, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), b = key(HYCAN_OBJECT_KIND_LINK, "b"),
				c = key(HYCAN_OBJECT_KIND_LINK, "c");
	const uint32_t number = 4243, none = 0;
	const uint64_t session = 0, since_us = 10;
	struct place *p = *state;
	struct journal *j;
	struct ledger *l;
	uint8_t *begin, *at;
	uint64_t owner;

	assert_int_equal(journal_create(p->path, &j), 0);
	begin = at = journal_reserve(j, 256);
	assert_non_null(at);
	*at++ = 2;
	*at++ = false;
	at = put_bytes(at, &number, sizeof(number));
	*at++ = HYCAN_LIFETIME_PERMANENT;
	at = put_bytes(at, &session, sizeof(session));
	at = put_bytes(at, &none, sizeof(none));
	at = put_bytes(at, &since_us, sizeof(since_us));
	at = put_key(put_key(at, &a), &c);
	journal_commit(j, RECORD_PUT, (size_t)(at - begin));
	begin = journal_reserve(j, 256);
	assert_non_null(begin);
	at = put_key(put_key(begin, &a), &b);
	at = put_bytes(at, &none, sizeof(none));
	journal_commit(j, RECORD_RENAME, (size_t)(at - begin));
	journal_free(&j);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 2);
	assert_true(ledger_is_others_since(l, &c, &holder, 9, false, &owner));
	assert_false(ledger_is_others_since(l, &c, &holder, 10, false, &owner));
	/* better too late */
	assert_true(ledger_is_others_since(l, &b, &holder, 1000, false, &owner));
	assert_false(ledger_is_others_since(l, &b, &holder, 10, true, &owner));
	ledger_free(&l);
}

/* What leaves nothing behind does not make the file grow: leases that are renewed, and requests that the kernel refuses. */
static void nothing_grows(void **state)
{
	static char text[1 << 20];
	const struct ledger_holder lease = { .subject = 1, .lifetime = HYCAN_LIFETIME_LEASE, .session = 7, .seconds = 10 };
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	const struct ledger_key k = key(HYCAN_OBJECT_KIND_LINK, "link");
	struct ledger_object object;
	struct entry *place;
	unsigned int number;

	assert_int_equal(ledger_put(l, &lease, 1, &k, 1, NULL, NULL), 0);
	for (unsigned int i = 0; i < 300000; i++)
		ledger_renew(l, 7, i);
	assert_in_range(size_of(p->path), 1, 4 << 20);
	for (unsigned int i = 0; i < 20000; i++) {
		char identity[16];

		snprintf(identity, sizeof(identity), "%u", i);
		put(l, HYCAN_OBJECT_KIND_ROUTE, identity, NULL, 0);
	}
	/* a long one takes along as much more of the objects */
	memset(text, 'x', sizeof(text) - 1);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(begin_request(l, text, 0, &number), 0);
		ledger_commit(l, number);
	}
	assert_in_range(size_of(p->path), 1, 24 << 20);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 20001);
	place = ledger_place(l);
	assert_non_null(place);
	assert_true(ledger_next(l, place, NULL, &object));
	assert_int_equal(object.deadline_us, 299999 + 10000000);
	ledger_place_free(l, &place);
	ledger_free(&l);
}

/* Who has the lock while a slice goes. */
static struct ledger *turn_ledger;

int __real_sched_yield(void);
int __wrap_sched_yield(void);

/* So much is written that the file is written anew, to the end. */
int __wrap_sched_yield(void)
{
	struct ledger *l = turn_ledger;

	turn_ledger = NULL;
	for (unsigned int i = 0; l && i < 60000; i++)
		put(l, HYCAN_OBJECT_KIND_ROUTE, "again and again", NULL, 1);
	return __real_sched_yield();
}

/* What gets the name of another one with much on it has it in the file, too, whoever writes that anew while all that goes. */
static void renamed_while_it_is_written_anew(void **state)
{
	const struct ledger_key from = key(HYCAN_OBJECT_KIND_LINK, "from"), to = key(HYCAN_OBJECT_KIND_LINK, "to");
	const struct ledger_key own = key(HYCAN_OBJECT_KIND_ADDRESS, "to1"), others = key(HYCAN_OBJECT_KIND_ADDRESS, "to2");
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	char identity[16];

	put(l, HYCAN_OBJECT_KIND_LINK, "from", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "from1", "from", 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "to", NULL, 2);
	for (unsigned int i = 0; i < 200; i++) {
		snprintf(identity, sizeof(identity), "to%u", i);
		put(l, HYCAN_OBJECT_KIND_ADDRESS, identity, "to", 2);
	}
	turn_ledger = l;
	assert_int_equal(ledger_rename(l, &from, &to, 1u << HYCAN_OBJECT_KIND_ADDRESS, 3000), 0);
	assert_null(turn_ledger);
	assert_in_range(size_of(p->path), 1, 2 << 20);
	for (unsigned int times = 0; times < 2; times++) {
		assert_int_equal(ledger_count(l), 3);
		assert_true(ledger_is_held_by(l, &to, 1));
		assert_true(ledger_is_held_by(l, &own, 1));
		assert_false(ledger_knows(l, &from));
		assert_false(ledger_knows(l, &others));
		ledger_free(&l);
		l = keep(p->path, false);
	}
	ledger_free(&l);
}

/* A byte of the file is another one: what stands before counts, the rest is kept aside, and the next daemon sees neither. */
static void broken(void **state)
{
	struct place *p = *state;
	uint8_t bytes[2048], other;
	struct ledger *l = keep(p->path, false);
	int fd;

	for (unsigned int i = 0; i < 20; i++)
		step(l, i);
	ledger_free(&l);
	fd = open(p->path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		struct ledger *again;
		bool was_broken;

		fd = open(p->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
		other = bytes[i] ^ (uint8_t)(1u << (i % 8));
		assert_int_equal(pwrite(fd, &other, 1, (off_t)i), 1);
		close(fd);
		assert_int_equal(ledger_open(&l), 0);
		assert_int_equal(ledger_keep(l, p->path, &was_broken), 0);
		assert_int_equal(access(p->broken, F_OK), was_broken ? 0 : -1);
		put(l, HYCAN_OBJECT_KIND_RULE, "new", NULL, 1);
		/* another process; what this one knows is compared with that */
		again = l;
		{
			static char a[TEXT], b[TEXT];

			sorted(again, a);
			ledger_free(&again);
			l = keep(p->path, false);
			sorted(l, b);
			assert_string_equal(a, b);
		}
		ledger_free(&l);
		unlink(p->broken);
	}
}

/* Bytes of a file that does not grow: what a new one has. */
#define SMALL (64u << 10)

/* Something that may be broken: what is in the file, and then a record that makes no sense. */
static void begin_broken(const char *path, unsigned int n)
{
	static const uint32_t senseless[] = { 16, 99, 0, 0 };
	struct ledger *l = keep(path, false);
	char identity[16];
	uint32_t size = 1;
	off_t at = 64;
	int fd;

	for (unsigned int i = 0; i < n; i++) {
		snprintf(identity, sizeof(identity), "%u", i);
		put(l, HYCAN_OBJECT_KIND_ROUTE, identity, NULL, 0);
	}
	ledger_free(&l);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	for (; size > 0; at += (size + 7) & ~7u)
		assert_int_equal(pread(fd, &size, sizeof(size), at), sizeof(size));
	assert_int_equal(pwrite(fd, senseless, sizeof(senseless), at), sizeof(senseless));
	close(fd);
}

static bool is_known(const struct ledger_key *k)
{
	return k->size != 3 || memcmp(k->identity, "bad", 3) != 0;
}

/* A record about a thing with an identity that others could not read ends the reading, as one that makes no sense does. */
static void believes_no_identity(void **state)
{
	const struct ledger_key bad = key(HYCAN_OBJECT_KIND_LINK, "bad"), a = key(HYCAN_OBJECT_KIND_LINK, "a");
	struct place *p = *state;

	for (unsigned int record = 0; record < 3; record++) {
		struct ledger *l = keep(p->path, false);
		bool was_broken;

		put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
		if (record == 0)
			put(l, HYCAN_OBJECT_KIND_LINK, "bad", NULL, 1);
		else if (record == 1)
			put(l, HYCAN_OBJECT_KIND_ROUTE, "1", "bad", 1);
		else
			assert_int_equal(ledger_rename(l, &a, &bad, 0, 0), 0);
		put(l, HYCAN_OBJECT_KIND_LINK, "c", NULL, 1);
		ledger_free(&l);
		assert_int_equal(ledger_open(&l), 0);
		ledger_on_read(l, is_known);
		assert_int_equal(ledger_keep(l, p->path, &was_broken), 0);
		assert_true(was_broken);
		assert_int_equal(ledger_count(l), 1);
		assert_true(ledger_knows(l, &a));
		ledger_free(&l);
		unlink(p->path);
		unlink(p->broken);
	}
}

/* Whoever finds it broken and has no room for another one, or is killed at any instruction, loses nothing of what can be read. */
static void broken_and_full(void **state)
{
	struct place *p = *state;
	struct rlimit limit, small;
	struct ledger *l = NULL;
	bool was_broken;

	begin_broken(p->path, 4000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = SMALL, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ledger_open(&l), 0);
	assert_int_equal(ledger_keep(l, p->path, &was_broken), -ENOSPC);
	ledger_free(&l);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	l = keep(p->path, true);
	assert_int_equal(ledger_count(l), 4000);
	ledger_free(&l);
	assert_int_equal(access(p->broken, F_OK), 0);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 4000);
	ledger_free(&l);
}

static void broken_and_killed(void **state)
{
	struct place *p = *state;

	for (useconds_t round = 0; round < 40; round++) {
		struct ledger *l = NULL;
		bool was_broken;
		char next[128];
		int status;
		pid_t child;

		begin_broken(p->path, 4000);
		snprintf(next, sizeof(next), "%s.new", p->path);
		child = fork();
		if (child == 0) {
			l = keep(p->path, true);
			while (true)
				pause();
		}
		while (access(next, F_OK) < 0 && access(p->broken, F_OK) < 0)
			assert_int_equal(waitpid(child, &status, WNOHANG), 0);
		usleep(round * 200);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(ledger_open(&l), 0);
		assert_int_equal(ledger_keep(l, p->path, &was_broken), 0);
		assert_int_equal(ledger_count(l), 4000);
		ledger_free(&l);
		assert_int_equal(access(next, F_OK), -1);
		unlink(p->path);
		unlink(p->broken);
	}
}

/* The process is killed behind so many names that it gives; 0: it is not. */
static unsigned int names_left;

static void count_name(void)
{
	if (names_left > 0 && --names_left == 0)
		kill(getpid(), SIGKILL);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags);

int __wrap_rename(const char *from, const char *to)
{
	int r = __real_rename(from, to);

	count_name();
	return r;
}

int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
	int r = __real_renameat2(from_folder, from, to_folder, to, flags);

	count_name();
	return r;
}

/* Nor what cannot: the broken file is there, by the one name or the other, whoever is killed between two of them. */
static void broken_and_killed_between_names(void **state)
{
	struct place *p = *state;
	int status = 0;

	for (unsigned int n = 1; n == 1 || WIFSIGNALED(status); n++) {
		struct ledger *l = NULL;
		bool was_broken;
		pid_t child;

		begin_broken(p->path, 10);
		child = fork();
		if (child == 0) {
			names_left = n;
			l = keep(p->path, true);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(ledger_open(&l), 0);
		assert_int_equal(ledger_keep(l, p->path, &was_broken), 0);
		assert_int_equal(ledger_count(l), 10);
		ledger_free(&l);
		l = keep(p->broken, true);
		assert_int_equal(ledger_count(l), 10);
		ledger_free(&l);
		unlink(p->path);
		unlink(p->broken);
		/* of that one */
		snprintf(p->broken, sizeof(p->broken), "%s.broken.broken", p->path);
		unlink(p->broken);
		snprintf(p->broken, sizeof(p->broken), "%s.broken", p->path);
	}
}

/*
 * That a request is over is not written down where there is no room, however few bytes are left: the next one of its number
 * ends it.
 */
static void without_an_end(void **state)
{
	const struct ledger_holder lease = { .subject = 1, .lifetime = HYCAN_LIFETIME_LEASE, .session = 7, .seconds = 10 };
	struct place *p = *state;
	struct rlimit limit, small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = SMALL, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned int shift = 0; shift < 3; shift++) {
		struct ledger *l = keep(p->path, false);
		const struct ledger_key k = key(HYCAN_OBJECT_KIND_LINK, "a name of many letters" + 8 * shift);
		unsigned int one, two;

		assert_int_equal(ledger_put(l, &lease, 1, &k, 1, NULL, NULL), 0);
		assert_int_equal(begin_request(l, "one", 1, &one), 0);
		assert_int_equal(begin_request(l, "two", 1, &two), 0);
		ledger_release(l, one);
		ledger_release(l, two);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		for (unsigned int i = 0; i < SMALL / 24; i++)
			ledger_renew(l, 7, i);
		ledger_commit(l, two);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(begin_request(l, "three", 1, &two), 0);
		put(l, HYCAN_OBJECT_KIND_LINK, "link", NULL, 0);
		assert_unfinished(l, "0:one 1:three ");
		ledger_free(&l);
		l = keep(p->path, false);
		assert_unfinished(l, "0:one 1:three ");
		assert_int_equal(ledger_count(l), 2);
		ledger_free(&l);
		unlink(p->path);
	}
}

/* A full file system shows before anybody needs the room. */
static void full(void **state)
{
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	struct rlimit limit, small;
	size_t counts[LEDGER_KINDS];
	char identity[16];
	unsigned int n = 0;

	assert_int_equal(ledger_check(l), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = 1 << 20, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (; ledger_check(l) == 0 && n < 100000; n++) {
		snprintf(identity, sizeof(identity), "%u", n);
		put(l, HYCAN_OBJECT_KIND_ROUTE, identity, NULL, 0);
	}
	assert_int_equal(ledger_check(l), -ENOSPC);
	ledger_count_kinds(l, counts);
	assert_int_equal(counts[HYCAN_OBJECT_KIND_ROUTE], n);
	assert_int_equal(counts[HYCAN_OBJECT_KIND_LINK], 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(ledger_check(l), 0);
	ledger_free(&l);
	assert_int_equal(ledger_open(&l), 0);
	assert_int_equal(ledger_check(l), 0);
	ledger_free(&l);
}

/* A request of which the identity is all that it says; and one that is noted. */
static bool begin_one(struct ledger *l, const char *identity, bool noted, unsigned int *ret_number)
{
	const struct ledger_bytes part = { .bytes = identity, .size = strlen(identity) };
	int r = begin_request(l, noted ? "" : identity, noted ? 0 : 1, ret_number);

	if (r == 0 && noted) {
		r = ledger_note(l, *ret_number, &part, 1, 1, false);
		if (r < 0)
			ledger_commit(l, *ret_number);
	}
	assert_true(r == 0 || r == -ENOSPC);
	return r == 0;
}

static void put_one(struct ledger *l, const char *identity)
{
	const struct ledger_key k = key(HYCAN_OBJECT_KIND_ROUTE, identity);

	put(l, HYCAN_OBJECT_KIND_ROUTE, identity, identity + strlen(identity) - 16, 0);
	assert_int_equal(ledger_settle(l, &k, identity, strlen(identity)), 0);
}

/* Requests that begin together, until there is no room for one. Returns how many objects were made. */
static size_t fill(struct ledger *l, size_t length)
{
	char text[2][LEDGER_IDENTITY_MAX + 1];
	bool begun[2] = { true, true };
	unsigned int number[2];
	size_t n = 0;

	while (begun[0] && begun[1]) {
		for (unsigned int i = 0; i < 2; i++) {
			snprintf(text[i], sizeof(text[i]), "%0*zu", (int)length, 2 * n + i);
			begun[i] = begin_one(l, text[i], i == 1, &number[i]);
		}
		/* the one that began last is not the one that needs it first */
		for (unsigned int i = 2; i-- > 0;)
			if (begun[i]) {
				put_one(l, text[i]);
				n++;
			}
		for (unsigned int i = 0; i < 2; i++)
			if (begun[i])
				ledger_commit(l, number[i]);
	}
	return n;
}

/* What one request of many objects was promised is not another's, and all of them get in, each with a record of its own. */
static void room_for_many(void **state)
{
	const size_t many = 600;
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	struct rlimit limit, small;
	unsigned int one, other;
	char identity[16];

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = SMALL, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(begin_request(l, "one", many, &one), 0);
	assert_int_equal(begin_request(l, "other", many / 10, &other), -ENOSPC);
	for (unsigned int i = 0; i < many; i++) {
		snprintf(identity, sizeof(identity), "%08u", i);
		put(l, HYCAN_OBJECT_KIND_ROUTE, identity, i % 2 ? "a long link" : "another link", 0);
	}
	assert_unfinished(l, "0:one ");
	/* it is given back */
	ledger_commit(l, one);
	assert_int_equal(begin_request(l, "other", many / 10, &other), 0);
	ledger_commit(l, other);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), many);
	ledger_free(&l);
}

/* However full it is: what was begun is known to the next one, and what was refused is not. */
static void full_within_a_record(void **state)
{
	static char before[TEXT], behind[TEXT];
	struct place *p = *state;
	struct rlimit limit, small;
	char shift[LEDGER_IDENTITY_MAX + 1];

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = SMALL, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned int at = 1; at < 1024; at += 3) {
		struct ledger *l = keep(p->path, false);
		size_t n;

		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		snprintf(shift, sizeof(shift), "%0*u", (int)(at % LEDGER_IDENTITY_MAX + 1), 0);
		put(l, HYCAN_OBJECT_KIND_RULE, shift, NULL, 0);
		n = fill(l, 17 + at % 230);
		assert_int_equal(ledger_count(l), n + 1);
		assert_unfinished(l, "");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		sorted(l, before);
		ledger_free(&l);
		l = keep(p->path, false);
		sorted(l, behind);
		assert_string_equal(before, behind);
		assert_unfinished(l, "");
		ledger_free(&l);
		unlink(p->path);
	}
}

static struct ledger_key key_in(uint64_t netns, const char *identity)
{
	struct ledger_key k = key(HYCAN_OBJECT_KIND_ADDRESS, identity);

	k.netns = netns;
	return k;
}

static void count_lost(const struct ledger_object *object, void *userdata)
{
	size_t *n = userdata;

	assert_int_equal(object->key.netns, 1);
	assert_int_equal(object->holder.subject, 7);
	(*n)++;
}

/* What there is of a number is of one namespace, as long as the boot is; and what is of another one stays. */
static void knows_which_namespace(void **state)
{
	const struct ledger_holder holder = { .subject = 7, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	struct ledger_key k;
	char identity[16];
	size_t n = 0;

	/* before it is known, the number is believed; and nothing is learnt from who does not know either */
	k = key_in(1, "a");
	assert_int_equal(ledger_put(l, &holder, 1, &k, 1, NULL, NULL), 0);
	assert_true(ledger_is_of(l, 1, 5));
	assert_int_equal(ledger_know_namespace(l, 1, 0), 0);
	assert_true(ledger_is_of(l, 1, 5));
	assert_int_equal(ledger_know_namespace(l, 1, 5), 0);
	assert_int_equal(ledger_know_namespace(l, 2, 6), 0);
	k = key_in(2, "a");
	assert_int_equal(ledger_put(l, &holder, 1, &k, 1, NULL, NULL), 0);
	/* by now the file is written anew: that is in what is known before all objects */
	for (unsigned int i = 0; i < 300000; i++) {
		snprintf(identity, sizeof(identity), "%u", i % 200);
		k = key_in(1 + i % 2, identity);
		assert_int_equal(ledger_put(l, &holder, i, &k, 1, NULL, NULL), 0);
	}
	assert_in_range(size_of(p->path), 1, 8 << 20);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 202);
	assert_true(ledger_is_of(l, 1, 5));
	assert_false(ledger_is_of(l, 1, 6));
	assert_true(ledger_is_of(l, 2, 6));
	assert_true(ledger_is_of(l, 2, 0));
	assert_false(ledger_is_of(l, 2, 5));
	assert_true(ledger_is_of(l, 3, 5));
	/* killed before what went is said to be of another one: then it is gone, and that is still to be said */
	ledger_end_namespace(l, 1, count_lost, &n);
	assert_int_equal(n, 101);
	assert_int_equal(ledger_count(l), 101);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 101);
	assert_false(ledger_is_of(l, 1, 8));
	assert_int_equal(ledger_know_namespace(l, 1, 8), 0);
	k = key_in(1, "b");
	assert_int_equal(ledger_put(l, &holder, 1, &k, 1, NULL, NULL), 0);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 102);
	assert_true(ledger_is_of(l, 1, 8));
	assert_false(ledger_is_of(l, 1, 5));
	ledger_free(&l);
	unlink(p->path);
}

/* A full file may not have said what went: that the number is another one's says so. */
static void another_one_has_nothing(void **state)
{
	const struct ledger_holder holder = { .subject = 7, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct ledger_key k = key_in(1, "a"), other = key_in(2, "a");
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);

	assert_int_equal(ledger_know_namespace(l, 1, 5), 0);
	assert_int_equal(ledger_put(l, &holder, 1, &k, 1, NULL, NULL), 0);
	assert_int_equal(ledger_put(l, &holder, 1, &other, 1, NULL, NULL), 0);
	assert_int_equal(ledger_know_namespace(l, 1, 6), 0);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_count(l), 1);
	assert_true(ledger_knows(l, &other));
	assert_true(ledger_is_of(l, 1, 6));
	ledger_free(&l);
	unlink(p->path);
}

static int check_lease(const struct ledger_object *object, void *userdata)
{
	assert_int_equal(object->holder.lifetime, HYCAN_LIFETIME_LEASE);
	assert_true(object->holder.is_left);
	++*(size_t *)userdata;
	return 0;
}

static int check_connection(const struct ledger_object *object, void *userdata)
{
	assert_int_equal(object->holder.lifetime, HYCAN_LIFETIME_CONNECTION);
	assert_false(object->holder.is_left);
	++*(size_t *)userdata;
	return 0;
}

/* What an end could not take away the next daemon knows as that; and where it is adopted, as what it is then. */
static void what_is_left_stays_so(void **state)
{
	const struct ledger_holder here = { .subject = 1, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 7 };
	const struct ledger_holder left = {
		.subject = 1, .lifetime = HYCAN_LIFETIME_LEASE, .session = 7, .seconds = 300, .is_left = true
	};
	const struct ledger_holder machine = {
		.subject = subject_of_cid(5), .lifetime = HYCAN_LIFETIME_LEASE, .session = 8, .seconds = 300, .is_left = true
	};
	const struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), b = key(HYCAN_OBJECT_KIND_LINK, "b");
	struct place *p = *state;
	struct ledger *l = keep(p->path, false);
	size_t n = 0;

	assert_int_equal(ledger_put(l, &here, 1, &a, 1, NULL, NULL), 0);
	assert_int_equal(ledger_hold(l, &left, 2, &a, 1, NULL, 0), 0);
	assert_int_equal(ledger_put(l, &machine, 1, &b, 1, NULL, NULL), 0);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_list(l, check_lease, &n), 0);
	assert_int_equal(n, 2);
	ledger_take(l, &b);
	ledger_hold_left(l, &here, 3);
	ledger_free(&l);
	l = keep(p->path, false);
	assert_int_equal(ledger_list(l, check_connection, &n), 0);
	assert_int_equal(n, 3);
	ledger_free(&l);
	unlink(p->path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_known_again, begin, end),
		cmocka_unit_test_setup_teardown(back_of_several, begin, end),
		cmocka_unit_test_setup_teardown(one_run_is_small, begin, end),
		cmocka_unit_test_setup_teardown(is_killed, begin, end),
		cmocka_unit_test_setup_teardown(first_of_several, begin, end),
		cmocka_unit_test_setup_teardown(requests, begin, end),
		cmocka_unit_test_setup_teardown(nothing_grows, begin, end),
		cmocka_unit_test_setup_teardown(renamed_while_it_is_written_anew, begin, end),
		cmocka_unit_test_setup_teardown(broken, begin, end),
		cmocka_unit_test_setup_teardown(believes_no_identity, begin, end),
		cmocka_unit_test_setup_teardown(broken_and_full, begin, end),
		cmocka_unit_test_setup_teardown(broken_and_killed, begin, end),
		cmocka_unit_test_setup_teardown(broken_and_killed_between_names, begin, end),
		cmocka_unit_test_setup_teardown(without_an_end, begin, end),
		cmocka_unit_test_setup_teardown(full, begin, end),
		cmocka_unit_test_setup_teardown(room_for_many, begin, end),
		cmocka_unit_test_setup_teardown(full_within_a_record, begin, end),
		cmocka_unit_test_setup_teardown(knows_who_adopted, begin, end),
		cmocka_unit_test_setup_teardown(knows_since_when, begin, end),
		cmocka_unit_test_setup_teardown(knows_since_when_of_former, begin, end),
		cmocka_unit_test_setup_teardown(knows_which_namespace, begin, end),
		cmocka_unit_test_setup_teardown(another_one_has_nothing, begin, end),
		cmocka_unit_test_setup_teardown(what_is_left_stays_so, begin, end),
	};

	return cmocka_run_group_tests_name("ledger_file", tests, NULL, NULL);
}
