/* SPDX-License-Identifier: BSD-3-Clause */
/* Made by scripts/generate from protocol/hycan.schema: change the schema, not this file. */

/**
 * @file
 * The nouns of HyCAN: what operations take and answer.
 *
 * A member X that may be absent has a has_X before it. Lists are a pointer and n_X. Numbers are in host byte order.
 */
#ifndef HYCAN_TYPES_H
#define HYCAN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/values.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the protocol, sent in session.hello. */
#define HYCAN_PROTOCOL_VERSION 1

/** Why a request was refused. */
enum hycan_refusal {
	HYCAN_REFUSAL_MALFORMED = 1, /**< The bytes are not a request: a cut, overlong or misaligned attribute, a missing field. */
	HYCAN_REFUSAL_UNKNOWN = 2, /**< No such operation, or an attribute that this version does not know. */
	HYCAN_REFUSAL_OUT_OF_RANGE = 3, /**< A value is outside the range that the schema or the kernel gives. */
	HYCAN_REFUSAL_INVALID = 4, /**< A value is well formed and makes no sense here: a name with a slash, host bits in a prefix. */
	HYCAN_REFUSAL_DENIED = 5, /**< Policy does not allow it; the refusal names the rule, or that there is none. */
	HYCAN_REFUSAL_NOT_FOUND = 6, /**< The link, address, route, rule, peer or mapping does not exist. */
	HYCAN_REFUSAL_EXISTS = 7, /**< It exists already, with other properties. */
	HYCAN_REFUSAL_BUSY = 8, /**< It is in use by something else. */
	HYCAN_REFUSAL_UNSUPPORTED = 9, /**< This kernel, or this kind of link, cannot do it. */
	HYCAN_REFUSAL_LIMIT = 10, /**< A limit of the daemon or of the kernel is reached. */
	HYCAN_REFUSAL_HELLO_FIRST = 11, /**< The first frame of a connection must be session.hello. */
	HYCAN_REFUSAL_VERSION = 12, /**< The client speaks a protocol version that the daemon does not. */
	HYCAN_REFUSAL_KERNEL = 13, /**< The kernel refused for a reason that has no code of its own; the sentence has its words. */
};

/** Numbers of the operations (nlmsg_type). */
enum hycan_operation_number {
	HYCAN_OPERATION_SESSION_HELLO = 0x0101, /**< session.hello */
	HYCAN_OPERATION_SESSION_DESCRIBE = 0x0102, /**< session.describe */
	HYCAN_OPERATION_SESSION_WHOAMI = 0x0103, /**< session.whoami */
	HYCAN_OPERATION_SESSION_NETNS = 0x0104, /**< session.netns */
	HYCAN_OPERATION_SESSION_LIFETIME = 0x0105, /**< session.lifetime */
	HYCAN_OPERATION_SESSION_ADOPT = 0x0106, /**< session.adopt */
	HYCAN_OPERATION_SESSION_RENEW = 0x0107, /**< session.renew */
	HYCAN_OPERATION_DAEMON_STATUS = 0x0201, /**< daemon.status */
	HYCAN_OPERATION_LINK_LIST = 0x0301, /**< link.list */
	HYCAN_OPERATION_LINK_GET = 0x0302, /**< link.get */
	HYCAN_OPERATION_LINK_UP = 0x0303, /**< link.up */
	HYCAN_OPERATION_LINK_DOWN = 0x0304, /**< link.down */
	HYCAN_OPERATION_LINK_SET = 0x0305, /**< link.set */
	HYCAN_OPERATION_LINK_DELETE = 0x0306, /**< link.delete */
	HYCAN_OPERATION_LINK_RENAME = 0x0307, /**< link.rename */
	HYCAN_OPERATION_VCAN_CREATE = 0x0401, /**< vcan.create */
	HYCAN_OPERATION_VXCAN_CREATE = 0x0402, /**< vxcan.create */
	HYCAN_OPERATION_CAN_SET = 0x0403, /**< can.set */
	HYCAN_OPERATION_CAN_RESTART = 0x0404, /**< can.restart */
	HYCAN_OPERATION_VLAN_CREATE = 0x0501, /**< vlan.create */
	HYCAN_OPERATION_ADDRESS_ADD = 0x0601, /**< address.add */
	HYCAN_OPERATION_ADDRESS_REMOVE = 0x0602, /**< address.remove */
	HYCAN_OPERATION_ADDRESS_LIST = 0x0603, /**< address.list */
	HYCAN_OPERATION_ROUTE_ADD = 0x0701, /**< route.add */
	HYCAN_OPERATION_ROUTE_REPLACE = 0x0702, /**< route.replace */
	HYCAN_OPERATION_ROUTE_REMOVE = 0x0703, /**< route.remove */
	HYCAN_OPERATION_ROUTE_LIST = 0x0704, /**< route.list */
	HYCAN_OPERATION_ROUTE_LOAD = 0x0705, /**< route.load */
	HYCAN_OPERATION_RULE_ADD = 0x0801, /**< rule.add */
	HYCAN_OPERATION_RULE_REMOVE = 0x0802, /**< rule.remove */
	HYCAN_OPERATION_RULE_LIST = 0x0803, /**< rule.list */
	HYCAN_OPERATION_WIREGUARD_CREATE = 0x0901, /**< wireguard.create */
	HYCAN_OPERATION_WIREGUARD_SET = 0x0902, /**< wireguard.set */
	HYCAN_OPERATION_WIREGUARD_GET = 0x0903, /**< wireguard.get */
	HYCAN_OPERATION_WIREGUARD_PEER_SET = 0x0904, /**< wireguard.peer_set */
	HYCAN_OPERATION_WIREGUARD_PEER_REMOVE = 0x0905, /**< wireguard.peer_remove */
	HYCAN_OPERATION_WIREGUARD_SYNC = 0x0906, /**< wireguard.sync */
	HYCAN_OPERATION_MASQUERADE_ADD = 0x0a01, /**< masquerade.add */
	HYCAN_OPERATION_MASQUERADE_REMOVE = 0x0a02, /**< masquerade.remove */
	HYCAN_OPERATION_MASQUERADE_LIST = 0x0a03, /**< masquerade.list */
	HYCAN_OPERATION_PORT_ADD = 0x0b01, /**< port.add */
	HYCAN_OPERATION_PORT_REMOVE = 0x0b02, /**< port.remove */
	HYCAN_OPERATION_PORT_LIST = 0x0b03, /**< port.list */
	HYCAN_OPERATION_FORWARDING_SET = 0x0c01, /**< forwarding.set */
	HYCAN_OPERATION_FORWARDING_GET = 0x0c02, /**< forwarding.get */
	HYCAN_OPERATION_OBJECT_LIST = 0x0d01, /**< object.list */
	HYCAN_OPERATION_OBJECT_REPLACE_BEGIN = 0x0d02, /**< object.replace_begin */
	HYCAN_OPERATION_OBJECT_REPLACE_END = 0x0d03, /**< object.replace_end */
	HYCAN_OPERATION_OBJECT_CLEAR = 0x0d04, /**< object.clear */
	HYCAN_OPERATION_TRANSACTION_RUN = 0x0e01, /**< transaction.run */
	HYCAN_OPERATION_TRANSACTION_CONFIRM = 0x0e02, /**< transaction.confirm */
	HYCAN_OPERATION_TRANSACTION_CANCEL = 0x0e03, /**< transaction.cancel */
	HYCAN_OPERATION_TRANSACTION_LIST = 0x0e04, /**< transaction.list */
	HYCAN_OPERATION_EVENT_SUBSCRIBE = 0x1001, /**< event.subscribe */
	HYCAN_OPERATION_EVENT_UNSUBSCRIBE = 0x1002, /**< event.unsubscribe */
	HYCAN_OPERATION_HEALTH_GET = 0x1101, /**< health.get */
	HYCAN_OPERATION_METRICS_GET = 0x1102, /**< metrics.get */
	HYCAN_OPERATION_NETWORK_CREATE = 0x1201, /**< network.create */
	HYCAN_OPERATION_NETWORK_DELETE = 0x1202, /**< network.delete */
	HYCAN_OPERATION_NETWORK_LIST = 0x1203, /**< network.list */
	HYCAN_OPERATION_NETWORK_NAT = 0x1204, /**< network.nat */
	HYCAN_OPERATION_NETWORK_ALLOW = 0x1205, /**< network.allow */
	HYCAN_OPERATION_DNS_SET = 0x1301, /**< dns.set */
	HYCAN_OPERATION_DNS_UNSET = 0x1302, /**< dns.unset */
	HYCAN_OPERATION_DNS_ADD_HOST = 0x1303, /**< dns.add_host */
	HYCAN_OPERATION_DNS_REMOVE_HOST = 0x1304, /**< dns.remove_host */
	HYCAN_OPERATION_DNS_LIST = 0x1305, /**< dns.list */
};

