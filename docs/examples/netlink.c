/* SPDX-License-Identifier: BSD-3-Clause */
/* The same with the Netlink object: one link, made where it is missing. */
#include <hycan/netlink.h>
#include <stdio.h>

int main(void)
{
	struct hycan_netlink *nl;
	bool up = false;
	int r = hycan_netlink_open(&nl, "vcan0");

	if (r == 0)
		r = hycan_netlink_up(nl);
	if (r == 0)
		r = hycan_netlink_is_up(nl, &up);
	puts(r != 0 ? hycan_netlink_error_message(nl) : up ? "vcan0 is up" : "vcan0 is down");
	hycan_netlink_close(nl);
	return r != 0;
}
