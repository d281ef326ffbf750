/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client that sends whatever bytes it likes: for tests that the library would not let through. */
#ifndef SUPPORT_RAW_H
#define SUPPORT_RAW_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world.h"

struct raw {
	int fd;
	uint32_t seq; /* of the last request */
};

/* What an answer said. */
struct raw_answer {
	uint16_t type; /* of the last frame */
	uint32_t seq;
	int error;        /* of an error frame: 0 or -errno */
	uint32_t refusal; /* 0: none */
	char field[64];
	char sentence[512];
	size_t n_items; /* frames before the last one */
};

/* A frame that is put together. */
struct raw_frame {
	_Alignas(struct nlmsghdr) uint8_t bytes[65536];
	size_t size;
};

struct raw raw_connect(const char *path);

/* Connects and says hello. */
struct raw raw_open(const char *path);
void raw_close(struct raw *raw);

void raw_begin(struct raw *raw, struct raw_frame *frame, uint16_t type);
void raw_put(struct raw_frame *frame, uint16_t type, const void *payload, size_t size);

/* Sets the length in the header to what was put in. */
void raw_end(struct raw_frame *frame);

void raw_send(struct raw *raw, const void *bytes, size_t size);
void raw_send_fds(struct raw *raw, const void *bytes, size_t size, const int *fds, size_t n_fds);

/* Reads one whole answer. false: the daemon closed the connection. The test fails when nothing comes for a minute. */
bool raw_read(struct raw *raw, struct raw_answer *ret_answer);

/* Sends the frame and reads its answer; the test fails when the connection is closed instead. */
struct raw_answer raw_ask(struct raw *raw, const struct raw_frame *frame);

/* The connection still answers: link.get of lo is done. */
void raw_assert_alive(struct raw *raw);

#endif
