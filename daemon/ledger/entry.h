/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the ledger share: the table, its entries, and who holds them. Inside this room alone, and with the
 * ledger's lock held.
 *
 *   ledger.c  what others may ask: takes the lock, and tells the file; ledger_listed.c the same of lists
 *   object.c  objects, and what they are on
 *   hold.c    who holds them
 *   session.c what sessions hold; adopted.c those that are others' by now
 *   going.c   what is about to go
 *   table.c   finding entries
 *   list.c    going through all of them, slice by slice
 *   news.c    telling what changes
 *   wish.c    what is to be done when an object is gone, and what is to be so of it
 *   namespace.c which network namespace a number means
 */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "ledger.h"
#include "ledger_file.h"

/* Buckets at the beginning, and of as many entries at most: every object may be on a link of its own. */
#define BUCKETS_MIN 64u
#define BUCKETS_MAX ((size_t)2 * LEDGER_OBJECTS_MAX)

/* Sessions are found by number in so many lists. */
#define SESSION_LISTS 256u

/* Network namespaces are found by number in so many lists. */
#define NAMESPACE_LISTS 256u

/* Wishes are found by their entries in so many lists. */
#define WISH_LISTS 4096u

/* Entries that are handled before another thread gets its turn. */
#define SLICE 64u

struct adopted;
struct entry;
struct netns;

/* What a session holds. */
struct holds {
	uint64_t session;
	uint64_t renewed_us;
	bool given; /* something back, since somebody asked */
	size_t n;
	TAILQ_HEAD(hold_list, hold) list; /* the oldest first */
	LIST_ENTRY(holds) entry;
};

/* A holder beside the one that is in the entry itself. */
struct hold {
	struct hold *next; /* of the same entry, the oldest first */
	struct entry *entry;
	struct holds *of; /* whose it is; NULL: the user's */
	TAILQ_ENTRY(hold) by_age;
	uint64_t at_us; /* made, or asked for again */
	uint64_t subject;
	uint32_t round;
	uint32_t seconds; /* of a lease; 0: it is none */
	bool is_left;     /* the lease is what became of another hold at the session's end */
	bool inside;      /* its memory is the entry's */
};

/* An entry stands for an object, or only for what objects are on; one that is neither is freed at once. */
struct entry {
	struct entry *next; /* in the bucket; what is compared stands together, in as few cache lines as can be */
	uint32_t hash;
	uint8_t kind;
	uint8_t size;
	bool object : 1;
	bool owned : 1;   /* a user holds it for good: subject, since round */
	bool listed : 1;  /* stays, while all others of its kind are taken out */
	bool pinned : 1;  /* it is being looked through, or something will be on it */
	bool grave : 1;   /* in no bucket; freed when what is on it is gone */
	bool going : 1;   /* somebody is about to take it away, or acts as its only holder */
	bool room : 1;    /* there is memory for a hold behind it */
	bool wished : 1;  /* there is a wish for when it is gone */
	bool settled : 1; /* and one about how it is */
	bool doubted : 1; /* what has its key may be another one */
	uint64_t subject;
	uint64_t netns;
	TAILQ_ENTRY(entry) order; /* by age, for objects and cursors */
	struct entry *on;
	LIST_ENTRY(entry) sibling; /* what is on the same */
	LIST_HEAD(, entry) things; /* what is on this */
	uint64_t since_us;
	uint64_t named_us;  /* when it came by the name that it has: it was made where there was none, or was renamed */
	struct hold *holds; /* further holders */
	uint32_t round;     /* when the user asked for it last */
	uint32_t seen;      /* the last look that saw it; one more: it was renamed since that began. 0: none did */
	uint8_t identity[];
};

TAILQ_HEAD(entry_list, entry);

/* Somebody takes an object away just now, or changes what he may as long as nobody else holds it. */
struct going {
	struct entry *entry;
	const void *by;
	struct going *next;
};

/* Somebody waits until that is not going any more; NULL: it is not. */
struct waiter {
	const void *by;
	const struct entry *on;
	struct waiter *next;
};

/* Memory for an entry or a hold when there is none any more. So many are kept, of the largest size. */
struct spare {
	struct spare *next;
};

#define SPARES     64u
#define SPARE_SIZE (sizeof(struct entry) + LEDGER_IDENTITY_MAX + 2 * sizeof(struct hold))

