/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CAN frames between links, as programs send and receive them (linux/can/raw.h). */
#ifndef SUPPORT_FRAME_H
#define SUPPORT_FRAME_H

/* Fails the test unless a frame that one program sends on a link reaches another one that listens on another, or the same. */
void assert_frame_travels(const char *from, const char *to);

#endif