/** Protocol of the tag that a VLAN link adds (IFLA_VLAN_PROTOCOL, linux/if_link.h). */
enum hycan_vlan_protocol {
	HYCAN_VLAN_PROTOCOL_802_1Q = 33024, /**< customer tag (ETH_P_8021Q) */
	HYCAN_VLAN_PROTOCOL_802_1AD = 34984, /**< service tag, the outer one of QinQ (ETH_P_8021AD) */
};

/** Operational state of a link (IF_OPER_*, linux/if.h; RFC 2863). */
enum hycan_operstate {
	HYCAN_OPERSTATE_UNKNOWN = 0,
	HYCAN_OPERSTATE_NOT_PRESENT = 1,
	HYCAN_OPERSTATE_DOWN = 2,
	HYCAN_OPERSTATE_LOWER_LAYER_DOWN = 3,
	HYCAN_OPERSTATE_TESTING = 4,
	HYCAN_OPERSTATE_DORMANT = 5,
	HYCAN_OPERSTATE_UP = 6,
};

/** State of a CAN controller (enum can_state, linux/can/netlink.h). */
enum hycan_can_controller_state {
	HYCAN_CAN_CONTROLLER_STATE_ERROR_ACTIVE = 0, /**< fewer than 96 errors */
	HYCAN_CAN_CONTROLLER_STATE_ERROR_WARNING = 1, /**< fewer than 128 errors */
	HYCAN_CAN_CONTROLLER_STATE_ERROR_PASSIVE = 2, /**< fewer than 256 errors */
	HYCAN_CAN_CONTROLLER_STATE_BUS_OFF = 3, /**< 256 errors and more: the controller no longer takes part */
	HYCAN_CAN_CONTROLLER_STATE_STOPPED = 4, /**< the link is down */
	HYCAN_CAN_CONTROLLER_STATE_SLEEPING = 5,
};

/** Address family (linux/socket.h). */
enum hycan_family {
	HYCAN_FAMILY_IPV4 = 2, /**< AF_INET */
	HYCAN_FAMILY_IPV6 = 10, /**< AF_INET6 */
};

/** Type of a route (rtm_type, linux/rtnetlink.h). */
enum hycan_route_type {
	HYCAN_ROUTE_TYPE_UNICAST = 1, /**< a way to a gateway or a link */
	HYCAN_ROUTE_TYPE_LOCAL = 2, /**< delivered here */
	HYCAN_ROUTE_TYPE_BROADCAST = 3, /**< delivered here as broadcast */
	HYCAN_ROUTE_TYPE_ANYCAST = 4,
	HYCAN_ROUTE_TYPE_MULTICAST = 5,
	HYCAN_ROUTE_TYPE_BLACKHOLE = 6, /**< dropped without a word */
	HYCAN_ROUTE_TYPE_UNREACHABLE = 7, /**< dropped, sender told "host unreachable" */
	HYCAN_ROUTE_TYPE_PROHIBIT = 8, /**< dropped, sender told "administratively prohibited" */
	HYCAN_ROUTE_TYPE_THROW = 9, /**< lookup goes on in the next table */
};

/** Scope of an address or a route (rtm_scope, linux/rtnetlink.h). */
enum hycan_scope {
	HYCAN_SCOPE_GLOBAL = 0, /**< RT_SCOPE_UNIVERSE */
	HYCAN_SCOPE_SITE = 200,
	HYCAN_SCOPE_LINK = 253,
	HYCAN_SCOPE_HOST = 254,
	HYCAN_SCOPE_NOWHERE = 255,
};

/** What a policy routing rule does with a packet that it matches (FR_ACT_*, linux/fib_rules.h). */
enum hycan_rule_action {
	HYCAN_RULE_ACTION_LOOKUP = 1, /**< look in the table */
	HYCAN_RULE_ACTION_GOTO = 2, /**< go on at the rule with that priority */
	HYCAN_RULE_ACTION_NOP = 3,
	HYCAN_RULE_ACTION_BLACKHOLE = 6,
	HYCAN_RULE_ACTION_UNREACHABLE = 7,
	HYCAN_RULE_ACTION_PROHIBIT = 8,
};

/** Transport protocol of a port mapping (IPPROTO_*, linux/in.h). */
enum hycan_transport {
	HYCAN_TRANSPORT_TCP = 6,
	HYCAN_TRANSPORT_UDP = 17,
	HYCAN_TRANSPORT_SCTP = 132,
};

/** How long somebody holds what the daemon made for them. It goes from the kernel when nobody holds it any more. */
enum hycan_lifetime {
	HYCAN_LIFETIME_PERMANENT = 1, /**< until it is taken away; held by the user */
	HYCAN_LIFETIME_CONNECTION = 2, /**< as long as the connection, however it ends, and the grace that it asked for */
	HYCAN_LIFETIME_LEASE = 3, /**< some seconds, unless session.renew is asked for or the thing itself once more; not tied to the connection */
};

/** What the daemon does about something that it made, and a stranger took away or changed, or the kernel dropped. */
enum hycan_drift {
	HYCAN_DRIFT_REPORT = 1, /**< it is nobody's any more, or whose it was if it is there; the log and an event say so */
	HYCAN_DRIFT_REPAIR = 2, /**< it is made again, or what it was, by the request that made it, some times */
	HYCAN_DRIFT_IGNORE = 3, /**< nothing: it belongs to whom it belonged */
};

/** What the daemon makes in the kernel. */
enum hycan_object_kind {
	HYCAN_OBJECT_KIND_LINK = 1, /**< a link that it created */
	HYCAN_OBJECT_KIND_ADDRESS = 2, /**< an address of a link */
	HYCAN_OBJECT_KIND_ROUTE = 3,
	HYCAN_OBJECT_KIND_RULE = 4, /**< a policy routing rule */
	HYCAN_OBJECT_KIND_WIREGUARD_PEER = 5,
	HYCAN_OBJECT_KIND_MASQUERADE = 6, /**< a masqueraded subnet */
	HYCAN_OBJECT_KIND_PORT = 7, /**< a port mapping */
	HYCAN_OBJECT_KIND_FORWARDING = 8, /**< packets are forwarded between links */
	HYCAN_OBJECT_KIND_NETWORK = 9, /**< a network of containers or virtual machines */
	HYCAN_OBJECT_KIND_DNS = 10, /**< the names of a network are told to who asks */
	HYCAN_OBJECT_KIND_DNS_HOST = 11, /**< one of those names */
};

/** What an event says. */
enum hycan_event_what {
	HYCAN_EVENT_WHAT_SNAPSHOT = 1, /**< what there is follows, each thing as "present"; what was told before counts no more */
	HYCAN_EVENT_WHAT_PRESENT = 2, /**< it is there */
	HYCAN_EVENT_WHAT_COMPLETE = 3, /**< the snapshot is whole; from here on everything that changes is told */
	HYCAN_EVENT_WHAT_NEW = 4, /**< it has come */
	HYCAN_EVENT_WHAT_CHANGED = 5, /**< it is otherwise now */
	HYCAN_EVENT_WHAT_GONE = 6, /**< it was there */
	HYCAN_EVENT_WHAT_OVERFLOW = 7, /**< more happened than could be told; a snapshot follows */
};

