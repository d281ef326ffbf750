/* SPDX-License-Identifier: BSD-3-Clause */
/* Made by scripts/generate from protocol/hycan.schema: change the schema, not this file. */

/**
 * @file
 * Every operation of the daemon as a function, and the same without waiting (…_async).
 *
 * Each returns 0 when it is done; a number above 0, one of enum hycan_refusal, when the daemon refused; -errno when
 * the connection failed: -ETIMEDOUT after the deadline of hycan_set_timeout(), -ECONNRESET when the daemon went away
 * and it is not known whether the request was carried out. hycan_error_message() has the sentence. What is returned
 * through a pointer is untouched unless the call returns 0.
 *
 * The …_async functions return when the request is in the buffer; see hycan_callback for the answer.
 */
#ifndef HYCAN_OPERATIONS_H
#define HYCAN_OPERATIONS_H

#include <hycan/client.h>
#include <hycan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Describes every operation, as in the schema, but for the fields of structures.
 *
 * @param ret_operation_descriptions an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_session_describe(struct hycan *h, struct hycan_operation_description **ret_operation_descriptions, size_t *ret_n);

/** session.describe without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_session_describe_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Who the daemon thinks the caller is, and what it may do.
 *
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno.
 */
int hycan_session_whoami(struct hycan *h, struct hycan_session_whoami_reply **ret_reply);

/** session.whoami without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_session_whoami_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Later requests of this connection act in another network namespace. Allowed to root, and to the owner of the
 * user namespace that owns the network namespace. All connections of a user may be in 256 different ones; root's
 * in more.
 *
 * @param netns the namespace: an open /proc/PID/ns/net or /run/netns/NAME (setns(2))
 * @param ret_netns netns; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_DENIED, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_LIMIT.
 */
int hycan_session_netns(struct hycan *h, int netns, uint64_t *ret_netns);

/** session.netns without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_session_netns_async(struct hycan *h, int netns, hycan_callback *callback, void *userdata);

/**
 * How long the caller holds what later requests of this connection make, or ask for where it is there already.
 *
 * @param lifetime at first permanent; a private daemon, which ends with its program, has no leases
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_session_lifetime(struct hycan *h, enum hycan_lifetime lifetime, const struct hycan_session_lifetime_options *options);

/** session.lifetime without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_session_lifetime_async(struct hycan *h, enum hycan_lifetime lifetime, const struct hycan_session_lifetime_options *options, hycan_callback *callback, void *userdata);

/**
 * This connection becomes a former one, with all that it held: within its grace, or while it has leases, nothing
 * of that goes. A program that was killed so goes on with what it had made. What this connection holds by now it
 * keeps; what both held goes with the connection where either held it so, else when the later lease ends.
 * Lifetime, grace and token are those of the former one; the network namespace is not. One that still exists holds
 * nothing any more, and goes on with the same lifetime in the same namespace, but without a grace and a token.
 * What either was stating (object.replace_begin) is stated no more.
 *
 * @param token what session.hello had answered to the former one
 * @param ret_objects how many things it holds; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_BUSY.
 */
int hycan_session_adopt(struct hycan *h, const char *token, uint32_t *ret_objects);

/** session.adopt without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_session_adopt_async(struct hycan *h, const char *token, hycan_callback *callback, void *userdata);

/**
 * All leases of a connection last as long again from now on.
 *
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_session_renew(struct hycan *h, const struct hycan_session_renew_options *options);

/** session.renew without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_session_renew_async(struct hycan *h, const struct hycan_session_renew_options *options, hycan_callback *callback, void *userdata);

/**
 * State of the daemon and of everything that it was asked since it started.
 *
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno.
 */
int hycan_daemon_status(struct hycan *h, struct hycan_daemon_status_reply **ret_reply);

/** daemon.status without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_daemon_status_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Lists the links of the namespace.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_links an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_link_list(struct hycan *h, const struct hycan_link_list_options *options, struct hycan_link **ret_links, size_t *ret_n);

/** link.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_list_async(struct hycan *h, const struct hycan_link_list_options *options, hycan_callback *callback, void *userdata);

/**
 * Shows one link.
 *
 * @param name the link
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_link_get(struct hycan *h, const char *name, struct hycan_link *ret_link);

/** link.get without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_get_async(struct hycan *h, const char *name, hycan_callback *callback, void *userdata);

/**
 * Sets a link administratively up. Already up: success, nothing changes.
 *
 * @param name the link
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_KERNEL.
 */
