/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fails in the daemon under test, when the plan says so.
 *
 * The daemon's rooms and its main.c are linked as they are; this file has the functions of the C library that they call,
 * which the program's own definitions replace for the whole process: what libmnl, libnftnl and libsystemd allocate and
 * send fails, too. Calls of another room, which are no symbols of a library, are caught by the linker (--wrap).
 *
 * What this file does not do: decide what is tried, or judge what came of it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "later.h"
#include "rest.h"

extern const ElfW(Ehdr) __executable_start;

static struct plan *plan;

__attribute__((constructor)) static void open_plan(void)
{
	const char *text = getenv(PLAN_VARIABLE);
	void *warm[1], *p;

	if (!text)
		return;
	/* loads what it needs the first time, which takes memory */
	(void)backtrace(warm, 1);
	p = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(text), 0);
	if (p == MAP_FAILED)
		abort();
	plan = p;
	rest_open(plan);
	later_open(plan);
}

static void note_place(void)
{
	void *frame[PLAN_FRAMES];
	int n = backtrace(frame, PLAN_FRAMES);
	/* one that is not position-independent is where the file says */
	const uint64_t start = __executable_start.e_type == ET_DYN ? (uintptr_t)&__executable_start : 0;

	for (int i = 0; i < n; i++)
		plan->frame[i] = (uintptr_t)frame[i] - start;
	plan->n_frames = (uint32_t)n;
}

/* Whether this one is the one that fails. */
static bool fails(enum fault fault)
{
	int error = errno;
	enum party who;

	if (!plan || !plan->armed)
		return false;
	who = rest_party();
	if (++plan->seen[who][fault] != plan->at || plan->fault != fault || plan->party != who)
		return false;
	plan->fired++;
	note_place();
	errno = error;
	return true;
}

/*
 * Behind a step. In front of one is behind the step before, as far as anybody else can see; but of what is written to the
 * ledger a part is there before it counts.
 */
static void may_be_killed(void)
{
	if (rest_party() == PARTY_PROCESS || !fails(FAULT_KILL))
		return;
	raise(SIGKILL);
	_exit(1);
}

/* ------------------------------------------------------------------------------------------------------------- memory */

#ifdef SANITIZED
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t n, size_t size);
void *__interceptor_realloc(void *p, size_t size);
#define real_malloc  __interceptor_malloc
#define real_calloc  __interceptor_calloc
#define real_realloc __interceptor_realloc
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
#define real_malloc  __libc_malloc
#define real_calloc  __libc_calloc
#define real_realloc __libc_realloc
#endif

/* The sanitizers ask the C library where the stack is, which takes memory, and do not expect that there is none. */
static __thread bool is_of_sanitizers;

REPLACES int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
	int (*real)(pthread_t, pthread_attr_t *) = dlsym(RTLD_NEXT, "pthread_getattr_np");
	int r;

	is_of_sanitizers = true;
	r = real(thread, attributes);
	is_of_sanitizers = false;
	return r;
}

static bool no_memory(void)
{
	if (is_of_sanitizers || !fails(FAULT_MEMORY))
		return false;
	errno = ENOMEM;
	return true;
}

REPLACES void *malloc(size_t size)
{
	return no_memory() ? NULL : real_malloc(size);
}

REPLACES void *calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : real_calloc(n, size);
}

REPLACES void *realloc(void *p, size_t size)
{
	return no_memory() ? NULL : real_realloc(p, size);
}

REPLACES void *reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, all);
}

REPLACES char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

REPLACES void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (no_memory())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

REPLACES void *mremap(void *address, size_t size, size_t new_size, int flags, ...)
{
	if (no_memory())
		return MAP_FAILED;
	return (void *)syscall(SYS_mremap, address, size, new_size, flags, NULL);
}

/* ------------------------------------------------------------------------------------------------------------ the kernel */

static bool is_netlink(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	if (!plan || !plan->armed)
		return false;
	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

REPLACES ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to, socklen_t to_size)
{
	bool netlink = is_netlink(fd);
	ssize_t n;

	if (netlink && fails(FAULT_SEND)) {
		errno = ENOBUFS;
		return -1;
	}
	n = syscall(SYS_sendto, fd, bytes, size, flags, to, to_size);
	if (netlink)
		may_be_killed();
	return n;
}

static bool is_answered(int fd, int flags)
{
	return !(flags & MSG_DONTWAIT) || syscall(SYS_recvfrom, fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) >= 0;
}

REPLACES ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	bool netlink = is_netlink(fd);
	ssize_t n;

	/* in front of an answer: who only looks whether there is one loses nothing */
	if (netlink && is_answered(fd, flags) && fails(FAULT_OVERRUN)) {
		errno = ENOBUFS;
		return -1;
	}
	n = syscall(SYS_recvmsg, fd, message, flags);
	if (n >= 0 && netlink && fails(FAULT_ANSWER)) {
		errno = ENOBUFS;
		return -1;
	}
	return n;
}

static bool is_sysctl(int fd)
{
	struct statfs st;

	return plan && plan->armed && fstatfs(fd, &st) == 0 && st.f_type == PROC_SUPER_MAGIC;
}

REPLACES ssize_t write(int fd, const void *bytes, size_t size)
{
	bool sysctl = is_sysctl(fd);
	ssize_t n;

	if (sysctl && fails(FAULT_SYSCTL)) {
		errno = EIO;
		return -1;
	}
	n = syscall(SYS_write, fd, bytes, size);
	if (sysctl)
		may_be_killed();
	return n;
}

/* -------------------------------------------------------------------------------------------------------- descriptors */

static bool no_descriptor(void)
{
	if (!fails(FAULT_DESCRIPTOR))
		return false;
	errno = EMFILE;
	return true;
}

REPLACES int socket(int domain, int type, int protocol)
{
	return no_descriptor() ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

REPLACES int openat(int directory, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return no_descriptor() ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

REPLACES int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

/* -------------------------------------------------------------------------------------------------- the ledger's file */

/* The names are the linker's (--wrap). */
struct journal;
void *__real_journal_reserve(struct journal *journal, size_t size);
void *__real_journal_reserve_promised(struct journal *journal, size_t size);
void __real_journal_commit(struct journal *journal, uint32_t type, size_t size);
void *__wrap_journal_reserve(struct journal *journal, size_t size);
void *__wrap_journal_reserve_promised(struct journal *journal, size_t size);
void __wrap_journal_commit(struct journal *journal, uint32_t type, size_t size);

void *__wrap_journal_reserve(struct journal *journal, size_t size)
{
	if (!fails(FAULT_LEDGER))
		return __real_journal_reserve(journal, size);
	errno = ENOSPC;
	return NULL;
}

/* A promise is kept by the file system, until that breaks. */
void *__wrap_journal_reserve_promised(struct journal *journal, size_t size)
{
	if (!fails(FAULT_LEDGER))
		return __real_journal_reserve_promised(journal, size);
	errno = ENOSPC;
	return NULL;
}

void __wrap_journal_commit(struct journal *journal, uint32_t type, size_t size)
{
	may_be_killed();
	__real_journal_commit(journal, type, size);
	may_be_killed();
}
