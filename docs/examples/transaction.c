/* SPDX-License-Identifier: BSD-3-Clause */
/* Several changes as one, taken back after a minute unless somebody presses Enter: transaction LINK ADDRESS/LENGTH. */
#include <hycan/hycan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 60 };
	const struct hycan_link_set_options set = { .has_mtu = true, .mtu = 1400 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address address = { 0 };
	struct hycan *h;
	int r;

	if (argc != 3 || strlen(argv[1]) >= sizeof(address.link) || hycan_prefix_parse(argv[2], &address.address) < 0)
		return 2;
	strcpy(address.link, argv[1]);
	r = hycan_open(&h, NULL);
	if (r == 0)
		r = hycan_transaction_begin(h);
	/* nothing is sent yet */
	if (r == 0)
		r = hycan_link_set(h, argv[1], &set);
	if (r == 0)
		r = hycan_address_add(h, &address);
	if (r == 0)
		r = hycan_transaction_commit(h, &options, &reply);
	if (r == 0 && reply->has_token) {
		puts("Press Enter within a minute to keep it.");
		/* nobody answers: the end of this program takes it back, too */
		r = getchar() == '\n' ? hycan_transaction_confirm(h, reply->token) : hycan_transaction_cancel(h, reply->token);
	}
	puts(r == 0 ? "done" : hycan_error_message(h));
	free(reply);
	hycan_close(h);
	return r != 0;
}
