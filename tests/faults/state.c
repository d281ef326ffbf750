/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States.
 *
 * The kernel is asked by netlink alone, once for each kind of thing, since this is done thousands of times: processes of
 * ip(8) and nft(8) would take longer than what is tested.
 */
#include "state.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <hycan/operations.h>
#include <libmnl/libmnl.h>

#include "world.h"

#define LINKS_MAX 64
#define SETS_MAX  64

struct reader {
	FILE *out;
	struct {
		uint32_t ifindex;
		bool wireguard;
		char name[16];
	} link[LINKS_MAX];
	size_t n_links;
	struct {
		uint8_t family;
		char table[128];
		char set[128];
	} set[SETS_MAX];
	size_t n_sets;
	size_t n_rules;
	size_t n_nft_rules;
};

typedef void reader_message(struct reader *reader, const struct nlmsghdr *nlh);

union request {
	struct nlmsghdr nlh;
	char bytes[1024];
};

static union request request;

static struct nlmsghdr *begin(uint16_t type, const void *header, size_t size)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(&request);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	memcpy(mnl_nlmsg_put_extra_header(nlh, size), header, size);
	return nlh;
}

/* A dump that is interrupted by a change is made again, by who compares. */
static void ask(struct reader *reader, int bus, struct nlmsghdr *nlh, reader_message *message)
{
	static _Alignas(struct nlmsghdr) char answer[65536];
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	bool done = false;

	assert_non_null(nl);
	assert_true(mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) > 0);
	while (!done) {
		ssize_t n = mnl_socket_recvfrom(nl, answer, sizeof(answer));
		const struct nlmsghdr *at = (const struct nlmsghdr *)answer;
		int left = (int)n;

		assert_true(n > 0);
		for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left)) {
			done = done || at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR;
			if (at->nlmsg_type >= NLMSG_MIN_TYPE)
				message(reader, at);
		}
	}
	mnl_socket_close(nl);
}

static const char *link_name(const struct reader *reader, uint32_t ifindex)
{
	for (size_t i = 0; i < reader->n_links; i++)
		if (reader->link[i].ifindex == ifindex)
			return reader->link[i].name;
	return ifindex ? "elsewhere" : "none";
}

static void print_bytes(struct reader *reader, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		putc_unlocked(digits[((const uint8_t *)bytes)[i] >> 4], reader->out);
		putc_unlocked(digits[((const uint8_t *)bytes)[i] & 15], reader->out);
	}
}

static void print_attribute(struct reader *reader, const struct nlattr *attr)
{
	fprintf(reader->out, " %u=", mnl_attr_get_type(attr));
	print_bytes(reader, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

/* A set of the types of attributes below 64. */
#define TYPE(type) (UINT64_C(1) << (type))

static bool is_in(const struct nlattr *attr, uint64_t types)
{
	return mnl_attr_get_type(attr) < 64 && types & TYPE(mnl_attr_get_type(attr));
}

/* All attributes but these; those of the second set are links. */
static void print_attributes(struct reader *reader, const struct nlmsghdr *nlh, size_t header, uint64_t without, uint64_t links)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, (unsigned int)header) {
		if (is_in(attr, links))
			fprintf(reader->out, " %u=%s", mnl_attr_get_type(attr), link_name(reader, mnl_attr_get_u32(attr)));
		else if (!is_in(attr, without))
			print_attribute(reader, attr);
	}
	putc('\n', reader->out);
}

/* -------------------------------------------------------------------------------------------------------- rtnetlink */

