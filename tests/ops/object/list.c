/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.list: what is there, whose it is, and what is not there any more. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"
#include "routing.h"

#define NOBODY 65534

/* A line an object: kind and identity; daemon.status counts as many. */
static void assert_listed(struct hycan *h, const struct hycan_object_list_options *options, const char *expected)
{
	char *text = objects_text(h, options);

	assert_string_equal(text, expected);
	free(text);
}

static void assert_objects(struct hycan *h, const char *expected)
{
	struct hycan_daemon_status_reply *s = NULL;
	uint32_t lines = 0;

	assert_listed(h, NULL, expected);
	for (const char *c = expected; *c; c++)
		lines += *c == '\n';
	assert_done(h, hycan_daemon_status(h, &s));
	assert_int_equal(s->objects, lines);
	free(s);
}

static struct hycan_link_address address_on(const char *link, const char *address)
{
	struct hycan_link_address a = { .address = prefix_of(address) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	return a;
}

static void add_address(struct hycan *h, const char *link, const char *address)
{
	const struct hycan_link_address a = address_on(link, address);

	assert_done(h, hycan_address_add(h, &a));
}

static void remove_address(struct hycan *h, const char *link, const char *address)
{
	const struct hycan_prefix a = prefix_of(address);

	assert_done(h, hycan_address_remove(h, link, &a));
}

static void remove_route(struct hycan *h, const char *destination, const struct hycan_route_remove_options *options)
{
	const struct hycan_prefix to = prefix_of(destination);

	assert_done(h, hycan_route_remove(h, &to, options));
}

static void knows_addresses(void **state)
{
	struct world *w = *state;
	struct hycan_link_address far = address_on("va", "10.1.0.1/24");

	assert_objects(w->h, "");
	add_address(w->h, "va", "10.0.0.1/24");
	add_address(w->h, "va", "fd00::1/64");
	/* asked twice: one */
	add_address(w->h, "va", "10.0.0.1/24");
	assert_objects(w->h, "address va 10.0.0.1/24\naddress va fd00::1/64\n");
	/* a stranger's is not claimed */
	free(shell("ip address add 10.0.1.1/24 dev va"));
	add_address(w->h, "va", "10.0.1.1/24");
	remove_address(w->h, "va", "fd00::1/64");
	assert_objects(w->h, "address va 10.0.0.1/24\n");
	/* one with a far end stands alone, however it is asked for */
	far.has_peer = true;
	far.peer = prefix_of("10.1.0.2/24");
	assert_done(w->h, hycan_address_add(w->h, &far));
	assert_objects(w->h, "address va 10.0.0.1/24\naddress va 10.1.0.1/32\n");
	remove_address(w->h, "va", "10.1.0.1/24");
	assert_objects(w->h, "address va 10.0.0.1/24\n");
	/* what is refused makes nothing */
	far.address = prefix_of("0.0.0.0/24");
	assert_refused(w->h, hycan_address_add(w->h, &far), HYCAN_REFUSAL_INVALID);
	remove_address(w->h, "va", "10.0.0.1/24");
	assert_objects(w->h, "");
	/* a stranger removed it, and it is made again: still one */
	add_address(w->h, "va", "10.0.0.1/24");
	free(shell("ip address del 10.0.0.1/24 dev va"));
	add_address(w->h, "va", "10.0.0.1/24");
	assert_objects(w->h, "address va 10.0.0.1/24\n");
}

static void knows_routes(void **state)
{
	struct world *w = *state;
	struct hycan_route route = route_via("10.20.0.0/16", "10.0.0.2"), six = route_via("fd20::/32", "fd00::2");
	const struct hycan_route_remove_options in_table = { .has_table = true, .table = 100 };

	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_route_add(w->h, &six));
	route.has_metric = six.has_metric = true;
	route.metric = 7;
	/* the kernel's own metric, said */
	six.metric = 1024;
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_route_add(w->h, &six));
	assert_objects(w->h, "route 10.20.0.0/16 table main\nroute fd20::/32 table main\nroute 10.20.0.0/16 metric 7 table main\n");
	/* in the place of another: still one */
	six.via = address_of("fd00::3");
	assert_done(w->h, hycan_route_replace(w->h, &six));
	assert_done(w->h, hycan_route_replace(w->h, &six));
	/* of any metric: the kernel chooses */
	remove_route(w->h, "10.20.0.0/16", NULL);
	assert_objects(w->h, "route 10.20.0.0/16 metric 7 table main\nroute fd20::/32 table main\n");
	remove_route(w->h, "10.20.0.0/16", NULL);
	remove_route(w->h, "fd20::/32", NULL);
	assert_objects(w->h, "");
	/* a stranger's: the same is his, another one in its place is ours */
	free(shell("ip route add 10.30.0.0/16 via 10.0.0.2 table 100 proto static"));
	route = route_via("10.30.0.0/16", "10.0.0.2");
	route.has_table = true;
	route.table = 100;
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_route_replace(w->h, &route));
	assert_objects(w->h, "");
	route.via = address_of("10.0.0.3");
	assert_done(w->h, hycan_route_replace(w->h, &route));
	assert_objects(w->h, "route 10.30.0.0/16 table 100\n");
	remove_route(w->h, "10.30.0.0/16", &in_table);
	assert_objects(w->h, "");
}

