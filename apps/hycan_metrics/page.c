/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * metrics.get, asked as any program asks it, and no more than once a second: however many readers there are, the daemon
 * answers one client that asks now and then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hycan/hycan.h>

#include "page.h"

/* As old as a text may be. */
#define AGE_MS 1000

/* The daemon answers within this, or is not well. */
#define PATIENCE_MS 5000

long long page_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int page_open(struct page *page, const char *socket)
{
	/* why not, if so, is in the connection; it is tried again when somebody asks */
	(void)hycan_open(&page->h, socket);
	if (!page->h)
		return -ENOMEM;
	hycan_set_timeout(page->h, PATIENCE_MS);
	return 0;
}

void page_close(struct page *page)
{
	hycan_close(page->h);
	free(page->text);
	*page = (struct page){ 0 };
}

static int join(struct page *page, const struct hycan_metrics_line *lines, size_t n)
{
	size_t size = 0;
	char *text, *p;

	for (size_t i = 0; i < n; i++)
		size += strlen(lines[i].line) + 1;
	text = p = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		p = stpcpy(p, lines[i].line);
		*p++ = '\n';
	}
	*p = '\0';
	free(page->text);
	page->text = text;
	page->size = size;
	return 0;
}

const char *page_get(struct page *page, size_t *ret_size, const char **ret_why)
{
	struct hycan_metrics_line *lines = NULL;
	long long now = page_now_ms();
	size_t n = 0;
	int r;

	if (!page->asked_ms || now - page->asked_ms >= AGE_MS) {
		r = hycan_metrics_get(page->h, &lines, &n);
		if (r == 0)
			r = join(page, lines, n);
		free(lines);
		if (r != 0) {
			/* what was is no answer to how it is */
			free(page->text);
			page->text = NULL;
		}
		/* a daemon that is not well may have taken a while to say so */
		page->asked_ms = page_now_ms();
	}
	*ret_why = hycan_error_message(page->h);
	*ret_size = page->size;
	return page->text;
}
