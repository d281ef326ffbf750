/* SPDX-License-Identifier: BSD-3-Clause */
/* Links and routes at the same time, in a loop of the program's own. */
#include <hycan/hycan.h>
#include <poll.h>
#include <stdio.h>

static void show_links(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	const struct hycan_link *links = reply;

	(void)userdata;
	if (result != 0)
		printf("no links: %s\n", hycan_error_message(h));
	for (size_t i = 0; i < n; i++)
		printf("link %s %s\n", links[i].name, links[i].up ? "up" : "down");
}

static void show_routes(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	const struct hycan_route *routes = reply;
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	(void)userdata;
	if (result != 0)
		printf("no routes: %s\n", hycan_error_message(h));
	for (size_t i = 0; i < n; i++)
		printf("route %s\n", hycan_prefix_format(&routes[i].destination, text, sizeof(text)));
}

int main(void)
{
	struct hycan *h;
	int r = hycan_open(&h, NULL);

	if (r == 0)
		r = hycan_link_list_async(h, NULL, show_links, NULL);
	if (r == 0)
		r = hycan_route_list_async(h, NULL, show_routes, NULL);
	while (r >= 0 && hycan_pending(h) > 0) {
		struct pollfd pfd = { .fd = hycan_fd(h), .events = hycan_events(h) };

		poll(&pfd, 1, -1);
		r = hycan_process(h);
	}
	if (r < 0)
		puts(hycan_error_message(h));
	hycan_close(h);
	return r < 0;
}
