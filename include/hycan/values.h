/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The values that fields hold where C has no type for them: addresses, prefixes, keys and ports, with their text forms.
 *
 * The text forms are those of ip(8) and wg(8). Every parser takes the whole text or refuses it; every formatter writes a
 * terminated text and never more than the size it is given.
 */
#ifndef HYCAN_VALUES_H
#define HYCAN_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room for the name of a link with its terminating zero byte (IFNAMSIZ, linux/if.h). */
#define HYCAN_IFNAME_SIZE 16

/** Room for the text of any address, prefix or endpoint. */
#define HYCAN_ADDRESS_TEXT_SIZE 72

/** Room for the base64 text of a key. */
#define HYCAN_KEY_TEXT_SIZE 45

/** Room for the text of a hardware address. */
#define HYCAN_MAC_TEXT_SIZE 18

/** An IPv4 or IPv6 address in network byte order. */
struct hycan_address {
	uint8_t family;    /**< AF_INET (2) or AF_INET6 (10); 0: no address */
	uint8_t bytes[16]; /**< the address; IPv4 uses the first four bytes */
};

/** An address with the length of its network: a network where the bits behind the length are zero, else an address in it. */
struct hycan_prefix {
	struct hycan_address address; /**< the address */
	uint8_t length;               /**< leading bits that name the network: 0..32 or 0..128 */
};

/** An address and a port, as of a UDP socket. */
struct hycan_endpoint {
	struct hycan_address address; /**< the address */
	uint16_t port;                /**< the port, in host byte order */
	uint32_t scope_id;            /**< ifindex for a link-local IPv6 address, else 0 (sin6_scope_id, ipv6(7)) */
};

/** First and last of consecutive ports, in host byte order; equal for a single port. */
struct hycan_port_range {
	uint16_t first; /**< first port */
	uint16_t last;  /**< last port, not less than the first */
};

/** The contents of another message: its attributes, as they stand on the wire. */
struct hycan_payload {
	const void *data; /**< the attributes */
	size_t size;      /**< bytes of them, at most 65,528 */
};

/** A hardware address of 6 bytes. */
struct hycan_mac {
	uint8_t bytes[6]; /**< the address, as it is sent */
};

/** A Curve25519 or preshared key of WireGuard. */
struct hycan_key {
	uint8_t bytes[32]; /**< the key; all zero: none */
};

/** Bytes of the address's family: 4, 16, or 0 for no address. */
size_t hycan_address_size(const struct hycan_address *address);

/** Whether the bits behind the prefix length are all zero, so that it is a network and not an address in one. */
bool hycan_prefix_is_network(const struct hycan_prefix *prefix);

/** Whether every address of @p inner lies in @p outer. */
bool hycan_prefix_contains(const struct hycan_prefix *outer, const struct hycan_prefix *inner);

/** Reads “192.0.2.1” or “2001:db8::1”. Returns 0, or -EINVAL. */
int hycan_address_parse(const char *text, struct hycan_address *ret_address);

/** Reads “10.0.0.0/8”; without a length it is that of a single address. “default” is not known here. Returns 0, or -EINVAL. */
int hycan_prefix_parse(const char *text, struct hycan_prefix *ret_prefix);

/** Reads “192.0.2.1:51820” or “[2001:db8::1]:51820”, with “%IFINDEX” behind a link-local address. Returns 0, or -EINVAL. */
int hycan_endpoint_parse(const char *text, struct hycan_endpoint *ret_endpoint);

/** Reads “80” or “8000-8010”. Returns 0, or -EINVAL. */
int hycan_port_range_parse(const char *text, struct hycan_port_range *ret_range);

/** Reads “02:00:5e:10:00:01”. Returns 0, or -EINVAL. */
int hycan_mac_parse(const char *text, struct hycan_mac *ret_mac);

/** Reads the base64 text of 32 bytes, as wg(8) writes it. Takes the same time for every key. Returns 0, or -EINVAL. */
int hycan_key_parse(const char *text, struct hycan_key *ret_key);

/** Writes an address; “none” where there is none. Returns @p text. */
const char *hycan_address_format(const struct hycan_address *address, char *text, size_t size);

/** Writes a prefix with its length. Returns @p text. */
const char *hycan_prefix_format(const struct hycan_prefix *prefix, char *text, size_t size);

/** Writes an endpoint. Returns @p text. */
const char *hycan_endpoint_format(const struct hycan_endpoint *endpoint, char *text, size_t size);

/** Writes a port or a range of ports. Returns @p text. */
const char *hycan_port_range_format(const struct hycan_port_range *range, char *text, size_t size);

/** Writes a hardware address. Returns @p text. */
const char *hycan_mac_format(const struct hycan_mac *mac, char *text, size_t size);

/** Writes the base64 text of a key. Takes the same time for every key. Returns @p text. */
const char *hycan_key_format(const struct hycan_key *key, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