/** What an event is about. */
enum hycan_event_family {
	HYCAN_EVENT_FAMILY_LINK = 1,
	HYCAN_EVENT_FAMILY_ADDRESS = 2,
	HYCAN_EVENT_FAMILY_ROUTE = 3,
	HYCAN_EVENT_FAMILY_RULE = 4,
	HYCAN_EVENT_FAMILY_OBJECT = 5, /**< what the daemon made, and who holds it, in every network namespace */
	HYCAN_EVENT_FAMILY_WIREGUARD = 6, /**< interfaces of WireGuard, and their peers */
};

/** Who caused a change. */
enum hycan_event_origin {
	HYCAN_EVENT_ORIGIN_REQUEST = 1, /**< a request of a client: the kernel says so */
	HYCAN_EVENT_ORIGIN_CONSEQUENCE = 2, /**< it came about while a request of a client was carried out, or because of one */
	HYCAN_EVENT_ORIGIN_DAEMON = 3, /**< the daemon; which request it was is not known any more */
	HYCAN_EVENT_ORIGIN_STRANGER = 4, /**< another program, or the kernel by itself */
	HYCAN_EVENT_ORIGIN_REPAIR = 5, /**< the daemon made again what a stranger had taken away */
	HYCAN_EVENT_ORIGIN_UNKNOWN = 6, /**< one of several requests, or a stranger: nobody can tell */
};

/** What a step would do to a thing in the kernel. */
enum hycan_change_action {
	HYCAN_CHANGE_ACTION_MAKE = 1, /**< it would be there */
	HYCAN_CHANGE_ACTION_TAKE = 2, /**< it would be gone */
	HYCAN_CHANGE_ACTION_CHANGE = 3, /**< it would be another than it was */
};

/** Counters of a link since it was made (struct rtnl_link_stats64, linux/if_link.h). */
struct hycan_link_statistics {
	uint64_t rx_packets; /**< packets received */
	uint64_t tx_packets; /**< packets sent */
	uint64_t rx_bytes; /**< bytes received */
	uint64_t tx_bytes; /**< bytes sent */
	uint64_t rx_errors; /**< bad packets received */
	uint64_t tx_errors; /**< packets that could not be sent */
	uint64_t rx_dropped; /**< packets received and not processed */
	uint64_t tx_dropped; /**< packets dropped on their way out */
};

/** Bit timing of one phase of a CAN bus (struct can_bittiming, linux/can/netlink.h). */
struct hycan_can_bit_timing {
	uint32_t bitrate; /**< bits per second */
	uint32_t sample_point; /**< position of the sample in the bit, in thousandths */
	uint32_t tq; /**< time quantum in nanoseconds */
	uint32_t prop_seg; /**< propagation segment in time quanta */
	uint32_t phase_seg1; /**< phase buffer segment 1 in time quanta */
	uint32_t phase_seg2; /**< phase buffer segment 2 in time quanta */
	uint32_t sjw; /**< synchronisation jump width in time quanta */
	uint32_t brp; /**< bit-rate prescaler */
};

/** What is particular to a link of a CAN controller (IFLA_CAN_*, linux/can/netlink.h). */
struct hycan_can {
	enum hycan_can_controller_state state; /**< the controller's error state */
	uint16_t tx_errors; /**< transmit error counter of the controller */
	uint16_t rx_errors; /**< receive error counter of the controller */
	uint32_t restart_ms; /**< delay until a restart after bus-off, in milliseconds; 0: never */
	uint32_t clock; /**< frequency of the controller's clock in Hz */
	bool has_bit_timing; /**< bit_timing is given */
	struct hycan_can_bit_timing bit_timing; /**< arbitration phase; absent until a bit rate is set */
	bool has_data_bit_timing; /**< data_bit_timing is given */
	struct hycan_can_bit_timing data_bit_timing; /**< data phase of CAN FD */
	bool fd; /**< CAN FD frames (CAN_CTRLMODE_FD) */
	bool listen_only; /**< never acknowledges, never sends (CAN_CTRLMODE_LISTENONLY) */
	bool loopback; /**< sees its own frames (CAN_CTRLMODE_LOOPBACK) */
	bool one_shot; /**< does not repeat a frame that failed (CAN_CTRLMODE_ONE_SHOT) */
	bool triple_sampling; /**< samples a bit three times (CAN_CTRLMODE_3_SAMPLES) */
	bool berr_reporting; /**< reports bus errors as frames (CAN_CTRLMODE_BERR_REPORTING) */
};

/** A network link (struct ifinfomsg and IFLA_*, linux/if_link.h). */
struct hycan_link {
	uint32_t ifindex; /**< the kernel's number of the link, in its namespace */
	char name[HYCAN_IFNAME_SIZE]; /**< IFLA_IFNAME */
	bool has_kind; /**< kind is given */
	char kind[16]; /**< IFLA_INFO_KIND: vcan, vlan, wireguard, …; absent for hardware */
	bool has_mac; /**< mac is given */
	struct hycan_mac mac; /**< IFLA_ADDRESS; absent where the link has no 6-byte address */
	uint32_t mtu; /**< bytes of payload in the largest frame */
	uint32_t flags; /**< IFF_*, linux/if.h */
	bool up; /**< IFF_UP: the administrator wants it up */
	enum hycan_operstate operstate; /**< what became of that wish */
	bool has_parent; /**< parent is given */
	char parent[HYCAN_IFNAME_SIZE]; /**< the link this one stands on, or the other end of a pair (IFLA_LINK), where it is in the same namespace */
	bool has_master; /**< master is given */
	char master[HYCAN_IFNAME_SIZE]; /**< the bridge or bond this one belongs to (IFLA_MASTER) */
	bool has_vlan_id; /**< vlan_id is given */
	uint16_t vlan_id; /**< IFLA_VLAN_ID, for kind vlan */
	bool has_vlan_protocol; /**< vlan_protocol is given */
	enum hycan_vlan_protocol vlan_protocol; /**< IFLA_VLAN_PROTOCOL, for kind vlan */
	bool has_alias; /**< alias is given */
	char alias[256]; /**< IFLA_IFALIAS */
	uint32_t txqueuelen; /**< packets that the transmit queue holds */
	bool has_statistics; /**< statistics is given */
	struct hycan_link_statistics statistics; /**< counters */
	bool has_can; /**< can is given */
	struct hycan_can can; /**< for links of CAN controllers */
};

/** An address of a link (struct ifaddrmsg and IFA_*, linux/if_addr.h). */
struct hycan_link_address {
	char link[HYCAN_IFNAME_SIZE]; /**< the link that has the address */
	struct hycan_prefix address; /**< the address, and the length of its network */
	bool has_peer; /**< peer is given */
	struct hycan_prefix peer; /**< far end of a point-to-point link (IFA_ADDRESS); the network is its own */
	bool has_broadcast; /**< broadcast is given */
	struct hycan_address broadcast; /**< IFA_BROADCAST; IPv4 only */
	bool has_label; /**< label is given */
	char label[16]; /**< IFA_LABEL; IPv4 only, begins with the name of the link */
	bool has_scope; /**< scope is given */
	enum hycan_scope scope; /**< how far the address is valid; default: global, or host for a loopback address */
	bool has_preferred_lifetime; /**< preferred_lifetime is given */
	uint32_t preferred_lifetime; /**< seconds for which new connections use it (IFA_CACHEINFO); default: as long as it is valid */
	bool has_valid_lifetime; /**< valid_lifetime is given */
	uint32_t valid_lifetime; /**< seconds until the kernel removes it (IFA_CACHEINFO); default: for ever */
	bool has_no_prefix_route; /**< no_prefix_route is given */
	bool no_prefix_route; /**< add no route to the network (IFA_F_NOPREFIXROUTE) */
	bool has_no_dad; /**< no_dad is given */
	bool no_dad; /**< no duplicate address detection (IFA_F_NODAD); IPv6 only */
	bool has_metric; /**< metric is given */
	uint32_t metric; /**< metric of that route (IFA_RT_PRIORITY) */
};

