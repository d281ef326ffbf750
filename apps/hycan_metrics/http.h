/* SPDX-License-Identifier: BSD-3-Clause */
/* GET /metrics, and nothing else. */
#ifndef HYCAN_METRICS_HTTP_H
#define HYCAN_METRICS_HTTP_H

#include <stdint.h>
#include <sys/socket.h>

struct http;
struct page;

/*
 * Listens there. 0 or -errno. The port that it has, where any was asked for (0), is in ret_port. The page is the caller's.
 */
int http_open(const struct sockaddr *address, socklen_t size, struct page *page, struct http **ret_http, uint16_t *ret_port);
void http_close(struct http **http);

/* To be watched for reading. */
int http_fd(const struct http *http);

/* When http_run() is to be called at the latest, in milliseconds from now; -1: when the descriptor says so. */
int http_timeout(struct http *http);

/* Serves whoever is ready. */
void http_run(struct http *http);

#endif