struct ledger {
	pthread_mutex_t lock;
	uint64_t hash_key[2];
	struct entry **bucket;
	uint32_t n_buckets;
	uint32_t level; /* the power of two that n_buckets has reached */
	uint32_t n_entries;
	size_t n_objects;
	size_t n_of_kind[LEDGER_KINDS];
	unsigned int work; /* since others had their turn */
	uint32_t round;    /* of stating what is wanted: counts ledger_round() */
	uint32_t look;     /* the last one that began: even */
	struct spare *spare;
	unsigned int n_spare;
	struct entry_list objects;
	LIST_HEAD(, holds) sessions[SESSION_LISTS];
	struct adopted *adopted;
	size_t n_adopted;
	size_t adoptions; /* that there were */
	LIST_HEAD(wish_list, wish) wishes[WISH_LISTS];
	LIST_HEAD(, netns) namespaces[NAMESPACE_LISTS];
	struct netns *last_namespace; /* that was found, or NULL */
	size_t n_namespaces;
	size_t tidy_namespaces; /* not before there are so many */

	struct going *going;
	struct waiter *waiters;
	pthread_cond_t went;      /* something that was going is gone, or stays */
	_Atomic uint32_t n_going; /* how often anything was about to go, and went */

	ledger_whole *whole; /* or NULL */
	ledger_waits *waits; /* or NULL */
	ledger_held *held;   /* or NULL */
	void *held_userdata;
	ledger_watched *watched; /* or NULL */
	void *watched_userdata;
	struct ledger_file *file; /* or NULL */
	bool is_written_anew;
	struct entry written_anew; /* a cursor: up to there, while the file is written anew */
};

void ledger_lock(struct ledger *l);
void ledger_unlock(struct ledger *l);

/* Lets others have their turn; everything may be another afterwards. */
void ledger_take_turns(struct ledger *l);

/* table.c */

int table_open(struct ledger *l);
void table_close(struct ledger *l);
uint32_t table_hash(const struct ledger *l, const struct ledger_key *key);
struct entry *table_find(const struct ledger *l, const struct ledger_key *key);
struct entry *table_find_hashed(const struct ledger *l, const struct ledger_key *key, uint32_t hash);

/* Finds an entry, or makes one that stands for nothing yet, with room for a hold. NULL: no memory. */
struct entry *table_obtain(struct ledger *l, const struct ledger_key *key, uint32_t hash, bool room);

/*
 * Asks the processor for the memory that table_obtain() will look at. Many objects are put with buckets all over the table,
 * and waiting for each of them in turn is what takes the time.
 */
void table_prefetch(const struct ledger *l, const uint32_t *hashes, size_t n);

/* Memory for an entry or a hold: give it to free(). */
void *table_memory(struct ledger *l, size_t size);

/* The memory for a hold behind it, or NULL. */
struct hold *table_room(struct entry *e);

/* Nobody finds it any more. */
void table_remove(struct ledger *l, struct entry *e);

/* Frees an entry that stands for nothing any more. */
void table_release(struct ledger *l, struct entry *e);

void entry_key(const struct entry *e, struct ledger_key *key);

/* object.c */

int object_put_all(struct ledger *l, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *keys, size_t n,
                   const struct ledger_key *on);

/* Whether it goes just now, with what it is on. */
bool object_is_in_grave(const struct entry *e);

/* Whether it was not there at a moment, or not by its name; with made, the name alone does not count. */
bool object_is_since(const struct entry *e, uint64_t moment_us, bool made);

/* It is as if a stranger had made it. */
void object_disown(struct ledger *l, struct entry *e);

/*
 * Takes an entry out with all that is on it. That is done slice by slice, and others have the lock in between: first it is out itself,
 * without that, and its name is free.
 */
void object_take_out(struct ledger *l, struct entry *e);
void object_take_out_first(struct ledger *l, struct entry *e);
void object_take_out_rest(struct ledger *l, struct entry *e);
void object_take_on(struct ledger *l, const struct ledger_key *key, enum hycan_object_kind kind, const uint64_t *subject,
                    uint64_t since_us);
int object_rename(struct ledger *l, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds, uint64_t now_us);

/* hold.c */

/* The session of which a hold of that holder is; 0: it is the user's. */
uint64_t hold_session(const struct ledger_holder *holder);

/* One more holder, or the same again. 0 or -ENOMEM. */
int hold_add(struct ledger *l, struct entry *e, const struct ledger_holder *holder, uint64_t now_us);
bool hold_any(const struct entry *e);

/* The hold of a session, or for 0 one of a user beside the first; NULL: there is none. */
struct hold *hold_find(const struct entry *e, uint64_t subject, uint64_t session);
void hold_drop(struct ledger *l, struct hold *h);

/* When its lease ends; UINT64_MAX: it is none. */
uint64_t hold_deadline(const struct hold *h);

/* Nobody holds it any more. */
void hold_drop_all(struct ledger *l, struct entry *e);

/* Lets go of what the holder, or its user, has of it; true: somebody still holds it. */
bool hold_let_go(struct ledger *l, struct entry *e, const struct ledger_holder *holder);