int hycan_link_up(struct hycan *h, const char *name);

/** link.up without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_up_async(struct hycan *h, const char *name, hycan_callback *callback, void *userdata);

/**
 * Sets a link administratively down. Already down: success, nothing changes. One that others hold, too, stays up
 * (busy): only root, and whom policy allows it with owner=any, may take it from them; link.delete lets go of it.
 * In a transaction, one with nexthop objects that routes go by stays up (unsupported), since those could not be
 * put back.
 *
 * @param name the link
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_BUSY,
 * HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_link_down(struct hycan *h, const char *name);

/** link.down without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_down_async(struct hycan *h, const char *name, hycan_callback *callback, void *userdata);

/**
 * Changes properties of a link; what is absent stays. All or nothing.
 *
 * @param name the link
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_OUT_OF_RANGE,
 * HYCAN_REFUSAL_UNSUPPORTED, HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_BUSY.
 */
int hycan_link_set(struct hycan *h, const char *name, const struct hycan_link_set_options *options);

/** link.set without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_set_async(struct hycan *h, const char *name, const struct hycan_link_set_options *options, hycan_callback *callback, void *userdata);

/**
 * Deletes a link.
 *
 * @param name the link
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_link_delete(struct hycan *h, const char *name);

/** link.delete without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_delete_async(struct hycan *h, const char *name, hycan_callback *callback, void *userdata);

/**
 * Renames a link. It has that name already: success, nothing changes. Linux before 6.2 renames no link that is up.
 * Addresses and routes stay; masquerading and policy routing rules that say the old name go on saying it.
 *
 * @param name the link
 * @param new_name its new name (IFLA_IFNAME)
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_EXISTS,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_link_rename(struct hycan *h, const char *name, const char *new_name);

/** link.rename without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_link_rename_async(struct hycan *h, const char *name, const char *new_name, hycan_callback *callback, void *userdata);

/**
 * Creates a virtual CAN link. Same link already there: success, nothing changes.
 *
 * @param name the new link
 * @param options what may be given beside; NULL for nothing
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_OUT_OF_RANGE.
 */
int hycan_vcan_create(struct hycan *h, const char *name, const struct hycan_vcan_create_options *options, struct hycan_link *ret_link);

/** vcan.create without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_vcan_create_async(struct hycan *h, const char *name, const struct hycan_vcan_create_options *options, hycan_callback *callback, void *userdata);

/**
 * Creates a pair of virtual CAN links: what one sends, the other receives. Same pair already there: success,
 * nothing changes.
 *
 * @param name one end
 * @param peer the other end
 * @param options what may be given beside; NULL for nothing
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_OUT_OF_RANGE, HYCAN_REFUSAL_INVALID.
 */
int hycan_vxcan_create(struct hycan *h, const char *name, const char *peer, const struct hycan_vxcan_create_options *options, struct hycan_link *ret_link);

/** vxcan.create without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_vxcan_create_async(struct hycan *h, const char *name, const char *peer, const struct hycan_vxcan_create_options *options, hycan_callback *callback, void *userdata);

/**
 * Configures a CAN controller; what is absent stays. A link that is up is taken down for it and put up again, also
 * when the change fails. Nothing to change: success, and the bus is not interrupted. A bit rate that is the
 * controller's first stays when something fails behind it: Linux has no way to unset one.
 *
 * @param name the controller's link
 * @param options what may be given beside; NULL for nothing
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_OUT_OF_RANGE, HYCAN_REFUSAL_INVALID.
 */
int hycan_can_set(struct hycan *h, const char *name, const struct hycan_can_set_options *options, struct hycan_link *ret_link);

/** can.set without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_can_set_async(struct hycan *h, const char *name, const struct hycan_can_set_options *options, hycan_callback *callback, void *userdata);

/**
 * Restarts a CAN controller that is in bus-off.
 *
 * @param name the controller's link
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_INVALID.
 */
int hycan_can_restart(struct hycan *h, const char *name);

