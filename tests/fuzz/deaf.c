/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of what hears the kernel: it cannot be opened, so hardly anything else of it is ever called. */
#include <errno.h>
#include <stdlib.h>

#include "observe.h"
#include "op.h"

int op_monitor_open(const struct kernel_scope *scope, int receive_buffer, uint64_t token, struct kernel_monitor **ret_monitor)
{
	(void)scope, (void)receive_buffer, (void)token, (void)ret_monitor;
	return -EMFILE;
}

void op_monitor_free(struct kernel_monitor **monitor)
{
	*monitor = NULL;
}

bool op_monitor_is_behind(const struct kernel_monitor *monitor)
{
	(void)monitor;
	return false;
}

int op_monitor_fd(const struct kernel_monitor *monitor)
{
	(void)monitor;
	abort();
}

uint32_t op_monitor_port(const struct kernel_monitor *monitor)
{
	(void)monitor;
	abort();
}

int op_monitor_watch(struct kernel_monitor *monitor, uint32_t families, uint32_t losses)
{
	(void)monitor, (void)families, (void)losses;
	abort();
}

uint32_t op_monitor_suspects(struct kernel_monitor *monitor)
{
	(void)monitor;
	abort();
}

int op_monitor_list(struct kernel_monitor *monitor, enum hycan_object_kind kind, op_found *found, void *userdata)
{
	(void)monitor, (void)kind, (void)found, (void)userdata;
	abort();
}

int op_scope_list_table(struct kernel_scope *scope, enum hycan_object_kind kind, op_found *found, void *userdata)
{
	(void)scope, (void)kind, (void)found, (void)userdata;
	abort();
}

int op_monitor_list_settings(struct kernel_monitor *monitor, op_found_settings *found, void *userdata)
{
	(void)monitor, (void)found, (void)userdata;
	abort();
}

bool op_found_whole(enum hycan_object_kind kind, const void *found)
{
	(void)kind, (void)found;
	abort();
}

const struct op_wished *op_wished(enum hycan_operation_number operation)
{
	static const struct op_wished nothing;

	(void)operation;
	return &nothing;
}

int op_monitor_read(struct kernel_monitor *monitor, size_t max, op_changed *changed, void *userdata)
{
	(void)monitor, (void)max, (void)changed, (void)userdata;
	abort();
}

bool op_monitor_has_silent(const struct kernel_monitor *monitor)
{
	(void)monitor;
	abort();
}

void op_monitor_look(struct kernel_monitor *monitor)
{
	(void)monitor;
	abort();
}

int op_monitor_check_table(struct kernel_monitor *monitor, bool *ret_whole)
{
	(void)monitor, (void)ret_whole;
	abort();
}

/* A successor asks for it whose ledger has a network. */
int op_scope_renew_table(struct kernel_scope *scope, bool *ret_renewed)
{
	(void)scope;
	*ret_renewed = false;
	return 0;
}

int op_nft_watch_open(struct kernel_monitor *monitor, struct kernel_nft_watch **ret_watch)
{
	(void)monitor, (void)ret_watch;
	abort();
}

void op_nft_watch_free(struct kernel_nft_watch **watch)
{
	*watch = NULL;
}

int op_nft_watch_fd(const struct kernel_nft_watch *watch)
{
	(void)watch;
	abort();
}

bool op_nft_watch_read(struct kernel_nft_watch *watch)
{
	(void)watch;
	abort();
}

uint32_t op_monitor_doubts(const struct kernel_monitor *monitor)
{
	(void)monitor;
	abort();
}

int op_monitor_sync(struct kernel_monitor *monitor, op_changed *changed, void *userdata)
{
	(void)monitor, (void)changed, (void)userdata;
	abort();
}

const struct image_entry *op_monitor_next(const struct kernel_monitor *monitor, uint32_t families, uint64_t number,
                                          const struct image_entry *hint, uint64_t *ret_number)
{
	(void)monitor, (void)families, (void)number, (void)hint, (void)ret_number;
	abort();
}

int op_monitor_event(struct kernel_monitor *monitor, const struct image_entry *entry, struct hycan_event *event)
{
	(void)monitor, (void)entry, (void)event;
	abort();
}

const char *op_monitor_link_name(const struct kernel_monitor *monitor, uint32_t ifindex)
{
	(void)monitor, (void)ifindex;
	abort();
}

void op_scope_mark(struct kernel_scope *scope, uint32_t port, uint64_t token, const struct op_request *request, bool begin)
{
	(void)scope, (void)port, (void)token, (void)request, (void)begin;
	abort();
}

/* No zone is resumed there. */
int op_dns_resume(struct kernel_scope *scope, struct resolver_zone *zone, struct hycan_link *ret_link)
{
	(void)scope, (void)zone, (void)ret_link;
	abort();
}

/* Nor is there any network, whatever the handlers say that they made. */
int op_scope_forwards_of(struct kernel_scope *scope, const char *link, uint32_t *ret_families)
{
	(void)scope, (void)link, (void)ret_families;
	return -ENOENT;
}

int op_scope_list_forwards(struct kernel_scope *scope, op_found_forwards *found, void *userdata)
{
	(void)scope, (void)found, (void)userdata;
	return 0;
}