static void knows_loads(void **state)
{
	struct world *w = *state;
	const struct hycan_route_list_options static_ones = { .has_protocol = true, .protocol = 4 };
	struct hycan_route routes[6] = {
		route_via("10.20.0.0/16", "10.0.0.2"), route_via("10.21.0.0/16", "10.9.9.9"), route_via("10.22.0.0/16", "10.0.0.2"),
		route_via("10.23.0.0/16", "10.0.0.2"), route_via("10.20.0.0/16", "10.0.0.2"), route_via("fd20::/32", "fd00::2"),
	};
	struct hycan_route_load_reply *reply = NULL;
	struct hycan_route *there = NULL;
	size_t n = 0;

	/* a gateway that is not reached, a stranger's, one said twice, one with the kernel's own metric */
	free(shell("ip route add 10.22.0.0/16 via 10.0.0.2 proto static"));
	routes[3].has_metric = routes[5].has_metric = true;
	routes[3].metric = 5;
	routes[5].metric = 1024;
	assert_done(w->h, hycan_route_load(w->h, routes, 6, NULL, &reply));
	assert_int_equal(reply->failed, 1);
	free(reply);
	assert_objects(w->h, "route 10.20.0.0/16 table main\nroute 10.23.0.0/16 metric 5 table main\nroute fd20::/32 table main\n");
	assert_done(w->h, hycan_route_load(w->h, routes, 6, NULL, NULL));
	assert_done(w->h, hycan_route_load(w->h, routes, 0, NULL, NULL));
	assert_done(w->h, hycan_route_list(w->h, &static_ones, &there, &n));
	assert_int_equal(n, 4);
	free(there);
	remove_route(w->h, "fd20::/32", NULL);
	remove_route(w->h, "10.22.0.0/16", NULL);
	assert_objects(w->h, "route 10.20.0.0/16 table main\nroute 10.23.0.0/16 metric 5 table main\n");
}

static void knows_rules(void **state)
{
	struct world *w = *state;
	struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("10.0.0.0/8") };
	struct hycan_rule six = {
		.family = HYCAN_FAMILY_IPV6, .has_priority = true, .priority = 7, .has_fwmark = true, .fwmark = 1
	};
	struct hycan_rule any = { .family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("10.0.0.0/8") };

	/* the kernel chooses the priority */
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	assert_done(w->h, hycan_rule_add(w->h, &six));
	rule.has_priority = true;
	rule.priority = 100;
	rule.has_table = true;
	rule.table = 100;
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	assert_objects(w->h, "rule ipv4 priority 32765 from 10.0.0.0/8 table main action lookup protocol 4\n"
	                     "rule ipv6 priority 7 fwmark 1 table main action lookup protocol 4\n"
	                     "rule ipv4 priority 100 from 10.0.0.0/8 table 100 action lookup protocol 4\n");
	/* the first that matches: that with priority 100, and then a stranger's */
	assert_done(w->h, hycan_rule_remove(w->h, &any));
	free(shell("ip rule add from 10.0.0.0/8 table 200 priority 50"));
	assert_done(w->h, hycan_rule_remove(w->h, &any));
	assert_objects(w->h, "rule ipv4 priority 32765 from 10.0.0.0/8 table main action lookup protocol 4\n"
	                     "rule ipv6 priority 7 fwmark 1 table main action lookup protocol 4\n");
	assert_done(w->h, hycan_rule_remove(w->h, &any));
	assert_done(w->h, hycan_rule_remove(w->h, &six));
	assert_objects(w->h, "");
}

