/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: what the daemon made in the kernel, where, for whom, and when.
 *
 * An object is known by its key: the network namespace, the kind, and the values that tell it from others of its kind, as
 * bytes that the ledger only compares. It may be on another one, as an address is on a link: then it goes with that, as it
 * does in the kernel. What it is on need not be in the ledger itself.
 *
 * The ledger is told what was done; it asks nobody. What strangers do, and what the kernel drops by itself, others find out
 * and tell it (ledger_sweep_lost()). It is kept in memory, and with ledger_keep() in a file that outlives the daemon, but not the boot.
 *
 * Every function may be called by any thread. Nobody waits for longer than a slice of work takes, or one look through what
 * is on a link.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hycan/types.h>

/* Objects that a ledger holds at most: more than all routes of the Internet, so that a client cannot use up the memory. */
#define LEDGER_OBJECTS_MAX (UINT32_C(1) << 22)

/* What an object takes in the file, but for what tells it from others where a request says that. */
#define LEDGER_OBJECT_BYTES ((size_t)96)

#define LEDGER_IDENTITY_MAX 254

/*
 * Kinds that do not go with what they are on: the names of a network are told until somebody says that they are not, and again
 * on a link that is made anew.
 */
#define LEDGER_OUTLIVES(kind) ((kind) == HYCAN_OBJECT_KIND_DNS || (kind) == HYCAN_OBJECT_KIND_DNS_HOST)

struct ledger;

struct ledger_key {
	uint64_t netns; /* inode of the namespace: of the one that ledger_know_namespace() told of */
	enum hycan_object_kind kind;
	uint8_t size; /* bytes of identity */
	uint8_t identity[LEDGER_IDENTITY_MAX];
};

/* Somebody who holds an object. */
struct ledger_holder {
	uint64_t subject;
	enum hycan_lifetime lifetime;
	uint64_t session; /* whose it is, unless it is permanent; 0: none */
	uint32_t seconds; /* of a lease */
	bool is_left;     /* a lease alone of what its end could not take away: ledger_hold_left() */
	bool was_first;   /* of what is given back (holders.h): it held it before all others */
};

struct ledger_object {
	struct ledger_key key;
	struct ledger_holder holder; /* who holds it for good, or else longest */
	uint32_t n_holders;
	uint64_t deadline_us; /* of the holder's lease; 0: none */
	uint64_t since_us;    /* when it was made */
};

/* How somebody stands to an object. */
enum ledger_stand {
	LEDGER_NOBODYS, /* the ledger does not have it */
	LEDGER_MINE,    /* the caller, or programs of the same user, hold it alone */
	LEDGER_SHARED,  /* and others do, too */
	LEDGER_OTHERS,
	LEDGER_GOING, /* somebody else takes it away, or acts as its only holder, and it was waited for in vain */
};

int ledger_open(struct ledger **ret_ledger);
void ledger_free(struct ledger **ledger);

/*
 * Called under the ledger's lock when a user comes to hold an object (change 1), or holds one no more (-1), once for
 * each hold; set before there
 * is any. -ENOMEM, of those that come alone: then it is not recorded.
 */
typedef int ledger_held(uint64_t subject, enum hycan_object_kind kind, int change, void *userdata);
void ledger_on_hold(struct ledger *ledger, ledger_held *held, void *userdata);

/* Called under the ledger's lock when the calling thread waits for somebody else for longer than a moment, and no more. */
typedef void ledger_waits(bool begins);
void ledger_on_wait(struct ledger *ledger, ledger_waits *waits);

/* What became of an object. */
enum ledger_change {
	LEDGER_CAME,
	LEDGER_CHANGED, /* somebody holds it who did not, or no more, or it was made again */
	LEDGER_WENT,
};

struct ledger_news {
	enum ledger_change change;
	struct ledger_object object; /* of what went, as it was */
	uint64_t subject;            /* whose hold it is about; of what went, each user who held it */
	bool before, after;          /* whether that user held it, and does now */
	bool again;                  /* of what went: it was told of another user already */
};