/** can.restart without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_can_restart_async(struct hycan *h, const char *name, hycan_callback *callback, void *userdata);

/**
 * Creates an 802.1Q or 802.1ad sub-interface of a parent link. Same link already there: success, nothing changes.
 *
 * @param parent the link that carries the tagged frames
 * @param vlan_id VLAN identifier (IFLA_VLAN_ID) [1..4094]
 * @param options what may be given beside; NULL for nothing
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_OUT_OF_RANGE, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_vlan_create(struct hycan *h, const char *parent, uint16_t vlan_id, const struct hycan_vlan_create_options *options, struct hycan_link *ret_link);

/** vlan.create without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_vlan_create_async(struct hycan *h, const char *parent, uint16_t vlan_id, const struct hycan_vlan_create_options *options, hycan_callback *callback, void *userdata);

/**
 * Adds an address to a link. Same address already there: success, nothing changes; but where the caller holds it,
 * it lives from now on as long as this says.
 *
 * @param link_address what to add; see struct hycan_link_address
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_address_add(struct hycan *h, const struct hycan_link_address *link_address);

/** address.add without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_address_add_async(struct hycan *h, const struct hycan_link_address *link_address, hycan_callback *callback, void *userdata);

/**
 * Removes an address from a link.
 *
 * @param link the link that has it
 * @param address the address, and the length of its network
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_address_remove(struct hycan *h, const char *link, const struct hycan_prefix *address);

/** address.remove without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_address_remove_async(struct hycan *h, const char *link, const struct hycan_prefix *address, hycan_callback *callback, void *userdata);

/**
 * Lists addresses.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_link_addresss an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_address_list(struct hycan *h, const struct hycan_address_list_options *options, struct hycan_link_address **ret_link_addresss, size_t *ret_n);

/** address.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_address_list_async(struct hycan *h, const struct hycan_address_list_options *options, hycan_callback *callback, void *userdata);

/**
 * Adds a route. Same route already there: success, nothing changes.
 *
 * @param route what to add; see struct hycan_route
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_OUT_OF_RANGE, HYCAN_REFUSAL_LIMIT.
 */
int hycan_route_add(struct hycan *h, const struct hycan_route *route);

/** route.add without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_route_add_async(struct hycan *h, const struct hycan_route *route, hycan_callback *callback, void *userdata);

/**
 * Adds a route, in place of the one with the same destination, metric and table.
 *
 * @param route what to replace; see struct hycan_route
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_OUT_OF_RANGE, HYCAN_REFUSAL_LIMIT, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_route_replace(struct hycan *h, const struct hycan_route *route);

/** route.replace without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_route_replace_async(struct hycan *h, const struct hycan_route *route, hycan_callback *callback, void *userdata);

/**
 * Removes the first route that matches what is given. A route of several ways matches where neither gateway nor
 * link is. Strangers' in the place of one that was asked for stay, unless gateway, link or type say that one is
 * meant.
 *
 * @param destination its destination
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_route_remove(struct hycan *h, const struct hycan_prefix *destination, const struct hycan_route_remove_options *options);

/** route.remove without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_route_remove_async(struct hycan *h, const struct hycan_prefix *destination, const struct hycan_route_remove_options *options, hycan_callback *callback, void *userdata);

/**
 * Lists routes, the kernel's cache left out.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_routes an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_route_list(struct hycan *h, const struct hycan_route_list_options *options, struct hycan_route **ret_routes, size_t *ret_n);

/** route.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_route_list_async(struct hycan *h, const struct hycan_route_list_options *options, hycan_callback *callback, void *userdata);

/**
 * Adds thousands of routes. Each is tried, and the answer tells of those that failed, by index; a route that is
 * there already is a success.
 *
 * @param routes what to add
 * @param n_routes number of routes
 * @param options what may be given beside; NULL for nothing
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno.
 */
int hycan_route_load(struct hycan *h, const struct hycan_route *routes, size_t n_routes, const struct hycan_route_load_options *options, struct hycan_route_load_reply **ret_reply);

/** route.load without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_route_load_async(struct hycan *h, const struct hycan_route *routes, size_t n_routes, const struct hycan_route_load_options *options, hycan_callback *callback, void *userdata);

/**
 * Adds a policy routing rule. Same rule already there: success, nothing changes.
 *
 * @param rule what to add; see struct hycan_rule
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_OUT_OF_RANGE.
 */
int hycan_rule_add(struct hycan *h, const struct hycan_rule *rule);

