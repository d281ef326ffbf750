/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes a virtual CAN link and sets it up, without being root. */
#include <hycan/hycan.h>
#include <stdio.h>

int main(void)
{
	struct hycan *h;
	int r = hycan_open(&h, NULL);

	if (r == 0)
		r = hycan_vcan_create(h, "vcan0", NULL, NULL);
	if (r == 0)
		r = hycan_link_up(h, "vcan0");
	puts(r == 0 ? "vcan0 is up" : hycan_error_message(h));
	hycan_close(h);
	return r != 0;
}
