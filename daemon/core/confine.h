/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Confinement: what the daemon gives up for good, in stages that main() calls in this order.
 *
 * Each stage says what the daemon needs from then on (“should”) and what an intruder in it can no longer do (“must not”).
 * It is done by the daemon itself, so it holds without systemd too; what systemd has done already is left as it is. A
 * stage that should work and does not ends the start: half a confinement is none.
 *
 * From the view on everything is of the calling thread, and threads inherit it: all stages come before the first thread.
 */
#ifndef CORE_CONFINE_H
#define CORE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum confine_stage {
	CONFINE_PROCESS = 1,
	CONFINE_VIEW = 2,
	CONFINE_CAPABILITIES = 4,
	CONFINE_PRIVILEGES = 8,
	CONFINE_CALLS = 16,
	CONFINE_ALL = 31,
};

/* The stages of that name, or of several with commas: “view,calls”, or “all”. -EINVAL: there is no such stage. */
int confine_parse(const char *text, unsigned int *ret_stages);

/*
 * What is inherited.
 *   should:   have 0, 1 and 2; the descriptors that systemd passed, and this one (or -1); know where to notify and to log.
 *   must not: leave a core file with keys, be read by others of its user; keep descriptors or an environment that nobody
 *             meant for it.
 */
int confine_process(int fd);

/*
 * The file system.
 *   should:   read and write /proc/sys/net, and these folders (up to a NULL); reach the journal and systemd's notify socket.
 *   must not: see any other file: no password, no key, no other process, no other socket; make a file elsewhere.
 */
int confine_view(const char *const *folders);

/* CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_SYS_ADMIN */
#define CONFINE_CAP_NETWORK ((UINT64_C(1) << 10) | (UINT64_C(1) << 12) | (UINT64_C(1) << 21))
/* CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_PTRACE: for whoever stays outside of the view */
#define CONFINE_CAP_OUTSIDE ((UINT64_C(1) << 1) | (UINT64_C(1) << 3) | (UINT64_C(1) << 19))

/* CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN: for whoever starts servers in network namespaces */
#define CONFINE_CAP_RESOLVER ((UINT64_C(1) << 10) | (UINT64_C(1) << 21))

/* Whether somebody else filters the calls already and made the root read-only, as systemd's unit does: it may kill who tries more. */
bool confine_is_done(void);

/*
 * Root's power.
 *   should:   change the network, enter network namespaces.
 *   must not: touch others' files or processes, load modules, become anybody else; get any of that back.
 */
int confine_capabilities(uint64_t keep);

/*
 * For a process that stays outside of the view and starts programs.
 *
 * The whole file system is read-only to it and to what it starts, but for a /tmp of its own.
 */
int confine_read_only(void);

/* It becomes another user and keeps these capabilities, as far as it has them; what it starts has none of them, */
int confine_become(uid_t uid, gid_t gid, uint64_t keep);

/* but those that it keeps by this, in the process that is about to be another program. */
int confine_inherit(uint64_t keep);

/*
 * no_new_privs.
 *   should:   go on as it is.
 *   must not: gain anything by a set-uid program or one with file capabilities.
 */
int confine_privileges(void);

/*
 * System calls (confine_calls.c has the list).
 *   should:   serve, speak netlink, keep time, enter a network namespace, start threads, write its ledger.
 *   must not: start a program or a process, send a packet, mount, trace, load code; what shows an intruder kills.
 */
int confine_calls(void);

/*
 * The same for whoever starts programs, and for these: anything but what no healthy program of theirs calls (mount, ptrace, bpf,
 * keyctl, init_module, chmod, setuid …), which kills.
 */
int confine_calls_of_programs(void);

#endif