/** rule.add without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_rule_add_async(struct hycan *h, const struct hycan_rule *rule, hycan_callback *callback, void *userdata);

/**
 * Removes the first policy routing rule that matches all that is given, which must be more than every rule has.
 *
 * @param rule what to remove; see struct hycan_rule
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_rule_remove(struct hycan *h, const struct hycan_rule *rule);

/** rule.remove without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_rule_remove_async(struct hycan *h, const struct hycan_rule *rule, hycan_callback *callback, void *userdata);

/**
 * Lists policy routing rules.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_rules an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_rule_list(struct hycan *h, const struct hycan_rule_list_options *options, struct hycan_rule **ret_rules, size_t *ret_n);

/** rule.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_rule_list_async(struct hycan *h, const struct hycan_rule_list_options *options, hycan_callback *callback, void *userdata);

/**
 * Creates a WireGuard link. Same link already there: success, nothing changes.
 *
 * @param name the new link
 * @param options what may be given beside; NULL for nothing
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_wireguard_create(struct hycan *h, const char *name, const struct hycan_wireguard_create_options *options, struct hycan_link *ret_link);

/** wireguard.create without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_wireguard_create_async(struct hycan *h, const char *name, const struct hycan_wireguard_create_options *options, hycan_callback *callback, void *userdata);

/**
 * Configures a WireGuard interface; what is absent stays. Only what differs is sent to the kernel.
 *
 * @param name the link
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_wireguard_set(struct hycan *h, const char *name, const struct hycan_wireguard_set_options *options);

/** wireguard.set without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_wireguard_set_async(struct hycan *h, const char *name, const struct hycan_wireguard_set_options *options, hycan_callback *callback, void *userdata);

/**
 * Shows a WireGuard interface and its peers. A peer with more allowed IPs than one attribute holds, about 5,400 of
 * IPv4 or 2,700 of IPv6, is too much for an answer.
 *
 * @param name the link
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_LIMIT.
 */
int hycan_wireguard_get(struct hycan *h, const char *name, struct hycan_wireguard_get_reply **ret_reply);

/** wireguard.get without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_wireguard_get_async(struct hycan *h, const char *name, hycan_callback *callback, void *userdata);

/**
 * Adds a peer, or changes it; what is absent stays. Only what differs is sent to the kernel.
 *
 * @param name the link
 * @param wireguard_peer_config what to peer; see struct hycan_wireguard_peer_config
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_INVALID.
 */
int hycan_wireguard_peer_set(struct hycan *h, const char *name, const struct hycan_wireguard_peer_config *wireguard_peer_config);

/** wireguard.peer_set without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_wireguard_peer_set_async(struct hycan *h, const char *name, const struct hycan_wireguard_peer_config *wireguard_peer_config, hycan_callback *callback, void *userdata);

/**
 * Removes a peer.
 *
 * @param name the link
 * @param public_key the peer
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_wireguard_peer_remove(struct hycan *h, const char *name, const struct hycan_key *public_key);

/** wireguard.peer_remove without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_wireguard_peer_remove_async(struct hycan *h, const char *name, const struct hycan_key *public_key, hycan_callback *callback, void *userdata);

/**
 * Makes the set of peers exactly this: what is missing is added, what is too much removed, what differs changed.
 * Only differences reach the kernel, so peers that stay keep their sessions. Peers that others hold must be in the
 * set, and as they are.
 *
 * @param name the link
 * @param peers the whole set; none removes all
 * @param n_peers number of peers
 * @param ret_reply the answer; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_INVALID.
 */
int hycan_wireguard_sync(struct hycan *h, const char *name, const struct hycan_wireguard_peer_config *peers, size_t n_peers, struct hycan_wireguard_sync_reply *ret_reply);

/** wireguard.sync without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_wireguard_sync_async(struct hycan *h, const char *name, const struct hycan_wireguard_peer_config *peers, size_t n_peers, hycan_callback *callback, void *userdata);

/**
 * Packets from a subnet leave with the address of the outgoing link. Same already there: success, nothing changes.
 * It does not switch on forwarding: forwarding.set does.
 *
 * @param masquerade what to add; see struct hycan_masquerade
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_UNSUPPORTED, HYCAN_REFUSAL_BUSY.
 */
int hycan_masquerade_add(struct hycan *h, const struct hycan_masquerade *masquerade);

