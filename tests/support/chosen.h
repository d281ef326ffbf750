/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which tests of a program run, and which did not.
 *
 * Every program that has worlds hears, in its environment:
 *
 *   HYCAN_TEST_ONLY      names of tests: these alone run
 *   HYCAN_TEST_SKIPPED   a file: there it notes the names of the tests that were skipped for what is lacking here
 *   HYCAN_TEST_AGAIN     set: the tests that are noted in that file alone run
 *
 * So what one kernel skips can be tried on another (tests/guest/skipped.sh), and nobody keeps a list. A name of which the
 * program has no test is a failure: what was noted is of another time then.
 */
#ifndef SUPPORT_CHOSEN_H
#define SUPPORT_CHOSEN_H

/* Notes that the test that runs is about to be skipped. */
void chosen_note_skipped(void);

#endif