/** One of several ways of a route (struct rtnexthop, linux/rtnetlink.h). */
struct hycan_nexthop {
	bool has_via; /**< via is given */
	struct hycan_address via; /**< gateway (RTA_GATEWAY, or RTA_VIA where its family is not that of the destination) */
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< outgoing link (rtnh_ifindex) */
	bool has_weight; /**< weight is given */
	uint16_t weight; /**< share of the traffic (rtnh_hops + 1) [1..256, default 1] */
	bool has_onlink; /**< onlink is given */
	bool onlink; /**< the gateway is reached although no prefix says so (RTNH_F_ONLINK) */
};

/** A route (struct rtmsg and RTA_*, linux/rtnetlink.h). */
struct hycan_route {
	struct hycan_prefix destination; /**< RTA_DST; 0.0.0.0/0 or ::/0 is the default route */
	bool has_via; /**< via is given */
	struct hycan_address via; /**< gateway (RTA_GATEWAY, or RTA_VIA where the families differ) */
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< outgoing link (RTA_OIF); default: where the kernel finds the gateway */
	bool has_metric; /**< metric is given */
	uint32_t metric; /**< RTA_PRIORITY: the lowest wins; default: 0 for IPv4, 1024 for IPv6 */
	bool has_table; /**< table is given */
	uint32_t table; /**< routing table; 254 is main, 255 local, 253 default [default 254] */
	bool has_type; /**< type is given */
	enum hycan_route_type type; /**< what happens to the packet [default unicast] */
	bool has_source; /**< source is given */
	struct hycan_address source; /**< preferred source address (RTA_PREFSRC) */
	bool has_scope; /**< scope is given */
	enum hycan_scope scope; /**< default: as ip-route(8): link without a gateway, host for local, else global */
	bool has_protocol; /**< protocol is given */
	uint8_t protocol; /**< who made it (RTPROT_*): 2 the kernel, 3 boot, 4 static, 186 BGP, … [default 4] */
	bool has_onlink; /**< onlink is given */
	bool onlink; /**< the gateway is reached although no prefix says so (RTNH_F_ONLINK) */
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< largest packet on this route in bytes (RTAX_MTU) */
	bool has_nexthops; /**< nexthops is given */
	const struct hycan_nexthop *nexthops; /**< several ways with weights (RTA_MULTIPATH), instead of via and link; at most 100; n_nexthops of them */
	size_t n_nexthops; /**< number of nexthops */
};

/** Why one route of route.load was not added. */
struct hycan_route_failure {
	uint32_t index; /**< position in the request, from 0 */
	uint32_t code; /**< a refusal code of this schema */
	char message[256]; /**< the reason */
};

/** A policy routing rule (struct fib_rule_hdr and FRA_*, linux/fib_rules.h). */
struct hycan_rule {
	enum hycan_family family; /**< IPv4 and IPv6 have a list of rules each */
	bool has_priority; /**< priority is given */
	uint32_t priority; /**< FRA_PRIORITY: the lowest is asked first; default: the kernel picks one before the others */
	bool has_from; /**< from is given */
	struct hycan_prefix from; /**< FRA_SRC: source of the packet */
	bool has_to; /**< to is given */
	struct hycan_prefix to; /**< FRA_DST: destination of the packet */
	bool has_in_interface; /**< in_interface is given */
	char in_interface[HYCAN_IFNAME_SIZE]; /**< FRA_IIFNAME: link on which it arrived */
	bool has_out_interface; /**< out_interface is given */
	char out_interface[HYCAN_IFNAME_SIZE]; /**< FRA_OIFNAME: link to which the socket is bound */
	bool has_fwmark; /**< fwmark is given */
	uint32_t fwmark; /**< FRA_FWMARK: the packet's mark */
	bool has_fwmask; /**< fwmask is given */
	uint32_t fwmask; /**< FRA_FWMASK: which bits of the mark count; default: all */
	bool has_table; /**< table is given */
	uint32_t table; /**< FRA_TABLE: table that is looked up; default: 254, main */
	bool has_action; /**< action is given */
	enum hycan_rule_action action; /**< what happens to the packet; default: lookup */
	bool has_goto_priority; /**< goto_priority is given */
	uint32_t goto_priority; /**< FRA_GOTO: priority of the rule to go on at, for action goto */
	bool has_invert; /**< invert is given */
	bool invert; /**< FIB_RULE_INVERT: matches what the selectors do not */
	bool has_suppress_prefix_length; /**< suppress_prefix_length is given */
	uint32_t suppress_prefix_length; /**< FRA_SUPPRESS_PREFIXLEN: ignore routes with a prefix of this length or shorter */
	bool has_protocol; /**< protocol is given */
	uint8_t protocol; /**< FRA_PROTOCOL: who made it (RTPROT_*); default: 4, static */
	bool has_ip_protocol; /**< ip_protocol is given */
	uint8_t ip_protocol; /**< FRA_IP_PROTO: what the packet carries (IPPROTO_*): 1 ICMP, 6 TCP, 17 UDP, 132 SCTP, … */
	bool has_source_ports; /**< source_ports is given */
	struct hycan_port_range source_ports; /**< FRA_SPORT_RANGE: port, or first-last, that the packet comes from */
	bool has_destination_ports; /**< destination_ports is given */
	struct hycan_port_range destination_ports; /**< FRA_DPORT_RANGE: port, or first-last, that it goes to */
	bool has_uid_first; /**< uid_first is given */
	uint32_t uid_first; /**< FRA_UID_RANGE: user whose socket sends it, or the first of them */
	bool has_uid_last; /**< uid_last is given */
	uint32_t uid_last; /**< FRA_UID_RANGE: the last of them; default: the first */
	bool has_tos; /**< tos is given */
	uint8_t tos; /**< its type of service, or traffic class, without the two bits of ECN */
	bool has_suppress_group; /**< suppress_group is given */
	uint32_t suppress_group; /**< FRA_SUPPRESS_IFGROUP: ignore routes over links of this group */
	bool has_l3mdev; /**< l3mdev is given */
	bool l3mdev; /**< FRA_L3MDEV: look in the table of the link's VRF, instead of one that is given */
};

/** A WireGuard interface (WGDEVICE_A_*, linux/wireguard.h). */
struct hycan_wireguard {
	char name[HYCAN_IFNAME_SIZE]; /**< the link */
	uint32_t ifindex; /**< its number */
	bool has_public_key; /**< public_key is given */
	struct hycan_key public_key; /**< absent until a private key is set */
	uint16_t listen_port; /**< UDP port; 0: the kernel picks one when the link goes up */
	uint32_t fwmark; /**< mark on the packets it sends; 0: none */
};

/** A WireGuard peer as the kernel knows it (WGPEER_A_*, linux/wireguard.h). */
struct hycan_wireguard_peer {
	struct hycan_key public_key; /**< who it is */
	bool has_preshared_key; /**< a preshared key is set; the key itself is never given out */
	bool has_endpoint; /**< endpoint is given */
	struct hycan_endpoint endpoint; /**< where its packets go and came from last */
	uint16_t persistent_keepalive; /**< seconds between keepalive packets; 0: none */
	uint64_t latest_handshake; /**< seconds since 1970-01-01; 0: never */
	uint64_t rx_bytes; /**< bytes received from it */
	uint64_t tx_bytes; /**< bytes sent to it */
	const struct hycan_prefix *allowed_ips; /**< what it may send, and what is sent to it (cryptokey routing); n_allowed_ips of them */
	size_t n_allowed_ips; /**< number of allowed_ips */
};