/** masquerade.add without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_masquerade_add_async(struct hycan *h, const struct hycan_masquerade *masquerade, hycan_callback *callback, void *userdata);

/**
 * Takes that back. Other subnets stay, also those inside it or around it.
 *
 * @param masquerade what to remove; see struct hycan_masquerade
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_masquerade_remove(struct hycan *h, const struct hycan_masquerade *masquerade);

/** masquerade.remove without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_masquerade_remove_async(struct hycan *h, const struct hycan_masquerade *masquerade, hycan_callback *callback, void *userdata);

/**
 * Lists masqueraded subnets.
 *
 * @param ret_masquerades an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_masquerade_list(struct hycan *h, struct hycan_masquerade **ret_masquerades, size_t *ret_n);

/** masquerade.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_masquerade_list_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * A port of this host leads to another address: for connections from outside, from the host itself, and from the
 * target's own network. Only traffic addressed to this host is touched, and none to its loopback addresses. Same
 * already there: success, nothing changes. On a host that has networks it belongs to that in which it leads, and
 * goes with it.
 *
 * @param port_mapping what to add; see struct hycan_port_mapping
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_UNSUPPORTED, HYCAN_REFUSAL_BUSY.
 */
int hycan_port_add(struct hycan *h, const struct hycan_port_mapping *port_mapping);

/** port.add without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_port_add_async(struct hycan *h, const struct hycan_port_mapping *port_mapping, hycan_callback *callback, void *userdata);

/**
 * Takes a port mapping back. Connections that it translated are forgotten, so they end.
 *
 * @param protocol tcp, udp or sctp
 * @param host_port port or range, as it was added
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_port_remove(struct hycan *h, enum hycan_transport protocol, const struct hycan_port_range *host_port, const struct hycan_port_remove_options *options);

/** port.remove without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_port_remove_async(struct hycan *h, enum hycan_transport protocol, const struct hycan_port_range *host_port, const struct hycan_port_remove_options *options, hycan_callback *callback, void *userdata);

/**
 * Lists port mappings.
 *
 * @param ret_port_mappings an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_port_list(struct hycan *h, struct hycan_port_mapping **ret_port_mappings, size_t *ret_n);

/** port.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_port_list_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Turns forwarding of packets between links on or off (net.ipv4.ip_forward, net.ipv6.conf.all.forwarding and the
 * per-interface values of Documentation/networking/ip-sysctl.rst). That of the whole namespace networks hold, too,
 * as long as they need it: who asks for what they turned on holds it with them, and what is turned off stays on
 * until the last of them goes. The kernel sets that of each link along with it, and of IPv4 whether redirects are
 * accepted; a link for which somebody asked by itself, also while all are on, is on again at once, and who lets go
 * of it leaves it on as long as all are. So what is turned off is off for each other link, also for one that a
 * stranger had turned on before all were, and redirects are accepted, as behind sysctl(8) with ip_forward.
 *
 * @param family IPv4 or IPv6
 * @param on forward, or not
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_KERNEL.
 */
int hycan_forwarding_set(struct hycan *h, enum hycan_family family, bool on, const struct hycan_forwarding_set_options *options);

/** forwarding.set without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_forwarding_set_async(struct hycan *h, enum hycan_family family, bool on, const struct hycan_forwarding_set_options *options, hycan_callback *callback, void *userdata);

/**
 * Shows whether packets are forwarded.
 *
 * @param family IPv4 or IPv6
 * @param options what may be given beside; NULL for nothing
 * @param ret_on on; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_forwarding_get(struct hycan *h, enum hycan_family family, const struct hycan_forwarding_get_options *options, bool *ret_on);

/** forwarding.get without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_forwarding_get_async(struct hycan *h, enum hycan_family family, const struct hycan_forwarding_get_options *options, hycan_callback *callback, void *userdata);

/**
 * Lists what the daemon made in the kernel and nobody took away through it, in the order in which it was made: of
 * all owners for root, the caller's own for everybody else. Links, addresses, routes and rules that strangers take
 * away, or the kernel drops by itself, are noticed soon after in the namespace that the daemon lives in, and leave
 * the list.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_objects an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_object_list(struct hycan *h, const struct hycan_object_list_options *options, struct hycan_object **ret_objects, size_t *ret_n);

/** object.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_object_list_async(struct hycan *h, const struct hycan_object_list_options *options, hycan_callback *callback, void *userdata);

/**
 * The caller begins to state all that it wants: what later requests make, or find there, stays.
 *
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno.
 */
int hycan_object_replace_begin(struct hycan *h, const struct hycan_object_replace_begin_options *options);