static void knows_nat(void **state)
{
	struct world *w = *state;
	struct hycan_masquerade m = { .subnet = prefix_of("172.18.0.0/16") };
	struct hycan_port_mapping p = {
		.protocol = HYCAN_TRANSPORT_TCP,
		.host_port = { 8080, 8080 },
		.to_address = address_of("172.18.0.2"),
		.to_port = 80,
	};
	const struct hycan_port_remove_options six = { .has_family = true, .family = HYCAN_FAMILY_IPV6 };

	need_command("nft");
	for (int i = 0; i < 2; i++) {
		assert_done(w->h, hycan_masquerade_add(w->h, &m));
		assert_done(w->h, hycan_port_add(w->h, &p));
	}
	m.has_out_interface = true;
	strcpy(m.out_interface, "va");
	assert_done(w->h, hycan_masquerade_add(w->h, &m));
	p.to_address = address_of("fd00::2");
	assert_done(w->h, hycan_port_add(w->h, &p));
	p.has_host_address = true;
	p.host_address = address_of("fd00::1");
	p.host_port = (struct hycan_port_range){ 8081, 8081 };
	assert_done(w->h, hycan_port_add(w->h, &p));
	assert_objects(w->h, "masquerade 172.18.0.0/16\nport tcp 8080 host_address 0.0.0.0\n"
	                     "masquerade 172.18.0.0/16 out_interface va\nport tcp 8080 host_address ::\n"
	                     "port tcp 8081 host_address fd00::1\n");
	p.host_port = (struct hycan_port_range){ 8080, 8080 };
	assert_done(w->h, hycan_masquerade_remove(w->h, &m));
	assert_done(w->h, hycan_port_remove(w->h, HYCAN_TRANSPORT_TCP, &p.host_port, NULL));
	assert_objects(w->h, "masquerade 172.18.0.0/16\nport tcp 8080 host_address ::\nport tcp 8081 host_address fd00::1\n");
	assert_done(w->h, hycan_port_remove(w->h, HYCAN_TRANSPORT_TCP, &p.host_port, &six));
	assert_objects(w->h, "masquerade 172.18.0.0/16\nport tcp 8081 host_address fd00::1\n");
}

/* What goes with a link that is not ours. */
static void lets_go_with_links(void **state)
{
	struct world *w = *state;
	struct hycan_route route = route_to("10.20.0.0/16"), gateway = route_via("10.21.0.0/16", "10.0.0.2");
	struct hycan_route other = route_to("10.22.0.0/16");

	add_address(w->h, "va", "10.0.0.1/24");
	add_address(w->h, "vb", "10.0.7.1/24");
	route.has_link = other.has_link = true;
	strcpy(route.link, "va");
	strcpy(other.link, "vb");
	assert_done(w->h, hycan_route_add(w->h, &route));
	/* its link is what the kernel finds */
	assert_done(w->h, hycan_route_add(w->h, &gateway));
	assert_done(w->h, hycan_route_add(w->h, &other));
	assert_objects(w->h, "address va 10.0.0.1/24\naddress vb 10.0.7.1/24\nroute 10.20.0.0/16 table main\n"
	                     "route 10.21.0.0/16 table main\nroute 10.22.0.0/16 table main\n");
	/* the kernel drops the routes over a link that goes down */
	assert_done(w->h, hycan_link_down(w->h, "va"));
	assert_objects(w->h, "address va 10.0.0.1/24\naddress vb 10.0.7.1/24\nroute 10.22.0.0/16 table main\n");
	assert_output("", "ip route show 10.20.0.0/16; ip route show 10.21.0.0/16");
	assert_done(w->h, hycan_link_delete(w->h, "vb"));
	/* of the pair va is gone as well, which nobody said */
	assert_objects(w->h, "address va 10.0.0.1/24\n");
}