static void note_link(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *info;
	size_t n = reader->n_links;

	if (n == LINKS_MAX)
		return;
	reader->link[n].ifindex = (uint32_t)ifi->ifi_index;
	mnl_attr_for_each (attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			snprintf(reader->link[n].name, sizeof(reader->link[n].name), "%s", mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			mnl_attr_for_each_nested (info, attr)
				if (mnl_attr_get_type(info) == IFLA_INFO_KIND)
					reader->link[n].wireguard = strcmp(mnl_attr_get_str(info), WG_GENL_NAME) == 0;
	}
	reader->n_links++;
}

static void print_link(struct reader *reader, const struct nlmsghdr *nlh)
{
	const uint64_t shown = TYPE(IFLA_IFNAME) | TYPE(IFLA_ADDRESS) | TYPE(IFLA_MTU) | TYPE(IFLA_TXQLEN) | TYPE(IFLA_IFALIAS) |
	                       TYPE(IFLA_LINKINFO);
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	fprintf(reader->out, "link %s up=%d", link_name(reader, (uint32_t)ifi->ifi_index), !!(ifi->ifi_flags & IFF_UP));
	print_attributes(reader, nlh, sizeof(*ifi), ~(shown | TYPE(IFLA_LINK) | TYPE(IFLA_MASTER)),
	                 TYPE(IFLA_LINK) | TYPE(IFLA_MASTER));
}

static void print_address(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	const struct ifa_cacheinfo *cache;

	fprintf(reader->out, "address %s family=%u length=%u scope=%u", link_name(reader, ifa->ifa_index), ifa->ifa_family,
	        ifa->ifa_prefixlen, ifa->ifa_scope);
	mnl_attr_for_each (attr, nlh, sizeof(*ifa))
		if (mnl_attr_get_type(attr) == IFA_CACHEINFO) {
			cache = mnl_attr_get_payload(attr);
			fprintf(reader->out, " ends=%d%d", cache->ifa_valid != UINT32_MAX, cache->ifa_prefered != UINT32_MAX);
		}
	print_attributes(reader, nlh, sizeof(*ifa), TYPE(IFA_CACHEINFO) | TYPE(IFA_FLAGS), 0);
}

static void print_route(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	if (rtm->rtm_flags & RTM_F_CLONED)
		return;
	fprintf(reader->out, "route family=%u length=%u table=%u protocol=%u scope=%u type=%u flags=%x", rtm->rtm_family,
	        rtm->rtm_dst_len, rtm->rtm_table, rtm->rtm_protocol, rtm->rtm_scope, rtm->rtm_type, rtm->rtm_flags & RTNH_F_ONLINK);
	print_attributes(reader, nlh, sizeof(*rtm), TYPE(RTA_CACHEINFO), TYPE(RTA_OIF));
}

/* Their order counts. */
static void print_rule(struct reader *reader, const struct nlmsghdr *nlh)
{
	fprintf(reader->out, "rule %04zu ", reader->n_rules++);
	print_bytes(reader, mnl_nlmsg_get_payload(nlh), sizeof(struct fib_rule_hdr));
	print_attributes(reader, nlh, sizeof(struct fib_rule_hdr), 0, 0);
}

/* Those that were entered to stay; what the kernel learns comes and goes. */
static void print_neighbour(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);

	if (!(ndm->ndm_flags & NTF_PROXY || ndm->ndm_state & NUD_PERMANENT))
		return;
	fprintf(reader->out, "neighbour %s family=%u flags=%u", link_name(reader, (uint32_t)ndm->ndm_ifindex), ndm->ndm_family,
	        ndm->ndm_flags);
	print_attributes(reader, nlh, sizeof(*ndm), ~(TYPE(NDA_DST) | TYPE(NDA_LLADDR)), 0);
}

static void read_neighbours(struct reader *reader)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < 2; i++) {
		struct ndmsg ndm = { .ndm_family = families[i] };

		ask(reader, NETLINK_ROUTE, begin(RTM_GETNEIGH, &ndm, sizeof(ndm)), print_neighbour);
		ndm.ndm_flags = NTF_PROXY;
		ask(reader, NETLINK_ROUTE, begin(RTM_GETNEIGH, &ndm, sizeof(ndm)), print_neighbour);
	}
}

static void read_routing(struct reader *reader)
{
	const struct ifinfomsg ifi = { 0 };
	const struct ifaddrmsg ifa = { 0 };
	const struct rtmsg rtm = { 0 };
	const struct fib_rule_hdr rule = { 0 };

	ask(reader, NETLINK_ROUTE, begin(RTM_GETLINK, &ifi, sizeof(ifi)), note_link);
	ask(reader, NETLINK_ROUTE, begin(RTM_GETLINK, &ifi, sizeof(ifi)), print_link);
	ask(reader, NETLINK_ROUTE, begin(RTM_GETADDR, &ifa, sizeof(ifa)), print_address);
	ask(reader, NETLINK_ROUTE, begin(RTM_GETROUTE, &rtm, sizeof(rtm)), print_route);
	ask(reader, NETLINK_ROUTE, begin(RTM_GETRULE, &rule, sizeof(rule)), print_rule);
}

/* --------------------------------------------------------------------------------------------------------- nf_tables */

static const char *text_of(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_str(attr);
	return "";
}

static void print_table(struct reader *reader, const struct nlmsghdr *nlh)
{
	fprintf(reader->out, "nft table");
	print_attributes(reader, nlh, sizeof(struct nfgenmsg), TYPE(NFTA_TABLE_HANDLE), 0);
}