/** object.replace_begin without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_object_replace_begin_async(struct hycan *h, const struct hycan_object_replace_begin_options *options, hycan_callback *callback, void *userdata);

/**
 * The statement ends: what the caller held in this network namespace and did not ask for again since
 * object.replace_begin it holds no more. With the lifetime permanent (session.lifetime) that is what the user
 * holds, by whichever program; else what the connection holds. A connection that ends before leaves everything as
 * it was.
 *
 * @param ret_removed objects of which the caller let go; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_KERNEL.
 */
int hycan_object_replace_end(struct hycan *h, uint32_t *ret_removed);

/** object.replace_end without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_object_replace_end_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Takes away everything that the daemon made for the caller and nobody else holds, in every network namespace, the
 * last thing first and links behind all others; what others hold, too, the caller holds no more. What cannot be
 * taken away stays, and is named. Of all kinds, transactions of theirs that wait to be confirmed are taken back
 * before. A second time finds nothing. It is no step of a transaction, since it cannot be taken back.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_DENIED, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_object_clear(struct hycan *h, const struct hycan_object_clear_options *options, struct hycan_object_clear_reply **ret_reply);

/** object.clear without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_object_clear_async(struct hycan *h, const struct hycan_object_clear_options *options, hycan_callback *callback, void *userdata);

/**
 * Carries out many requests, of any operations that change the kernel: all of them or none. Each is decoded and
 * judged by policy before the first is carried out; what was done is taken back, last first, when one fails. The
 * refusal is that of the step, and says which it was. A step that deletes a link cannot be taken back: before the
 * first such step all that are left are looked at as in a plan, and from there on what fails is tried for three
 * seconds. What waits to be confirmed may be 16 transactions and 8 MiB of a user, with what takes it back; root
 * may have 128 MiB.
 *
 * @param steps what to do, in this order
 * @param n_steps number of steps
 * @param options what may be given beside; NULL for nothing
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_MALFORMED, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_LIMIT, HYCAN_REFUSAL_BUSY, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_transaction_run(struct hycan *h, const struct hycan_step *steps, size_t n_steps, const struct hycan_transaction_run_options *options, struct hycan_transaction_run_reply **ret_reply);

/** transaction.run without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_transaction_run_async(struct hycan *h, const struct hycan_step *steps, size_t n_steps, const struct hycan_transaction_run_options *options, hycan_callback *callback, void *userdata);

/**
 * Makes a transaction last that was to be confirmed (confirm_within of transaction.run). Any connection of the
 * user that asked for the transaction may do so, and root.
 *
 * @param token what transaction.run answered
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_transaction_confirm(struct hycan *h, const char *token);

/** transaction.confirm without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_transaction_confirm_async(struct hycan *h, const char *token, hycan_callback *callback, void *userdata);

/**
 * Takes back a transaction that waits to be confirmed, at once: what it made goes, unless others hold it by now,
 * and what it changed or took away is as it was. Those of the same user in that network namespace that came later,
 * and wait, go first, and those of others that are about the same things. While one of the same user is carried
 * out or taken back, that is waited for, and refused (busy) where it takes some seconds.
 *
 * @param token what transaction.run answered
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_KERNEL,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_transaction_cancel(struct hycan *h, const char *token);

/** transaction.cancel without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_transaction_cancel_async(struct hycan *h, const char *token, hycan_callback *callback, void *userdata);

/**
 * Lists transactions that wait to be confirmed: the caller's own, and all for root.
 *
 * @param ret_pending_transactions an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_transaction_list(struct hycan *h, struct hycan_pending_transaction **ret_pending_transactions, size_t *ret_n);

/** transaction.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_transaction_list_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Tells what there is, and then everything that changes, until event.unsubscribe or the end of the connection. It
 * begins with a snapshot: "snapshot", each thing as "present", "complete". What changes before a snapshot is
 * complete is in it, or told as well. When events were lost, because the client did not read them or the kernel
 * told more than could be read, that is said ("overflow"), and another snapshot follows. Families that policy does
 * not let the caller list are left out, and refused when they are asked for. Of objects, users hear of what they
 * hold themselves, and root of all.
 *
 * @param options what may be given beside; NULL for nothing
 * @param callback gets each answer, a struct hycan_event, and at the end none (n is 0)
 * @param userdata what it is given
 * Returns 0 when the request is in the buffer, or -errno. Refusals of its own: HYCAN_REFUSAL_DENIED,
 * HYCAN_REFUSAL_LIMIT, HYCAN_REFUSAL_INVALID.
 */
