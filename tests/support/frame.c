/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CAN frames between links. */
#include "frame.h"
#include "clock.h"
#include "world.h"

#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_S 20

static int can_socket(const char *link)
{
	struct sockaddr_can address = { .can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(link) };
	int fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);

	assert_true(fd >= 0);
	assert_int_not_equal(address.can_ifindex, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void assert_frame_travels(const char *from, const char *to)
{
	const struct can_frame sent = { .can_id = 0x123, .can_dlc = 3, .data = { 1, 2, 3 } };
	int sender = can_socket(from), receiver = can_socket(to);
	struct can_frame received;

	/* a link that was set up drops what is sent until the kernel has given it a queue, which it does when it says so */
	shell_until(DEADLINE_S, "ip -o link show dev %s up | grep -Eq 'state (UP|UNKNOWN)'", from);
	assert_int_equal(write(sender, &sent, sizeof(sent)), sizeof(sent));
	assert_int_equal(poll(&(struct pollfd){ .fd = receiver, .events = POLLIN }, 1, DEADLINE_S * 1000 * SLOWEST), 1);
	assert_int_equal(read(receiver, &received, sizeof(received)), sizeof(received));
	assert_memory_equal(&received, &sent, sizeof(sent));
	close(sender);
	close(receiver);
}