static void knows_links(void **state)
{
	struct world *w = *state;
	const struct hycan_object_list_options links = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_LINK };

	need_kind("vcan");
	need_kind("vxcan");
	need_kind("vlan");
	assert_done(w->h, hycan_vcan_create(w->h, "c0", NULL, NULL));
	assert_done(w->h, hycan_vcan_create(w->h, "c0", NULL, NULL));
	assert_done(w->h, hycan_vxcan_create(w->h, "x0", "x1", NULL, NULL));
	assert_done(w->h, hycan_vxcan_create(w->h, "x0", "x1", NULL, NULL));
	assert_done(w->h, hycan_vlan_create(w->h, "va", 5, NULL, NULL));
	assert_done(w->h, hycan_link_up(w->h, "va.5"));
	add_address(w->h, "va.5", "10.5.0.1/24");
	free(shell("ip link add c1 type vcan"));
	assert_done(w->h, hycan_vcan_create(w->h, "c1", NULL, NULL));
	assert_objects(w->h, "link c0\nlink x0\nlink x1\nlink va.5\naddress va.5 10.5.0.1/24\n");
	assert_listed(w->h, &links, "link c0\nlink x0\nlink x1\nlink va.5\n");
	assert_done(w->h, hycan_link_delete(w->h, "x1"));
	assert_done(w->h, hycan_link_delete(w->h, "va"));
	assert_objects(w->h, "link c0\n");
	/* a stranger deleted it, and it is made again: nothing of before is on it */
	assert_done(w->h, hycan_vxcan_create(w->h, "x0", "x1", NULL, NULL));
	free(shell("ip link del x0 && ip link del c0"));
	assert_done(w->h, hycan_vxcan_create(w->h, "x1", "x0", NULL, NULL));
	assert_done(w->h, hycan_vcan_create(w->h, "c0", NULL, NULL));
	assert_objects(w->h, "link x1\nlink x0\nlink c0\n");
}

/* Addresses are told apart by their links, routes are not; both are on them. */
static void follows_a_new_name(void **state)
{
	struct world *w = *state;
	struct hycan_route route = route_to("10.50.0.0/16");

	route.has_link = true;
	snprintf(route.link, sizeof(route.link), "va");
	add_address(w->h, "va", "10.1.0.1/24");
	assert_done(w->h, hycan_route_add(w->h, &route));
	add_address(w->h, "va", "fd01::1/64");
	assert_done(w->h, hycan_link_down(w->h, "vb"));
	assert_done(w->h, hycan_link_rename(w->h, "vb", "other"));
	assert_done(w->h, hycan_link_rename(w->h, "va", "va"));
	assert_objects(w->h, "address va 10.1.0.1/24\nroute 10.50.0.0/16 table main\naddress va fd01::1/64\n");
	if (hycan_link_rename(w->h, "va", "a-longer-name") == HYCAN_REFUSAL_BUSY)
		return;
	assert_objects(w->h,
	               "address a-longer-name 10.1.0.1/24\nroute 10.50.0.0/16 table main\naddress a-longer-name fd01::1/64\n");
	assert_done(w->h, hycan_link_rename(w->h, "a-longer-name", "short"));
	assert_objects(w->h, "address short 10.1.0.1/24\nroute 10.50.0.0/16 table main\naddress short fd01::1/64\n");
	remove_address(w->h, "short", "10.1.0.1/24");
	assert_done(w->h, hycan_link_down(w->h, "short"));
	assert_objects(w->h, "address short fd01::1/64\n");
	assert_done(w->h, hycan_link_delete(w->h, "short"));
	assert_objects(w->h, "");
}