/*
 * Called under the ledger's lock, with everything that changes, from now on; NULL: nobody is. It must be quick, and ask
 * nothing of the ledger.
 */
typedef void ledger_watched(const struct ledger_news *news, void *userdata);
void ledger_watch(struct ledger *ledger, ledger_watched *watched, void *userdata);

/* Going through all objects by age in steps, while they change: a place among them. NULL: no memory. */
struct entry;
struct entry *ledger_place(struct ledger *ledger);
void ledger_place_free(struct ledger *ledger, struct entry **place);

/* The next object behind a place, or of a user, who then is the holder that is told of. False: that was the last one. */
bool ledger_next(struct ledger *ledger, struct entry *place, const uint64_t *subject, struct ledger_object *ret_object);

/* Whether the user, or a program of his, holds the object; and then what it is, with him as the holder that is told of. */
bool ledger_is_held_as(struct ledger *ledger, const struct ledger_key *key, uint64_t subject, struct ledger_object *ret_object);

/* The same, without that. */
bool ledger_is_held_by(struct ledger *ledger, const struct ledger_key *key, uint64_t subject);

/* Asked of each key that the file tells: one that is not whole is no better than a record that is not. Set before ledger_keep(). */
typedef bool ledger_whole(const struct ledger_key *key);
void ledger_on_read(struct ledger *ledger, ledger_whole *whole);

/*
 * Keeps an empty ledger in that file from now on, and knows what a former daemon had in it. -EBUSY: another process has
 * it; -EPERM: others may have written to it. Sets whether it was broken: what could be read of it is known, and the file
 * is kept, with “.broken” behind its name.
 */
int ledger_keep(struct ledger *ledger, const char *path, bool *ret_broken);

/* The daemon ends: a file of a ledger without objects has nothing to tell, and is removed. */
void ledger_end(struct ledger *ledger);

/* Whether it is kept in a file. */
bool ledger_is_kept(const struct ledger *ledger);

struct ledger_bytes {
	const void *bytes;
	size_t size;
};

/*
 * A request is about to change the kernel, and makes so many objects at most, of which it says what tells them from others:
 * its bytes are in the file until it is done, and what it makes finds room there. own: it is the daemon's, and takes away or puts
 * back, and begins also where the room is only enough for itself.
 * -ENOSPC: there is no room for it, or for what it makes, and nothing must be changed.
 */
int ledger_begin(struct ledger *ledger, const struct ledger_bytes *request, size_t n_parts, size_t n_objects, bool own,
                 unsigned int *ret_number);
void ledger_commit(struct ledger *ledger, unsigned int number);

/* The room that a request was promised is there for others: for those that take it back. */
void ledger_release(struct ledger *ledger, unsigned int number);

/*
 * Notes something about a request that was begun: in the file until it is done, and wiped there then. It will put so many
 * objects before it notes anything else. own: as of ledger_begin(). 0, -ENOMEM or -ENOSPC: nothing is noted.
 */
int ledger_note(struct ledger *ledger, unsigned int number, const struct ledger_bytes *parts, size_t n_parts, size_t n_objects,
                bool own);

/* What is kept for a request that was begun, until it is done: bytes of what was noted of it, and of what it was promised. */
size_t ledger_kept(struct ledger *ledger, unsigned int number);

/* Tells what was noted, in that order. Without a lock: nothing may be written meanwhile. Returns what found() returned last. */
typedef int ledger_noted(const uint8_t *bytes, size_t size, void *userdata);
int ledger_notes(struct ledger *ledger, unsigned int number, ledger_noted *found, void *userdata);

/*
 * Tells of the requests that were begun, and are not done: after ledger_keep(), those that a former daemon had under way.
 * The bytes are there until ledger_commit(). 0 to go on, anything else to end; returns that.
 */
