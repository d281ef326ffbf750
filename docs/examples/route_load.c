/* SPDX-License-Identifier: BSD-3-Clause */
/* A thousand routes in one message, and the reason of each that failed. */
#include <hycan/hycan.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	static struct hycan_route routes[1000];
	struct hycan_route_load_reply *reply;
	char text[32];
	struct hycan *h;
	int r;

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.0/24", 16 + i / 256, i % 256);
		hycan_prefix_parse(text, &routes[i].destination);
		routes[i].has_type = true;
		routes[i].type = HYCAN_ROUTE_TYPE_BLACKHOLE;
	}
	r = hycan_open(&h, NULL);
	if (r == 0)
		r = hycan_route_load(h, routes, 1000, NULL, &reply);
	if (r == 0) {
		printf("%u routes are there\n", reply->added);
		for (size_t i = 0; i < reply->n_failures; i++)
			printf("number %u: %s\n", reply->failures[i].index, reply->failures[i].message);
		free(reply);
	} else
		puts(hycan_error_message(h));
	hycan_close(h);
	return r != 0;
}
