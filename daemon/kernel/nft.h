/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables: transactions, and the elements of the sets of our table, for the files of this room alone.
 *
 * The kernel carries out a batch as a whole or not at all (nfnetlink, NFNL_MSG_BATCH_BEGIN). A batch names the
 * generation of the rule set that it was thought out for; when somebody else was faster it fails with -ERESTART, and
 * its author reads again. So reading, deciding and writing are one step, and a turn (kernel_nat_turn_begin()).
 */
#ifndef KERNEL_NFT_H
#define KERNEL_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

/* The one table that is ours, of family inet. */
#define NFT_TABLE "hycan"

/* Room that every message of a batch may fill. */
#define NFT_MESSAGE_ROOM 16384

struct nft_batch {
	struct kernel_scope *scope;
	uint8_t *base; /* the scope's buffer, or owned when that is too small */
	uint8_t *owned;
	size_t size;
	size_t room;
	size_t last;          /* where the last message begins */
	size_t list;          /* where the open list of elements begins, or 0 */
	const char *list_set; /* of that set */
	uint32_t first_seq;   /* of the begin */
	uint32_t last_seq;
	int error;
	struct {
		const char *module; /* without it the kernel does not know what the message speaks of */
		uint32_t seq;
	} needs[64];
	size_t n_needs;
};

/* An element of a set or map. Keys and data are the kernel's registers: every field padded to four bytes. */
struct nft_element {
	const void *key;
	size_t key_size;
	const void *data; /* NULL in a set */
	size_t data_size;
	const char *comment; /* text that nft(8) shows, or NULL */
	bool end;            /* of a set of intervals: the first key behind one, not the first in one */
};

/* Called for each element. 0 to go on, -errno to end. */
typedef int nft_element_found(const struct nft_element *element, void *userdata);

/* Room for a comment as the kernel keeps it. */
#define NFT_COMMENT_SIZE 130

/* Writes a comment in the form that nft(8) reads (libnftnl/udata.h, NFTNL_UDATA_*_COMMENT). Returns its size. */
uint32_t nft_comment(uint8_t userdata[static NFT_COMMENT_SIZE], uint8_t type, const char *text);

/* Called for the name of each set. 0 to go on, -errno to end. */
typedef int nft_set_found(const char *name, void *userdata);

/*
 * Number of the rule set as it is now. -EOPNOTSUPP, with the reason as the scope's message: this kernel has no
 * nf_tables. Every reading that leads to a change begins with it.
 */
int nft_generation(struct kernel_scope *scope, uint32_t *ret_generation);

/* Reads something; -EINTR: it changed meanwhile. */
typedef int nft_reader(struct kernel_scope *scope, void *userdata);

/*
 * Reads several sets as they were at one moment: again and again, while somebody changes the rule set in between. -EINTR: all the
 * time.
 */
int nft_read_at_once(struct kernel_scope *scope, nft_reader *read, void *userdata);

/*
 * Begins a batch that was thought out for that generation, unless this turn is alone (nft_turn.c). It builds in the scope's buffer: no other
 * request until it is sent.
 */
void nft_batch_begin(struct nft_batch *batch, struct kernel_scope *scope, uint32_t generation);

/*
 * Begins a message (NFT_MSG_*) about family inet, with NFT_MESSAGE_ROOM bytes of room. module, if any, names what has to
 * be loaded for it. Never NULL: what goes wrong is told when the batch is sent.
 */
struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags, const char *module);

/* Ends that message. */
void nft_batch_message_end(struct nft_batch *batch, struct nlmsghdr *nlh);

/*
 * Adds (NFT_MSG_NEWSETELEM) or deletes (NFT_MSG_DELSETELEM) an element. An element that is there already is -EEXIST. The
 * name of the set has to live until the batch is sent.
 */
void nft_batch_element(struct nft_batch *batch, uint16_t type, const char *set, const struct nft_element *element);

/* Deletes our table with everything in it. */
void nft_batch_delete_table(struct nft_batch *batch);

/*
 * Sends it. -ERESTART: somebody else changed the rule set, read again. With the reason as the scope's message:
 * -EOPNOTSUPP, the kernel lacks a module; -EBUSY, a stranger's thing is in the way.
 */
int nft_batch_send(struct nft_batch *batch);

void nft_batch_free(struct nft_batch *batch);

/* Reads one element of a set of ours; of intervals, the one that the key is in. -ENOENT: there is none, or no set. */
int nft_element_get(struct kernel_scope *scope, const char *set, const void *key, size_t key_size, nft_element_found *found,
                    void *userdata);

/* Reads all elements of a set of ours; none when there is no set. -EINTR: they changed meanwhile, ask again. */
int nft_element_list(struct kernel_scope *scope, const char *set, nft_element_found *found, void *userdata);

/* Reads the names of the sets of our table; none when there is no table. */
int nft_set_list(struct kernel_scope *scope, nft_set_found *found, void *userdata);

/* Number of rules in our table. */
int nft_rule_count(struct kernel_scope *scope, size_t *ret_n);

/* Reads the elements that a message has. */
int nft_elements_read(const struct nlmsghdr *nlh, nft_element_found *found, void *userdata);

/* For nft_read.c: the header behind struct nlmsghdr, an element in a list, and the reason why there is no nf_tables. */
void nft_put_header(struct nlmsghdr *nlh, uint8_t family, uint16_t res_id);
void nft_put_element(struct nlmsghdr *nlh, const struct nft_element *element);
int nft_absent(struct kernel_scope *scope);

#endif