typedef int ledger_unfinished_request(unsigned int number, const uint8_t *request, size_t size, void *userdata);
int ledger_unfinished(struct ledger *ledger, ledger_unfinished_request *found, void *userdata);

/* Whether the holder holds an object already, as long as it asks to. */
bool ledger_holds(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder);

/*
 * A request is about to be carried out: what it makes will be told, and must not fail for want of memory then. 0 or -ENOMEM.
 */
int ledger_prepare(struct ledger *ledger);

/* How many objects there are. */
size_t ledger_count(struct ledger *ledger);

/* Kinds of objects that are counted, by number. */
#define LEDGER_KINDS 32u

/* How many there are of each kind. */
void ledger_count_kinds(struct ledger *ledger, size_t ret_counts[static LEDGER_KINDS]);

/* Whether the file could be written. 0, also where there is none, or -errno; -ESTALE: it has no name any more. */
int ledger_check(struct ledger *ledger);

/* Objects that can be put at once. */
#define LEDGER_PUT_MAX 32

/*
 * Times are in microseconds of a clock that goes on when the daemon starts anew (CLOCK_MONOTONIC).
 *
 * by tells those apart who make or take something away: what somebody else is taking away just now is waited for, ten seconds at
 * most, and not at all where that one waits for by.
 */

/*
 * Objects were made or changed, LEDGER_PUT_MAX at most. Who holds one that is there already goes on holding it. on: what
 * all of them are on, or NULL. 0 or -ENOMEM; -EBUSY: one was waited for in vain, and is forgotten when it is gone.
 */
int ledger_put(struct ledger *ledger, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *keys, size_t n,
               const struct ledger_key *on, const void *by);

/*
 * Objects were asked for and there already, LEDGER_PUT_MAX at most: those in the ledger have one more holder. -EAGAIN: one
 * is not, and something went since the stamp, maybe that; ask the kernel once more. -EBUSY: one was waited for in vain, and is
 * not held.
 */
int ledger_hold(struct ledger *ledger, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *keys, size_t n,
                const void *by, uint32_t stamp);

/* A moment to compare with: anything that goes, or begins to, changes it. Without the lock. */
uint32_t ledger_stamp(struct ledger *ledger);

/* How the holder stands to an object. Of others', ret_owner is one of them. */
enum ledger_stand ledger_whose(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                               uint64_t *ret_owner);

/* When an object came by the name that it has; 0: there is none. */
uint64_t ledger_named_us(struct ledger *ledger, const struct ledger_key *key);

/*
 * Whether others alone hold an object that was not there at a moment, or not by that name: so it is another one than that which had
 * the name then. With made, one that was there by another name is the same. ret_owner: who holds it.
 */
bool ledger_is_others_since(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                            uint64_t moment_us, bool made, uint64_t *ret_owner);

/*
 * The same of an object that is to be taken away, or to be changed as only he may who holds it alone. Where it is the holder's alone, or
 * another's and force is true, it is going from then on, until ledger_take() or ledger_cancel().
 */
enum ledger_stand ledger_take_begin(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                                    bool force, const void *by, uint64_t *ret_owner);

/*
 * The holder lets go; with one, of what that one holds, and not of what the user holds in another way. True: nobody else holds it any
 * more, and it is going; the caller has to take it away. What was waited for in vain somebody else does.
 */
bool ledger_let_go(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, bool one,
                   const void *by);

/*
 * All that a user has of an object, or with NULL everybody, is let go of. LEDGER_MINE: nobody else holds it; it is going,
 * and held, until ledger_take() or ledger_cancel(). LEDGER_SHARED: others hold it still. With dry nothing changes, and nobody waits.
 */
enum ledger_stand ledger_clear(struct ledger *ledger, const struct ledger_key *key, const uint64_t *subject, bool dry,
                               const void *by);

/* What was going by that one stays. Where nobody holds it any more, it is his for good whose it was last. */
void ledger_cancel(struct ledger *ledger, const void *by);

/* The same, but what nobody holds any more is a stranger's, as it was before. */
void ledger_disown(struct ledger *ledger, const void *by);