static void knows_wireguard(void **state)
{
	struct world *w = *state;
	struct hycan_wireguard_peer_config peers[3] = {
		{ .public_key = { { [31] = 1 } } },
		{ .public_key = { { [31] = 2 } } },
		{ .public_key = { { [31] = 3 } } },
	};

#define PEER(character) "wireguard_peer wg0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" character "=\n"
	need_kind("wireguard");
	need_command("wg");
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	free(shell("wg set wg0 peer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="));
	/* the first is a stranger's, also when it is changed */
	peers[0].has_persistent_keepalive = true;
	peers[0].persistent_keepalive = 5;
	for (int i = 0; i < 3; i++)
		assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peers[i]));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peers[2]));
	assert_objects(w->h, "link wg0\n" PEER("AI") PEER("AM"));
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &peers[2].public_key));
	assert_objects(w->h, "link wg0\n" PEER("AI"));
	/* the second stays, the third is new, and then the second goes */
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 3, NULL));
	assert_objects(w->h, "link wg0\n" PEER("AI") PEER("AM"));
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers + 2, 1, NULL));
	assert_objects(w->h, "link wg0\n" PEER("AM"));
	/* the stranger's went with the second, so it is ours when it comes back */
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 1, NULL));
	assert_objects(w->h, "link wg0\n" PEER("AE"));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peers[1]));
	assert_done(w->h, hycan_link_delete(w->h, "wg0"));
	assert_objects(w->h, "");
}

static void as_nobody(struct world *w)
{
	const struct hycan_object_list_options mine = { .has_mine = true, .mine = true };
	const struct hycan_object_list_options routes = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_ROUTE };
	const struct hycan_object_list_options all = { .has_mine = true, .mine = false };
	const struct hycan_prefix others = prefix_of("10.0.2.1/24");
	struct hycan_object *objects = NULL;
	struct hycan *h = NULL;
	struct stat st;
	size_t n = 0;

	assert_done(h, hycan_open(&h, w->socket));
	assert_listed(h, NULL, "");
	add_address(h, "va", "10.0.1.1/24");
	assert_listed(h, NULL, "address va 10.0.1.1/24\n");
	assert_listed(h, &mine, "address va 10.0.1.1/24\n");
	assert_listed(h, &all, "address va 10.0.1.1/24\n");
	assert_listed(h, &routes, "");
	assert_done(h, hycan_object_list(h, NULL, &objects, &n));
	assert_int_equal(n, 1);
	assert_int_equal(objects[0].holders, 1);
	assert_int_equal(objects[0].lifetime, HYCAN_LIFETIME_PERMANENT);
	assert_false(objects[0].has_remaining_ms);
	assert_int_equal(objects[0].uid, NOBODY);
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_int_equal(objects[0].netns, st.st_ino);
	assert_in_range(objects[0].age_ms, 0, 600000);
	free(objects);
	/* the same that root has: two hold it, and when one lets go it stays */
	add_address(h, "va", "10.0.0.1/24");
	assert_listed(h, NULL, "address va 10.0.0.1/24\naddress va 10.0.1.1/24\n");
	remove_address(h, "va", "10.0.0.1/24");
	free(shell("ip -o address show dev va | grep -q 10.0.0.1/24"));
	assert_listed(h, NULL, "address va 10.0.1.1/24\n");
	/* root's alone */
	assert_refused(h, hycan_address_remove(h, "va", &others), HYCAN_REFUSAL_DENIED);
	assert_string_equal(hycan_error_field(h), "link");
	assert_contains(hycan_error_message(h), "The address “va 10.0.2.1/24” is uid 0's");
	hycan_close(h);
}

static int begin_for_all(void **state)
{
	const struct world_options options = { .policy = "allow * address,object.list\n", .open_to_all = true };

	*state = world_start(&options);
	free(shell("ip link add va type veth peer name vb && ip link set va up && ip link set vb up"));
	return 0;
}

static void shows_to_whom_it_belongs(void **state)
{
	struct world *w = *state;
	const struct hycan_object_list_options mine = { .has_mine = true, .mine = true };

	add_address(w->h, "va", "10.0.0.1/24");
	add_address(w->h, "va", "10.0.2.1/24");
	world_as(NOBODY, NOBODY, as_nobody, w);
	remove_address(w->h, "va", "10.0.2.1/24");
	assert_objects(w->h, "address va 10.0.0.1/24\naddress va 10.0.1.1/24\n");
	assert_listed(w->h, &mine, "address va 10.0.0.1/24\n");
}

