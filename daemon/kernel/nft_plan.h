/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is planned of our table: batches that the scope's gate did not let through. What they would have added is found like
 * anything else, and what they would have deleted is not, so that what comes behind in a plan sees the table as it will be.
 * For this room alone.
 */
#ifndef KERNEL_NFT_PLAN_H
#define KERNEL_NFT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft.h"

/* Notes what a batch would have done. 0 or -ENOMEM. */
int nft_plan_batch(struct kernel_scope *scope, const void *batch, size_t size);

/* Tells what it would have done (nft_plan_tell.c); it is as it was then. 0 or -errno. */
int nft_plan_tell(struct kernel_scope *scope, void *batch, size_t size);

/* Whether anything is planned; whether all that the kernel has is planned to go. */
bool nft_plan_is_any(struct kernel_scope *scope);
bool nft_plan_hides_table(struct kernel_scope *scope);

/* Looks for an element as nft_element_get() does. 1: nothing of it is planned, ask the kernel. */
int nft_plan_get(struct kernel_scope *scope, const char *set, const void *key, size_t key_size, nft_element_found *found,
                 void *userdata);

/* Whether an element that the kernel has is planned to go, or to be another; and all that are planned to come. */
bool nft_plan_hides(struct kernel_scope *scope, const char *set, const struct nft_element *element);
int nft_plan_list(struct kernel_scope *scope, const char *set, nft_element_found *found, void *userdata);

/* The same for sets: first each that the kernel has, then the others. */
bool nft_plan_hides_set(struct kernel_scope *scope, const char *name);
int nft_plan_list_sets(struct kernel_scope *scope, nft_set_found *found, void *userdata);

/* Whether the number of rules is planned, and which it is. */
bool nft_plan_rules(struct kernel_scope *scope, size_t *ret_n);

#endif