/*
 * Whether what was there at a moment, and to be taken away or changed since then, is gone by now, by whomever: nothing has that key, or
 * what has it was made, or got that name, since. Whether there was memory for the mark makes no difference.
 */
bool ledger_has_gone(struct ledger *ledger, const struct ledger_key *key, uint64_t moment_us);

/* An object is gone, whoever held it, and with it all that is on it. */
void ledger_take(struct ledger *ledger, const struct ledger_key *key);

/* The same, unless it was made, made again, or got its name after a moment: then false. */
bool ledger_take_former(struct ledger *ledger, const struct ledger_key *key, uint64_t moment_us);

/* Tells of all sessions that hold anything, and of a user of each. Without a lock; 0 or -ENOMEM, or what found() returned. */
typedef int ledger_session(uint64_t session, uint64_t subject, void *userdata);
int ledger_list_sessions(struct ledger *ledger, ledger_session *found, void *userdata);

/* The same of those that were given something back (ledger_give_back()) since they were told of last. */
int ledger_list_given(struct ledger *ledger, ledger_session *found, void *userdata);

/*
 * What the daemon's successor is to know of a session: bytes, in the file until they are forgotten. 0 or -errno.
 */
int ledger_keep_session(struct ledger *ledger, uint64_t session, const void *bytes, size_t size);
void ledger_forget_session(struct ledger *ledger, uint64_t session);

/* Tells of those that are kept in so many bytes. Without a lock; 0, -ENOMEM, or what found() returned. */
typedef int ledger_kept_session(const void *bytes, void *userdata);
int ledger_list_kept_sessions(struct ledger *ledger, size_t size, ledger_kept_session *found, void *userdata);

/* What a session holds. */
size_t ledger_session_count(struct ledger *ledger, uint64_t session);

/* The leases of a session end so many seconds from now. */
void ledger_renew(struct ledger *ledger, uint64_t session, uint64_t now_us);

/* What one session holds is another's, and what it is given back. What both hold stays as long as either would have held it. */
void ledger_adopt(struct ledger *ledger, uint64_t from, uint64_t to);

/*
 * What the end of the holder's session could not take away, and made a lease until it is tried again, the holder holds as if he had asked
 * for it now: the session goes on.
 */
void ledger_hold_left(struct ledger *ledger, const struct ledger_holder *holder, uint64_t now_us);

/* The session that a session is by now. */
uint64_t ledger_adopted_by(struct ledger *ledger, uint64_t session);

/*
 * A session lets go of what it holds, the last thing first: of leases that have ended, and with connection of all that is no
 * lease. That is looked at under the lock: who adopts the session says so first, and from then on nothing of it goes. Returns up to max keys of objects that nobody holds any more: they are going, and the caller has to take them
 * away. 0: nothing is left; then ret_next_us is when the next lease ends, or UINT64_MAX. What somebody else is busy with is left until
 * that is over: then ret_next_us is now_us.
 */
size_t ledger_session_end(struct ledger *ledger, uint64_t session, uint64_t now_us, const atomic_bool *connection, const void *by,
                          struct ledger_key *keys, size_t max, uint64_t *ret_next_us);

/*
 * Stating what is wanted: a round begins, and what is asked for from then on belongs to it. Returns its number.
 */
uint32_t ledger_round(struct ledger *ledger);

/* So many rounds begin at once, each after the one before. Returns the number of the first. */
uint32_t ledger_rounds(struct ledger *ledger, uint32_t n);

/* Tells of the objects that the holder did not ask for since a round began, of a kind or of all (0), the last one first. */
typedef int ledger_stale(const struct ledger_key *key, void *userdata);
int ledger_list_stale(struct ledger *ledger, const struct ledger_holder *holder, uint64_t netns, unsigned int kind, uint32_t round,
                      ledger_stale *found, void *userdata);