static void tells_namespaces_apart(void **state)
{
	struct world *w = *state;
	char path[64];
	uint64_t inode = 0;
	int fd;

	snprintf(path, sizeof(path), "/run/netns/hycan-%d", (int)getpid());
	free(shell("ip netns add %s && ip -n %s link set lo up", strrchr(path, '/') + 1, strrchr(path, '/') + 1));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	add_address(w->h, "lo", "10.7.0.1/32");
	assert_done(w->h, hycan_session_netns(w->h, fd, &inode));
	close(fd);
	add_address(w->h, "lo", "10.7.0.1/32");
	assert_objects(w->h, "address lo 10.7.0.1/32\naddress lo 10.7.0.1/32\n");
	remove_address(w->h, "lo", "10.7.0.1/32");
	assert_objects(w->h, "address lo 10.7.0.1/32\n");
	free(shell("ip netns delete %s", strrchr(path, '/') + 1));
}

/* Which route of a load is on which link. */
static void keeps_links_of_loads_apart(void **state)
{
	struct world *w = *state;
	struct hycan_route routes[9];
	char text[32];

	for (int i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "10.%d.0.0/16", 20 + i);
		routes[i] = route_to(text);
		routes[i].has_link = true;
		strcpy(routes[i].link, i == 0 || i == 4 || i == 5 || i == 8 ? "va" : "vb");
	}
	/* there already, between two on the other link and in front of one */
	free(shell("ip route add 10.24.0.0/16 dev va proto static && ip route add 10.20.0.0/16 dev va proto static"));
	assert_done(w->h, hycan_route_load(w->h, routes, 9, NULL, NULL));
	assert_done(w->h, hycan_link_down(w->h, "vb"));
	assert_objects(w->h, "route 10.25.0.0/16 table main\nroute 10.28.0.0/16 table main\n");
	assert_done(w->h, hycan_link_down(w->h, "va"));
	assert_objects(w->h, "");
}

/* Many more than are told at once, made by one request and gone with another. */
static void holds_many(void **state)
{
	enum { N = 5000 };
	struct world *w = *state;
	struct hycan_route *routes = calloc(N, sizeof(*routes));
	bool seen[N] = { false };
	struct hycan_daemon_status_reply *s = NULL;
	struct hycan_object *objects = NULL;
	char text[64];
	size_t n = 0;

	assert_non_null(routes);
	for (unsigned int i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.0/24", 100 + i / 256, i % 256);
		routes[i] = route_to(text);
		routes[i].has_link = true;
		strcpy(routes[i].link, "va");
	}
	assert_done(w->h, hycan_route_load(w->h, routes, N, NULL, NULL));
	free(routes);
	assert_done(w->h, hycan_object_list(w->h, NULL, &objects, &n));
	assert_int_equal(n, N);
	/* each of them once; a load makes them in an order of its own */
	for (size_t i = 0; i < n; i++) {
		unsigned int a, b;

		assert_int_equal(sscanf(objects[i].identity, "10.%u.%u.0/24 table main", &a, &b), 2);
		assert_in_range((a - 100) * 256 + b, 0, N - 1);
		assert_false(seen[(a - 100) * 256 + b]);
		seen[(a - 100) * 256 + b] = true;
	}
	free(objects);
	assert_done(w->h, hycan_link_down(w->h, "va"));
	assert_done(w->h, hycan_daemon_status(w->h, &s));
	assert_int_equal(s->objects, 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knows_addresses, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(knows_routes, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(knows_loads, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(knows_rules, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(knows_nat, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(lets_go_with_links, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(knows_links, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(follows_a_new_name, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(knows_wireguard, world_begin, world_end),
		cmocka_unit_test_setup_teardown(shows_to_whom_it_belongs, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(tells_namespaces_apart, world_begin, world_end),
		cmocka_unit_test_setup_teardown(keeps_links_of_loads_apart, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(holds_many, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("object.list", tests, NULL, NULL);
}