/* The same of the one hold alone that its lifetime says. */
bool hold_let_go_one(struct ledger *l, struct entry *e, const struct ledger_holder *holder);

/* Whether the holder has it, and did not ask for it since a round began. */
bool hold_is_stale(const struct entry *e, const struct ledger_holder *holder, uint32_t round);

/* Tells of each hold in which round it was asked for. 0, or what found() returned. */
int hold_list_rounds(const struct entry *e, ledger_round_found *found, void *userdata);

enum ledger_stand hold_stand(const struct entry *e, const struct ledger_holder *holder);

/* Whether another user holds it, or a program of one, whoever else does; and which. */
bool hold_others(const struct entry *e, uint64_t subject, uint64_t *ret_owner);

/* All who hold it, by number; at_us: when a lease of theirs began. */
size_t hold_count(const struct entry *e);
void hold_number(const struct entry *e, size_t number, struct ledger_holder *ret_holder, uint64_t *ret_at_us);

/* The holds of one entry are another's. 0 or -ENOMEM, and nothing has changed. */
int hold_move(struct entry *from, struct entry *to);

/* The holder, who has it, comes before all others. */
void hold_put_first(struct entry *e, const struct ledger_holder *holder);

/* Who holds it first, how many, and until when. */
void hold_describe(const struct entry *e, struct ledger_object *object);

/* The same of one user. False: he does not hold it. */
bool hold_describe_of(const struct entry *e, uint64_t subject, struct ledger_object *object);

/* session.c */

struct holds *session_find(struct ledger *l, uint64_t session);

/* The same, or a new one. NULL: no memory. */
struct holds *session_obtain(struct ledger *l, uint64_t session);

/* Frees one that holds nothing; NULL is none. */
void session_release(struct holds *h);

/* Writes when each session was renewed, behind all objects of a file that is written anew. */
void session_write_renewals(struct ledger *l);
void session_close(struct ledger *l);

/* adopted.c */

/* One session is another one from now on; without memory that is forgotten. */
void adopted_note(struct ledger *l, uint64_t from, uint64_t to);

/* Which one a session is by now: mostly itself. */
uint64_t adopted_by(const struct ledger *l, uint64_t session);

/* Writes all of them, before all objects of a file that is written anew: what is told of a session behind that stays so. 0 or -errno. */
int adopted_write(struct ledger *l);
void adopted_close(struct ledger *l);

/* going.c */

int going_begin(struct ledger *l, struct entry *e, const void *by);
void going_end(struct ledger *l, struct entry *e);

/* The object has another name: who waits for its end by the new one waits on. */
void going_move(struct ledger *l, struct entry *from, struct entry *to);

/* Whether it is going, and not by that one. */
bool going_by_another(const struct ledger *l, const struct entry *e, const void *by);

/*
 * Finds an entry, and waits as long as it is going by somebody else. NULL: there is none, or not any more. It may be going still: for
 * too long, or by somebody who waits for that one.
 */
struct entry *going_find(struct ledger *l, const struct ledger_key *key, uint32_t hash, const void *by);

/* wish.c */

/* What is wished about an entry; without bytes, nothing. 0 or -ENOMEM. */
int wish_put(struct ledger *l, struct entry *e, enum wish_about about, const void *bytes, size_t size);
const void *wish_bytes(struct ledger *l, const struct entry *e, enum wish_about about, size_t *ret_size);

/* Nothing is, any more. */
void wish_drop(struct ledger *l, struct entry *e);
void wish_move(struct ledger *l, struct entry *from, struct entry *to);
void wish_close(struct ledger *l);

/* namespace.c */

/* There will be objects in a namespace. 0 or -ENOMEM; and there are so many more. */
int namespace_prepare(struct ledger *l, uint64_t inode);
void namespace_count(struct ledger *l, uint64_t inode, int change);

/* Writes which ones they are, before all objects of a file that is written anew. 0 or -errno. */
int namespace_write_all(struct ledger *l);
void namespace_close(struct ledger *l);

/* news.c */

/* Whether the user holds it. */
bool news_is_held_by(const struct entry *e, uint64_t subject);

/* It came, or a user holds it who did or did not before: to be told when that is so. */
void news_came(struct ledger *l, const struct entry *e, uint64_t subject);
void news_changed(struct ledger *l, const struct entry *e, uint64_t subject, bool before);

/* It is gone, but for the memory. */
void news_went(struct ledger *l, const struct entry *e);

/* list.c */

void list_describe(const struct entry *e, struct ledger_object *object);

/* The entry behind a cursor, which moves behind it; or NULL. */
struct entry *list_step(struct ledger *l, struct entry *cursor);

/* Goes on with writing the file anew, where that is due: whenever somebody gives the lock back. */
void list_write_anew(struct ledger *l);
int list_write_all_anew(struct ledger *l);

#endif