/* Tells of each hold of each object in which round it was asked for, under the lock. 0, or what found() returned. */
typedef int ledger_round_found(const struct ledger_key *key, const struct ledger_holder *holder, uint32_t round, void *userdata);
int ledger_list_rounds(struct ledger *ledger, ledger_round_found *found, void *userdata);

/* Whether the holder has asked for an object since a round began, and holds it; and nobody is about to take it away. */
bool ledger_is_stated(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, uint32_t round);

/* In which round the holder asked for an object last. False: it does not hold it. */
bool ledger_round_of(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, uint32_t *ret_round);

/* An object counts as asked for by the holder in that round, if it holds it. */
void ledger_state(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, uint32_t round);

/* Tells of the objects of a kind, or of all (0), that a user holds, or with NULL anybody: the last one first. */
int ledger_list_last_first(struct ledger *ledger, const uint64_t *subject, unsigned int kind, ledger_stale *found, void *userdata);

/*
 * One holder lets go of an object, unless it was asked for meanwhile. LEDGER_MINE: nobody else holds it; it is going, and
 * held, until ledger_take() or ledger_cancel(). LEDGER_SHARED: others hold it still. LEDGER_NOBODYS: it is not stale. LEDGER_GOING: it is held as
 * before.
 */
enum ledger_stand ledger_let_go_stale(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                                      uint32_t round, const void *by);

/* Something was done to an object that leaves it whose it is: that is told. Before ledger_watch() nothing is. */
void ledger_touch(struct ledger *ledger, const struct ledger_key *key);

/*
 * What is to be done when an object is gone: bytes, that go with it, and are in the file. Without any it is nothing. -ENOENT:
 * there is no such object; -ENOMEM; other: it is known, and could not be written down.
 */
int ledger_wish(struct ledger *ledger, const struct ledger_key *key, const void *bytes, size_t size);

/* The same about how it is to be while it is there: without any it is gone all the same when it is gone. */
int ledger_settle(struct ledger *ledger, const struct ledger_key *key, const void *bytes, size_t size);

/* A copy of the bytes of ledger_wish(), or of ledger_settle(), for free(). 0, -ENOENT or -ENOMEM. */
int ledger_wish_of(struct ledger *ledger, const struct ledger_key *key, void **ret_bytes, size_t *ret_size);
int ledger_settled_of(struct ledger *ledger, const struct ledger_key *key, void **ret_bytes, size_t *ret_size);

/* Tells of all, under the lock. */
typedef void ledger_wished(const struct ledger_key *key, const void *bytes, size_t size, void *userdata);
void ledger_list_wishes(struct ledger *ledger, ledger_wished *found, void *userdata);
void ledger_list_settled(struct ledger *ledger, ledger_wished *found, void *userdata);

/* Whether anybody holds it. */
bool ledger_is_held(struct ledger *ledger, const struct ledger_key *key);

/* Whether there is such an object, or something on it. */
bool ledger_knows(struct ledger *ledger, const struct ledger_key *key);

/* What is put back is no other thing since then: it has its name from before. */
void ledger_put_back(struct ledger *ledger, const struct ledger_key *keys, size_t n, uint64_t moment_us);

/*
 * An object is called otherwise now, and what is on it stays on it; an object on it of one of these kinds (a bit each) has
 * a key that begins with that of what it is on, and is called otherwise, too. What had the new key is gone. 0 or -ENOMEM.
 */
int ledger_rename(struct ledger *ledger, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds,
                  uint64_t now_us);

/*
 * All of a kind are gone that are on something, or on what is on that, by a request of the subject's, and were asked for since a moment; but
 * for those that others hold, and wish something of when they are gone (ledger_wish()).
 */
void ledger_take_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind, uint64_t subject,
                    uint64_t since_us);

/* Those of a kind on something that the holder holds with others are the others' alone from now on. */
void ledger_let_go_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind,
                      const struct ledger_holder *holder);

/*
 * Of those of a kind on something the n stay that key tells of, by their numbers, and those that were told of after until_us;
 * all others are gone. Key may not ask the ledger.
 */
