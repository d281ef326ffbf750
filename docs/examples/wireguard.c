/* SPDX-License-Identifier: BSD-3-Clause */
/* A WireGuard link with its key, its address and one peer: wireguard KEYFILE PEER-PUBLIC-KEY ENDPOINT. */
#include <hycan/hycan.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct hycan_wireguard_set_options set = { .has_private_key = true, .has_listen_port = true, .listen_port = 51820 };
	struct hycan_wireguard_peer_config peer = { .has_endpoint = true, .has_allowed_ips = true, .n_allowed_ips = 1 };
	struct hycan_link_address address = { .link = "wg0" };
	struct hycan_prefix everything;
	char key[HYCAN_KEY_TEXT_SIZE + 1] = "";
	FILE *file = argc == 4 ? fopen(argv[1], "r") : NULL;
	struct hycan *h;
	int r;

	if (!file || !fgets(key, sizeof(key), file))
		return 2;
	key[strcspn(key, "\n")] = '\0';
	if (hycan_key_parse(key, &set.private_key) < 0 || hycan_key_parse(argv[2], &peer.public_key) < 0 ||
	    hycan_endpoint_parse(argv[3], &peer.endpoint) < 0)
		return 2;
	fclose(file);
	hycan_prefix_parse("10.9.0.0/24", &everything);
	peer.allowed_ips = &everything;
	hycan_prefix_parse("10.9.0.1/24", &address.address);
	r = hycan_open(&h, NULL);
	if (r == 0)
		r = hycan_wireguard_create(h, "wg0", NULL, NULL);
	if (r == 0)
		r = hycan_wireguard_set(h, "wg0", &set);
	if (r == 0)
		r = hycan_wireguard_peer_set(h, "wg0", &peer);
	if (r == 0)
		r = hycan_address_add(h, &address);
	if (r == 0)
		r = hycan_link_up(h, "wg0");
	puts(r == 0 ? "wg0 is up" : hycan_error_message(h));
	hycan_close(h);
	return r != 0;
}