static void print_chain(struct reader *reader, const struct nlmsghdr *nlh)
{
	fprintf(reader->out, "nft chain");
	print_attributes(reader, nlh, sizeof(struct nfgenmsg), TYPE(NFTA_CHAIN_HANDLE) | TYPE(NFTA_CHAIN_COUNTERS), 0);
}

/* Their order counts. */
static void print_nft_rule(struct reader *reader, const struct nlmsghdr *nlh)
{
	fprintf(reader->out, "nft rule %04zu", reader->n_nft_rules++);
	print_attributes(reader, nlh, sizeof(struct nfgenmsg), TYPE(NFTA_RULE_HANDLE) | TYPE(NFTA_RULE_POSITION), 0);
}

static void print_set(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	size_t n = reader->n_sets;

	if (n < SETS_MAX) {
		reader->set[n].family = nfg->nfgen_family;
		snprintf(reader->set[n].table, sizeof(reader->set[n].table), "%s", text_of(nlh, NFTA_SET_TABLE));
		snprintf(reader->set[n].set, sizeof(reader->set[n].set), "%s", text_of(nlh, NFTA_SET_NAME));
		reader->n_sets++;
	}
	fprintf(reader->out, "nft set");
	print_attributes(reader, nlh, sizeof(struct nfgenmsg), TYPE(NFTA_SET_HANDLE), 0);
}

static void print_elements(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *element;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested (element, attr) {
			fprintf(reader->out, "nft element of %s", text_of(nlh, NFTA_SET_ELEM_LIST_SET));
			print_attribute(reader, element);
			putc('\n', reader->out);
		}
	}
}

static void read_nf_tables(struct reader *reader)
{
	static const struct {
		uint8_t type;
		reader_message *message;
	} kinds[] = {
		{ NFT_MSG_GETTABLE, print_table },
		{ NFT_MSG_GETCHAIN, print_chain },
		{ NFT_MSG_GETRULE, print_nft_rule },
		{ NFT_MSG_GETSET, print_set },
	};
	struct nfgenmsg nfg = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		ask(reader, NETLINK_NETFILTER, begin(NFNL_SUBSYS_NFTABLES << 8 | kinds[i].type, &nfg, sizeof(nfg)),
		    kinds[i].message);
	for (size_t i = 0; i < reader->n_sets; i++) {
		struct nlmsghdr *nlh;

		nfg.nfgen_family = reader->set[i].family;
		nlh = begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, &nfg, sizeof(nfg));
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, reader->set[i].table);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, reader->set[i].set);
		ask(reader, NETLINK_NETFILTER, nlh, print_elements);
	}
}

/* ------------------------------------------------------------------------------------------------ WireGuard, sysctls */

static uint16_t wireguard_family;

static void note_family(struct reader *reader, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	uint16_t number = 0;
	bool is = false;

	(void)reader;
	mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			number = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME)
			is = strcmp(mnl_attr_get_str(attr), WG_GENL_NAME) == 0;
	}
	if (is)
		wireguard_family = number;
}

static void print_wireguard(struct reader *reader, const struct nlmsghdr *nlh)
{
	fprintf(reader->out, "wireguard");
	print_attributes(reader, nlh, sizeof(struct genlmsghdr), TYPE(WGDEVICE_A_IFINDEX), 0);
}

static void read_wireguard(struct reader *reader)
{
	struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };

	for (size_t i = 0; i < reader->n_links; i++) {
		struct nlmsghdr *nlh;

		if (!reader->link[i].wireguard)
			continue;
		if (!wireguard_family)
			ask(reader, NETLINK_GENERIC, begin(GENL_ID_CTRL, &genl, sizeof(genl)), note_family);
		genl.cmd = WG_CMD_GET_DEVICE;
		nlh = begin(wireguard_family, &genl, sizeof(genl));
		mnl_attr_put_u32(nlh, WGDEVICE_A_IFINDEX, reader->link[i].ifindex);
		ask(reader, NETLINK_GENERIC, nlh, print_wireguard);
	}
}

