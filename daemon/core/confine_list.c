/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the daemon may make once it is confined: THE list. Whoever needs another call adds its name to the
 * group of what it is for, and to SystemCallFilter= in systemd/hycan-daemon.service.in where that has it not yet. Calls of
 * which only some forms are allowed are the rules of confine_calls.c.
 *
 * Three answers. What is listed is carried out. What no healthy daemon ever calls, and an intruder would sooner or later,
 * kills the process: that is noticed, in the journal and by systemd, which starts another one. Anything else does not
 * exist (ENOSYS): a newer C library that tries a newer call then does without it, as on an older kernel. In a build with
 * sanitizers that kills too, so that the tests find what the list lacks.
 *
 * The names are those of libseccomp's header, which has every call for every architecture, with a number below 0 where it is
 * none there. Its library is not linked: it makes better filters of larger lists, and takes longer for it than all other
 * stages together, and a quarter of a MiB for good.
 */
#include <seccomp.h>

#include "confine_stage.h"

const int confine_allowed[] = {
	/* the loop, its timers and signals, the workers' signs of life (server) */
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
	SCMP_SYS(eventfd2), SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64),
	SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_gettime64), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(rt_sigtimedwait_time64), SCMP_SYS(restart_syscall), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write),
	SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close),
	SCMP_SYS(close_range), SCMP_SYS(pipe2), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fcntl), SCMP_SYS(fcntl64),

	/* clients, netlink, the journal, systemd (server, kernel); socket(2) is below */
	SCMP_SYS(accept4), SCMP_SYS(accept), SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(listen), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg), SCMP_SYS(recvmmsg_time64), SCMP_SYS(send), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
	SCMP_SYS(shutdown),

	/* /proc/sys/net, namespaces, who is meant by a name (kernel, access): the view says which files there are */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(fstat), SCMP_SYS(fstat64),
	SCMP_SYS(fstatat64), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(statfs64), SCMP_SYS(fstatfs),
	SCMP_SYS(fstatfs64), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(getcwd),

	/* the ledger's file (ledger) */
	SCMP_SYS(fallocate), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(flock), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(umask),

	/* memory: mmap(2) and mprotect(2) are below */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(munlock), SCMP_SYS(msync),
	SCMP_SYS(memfd_create),

	/* threads: clone(2) is below */
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(membarrier), SCMP_SYS(gettid), SCMP_SYS(exit),
	SCMP_SYS(set_tid_address), SCMP_SYS(sigaltstack), SCMP_SYS(arch_prctl), SCMP_SYS(set_tls), SCMP_SYS(cacheflush),
	SCMP_SYS(riscv_flush_icache),

	/* what the C library and libsystemd ask for; the porter is waited for at the end (access) */
	SCMP_SYS(exit_group), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(getuid32), SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32), SCMP_SYS(getgid), SCMP_SYS(getgid32), SCMP_SYS(getegid), SCMP_SYS(getegid32), SCMP_SYS(getrandom),
	SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit), SCMP_SYS(getrusage), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(time),
	SCMP_SYS(gettimeofday), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_getres_time64), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep),
	SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(capget),

#if CONFINE_SANITIZER
	/* it looks for leaks in a process of its own, which traces this one */
	SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(prctl), SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(setrlimit),
	SCMP_SYS(prlimit64), SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(pipe2), SCMP_SYS(pipe), SCMP_SYS(ioctl)
#endif
};
const size_t confine_n_allowed = sizeof(confine_allowed) / sizeof(*confine_allowed);

/* Not there, also in a build where what is missing kills: the C library has another way. */
const int confine_missing[] = {
	SCMP_SYS(clone3), /* its parameters are in memory, where no filter can see them; then clone(2) is called */
	SCMP_SYS(futex_waitv),
#if CONFINE_SANITIZER
	/* a finding is printed without the names of functions */
	SCMP_SYS(execve), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(socketpair)
#endif
};
const size_t confine_n_missing = sizeof(confine_missing) / sizeof(*confine_missing);

const int confine_deadly[] = {
	/* another program, another process's memory */
	SCMP_SYS(execveat), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
#if !CONFINE_SANITIZER
	SCMP_SYS(execve), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
#endif
	/* another view */
	SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare),
	SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(fsconfig), SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr), SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	/* another user, other rights */
	SCMP_SYS(setuid), SCMP_SYS(setuid32), SCMP_SYS(setgid), SCMP_SYS(setgid32), SCMP_SYS(setreuid), SCMP_SYS(setreuid32),
	SCMP_SYS(setregid), SCMP_SYS(setregid32), SCMP_SYS(setresuid), SCMP_SYS(setresuid32), SCMP_SYS(setresgid),
	SCMP_SYS(setresgid32), SCMP_SYS(setfsuid), SCMP_SYS(setfsuid32), SCMP_SYS(setfsgid), SCMP_SYS(setfsgid32),
	SCMP_SYS(setgroups), SCMP_SYS(setgroups32), SCMP_SYS(capset), SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
	SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(chown32), SCMP_SYS(fchown),
	SCMP_SYS(fchown32), SCMP_SYS(lchown), SCMP_SYS(lchown32), SCMP_SYS(fchownat),
	/* the kernel's wide doors */
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),
	SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(modify_ldt), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct),
	SCMP_SYS(quotactl), SCMP_SYS(syslog), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime), SCMP_SYS(clock_settime64), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(vhangup),
	SCMP_SYS(personality)
};
const size_t confine_n_deadly = sizeof(confine_deadly) / sizeof(*confine_deadly);