/** What one wants a WireGuard peer to be (WGPEER_A_*, linux/wireguard.h). */
struct hycan_wireguard_peer_config {
	struct hycan_key public_key; /**< who it is */
	bool has_preshared_key; /**< preshared_key is given */
	struct hycan_key preshared_key; /**< additional symmetric key; all zero removes it */
	bool has_endpoint; /**< endpoint is given */
	struct hycan_endpoint endpoint; /**< where its packets go */
	bool has_persistent_keepalive; /**< persistent_keepalive is given */
	uint16_t persistent_keepalive; /**< seconds between keepalive packets; 0 turns them off */
	bool has_allowed_ips; /**< allowed_ips is given */
	const struct hycan_prefix *allowed_ips; /**< the whole list: replaces what the peer had; n_allowed_ips of them */
	size_t n_allowed_ips; /**< number of allowed_ips */
};

/** Source networks whose packets leave with the address of the outgoing link. */
struct hycan_masquerade {
	struct hycan_prefix subnet; /**< packets from here */
	bool has_out_interface; /**< out_interface is given */
	char out_interface[HYCAN_IFNAME_SIZE]; /**< only through this link, wherever to; default: through every link, except to the subnet itself */
};

/** A port of this host that leads to another address. */
struct hycan_port_mapping {
	enum hycan_transport protocol; /**< tcp, udp or sctp */
	struct hycan_port_range host_port; /**< port, or first-last, on this host */
	struct hycan_address to_address; /**< where it leads */
	uint16_t to_port; /**< its port there; the first one, for a range */
	bool has_host_address; /**< host_address is given */
	struct hycan_address host_address; /**< only this address of the host; default: all of to_address's family */
	bool has_network; /**< network is given */
	uint16_t network; /**< VLAN of the network whose address that is; 0: of none, on purpose; default: the one it is in [0..4094] */
};

/** A network of containers or virtual machines: a VLAN with a subnet, for which this host is the gateway. */
struct hycan_network {
	uint16_t vlan_id; /**< VLAN identifier (IFLA_VLAN_ID) [1..4094] */
	struct hycan_prefix subnet; /**< IPv4 addresses of the network */
	struct hycan_address gateway; /**< this host's address in it */
	char network_name[33]; /**< what people call it: letters, digits, “.”, “_” and “-” */
	bool has_parent; /**< parent is given */
	char parent[HYCAN_IFNAME_SIZE]; /**< the link that carries the tagged frames; default: the one with the default route */
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< bytes of payload; default: the parent's [68..65535] */
	bool has_nat; /**< nat is given */
	bool nat; /**< packets leave with the address of the outgoing link; default: on, unless internal */
	bool has_internal; /**< internal is given */
	bool internal; /**< nothing goes out to other links and nothing comes in */
	bool has_ipv6_subnet; /**< ipv6_subnet is given */
	struct hycan_prefix ipv6_subnet; /**< IPv6 addresses of the network */
	bool has_ipv6_gateway; /**< ipv6_gateway is given */
	struct hycan_address ipv6_gateway; /**< this host's address among them */
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< the network's link on this host [default "net{vlan_id}"] */
};

/** Where packets from a network may go beside its own ways out. */
struct hycan_network_way {
	uint16_t vlan_id; /**< to this network */
	char link[HYCAN_IFNAME_SIZE]; /**< its link */
};

/** What is otherwise than it was asked for. */
struct hycan_network_drift {
	char message[256]; /**< what it is */
};

/** The names of a network, in short; dns.list has the rest. */
struct hycan_network_dns {
	bool has_domain; /**< domain is given */
	char domain[127]; /**< the domain that they are in */
	uint32_t hosts; /**< hosts that have one */
	bool serves; /**< their dnsmasq answered, just now */
	bool has_pid; /**< pid is given */
	int32_t pid; /**< its process; absent while it does not run */
};

/** A network as it is. */
struct hycan_network_state {
	uint16_t vlan_id; /**< VLAN identifier */
	char network_name[33]; /**< its name */
	char link[HYCAN_IFNAME_SIZE]; /**< its link on this host */
	char parent[HYCAN_IFNAME_SIZE]; /**< the link that carries its frames */
	struct hycan_prefix subnet; /**< its IPv4 addresses */
	struct hycan_address gateway; /**< this host's address among them */
	bool has_ipv6_subnet; /**< ipv6_subnet is given */
	struct hycan_prefix ipv6_subnet; /**< its IPv6 addresses */
	bool has_ipv6_gateway; /**< ipv6_gateway is given */
	struct hycan_address ipv6_gateway; /**< this host's address among them */
	bool up; /**< the link is there, up, and so is what carries it */
	bool has_mac; /**< mac is given */
	struct hycan_mac mac; /**< of the link */
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< of the link */
	bool nat; /**< packets leave with the address of the outgoing link */
	bool internal; /**< nothing goes out to other links and nothing comes in */
	uint32_t mappings; /**< port mappings that lead to its addresses */
	const struct hycan_network_way *ways; /**< where its packets may go beside; n_ways of them */
	size_t n_ways; /**< number of ways */
	const struct hycan_network_drift *drift; /**< what strangers made of it; n_drift of them */
	size_t n_drift; /**< number of drift */
	bool has_statistics; /**< statistics is given */
	struct hycan_link_statistics statistics; /**< of the link */
	bool has_dns; /**< dns is given */
	struct hycan_network_dns dns; /**< its names; absent: they are not told */
};

/** A host of a network, for whoever asks for its name, or for the name of an address. */
struct hycan_dns_host {
	char name[127]; /**< its name, without the domain: letters in lower case, digits, “-” and “_”, with dots between */
	const struct hycan_address *addresses; /**< its addresses in the network; at most 16; n_addresses of them */
	size_t n_addresses; /**< number of addresses */
};

/** The names of a network, and the dnsmasq that tells them. */
struct hycan_dns_state {
	uint16_t vlan_id; /**< VLAN identifier of the network */
	char link[HYCAN_IFNAME_SIZE]; /**< its link on this host */
	bool has_domain; /**< domain is given */
	char domain[127]; /**< the domain that the names are in */
	const struct hycan_dns_host *hosts; /**< them; n_hosts of them */
	size_t n_hosts; /**< number of hosts */
	const struct hycan_address *upstreams; /**< who is asked for all other names; none: whom this host asks, unless; n_upstreams of them */
	size_t n_upstreams; /**< number of upstreams */
	bool own_only; /**< nobody is */
	bool serves; /**< it answered, just now */
	bool has_pid; /**< pid is given */
	int32_t pid; /**< its process; absent while it does not run */
	uint32_t restarts; /**< how often it ended by itself */
	bool has_running_ms; /**< running_ms is given */
	uint64_t running_ms; /**< milliseconds since it was started */
	bool has_again_ms; /**< again_ms is given */
	uint64_t again_ms; /**< milliseconds until it is started again */
	bool has_message; /**< message is given */
	char message[160]; /**< what it said last, where it does not serve */
};

/** A thing in the kernel that the daemon made, and that nobody took away through it. */
struct hycan_object {
	enum hycan_object_kind kind; /**< what it is */
	char identity[512]; /**< what tells it from others of its kind: “eth0 10.0.0.1/24”, “10.0.0.0/8 table main” */
	uint32_t uid; /**< its owner: who holds it, and longest of them */
	uint64_t netns; /**< inode of its network namespace (stat(2)) */
	uint64_t age_ms; /**< milliseconds since it was made */
	enum hycan_lifetime lifetime; /**< how long the owner holds it */
	bool has_remaining_ms; /**< remaining_ms is given */
	uint64_t remaining_ms; /**< milliseconds until it goes, unless somebody sees to it: of a lease */
	uint32_t holders; /**< how many hold it */
	bool has_unconfirmed_ms; /**< unconfirmed_ms is given */
	uint64_t unconfirmed_ms; /**< of object.list: milliseconds until it is taken back, or what was changed of it, unless the transaction that did so is confirmed */
	bool has_cid; /**< cid is given */
	uint32_t cid; /**< its owner, where that is another machine: its context id (vsock(7)); uid is 4294967295 then */
	bool has_drift; /**< drift is given */
	enum hycan_drift drift; /**< of object.list: what is done when a stranger takes it away or changes it; absent: that is reported */
};

