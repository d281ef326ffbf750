/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon counts, as one text. */
#ifndef HYCAN_METRICS_PAGE_H
#define HYCAN_METRICS_PAGE_H

#include <stddef.h>

struct hycan;

struct page {
	struct hycan *h;
	char *text;
	size_t size;
	long long asked_ms; /* when; 0: never */
};

/* socket: the daemon's, or NULL for the usual ones. It may come later, and go. 0 or -ENOMEM. */
int page_open(struct page *page, const char *socket);
void page_close(struct page *page);

/*
 * The text, not older than a second. It stays until the next call. NULL: there is none, and text of *ret_why says why, which
 * lasts as long.
 */
const char *page_get(struct page *page, size_t *ret_size, const char **ret_why);

/* Milliseconds of the monotonic clock. */
long long page_now_ms(void);

#endif