typedef void ledger_listed(size_t i, struct ledger_key *ret_key, const void *userdata);
void ledger_take_others(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind, size_t n,
                        ledger_listed *key, const void *userdata, uint64_t until_us);

/* Whether there is any beside those, of a kind on something, that other users hold, whether this one does or not; and whose it is. */
bool ledger_find_others(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind, uint64_t subject, size_t n,
                        ledger_listed *key, const void *userdata, struct ledger_key *ret_key, uint64_t *ret_owner);

/* Whether other users hold an object, whether this one does or not; and which. */
bool ledger_is_others(struct ledger *ledger, const struct ledger_key *key, uint64_t subject, uint64_t *ret_owner);

/*
 * A look at what the kernel has begins. What it finds is marked by its number, so that a look which breaks off leaves
 * nothing for the next one; several may be under way.
 */
uint32_t ledger_look(struct ledger *ledger);

/* Something with that key was found. False: whether that is it is in doubt, so it is not marked unless is_it says so, which ends the doubt. */
bool ledger_mark(struct ledger *ledger, uint32_t look, const struct ledger_key *key, bool is_it);

/*
 * Whether it may be gone, though something has that key in the kernel; and all of a kind that are on something may be. What is found, or made
 * anew, is in no doubt any more.
 */
void ledger_doubt(struct ledger *ledger, const struct ledger_key *key, bool doubted);
void ledger_doubt_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind);
bool ledger_doubts(struct ledger *ledger, const struct ledger_key *key);

/* What a look is about: the objects of a kind in a namespace that were made before a moment, at which no request was under way. */
struct ledger_sight {
	uint32_t look;
	uint64_t netns;
	enum hycan_object_kind kind;
	uint64_t before_us;
};

/* Whether there is one that has no mark, is not going, and was not renamed since. */
bool ledger_misses(struct ledger *ledger, const struct ledger_sight *of);

/*
 * Those are gone, whoever held them, but for what somebody wishes (ledger_wish()). Tells of each, under the lock: what takes
 * longer is for later. True: of some one cannot say, since they are going or were renamed; it takes another look.
 */
typedef void ledger_lost(const struct ledger_object *object, void *userdata);
bool ledger_sweep_lost(struct ledger *ledger, const struct ledger_sight *of, ledger_lost *lost, void *userdata);

/*
 * Which network namespace a number means. The kernel gives the number of one that has ended to another, which no cookie (SO_NETNS_COOKIE,
 * socket(7)) is given to; 0: it is not known, and the number is believed.
 *
 * Whether what there is of a number is of that namespace, as far as is known. That it is from now on: 0, -ENOMEM, or it could not be
 * written down. All that there is of a number is gone, with its namespace: tells of each, under the lock.
 */
bool ledger_is_of(struct ledger *ledger, uint64_t netns, uint64_t cookie);
int ledger_know_namespace(struct ledger *ledger, uint64_t netns, uint64_t cookie);
void ledger_end_namespace(struct ledger *ledger, uint64_t netns, ledger_lost *lost, void *userdata);

/*
 * Somebody acts in a namespace from now on, and does no more: of very many, what is known of those in which nobody does and nothing is
 * is forgotten. 0 or -ENOMEM.
 */
int ledger_enter_namespace(struct ledger *ledger, uint64_t netns);
void ledger_leave_namespace(struct ledger *ledger, uint64_t netns);

/* Called for each object, without a lock. 0 to go on, anything else to end. */
typedef int ledger_found(const struct ledger_object *object, void *userdata);

/*
 * Tells of all objects, the oldest first. Those that come and go meanwhile may be among them or not. Returns what found()
 * returned last.
 */
int ledger_list(struct ledger *ledger, ledger_found *found, void *userdata);

/* The same of those alone that a user holds, who then is the holder that is told of. */
int ledger_list_of(struct ledger *ledger, uint64_t subject, ledger_found *found, void *userdata);

#endif
