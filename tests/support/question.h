/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking for names as a host does: one question over UDP, and the whole answer as text. */
#ifndef SUPPORT_QUESTION_H
#define SUPPORT_QUESTION_H

#include "world.h"

/* Asked by a process in the named namespace, or here with NULL, at that server of IPv4 or IPv6. */

/*
 * What it says of a name: addresses of its family in the order of their bytes, with blanks between; “none” when it has none; else the word for the
 * answer's code: “NXDOMAIN”, “REFUSED”, “SERVFAIL”; “timeout” or “refused by the kernel”. Static.
 */
const char *dns_ask(const char *netns, const char *server, const char *name, bool ipv6);

/* Nothing comes back. */
void dns_assert_silence(const char *netns, const char *server, const char *name);

/* The name of an address, or as above. */
const char *dns_ask_reverse(const char *netns, const char *server, const char *address);

/* Asks until that is the answer; the test fails when it is not within so many seconds of a quiet machine (clock.h). */
void dns_until(int seconds, const char *netns, const char *server, const char *name, const char *answer);

/* Asks again and again, from now until dns_stop(): how often something else than that came back. */
struct dns_loop;
struct dns_loop *dns_start(const char *netns, const char *server, const char *name, const char *answer);
/* The same, and each question is given up at once: for how long there was no right answer at most, since this was asked last. */
struct dns_loop *dns_start_hasty(const char *netns, const char *server, const char *name, const char *answer);
unsigned int dns_longest_us(struct dns_loop *loop);

void dns_stop(struct dns_loop **loop, unsigned int *ret_asked, unsigned int *ret_failed);

#endif
