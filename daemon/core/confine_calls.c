/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of system calls, made of the list in confine_list.c and of the rules below.
 *
 * It is a row of comparisons. Its length costs nothing: for calls whose parameters do not matter the kernel (from 5.11 on)
 * runs it once and remembers. It comes before the first thread and is inherited, so it need not be synchronised.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine.h"
#include "confine_stage.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define N(list) (sizeof(list) / sizeof(*(list)))

/* ---------------------------------------------------------------------------------------- calls with certain parameters */

/* A parameter is 64 bits wide; each half is looked at by itself. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW(i)  (offsetof(struct seccomp_data, args) + UINT64_C(8) * (i))
#define HIGH(i) (offsetof(struct seccomp_data, args) + UINT64_C(8) * (i) + 4)
#else
#define LOW(i)  (offsetof(struct seccomp_data, args) + UINT64_C(8) * (i) + 4)
#define HIGH(i) (offsetof(struct seccomp_data, args) + UINT64_C(8) * (i))
#endif

#define EQUALS(part, value)                                                                                                        \
	{                                                                                                                          \
		(part), UINT32_MAX, (value)                                                                                        \
	}
#define MASKED(part, mask, value)                                                                                                  \
	{                                                                                                                          \
		(part), (mask), (value)                                                                                            \
	}
#define PROCESS_ID UINT32_MAX /* stands for our own */
#define CONDITIONS 2

#if defined(__s390__) || defined(__s390x__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

struct condition {
	uint32_t part; /* offset in struct seccomp_data */
	uint32_t mask; /* 0: there is no condition */
	uint32_t value;
};

/* Allowed when all conditions hold; where a call has several rules, one is enough. */
static const struct rule {
	int call;
	struct condition condition[CONDITIONS];
} rules[] = {
	{ SCMP_SYS(socket), { EQUALS(LOW(0), AF_UNIX) } },
	{ SCMP_SYS(socket), { EQUALS(LOW(0), AF_NETLINK), EQUALS(LOW(2), NETLINK_ROUTE) } },
	{ SCMP_SYS(socket), { EQUALS(LOW(0), AF_NETLINK), EQUALS(LOW(2), NETLINK_GENERIC) } },
	{ SCMP_SYS(socket), { EQUALS(LOW(0), AF_NETLINK), EQUALS(LOW(2), NETLINK_NETFILTER) } },
	/* session.netns */
	{ SCMP_SYS(setns), { EQUALS(LOW(1), CLONE_NEWNET) } },
	/* whose a namespace is; what kind of descriptor standard error is */
	{ SCMP_SYS(ioctl), { EQUALS(LOW(1), NS_GET_NSTYPE) } },
	{ SCMP_SYS(ioctl), { EQUALS(LOW(1), NS_GET_USERNS) } },
	{ SCMP_SYS(ioctl), { EQUALS(LOW(1), NS_GET_OWNER_UID) } },
	{ SCMP_SYS(ioctl), { EQUALS(LOW(1), SIOCGIFNAME) } },
	{ SCMP_SYS(ioctl), { EQUALS(LOW(1), TCGETS) } },
	/* threads alone, and no namespace for them */
	{ SCMP_SYS(clone), { MASKED(LOW(CLONE_FLAGS), CLONE_THREAD | CLONE_NAMESPACES, CLONE_THREAD) } },
	/* no memory becomes code */
	{ SCMP_SYS(mmap), { MASKED(LOW(2), PROT_EXEC, 0) } },
	{ SCMP_SYS(mmap2), { MASKED(LOW(2), PROT_EXEC, 0) } },
	{ SCMP_SYS(mprotect), { MASKED(LOW(2), PROT_EXEC, 0) } },
	/* abort(3) */
	{ SCMP_SYS(tgkill), { EQUALS(LOW(0), PROCESS_ID) } },
	{ SCMP_SYS(prctl), { EQUALS(LOW(0), PR_SET_NAME) } },
	{ SCMP_SYS(prctl), { EQUALS(LOW(0), PR_SET_VMA) } },
	/* asked, not set */
	{ SCMP_SYS(prlimit64), { EQUALS(LOW(2), 0), EQUALS(HIGH(2), 0) } },
};