/** A thing that could not be taken away. */
struct hycan_uncleared {
	enum hycan_object_kind kind; /**< what it is */
	char identity[512]; /**< what tells it from others of its kind */
	uint64_t netns; /**< inode of its network namespace (stat(2)) */
	char reason[256]; /**< why */
};

/** A step of a transaction: the request of another operation. */
struct hycan_step {
	uint16_t operation; /**< its number, of an operation that changes the kernel */
	struct hycan_payload request; /**< its request, in the attributes that it has when it is sent alone */
};

/** A change that a transaction would make. */
struct hycan_planned_change {
	uint32_t step; /**< of which step it is, from 0; the number of steps: of what prune takes away */
	enum hycan_change_action action; /**< what would be done */
	char what[512]; /**< to what: “link vcan0”, “route 10.0.0.0/8 table main”; of a change the operation as well, or the item of its list; of what is many things, each of them, as “element network_vlan 100” of the table inet hycan */
	bool has_was; /**< was is given */
	char was[512]; /**< what would change, as it is */
	bool has_becomes; /**< becomes is given */
	char becomes[512]; /**< and as it would be */
};

/** A transaction that is done, and taken back unless somebody confirms it. */
struct hycan_pending_transaction {
	char token[33]; /**< what transaction.confirm is to be given */
	uint32_t uid; /**< who asked for it */
	uint64_t remaining_ms; /**< milliseconds until it is taken back */
	bool detached; /**< not taken back when the connection ends */
	uint32_t requests; /**< how many it takes to take it back */
	uint64_t netns; /**< inode of the network namespace that it changed (stat(2)) */
	bool has_cid; /**< cid is given */
	uint32_t cid; /**< another machine that asked for it (vsock(7)); uid is 4294967295 then */
};

/** What became of a step. */
struct hycan_step_result {
	bool unchanged; /**< everything was so already: nothing was done */
	bool has_reply; /**< reply is given */
	struct hycan_payload reply; /**< its answer, where the operation has one */
	bool has_stays; /**< stays is given */
	bool stays; /**< others hold what it takes away, so that is there still: the caller has let go of it, or with may_be_gone never held it */
};

/** Why something changed. */
struct hycan_event_cause {
	enum hycan_event_origin origin; /**< who */
	bool has_uid; /**< uid is given */
	uint32_t uid; /**< user whose request it was */
	bool has_pid; /**< pid is given */
	int32_t pid; /**< its process; 0 where it is not visible from here */
	bool has_operation; /**< operation is given */
	char operation[41]; /**< what it asked for */
	bool has_request; /**< request is given */
	uint32_t request; /**< the request's sequence number (nlmsg_seq) */
	bool has_cid; /**< cid is given */
	uint32_t cid; /**< another machine whose request it was (vsock(7)), and no user */
};

/** Something that happened, or that is there. Of what is gone it has what was known last. */
struct hycan_event {
	uint64_t number; /**< counts the events of a subscription from 1; none is left out */
	enum hycan_event_what what; /**< what happened */
	bool has_family; /**< family is given */
	enum hycan_event_family family; /**< what it is about, and which of the fields below is there */
	bool has_cause; /**< cause is given */
	struct hycan_event_cause cause; /**< why, of what changed */
	bool has_link; /**< link is given */
	struct hycan_link link;
	bool has_address; /**< address is given */
	struct hycan_link_address address;
	bool has_route; /**< route is given */
	struct hycan_route route;
	bool has_rule; /**< rule is given */
	struct hycan_rule rule;
	bool has_object; /**< object is given */
	struct hycan_object object; /**< as object.list shows it */
	bool has_wireguard; /**< wireguard is given */
	struct hycan_wireguard wireguard; /**< of WireGuard, an interface */
	bool has_wireguard_peer; /**< wireguard_peer is given */
	struct hycan_wireguard_peer wireguard_peer; /**< or a peer, with 500 of its allowed IPs at most */
	bool has_peer_of; /**< peer_of is given */
	char peer_of[HYCAN_IFNAME_SIZE]; /**< and its interface */
	bool has_more_allowed_ips; /**< more_allowed_ips is given */
	uint32_t more_allowed_ips; /**< how many allowed IPs it has beside these */
};

/**
 * How often an operation was asked for, and how long it took. A latency of n µs counts in bucket floor(log2(n))
 * + 1, 0 µs in bucket 0.
 */
struct hycan_operation_statistics {
	char name[41]; /**< the operation */
	uint64_t done; /**< answered */
	uint64_t refused; /**< refused, for whatever reason */
	uint64_t failed; /**< broke */
	const uint64_t *latency_us; /**< histogram from reading the request to writing the answer; n_latency_us of them */
	size_t n_latency_us; /**< number of latency_us */
};

/** Something that is not as it should be. */
struct hycan_health_problem {
	char check[41]; /**< what was looked at: ledger, kernel, rules, mappings, masquerade, networks, dns */
	char message[256]; /**< what is wrong with it */
};

/** A line of the metrics. */
struct hycan_metrics_line {
	char line[512]; /**< a comment, or a sample: name, labels, value */
};

/** A field of an operation, as in the schema. */
struct hycan_field_description {
	char name[41]; /**< its name */
	char type[41]; /**< its type, as the schema writes it */
	bool required; /**< must be there */
	uint16_t number; /**< its attribute type on the wire */
	char summary[256]; /**< what it means */
};

/** An operation, as in the schema. */
struct hycan_operation_description {
	uint16_t number; /**< nlmsg_type on the wire */
	char name[41]; /**< family.verb */
	char policy_class[41]; /**< the word that policy uses */
	char access[9]; /**< open, read or write */
	char summary[1024]; /**< what it does */
	const struct hycan_field_description *request; /**< what it takes; n_request of them */
	size_t n_request; /**< number of request */
	const struct hycan_field_description *reply; /**< what it answers, in one frame or, for a list, in each; n_reply of them */
	size_t n_reply; /**< number of reply */
	bool list; /**< answers many times */
};

/** How much of something a user may have. */
struct hycan_quota {
	char name[41]; /**< connections, bytes, requests, objects, objects.route, … */
	uint64_t used; /**< how much the user has now; of requests: how many of the quota are spent */
	char limit[32]; /**< as the policy has it: 64, 16M, 6000/min, unlimited */
	uint32_t line; /**< line of the policy that says so; 0: built in */
};

/** One line of the policy. */
struct hycan_policy_rule {
	uint32_t line; /**< its line in the file; 0: built in */
	char text[512]; /**< the rule */
};

/** What session.hello can be given beside what it needs. */
struct hycan_session_hello_options {
	bool has_client; /**< client is given */
	char client[64]; /**< name of the program, for the daemon's log */
	bool has_grace; /**< grace is given */
	uint32_t grace; /**< seconds for which what the connection holds stays when it is gone, for session.adopt; default: 0 [0..86400] */
};

/** What session.hello answers. */
struct hycan_session_hello_reply {
	uint32_t version; /**< protocol version of the daemon */
	char daemon_version[32]; /**< release of the daemon */
	uint32_t max_frame; /**< largest request in bytes */
	uint32_t max_fds; /**< file descriptors that one request may carry */
	char token[33]; /**< proves to session.adopt and session.renew whose session this is: for the program that asked alone */
};

/** What session.whoami answers. */
struct hycan_session_whoami_reply {
	uint32_t uid; /**< user, from the kernel (SO_PEERCRED, unix(7)) */
	uint32_t gid; /**< its primary group */
	int32_t pid; /**< process that connected; 0 where it is not visible from here */
	bool has_user; /**< user is given */
	char user[64]; /**< name of the user, where /etc/passwd has it */
	bool has_netns; /**< netns is given */
	uint64_t netns; /**< inode of the network namespace that requests act in (stat(2)) */
	const struct hycan_policy_rule *rules; /**< the policy that applies to the caller, in order; the first that matches decides; n_rules of them */
	size_t n_rules; /**< number of rules */
	const struct hycan_quota *quotas; /**< what the caller's user may have of the daemon, and has; n_quotas of them */
	size_t n_quotas; /**< number of quotas */
	bool has_cid; /**< cid is given */
	uint32_t cid; /**< another machine, by its context id (vsock(7)); uid and gid are 4294967295 then, and pid is 0 */
};

