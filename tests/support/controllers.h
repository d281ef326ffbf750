/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worlds with CAN controllers in them.
 *
 * The two controllers on one bus that “scripts/guest run --can” has, fresh from their driver, are moved into the world.
 * A test never takes the controllers of a machine that somebody works on.
 */
#ifndef SUPPORT_CONTROLLERS_H
#define SUPPORT_CONTROLLERS_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether there are some that a test may take. */
bool controllers_there(void);

/* Moves can0 and can1 into this world. Skips the test where there are none that it may take. */
void controllers_take(void);

/* cmocka's teardown for tests that take something: gives back what was taken, and ends the world. */
int controllers_end(void **state);

/*
 * A controller at the end of a serial line (slcan), of which this side plays the adapter: it takes whatever it is told,
 * and reports what the test makes it report. The kernel lets it have certain bit rates alone.
 */
struct serial_controller {
	int adapter;   /* the adapter's end of the line */
	int line;      /* the computer's end; the link goes when it is closed */
	pid_t reader;  /* reads what the adapter is told */
	char name[16]; /* of the link */
};

/* Plugs it in, into this world; with the same teardown. Skips the test as controllers_take() does. */
void serial_controller_begin(struct serial_controller *s);
void serial_controller_end(struct serial_controller *s);

/* Lets the adapter report the state that a letter of its protocol stands for: a active, w warning, p passive, b bus-off. */
void serial_controller_report(struct serial_controller *s, char state, unsigned int rx_errors, unsigned int tx_errors);

#endif