static void print_sysctl(struct reader *reader, const char *name, const char *link, const char *value_name)
{
	char path[128], value[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/%s/%s", name, link, value_name);
	file = fopen(path, "re");
	if (file && fgets(value, sizeof(value), file))
		fprintf(reader->out, "sysctl %s %s %s %s", name, link, value_name, value);
	if (file)
		fclose(file);
}

static void read_sysctls(struct reader *reader)
{
	static const char *const families[] = { "ipv4/conf", "ipv6/conf" };

	for (size_t i = 0; i < 2; i++) {
		print_sysctl(reader, families[i], "all", "forwarding");
		print_sysctl(reader, families[i], "default", "forwarding");
		for (size_t j = 0; j < reader->n_links; j++)
			print_sysctl(reader, families[i], reader->link[j].name, "forwarding");
	}
	/* of those that the kernel forgets with a family */
	for (size_t j = 0; j < reader->n_links; j++) {
		print_sysctl(reader, "ipv6/conf", reader->link[j].name, "hop_limit");
		print_sysctl(reader, "ipv6/conf", reader->link[j].name, "mtu");
	}
}

/* -------------------------------------------------------------------------------------------------------------- text */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines, terminated one by one; the last is followed by NULL. Cuts the text. */
static char **split(char *text)
{
	size_t n = 0, room = 64;
	char **lines = calloc(room, sizeof(*lines)), *rest = NULL;

	assert_non_null(lines);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (n + 1 == room) {
			lines = reallocarray(lines, room *= 2, sizeof(*lines));
			assert_non_null(lines);
		}
		lines[n++] = line;
	}
	lines[n] = NULL;
	qsort(lines, n, sizeof(*lines), compare_lines);
	return lines;
}

char *state_sorted(char *text)
{
	char **lines = split(text), *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);

	assert_non_null(out);
	for (size_t i = 0; lines[i]; i++)
		fprintf(out, "%s\n", lines[i]);
	fclose(out);
	free(lines);
	free(text);
	return result;
}

char *state_kernel(void)
{
	struct reader reader = { 0 };
	char *text = NULL;
	size_t size = 0;

	reader.out = open_memstream(&text, &size);
	assert_non_null(reader.out);
	read_routing(&reader);
	read_neighbours(&reader);
	read_nf_tables(&reader);
	read_wireguard(&reader);
	read_sysctls(&reader);
	fclose(reader.out);
	return state_sorted(text);
}

/* Nobody but the daemon was there, so nothing of our table can be amiss, nor be missed. What dnsmasq does is not looked at. */
static void print_amiss(FILE *out, const struct hycan_health_get_reply *health)
{
	static const char *const checks[] = { "rules", "mappings", "masquerade", "networks" };

	for (size_t i = 0; i < health->n_problems; i++)
		for (size_t k = 0; k < sizeof(checks) / sizeof(*checks); k++)
			if (strcmp(health->problems[i].check, checks[k]) == 0)
				fprintf(out, "amiss: %s\n", health->problems[i].message);
}

char *state_ledger(struct hycan *h, bool table)
{
	struct hycan_pending_transaction *pending = NULL;
	struct hycan_health_get_reply *health = NULL;
	struct hycan_object *objects = NULL;
	char *text = NULL;
	size_t n = 0, n_pending = 0, size = 0;
	FILE *out;

	if (hycan_object_list(h, NULL, &objects, &n) || hycan_transaction_list(h, &pending, &n_pending) ||
	    (table && hycan_health_get(h, &health))) {
		free(objects);
		free(pending);
		return NULL;
	}
	out = open_memstream(&text, &size);
	assert_non_null(out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "object %u of %u, %u holders, lifetime %u, drift %u%s: %s\n", objects[i].kind, objects[i].uid,
		        objects[i].holders, objects[i].lifetime, objects[i].has_drift ? objects[i].drift : HYCAN_DRIFT_REPORT,
		        objects[i].has_unconfirmed_ms ? ", not confirmed" : "", objects[i].identity);
	for (size_t i = 0; i < n_pending; i++)
		fprintf(out, "transaction of %u that waits, with %u requests\n", pending[i].uid, pending[i].requests);
	if (health)
		print_amiss(out, health);
	fclose(out);
	free(objects);
	free(pending);
	free(health);
	return state_sorted(text);
}

static bool has_line(char *const *lines, const char *line)
{
	for (; *lines; lines++)
		if (strcmp(*lines, line) == 0)
			return true;
	return false;
}

void state_print_difference(const char *expected, const char *found)
{
	char *text[2] = { strdup(expected), strdup(found) };
	char **lines[2] = { split(text[0]), split(text[1]) };

	for (int side = 0; side < 2; side++) {
		for (char **line = lines[side]; *line; line++)
			if (!has_line(lines[!side], *line))
				print_message("        %s %s\n", side ? "found  " : "missing", *line);
	}
	for (int side = 0; side < 2; side++) {
		free(lines[side]);
		free(text[side]);
	}
}