int hycan_event_subscribe(struct hycan *h, const struct hycan_event_subscribe_options *options, hycan_callback *callback, void *userdata);

/**
 * Ends a subscription: its list ends, and then this is answered.
 *
 * @param subscription sequence number of the request that began it (nlmsg_seq)
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_event_unsubscribe(struct hycan *h, uint32_t subscription);

/** event.unsubscribe without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_event_unsubscribe_async(struct hycan *h, uint32_t subscription, hycan_callback *callback, void *userdata);

/**
 * Whether the daemon does what it is there for, looked at now: the ledger can be written, the kernel answers,
 * dnsmasqs do, and the table inet hycan of this network namespace has the rules, networks, port mappings and
 * masqueraded subnets that the daemon was asked for and no others, with the networks' links up. What strangers
 * took out is told until it is asked for again, or let go of, also when the ledger has it no more.
 *
 * @param ret_reply the answer in one block of memory: free() it; NULL to ignore it
 * Returns 0, a refusal, or -errno.
 */
int hycan_health_get(struct hycan *h, struct hycan_health_get_reply **ret_reply);

/** health.get without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_health_get_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * What the daemon did since it started, what it has, and the bytes and packets of the networks in this network
 * namespace, line by line in the text format of Prometheus (version 0.0.4).
 *
 * @param ret_metrics_lines an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno.
 */
int hycan_metrics_get(struct hycan *h, struct hycan_metrics_line **ret_metrics_lines, size_t *ret_n);

/** metrics.get without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_metrics_get_async(struct hycan *h, hycan_callback *callback, void *userdata);

/**
 * Creates a network: a VLAN link with the gateway's addresses, up, with its NAT, and apart from all other
 * networks. All or nothing. The same network already there: success, nothing changes, and what strangers took away
 * from it is put back. It turns forwarding on, unless the network is internal. Of one that is replaced all names
 * and port mappings must lie in the new subnets, or it is refused (busy).
 *
 * @param network what to create; see struct hycan_network
 * @param options what may be given beside; NULL for nothing
 * @param ret_link link; NULL to ignore it
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_OUT_OF_RANGE, HYCAN_REFUSAL_UNSUPPORTED, HYCAN_REFUSAL_BUSY,
 * HYCAN_REFUSAL_KERNEL.
 */
int hycan_network_create(struct hycan *h, const struct hycan_network *network, const struct hycan_network_create_options *options, struct hycan_link *ret_link);

/** network.create without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_network_create_async(struct hycan *h, const struct hycan_network *network, const struct hycan_network_create_options *options, hycan_callback *callback, void *userdata);

/**
 * Deletes a network with its link, its NAT, the ways from it and to it, and the port mappings that lead to it.
 *
 * @param vlan_id VLAN identifier [1..4094]
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_BUSY,
 * HYCAN_REFUSAL_KERNEL.
 */
int hycan_network_delete(struct hycan *h, uint16_t vlan_id, const struct hycan_network_delete_options *options);

/** network.delete without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_network_delete_async(struct hycan *h, uint16_t vlan_id, const struct hycan_network_delete_options *options, hycan_callback *callback, void *userdata);

/**
 * Lists networks as they are.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_network_states an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND.
 */
int hycan_network_list(struct hycan *h, const struct hycan_network_list_options *options, struct hycan_network_state **ret_network_states, size_t *ret_n);

/** network.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_network_list_async(struct hycan *h, const struct hycan_network_list_options *options, hycan_callback *callback, void *userdata);

/**
 * Turns NAT of a network on or off.
 *
 * @param vlan_id VLAN identifier [1..4094]
 * @param on packets leave with the address of the outgoing link, or with their own
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_BUSY.
 */
int hycan_network_nat(struct hycan *h, uint16_t vlan_id, bool on, const struct hycan_network_nat_options *options);

/** network.nat without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_network_nat_async(struct hycan *h, uint16_t vlan_id, bool on, const struct hycan_network_nat_options *options, hycan_callback *callback, void *userdata);

/**
 * Lets hosts of one network open connections to those of another, or no more. Networks are apart at first;
 * connections that are open stay so. Both directions are two requests.
 *
 * @param from VLAN identifier of the network whose hosts open connections [1..4094]
 * @param to VLAN identifier of the other [1..4094]
 * @param on they may, or not
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_INVALID,
 * HYCAN_REFUSAL_BUSY, HYCAN_REFUSAL_KERNEL.
 */