/** What session.lifetime can be given beside what it needs. */
struct hycan_session_lifetime_options {
	bool has_seconds; /**< seconds is given */
	uint32_t seconds; /**< of a lease [1..31536000] */
	bool has_grace; /**< grace is given */
	uint32_t grace; /**< seconds for which what the connection holds stays when it is gone; default: as before [0..86400] */
	bool has_drift; /**< drift is given */
	enum hycan_drift drift; /**< what is done when a stranger takes it away or changes it; default: as before, at first report */
};

/** What session.renew can be given beside what it needs. */
struct hycan_session_renew_options {
	bool has_token; /**< token is given */
	char token[33]; /**< of a former connection of the same user; default: this one */
};

/** What daemon.status answers. */
struct hycan_daemon_status_reply {
	char version[32]; /**< release */
	int32_t pid; /**< process */
	uint64_t uptime_ms; /**< milliseconds since it started */
	uint32_t clients; /**< connections, this one among them */
	uint32_t objects; /**< things in the kernel that it made and that nobody removed through it */
	const struct hycan_operation_statistics *operations; /**< one for each operation that was asked for; n_operations of them */
	size_t n_operations; /**< number of operations */
	uint64_t longest_turn_us; /**< longest time for which its loop was busy with one thing and looked at nobody else, in microseconds */
};

/** What link.list can be given beside what it needs. */
struct hycan_link_list_options {
	bool has_kind; /**< kind is given */
	char kind[16]; /**< only links of this kind: vcan, vlan, wireguard, … */
};

/** What link.set can be given beside what it needs. */
struct hycan_link_set_options {
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< bytes of payload in the largest frame [1..65536] */
	bool has_alias; /**< alias is given */
	char alias[256]; /**< text for people; empty removes it */
	bool has_mac; /**< mac is given */
	struct hycan_mac mac; /**< hardware address */
	bool has_txqueuelen; /**< txqueuelen is given */
	uint32_t txqueuelen; /**< packets that the transmit queue holds */
};

/** What vcan.create can be given beside what it needs. */
struct hycan_vcan_create_options {
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< 16 for classical CAN (CAN_MTU), 72 for CAN FD (CANFD_MTU); default: the kernel's, 72 */
};

/** What vxcan.create can be given beside what it needs. */
struct hycan_vxcan_create_options {
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< of both: 16 for classical CAN (CAN_MTU), 72 for CAN FD (CANFD_MTU); default: the kernel's, 72 */
};

/** What can.set can be given beside what it needs. */
struct hycan_can_set_options {
	bool has_bitrate; /**< bitrate is given */
	uint32_t bitrate; /**< bits per second [1..1000000] */
	bool has_sample_point; /**< sample_point is given */
	uint32_t sample_point; /**< position of the sample in the bit, in thousandths; default: the kernel's choice [1..999] */
	bool has_data_bitrate; /**< data_bitrate is given */
	uint32_t data_bitrate; /**< bits per second in the data phase; CAN FD [1..20000000] */
	bool has_data_sample_point; /**< data_sample_point is given */
	uint32_t data_sample_point; /**< position of the sample in the data phase, in thousandths [1..999] */
	bool has_fd; /**< fd is given */
	bool fd; /**< CAN FD frames */
	bool has_restart_ms; /**< restart_ms is given */
	uint32_t restart_ms; /**< delay until a restart after bus-off, in milliseconds; 0: never */
	bool has_listen_only; /**< listen_only is given */
	bool listen_only; /**< never acknowledges, never sends */
	bool has_loopback; /**< loopback is given */
	bool loopback; /**< sees its own frames */
	bool has_one_shot; /**< one_shot is given */
	bool one_shot; /**< does not repeat a frame that failed */
	bool has_triple_sampling; /**< triple_sampling is given */
	bool triple_sampling; /**< samples a bit three times */
	bool has_berr_reporting; /**< berr_reporting is given */
	bool berr_reporting; /**< reports bus errors as frames */
};

/** What vlan.create can be given beside what it needs. */
struct hycan_vlan_create_options {
	bool has_name; /**< name is given */
	char name[HYCAN_IFNAME_SIZE]; /**< the new link [default "{parent}.{vlan_id}"] */
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< bytes of payload; default: the parent's [68..65535] */
	bool has_protocol; /**< protocol is given */
	enum hycan_vlan_protocol protocol; /**< protocol of the tag [default 802.1Q] */
};

/** What address.list can be given beside what it needs. */
struct hycan_address_list_options {
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< only those of this link */
	bool has_family; /**< family is given */
	enum hycan_family family; /**< only those of this family */
};

/** What route.remove can be given beside what it needs. */
struct hycan_route_remove_options {
	bool has_via; /**< via is given */
	struct hycan_address via; /**< its gateway */
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its outgoing link */
	bool has_metric; /**< metric is given */
	uint32_t metric; /**< its metric */
	bool has_table; /**< table is given */
	uint32_t table; /**< its table [default 254] */
	bool has_type; /**< type is given */
	enum hycan_route_type type; /**< its type; default: any */
};

/** What route.list can be given beside what it needs. */
struct hycan_route_list_options {
	bool has_table; /**< table is given */
	uint32_t table; /**< only this table; 0: all of them. Default: 254, main */
	bool has_family; /**< family is given */
	enum hycan_family family; /**< only those of this family */
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< only those over this link */
	bool has_protocol; /**< protocol is given */
	uint8_t protocol; /**< only those made by this (RTPROT_*) */
};

/** What route.load can be given beside what it needs. */
struct hycan_route_load_options {
	bool has_replace; /**< replace is given */
	bool replace; /**< in place of routes with the same destination, metric and table */
};

/** What route.load answers. */
struct hycan_route_load_reply {
	uint32_t added; /**< routes that are there now */
	const struct hycan_route_failure *failures; /**< the others, in the order of the request; at most 1000 are told; n_failures of them */
	size_t n_failures; /**< number of failures */
	uint32_t failed; /**< how many failed in all */
};

/** What rule.list can be given beside what it needs. */
struct hycan_rule_list_options {
	bool has_family; /**< family is given */
	enum hycan_family family; /**< only those of this family */
};

/** What wireguard.create can be given beside what it needs. */
struct hycan_wireguard_create_options {
	bool has_mtu; /**< mtu is given */
	uint32_t mtu; /**< bytes of payload; default: the kernel's, 1420 [68..65535] */
};

/** What wireguard.set can be given beside what it needs. */
struct hycan_wireguard_set_options {
	bool has_private_key; /**< private_key is given */
	struct hycan_key private_key; /**< its key; all zero removes it */
	bool has_listen_port; /**< listen_port is given */
	uint16_t listen_port; /**< UDP port; 0: the kernel picks one, a new one each time while the link is up */
	bool has_fwmark; /**< fwmark is given */
	uint32_t fwmark; /**< mark on the packets that it sends; 0: none */
};

/** What wireguard.get answers. */
struct hycan_wireguard_get_reply {
	struct hycan_wireguard device; /**< the interface */
	const struct hycan_wireguard_peer *peers; /**< its peers; n_peers of them */
	size_t n_peers; /**< number of peers */
};

/** What wireguard.sync answers. */
struct hycan_wireguard_sync_reply {
	uint32_t added; /**< peers that were missing */
	uint32_t changed; /**< peers that differed */
	uint32_t removed; /**< peers that were too much */
};

