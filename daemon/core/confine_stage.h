/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stages of the confinement have in common. */
#ifndef CORE_CONFINE_STAGE_H
#define CORE_CONFINE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sanitizer reads /proc, and traces the process when it looks for leaks. */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_SANITIZER true
#endif
#endif
#ifndef CONFINE_SANITIZER
#define CONFINE_SANITIZER false
#endif

/* Numbers of system calls: confine_list.c. */
extern const int confine_allowed[], confine_missing[], confine_deadly[];
extern const size_t confine_n_allowed, confine_n_missing, confine_n_deadly;

struct capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

/* Whether the process has that capability. */
bool confine_may(int capability);

#endif