int hycan_network_allow(struct hycan *h, uint16_t from, uint16_t to, bool on, const struct hycan_network_allow_options *options);

/** network.allow without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_network_allow_async(struct hycan *h, uint16_t from, uint16_t to, bool on, const struct hycan_network_allow_options *options, hycan_callback *callback, void *userdata);

/**
 * Has a dnsmasq answer the hosts of a network, at the gateway's addresses and there alone: for these names, within
 * the domain and without it, and for these addresses in reverse; of others, it asks the upstreams. It states all:
 * hosts that are not in it are gone, and what is absent is as by default. The same again: success, nothing
 * changes. It answers when dnsmasq serves.
 *
 * @param vlan_id VLAN identifier of the network [1..4094]
 * @param hosts its hosts
 * @param n_hosts number of hosts
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_LIMIT, HYCAN_REFUSAL_UNSUPPORTED, HYCAN_REFUSAL_BUSY, HYCAN_REFUSAL_KERNEL.
 */
int hycan_dns_set(struct hycan *h, uint16_t vlan_id, const struct hycan_dns_host *hosts, size_t n_hosts, const struct hycan_dns_set_options *options);

/** dns.set without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_dns_set_async(struct hycan *h, uint16_t vlan_id, const struct hycan_dns_host *hosts, size_t n_hosts, const struct hycan_dns_set_options *options, hycan_callback *callback, void *userdata);

/**
 * Ends that, with all hosts. It ends with the network, too. Where others hold the names, too, these stay, and the
 * caller lets go of them and of each host that others hold.
 *
 * @param vlan_id VLAN identifier of the network [1..4094]
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED.
 */
int hycan_dns_unset(struct hycan *h, uint16_t vlan_id, const struct hycan_dns_unset_options *options);

/** dns.unset without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_dns_unset_async(struct hycan *h, uint16_t vlan_id, const struct hycan_dns_unset_options *options, hycan_callback *callback, void *userdata);

/**
 * Adds a host, or gives it other addresses. The same again: success, nothing changes. No question of others stays
 * without an answer meanwhile.
 *
 * @param vlan_id VLAN identifier of the network [1..4094]
 * @param dns_host what to add; see struct hycan_dns_host
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_EXISTS, HYCAN_REFUSAL_NOT_FOUND,
 * HYCAN_REFUSAL_INVALID, HYCAN_REFUSAL_LIMIT, HYCAN_REFUSAL_UNSUPPORTED, HYCAN_REFUSAL_KERNEL.
 */
int hycan_dns_add_host(struct hycan *h, uint16_t vlan_id, const struct hycan_dns_host *dns_host, const struct hycan_dns_add_host_options *options);

/** dns.add_host without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_dns_add_host_async(struct hycan *h, uint16_t vlan_id, const struct hycan_dns_host *dns_host, const struct hycan_dns_add_host_options *options, hycan_callback *callback, void *userdata);

/**
 * Takes a host away.
 *
 * @param vlan_id VLAN identifier of the network [1..4094]
 * @param name the host
 * @param options what may be given beside; NULL for nothing
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_KERNEL.
 */
int hycan_dns_remove_host(struct hycan *h, uint16_t vlan_id, const char *name, const struct hycan_dns_remove_host_options *options);

/** dns.remove_host without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_dns_remove_host_async(struct hycan *h, uint16_t vlan_id, const char *name, const struct hycan_dns_remove_host_options *options, hycan_callback *callback, void *userdata);

/**
 * Lists the names of networks, and how their dnsmasqs do.
 *
 * @param options what may be given beside; NULL for nothing
 * @param ret_dns_states an array in one block of memory: free() it; NULL to ignore it
 * @param ret_n how many there are
 * Returns 0, a refusal, or -errno. Refusals of its own: HYCAN_REFUSAL_NOT_FOUND, HYCAN_REFUSAL_UNSUPPORTED,
 * HYCAN_REFUSAL_KERNEL.
 */
int hycan_dns_list(struct hycan *h, const struct hycan_dns_list_options *options, struct hycan_dns_state **ret_dns_states, size_t *ret_n);

/** dns.list without waiting: @p callback gets the answer. Returns 0 or -errno. */
int hycan_dns_list_async(struct hycan *h, const struct hycan_dns_list_options *options, hycan_callback *callback, void *userdata);

#ifdef __cplusplus
}
#endif

#endif