/* ---------------------------------------------------------------------------------------------------------- the filter */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined(__loongarch64)
#define ARCHITECTURE AUDIT_ARCH_LOONGARCH64
#elif defined(__mips64) && defined(__MIPSEL__)
#define ARCHITECTURE AUDIT_ARCH_MIPSEL64
#else
#error "Which AUDIT_ARCH_ of <linux/audit.h> is this architecture?"
#endif

/* Numbers of x86-64's other kind of programs (x32) begin here. */
#define X32_FIRST 0x40000000

struct filter {
	struct sock_filter code[1024];
	unsigned short n;
};

static void add(struct filter *f, uint16_t code, uint32_t value, uint8_t if_so, uint8_t if_not)
{
	/* one too many is noticed at the end */
	if (f->n < N(f->code))
		f->code[f->n] = (struct sock_filter)BPF_JUMP(code, value, if_so, if_not);
	f->n++;
}

static void load(struct filter *f, size_t offset)
{
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct filter *f, uint32_t action)
{
	add(f, BPF_RET | BPF_K, action, 0, 0);
}

static void add_list(struct filter *f, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* the architecture has it not */
		if (calls[i] < 0)
			continue;
		add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
		answer(f, action);
	}
}

static void add_rule(struct filter *f, const struct rule *rule)
{
	size_t n = 0;

	if (rule->call < 0)
		return;
	while (n < CONDITIONS && rule->condition[n].mask)
		n++;
	/* a condition is three instructions; then the answer, and the number is loaded again */
	add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, (uint8_t)(3 * n + 2));
	for (size_t i = 0; i < n; i++) {
		const struct condition *c = &rule->condition[i];

		load(f, c->part);
		add(f, BPF_ALU | BPF_AND | BPF_K, c->mask, 0, 0);
		add(f, BPF_JMP | BPF_JEQ | BPF_K, c->value == PROCESS_ID ? (uint32_t)getpid() : c->value, 0,
		    (uint8_t)(3 * (n - 1 - i) + 1));
	}
	answer(f, SECCOMP_RET_ALLOW);
	load(f, offsetof(struct seccomp_data, nr));
}

/* Numbers mean what they mean on this architecture, and in no other way. */
static void begin(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	answer(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	add(f, BPF_JMP | BPF_JGE | BPF_K, X32_FIRST, 0, 1);
	answer(f, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void build(struct filter *f)
{
	begin(f);
	add_list(f, SECCOMP_RET_ALLOW, confine_allowed, confine_n_allowed);
	for (size_t i = 0; i < N(rules); i++)
		add_rule(f, &rules[i]);
	add_list(f, SECCOMP_RET_ERRNO | ENOSYS, confine_missing, confine_n_missing);
	add_list(f, SECCOMP_RET_KILL_PROCESS, confine_deadly, confine_n_deadly);
	answer(f, CONFINE_SANITIZER ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | ENOSYS);
}

static int install(struct filter *f)
{
	struct sock_fprog program = { .filter = f->code, .len = f->n };

	if (f->n > N(f->code))
		return -E2BIG;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

int confine_calls(void)
{
	struct filter f = { .n = 0 };

	build(&f);
	return install(&f);
}

int confine_calls_of_programs(void)
{
	/* what starting them takes */
	static const int needed[] = { SCMP_SYS(execve), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(capset) };
	struct filter f = { .n = 0 };

	begin(&f);
	add_list(&f, SECCOMP_RET_ALLOW, needed, N(needed));
	add_list(&f, SECCOMP_RET_KILL_PROCESS, confine_deadly, confine_n_deadly);
	answer(&f, SECCOMP_RET_ALLOW);
	return install(&f);
}