/** What port.remove can be given beside what it needs. */
struct hycan_port_remove_options {
	bool has_host_address; /**< host_address is given */
	struct hycan_address host_address; /**< as it was added */
	bool has_family; /**< family is given */
	enum hycan_family family; /**< family of the mapping, where no host_address tells it [default ipv4] */
	bool has_network; /**< network is given */
	uint16_t network; /**< only if it is that network's, or with 0 none's; default: whosever it is [0..4094] */
};

/** What forwarding.set can be given beside what it needs. */
struct hycan_forwarding_set_options {
	bool has_interface; /**< interface is given */
	char interface[HYCAN_IFNAME_SIZE]; /**< only this link; default: the whole namespace */
};

/** What forwarding.get can be given beside what it needs. */
struct hycan_forwarding_get_options {
	bool has_interface; /**< interface is given */
	char interface[HYCAN_IFNAME_SIZE]; /**< this link; default: the whole namespace */
};

/** What object.list can be given beside what it needs. */
struct hycan_object_list_options {
	bool has_kind; /**< kind is given */
	enum hycan_object_kind kind; /**< only those of this kind */
	bool has_mine; /**< mine is given */
	bool mine; /**< only the caller's own, for root too */
};

/** What object.replace_begin can be given beside what it needs. */
struct hycan_object_replace_begin_options {
	bool has_kind; /**< kind is given */
	enum hycan_object_kind kind; /**< of this kind; default: of all kinds */
};

/** What object.clear can be given beside what it needs. */
struct hycan_object_clear_options {
	bool has_dry_run; /**< dry_run is given */
	bool dry_run; /**< take nothing away, and count what would be */
	bool has_all; /**< all is given */
	bool all; /**< what is anybody's: for root, and where policy says owner=any */
	bool has_kind; /**< kind is given */
	enum hycan_object_kind kind; /**< only objects of this kind; default: of all kinds */
	bool has_uid; /**< uid is given */
	uint32_t uid; /**< what is this user's; another than the caller: as for all */
	bool has_cid; /**< cid is given */
	uint32_t cid; /**< what is this other machine's (vsock(7)); another than the caller: as for all */
};

/** What object.clear answers. */
struct hycan_object_clear_reply {
	uint32_t removed; /**< objects that were taken away */
	uint32_t released; /**< objects that stay, because others hold them */
	uint32_t failed; /**< objects that stay, because they could not be taken away */
	const struct hycan_uncleared *failures; /**< those of them, the first 64; n_failures of them */
	size_t n_failures; /**< number of failures */
};

/** What transaction.run can be given beside what it needs. */
struct hycan_transaction_run_options {
	bool has_plan; /**< plan is given */
	bool plan; /**< do nothing, and tell what would be done; what the kernel alone would refuse shows only when it is done */
	bool has_confirm_within; /**< confirm_within is given */
	uint32_t confirm_within; /**< seconds; taken back then, and when the connection or the daemon ends, unless transaction.confirm came; one at a time of a user in a network namespace [1..86400] */
	bool has_detached; /**< detached is given */
	bool detached; /**< not when the connection ends; of a private daemon, which ends with it, that is refused (unsupported) */
	bool has_prune; /**< prune is given */
	bool prune; /**< what the caller holds in this network namespace, as for object.replace_end, and no step makes goes, when all is done */
	bool has_may_be_gone; /**< may_be_gone is given */
	bool may_be_gone; /**< a step that takes away what is not there, or that others hold and the caller does not, or renames a link that has its new name already, is unchanged, and not refused (not_found, denied) */
};

/** What transaction.run answers. */
struct hycan_transaction_run_reply {
	const struct hycan_step_result *results; /**< what became of each, in the same order; n_results of them */
	size_t n_results; /**< number of results */
	bool unchanged; /**< of all of them: everything was so already; then there is no token */
	const struct hycan_planned_change *changes; /**< of a plan: what would be done, in this order; n_changes of them */
	size_t n_changes; /**< number of changes */
	bool has_token; /**< token is given */
	char token[33]; /**< what transaction.confirm is to be given; absent when nothing was changed */
	bool has_pruned; /**< pruned is given */
	uint32_t pruned; /**< with prune: of how many things the caller let go, or would */
	bool has_failed; /**< failed is given */
	uint32_t failed; /**< with prune: things that could not be taken away, and are held as before, or went along with others; the log says why */
};

/** What event.subscribe can be given beside what it needs. */
struct hycan_event_subscribe_options {
	bool has_families; /**< families is given */
	const enum hycan_event_family *families; /**< only these; default: all that the caller may list; n_families of them */
	size_t n_families; /**< number of families */
	bool has_name; /**< name is given */
	char name[64]; /**< only what is about a link with such a name, with * and ? (glob(7)) */
	bool has_owner; /**< owner is given */
	uint32_t owner; /**< only what this user holds through the daemon, and what the user's requests change */
	bool has_owner_cid; /**< owner_cid is given */
	uint32_t owner_cid; /**< the same of another machine, by its context id (vsock(7)) */
};

/** What health.get answers. */
struct hycan_health_get_reply {
	bool healthy; /**< nothing of that is wrong */
	const struct hycan_health_problem *problems; /**< what is; n_problems of them */
	size_t n_problems; /**< number of problems */
	char version[32]; /**< release */
	uint64_t uptime_ms; /**< milliseconds since the daemon started */
	uint32_t clients; /**< connections, this one among them */
	uint32_t objects; /**< things in the kernel that it made and that nobody removed through it */
	uint32_t networks; /**< networks in this network namespace */
};

/** What network.create can be given beside what it needs. */
struct hycan_network_create_options {
	bool has_replace; /**< replace is given */
	bool replace; /**< change a network of that VLAN in place; its hosts' connections and its port mappings stay */
};

/** What network.delete can be given beside what it needs. */
struct hycan_network_delete_options {
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its link, where it has another one [default "net{vlan_id}"] */
};

/** What network.list can be given beside what it needs. */
struct hycan_network_list_options {
	bool has_vlan_id; /**< vlan_id is given */
	uint16_t vlan_id; /**< only this one [1..4094] */
};

/** What network.nat can be given beside what it needs. */
struct hycan_network_nat_options {
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its link, where it has another one [default "net{vlan_id}"] */
};

/** What network.allow can be given beside what it needs. */
struct hycan_network_allow_options {
	bool has_from_link; /**< from_link is given */
	char from_link[HYCAN_IFNAME_SIZE]; /**< the link of the first, where it has another one [default "net{from}"] */
	bool has_to_link; /**< to_link is given */
	char to_link[HYCAN_IFNAME_SIZE]; /**< the link of the other, where it has another one [default "net{to}"] */
};

/** What dns.set can be given beside what it needs. */
struct hycan_dns_set_options {
	bool has_domain; /**< domain is given */
	char domain[127]; /**< the domain that the names are in, beside being names by themselves; default: none */
	bool has_upstreams; /**< upstreams is given */
	const struct hycan_address *upstreams; /**< who is asked for all other names, at most 8; default: whom this host asks (resolv.conf(5)); n_upstreams of them */
	size_t n_upstreams; /**< number of upstreams */
	bool has_own_only; /**< own_only is given */
	bool own_only; /**< nobody is, as always for an internal network */
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its link, where it has another one [default "net{vlan_id}"] */
};

/** What dns.unset can be given beside what it needs. */
struct hycan_dns_unset_options {
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its link, where it has another one [default "net{vlan_id}"] */
};

/** What dns.add_host can be given beside what it needs. */
struct hycan_dns_add_host_options {
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its link, where it has another one [default "net{vlan_id}"] */
};

/** What dns.remove_host can be given beside what it needs. */
struct hycan_dns_remove_host_options {
	bool has_link; /**< link is given */
	char link[HYCAN_IFNAME_SIZE]; /**< its link, where it has another one [default "net{vlan_id}"] */
};

/** What dns.list can be given beside what it needs. */
struct hycan_dns_list_options {
	bool has_vlan_id; /**< vlan_id is given */
	uint16_t vlan_id; /**< only those of this network [1..4094] */
};

#ifdef __cplusplus
}
#endif

#endif
