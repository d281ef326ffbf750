/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worlds with CAN controllers in them.
 *
 * There is one pair of controllers, so tests that run side by side wait for each other. They belong to the namespace of
 * the first process, and are moved from there and back. The driver is loaded anew for each, since a bit rate that was set
 * once cannot be unset.
 */
#include "controllers.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tty.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Only there in the guest. */
#define GUEST "/run/hycan-guest"

static int lock = -1;

/* Of the first process, in whose namespace the controllers are when no test has them. */
#define OUTSIDE "nsenter --target 1 --net "

#define THERE OUTSIDE "sh -c 'modprobe kvaser_pci; ls /sys/bus/pci/drivers/kvaser_pci | grep -q ^0000'"

bool controllers_there(void)
{
	return access(GUEST, F_OK) == 0 && shell_status(NULL, "%s", THERE) == 0;
}

static void need_guest(void)
{
	static const char what[] = "CAN controller that a test may take (scripts/guest run --can)";

	need_success(what, "test -d " GUEST);
	lock = open(GUEST, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	/* who has the lock loads the driver anew, and in between there is none */
	need_success(what, THERE);
}

void controllers_take(void)
{
	need_guest();
	free(shell("modprobe -r kvaser_pci && modprobe kvaser_pci"));
	shell_until(60, OUTSIDE "ip link show can1");
	free(shell(OUTSIDE "ip link set can0 netns %d && " OUTSIDE "ip link set can1 netns %d", getpid(), getpid()));
}

int controllers_end(void **state)
{
	if (lock >= 0) {
		(void)shell_status(NULL, "ip link set can0 netns 1; ip link set can1 netns 1");
		close(lock);
		lock = -1;
	}
	return world_end(state);
}

/* Somebody has to read, or the line is full and the kernel waits. */
static pid_t start_reader(int adapter)
{
	pid_t child = fork();
	char bytes[256];

	assert_true(child >= 0);
	if (child > 0)
		return child;
	/* neither outlives the test, nor keeps the next one waiting */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(lock);
	while (read(adapter, bytes, sizeof(bytes)) > 0 || errno == EINTR || errno == EAGAIN)
		;
	_exit(0);
}

void serial_controller_begin(struct serial_controller *s)
{
	const int discipline = N_SLCAN;
	struct termios raw = { 0 };

	need_guest();
	cfmakeraw(&raw);
	assert_int_equal(openpty(&s->adapter, &s->line, NULL, &raw, NULL), 0);
	free(shell("modprobe slcan"));
	assert_int_equal(ioctl(s->line, TIOCSETD, &discipline), 0);
	assert_int_equal(ioctl(s->line, SIOCGIFNAME, s->name), 0);
	s->reader = start_reader(s->adapter);
	/* the kernel makes it outside, whoever asks */
	free(shell(OUTSIDE "ip link set %s netns %d", s->name, getpid()));
}

void serial_controller_end(struct serial_controller *s)
{
	/* the line first: what the kernel says when it closes it must still be read */
	close(s->line);
	kill(s->reader, SIGKILL);
	while (waitpid(s->reader, NULL, 0) < 0 && errno == EINTR)
		;
	close(s->adapter);
}

void serial_controller_report(struct serial_controller *s, char state, unsigned int rx_errors, unsigned int tx_errors)
{
	char line[16];
	int n = snprintf(line, sizeof(line), "s%c%03u%03u\r", state, rx_errors, tx_errors);

	assert_int_equal(write(s->adapter, line, (size_t)n), n);
}
