/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server that says what the test wants: for the library alone, and for everything that a real daemon never does.
 *
 * It runs in the test's own thread. A test sends without waiting, reads what arrived, writes an answer of its choice, and
 * lets the library process it; so nothing here depends on time. Only a blocking call needs a second thread.
 */
#ifndef SUPPORT_FAKE_SERVER_H
#define SUPPORT_FAKE_SERVER_H

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include <hycan/client.h>
#include <hycan/operations.h>

/* Bytes that grow. */
struct bytes {
	uint8_t *data;
	size_t size;
	size_t room;
};

struct fake {
	char directory[64];
	char path[96];
	int listener;
	int fd;          /* the connection, once it is accepted */
	struct hycan *h; /* the library's side */
	uint32_t hello;  /* seq of the greeting that came last */
	struct bytes in; /* what came from the library and was not taken yet */
	int fds[8];      /* descriptors that came with it */
	size_t n_fds;
	size_t fds_end; /* position in the stream behind the bytes that they came with */
	size_t taken;   /* bytes of the stream that were taken */
};

/* What a callback was told. */
struct told {
	int times;
	int result;
	size_t n;
	char message[512];
	struct hycan_link link; /* the last of the answer, for operations that answer links */
};

/* cmocka's setup and teardown: a listening socket and a connection to it, of which nothing is sent yet. */
int fake_begin(void **state);
int fake_end(void **state);

/* A socket at that path. */
int fake_listen(const char *path);

/* Accepts the connection of the library. */
void fake_accept(struct fake *f);

/* Closes the connection as a daemon that ends, with its socket or without. */
void fake_hang_up(struct fake *f);

/* Closes the library's side, while what the callbacks of pending requests write to is still there. */
void fake_close(struct fake *f);

/* The next request that arrived, which must be of that operation; its seq. Fails the test when there is none. */
uint32_t fake_take(struct fake *f, uint16_t operation);

/* The same with its header and attributes; they stay valid until the next call. */
const struct nlmsghdr *fake_take_frame(struct fake *f);

/* Whether a whole request is there. */
bool fake_has_frame(struct fake *f);

/* Sends bytes to the library. */
void fake_send(struct fake *f, const void *data, size_t size);
void fake_send_bytes(struct fake *f, struct bytes *bytes);

/* Takes the greeting and answers it. */
void fake_greet(struct fake *f);

/* Takes the next request and answers it as a daemon would: links are called vcan0, everything else is simply done. */
void fake_answer(struct fake *f);

/* Sends what the library has to send, answers it all, and lets the library hand it out. */
void fake_serve(struct fake *f);

/* Asks for so much that the socket takes a part of it alone. */
void fake_send_large(struct fake *f, struct told *told);

/* Frames, added to bytes. */
void bytes_add(struct bytes *b, const void *data, size_t size);
void bytes_frame(struct bytes *b, uint16_t type, uint16_t flags, uint32_t seq, const void *payload, size_t size);
void bytes_answer(struct bytes *b, const struct hycan_operation *operation, uint16_t flags, uint32_t seq, const void *reply);
void bytes_hello(struct bytes *b, uint32_t seq, uint32_t version);
void bytes_link(struct bytes *b, uint16_t operation, uint16_t flags, uint32_t seq, const char *name);
void bytes_done(struct bytes *b, uint32_t seq);
void bytes_error(struct bytes *b, uint32_t seq, int error, uint32_t refusal, const char *message, const char *field);
void bytes_free(struct bytes *b);

/* A callback that notes what it is told; userdata is a struct told. */
hycan_callback note;

/* Lets the library process until nothing more happens. */
void settle(struct fake *f);

/* A thread that answers while the test is in a blocking call. */
void fake_thread(struct fake *f, pthread_t *ret_thread, void *(*function)(void *fake));
void fake_join(pthread_t thread);

#endif
