/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones in files, one for each, in the ledger's folder: what the daemon's successor goes on with. Lines of words:
 *
 *   zone LINK DOMAIN INTERNAL OWN_ONLY      a domain that is not there is “-”
 *   gateway ADDRESS/LENGTH
 *   upstream ADDRESS
 *   host NAME ADDRESS …
 *   end                                     without it the file is not whole
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "zone.h"

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void write_lines(FILE *file, const struct resolver_zone *zone)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	fprintf(file, "zone %s %s %d %d\n", zone->link, *zone->domain ? zone->domain : "-", zone->internal, zone->own_only);
	for (size_t i = 0; i < 2; i++)
		if (zone->gateway[i].address.family)
			fprintf(file, "gateway %s\n", hycan_prefix_format(&zone->gateway[i], text, sizeof(text)));
	for (size_t i = 0; i < zone->n_upstreams; i++)
		fprintf(file, "upstream %s\n", hycan_address_format(&zone->upstream[i], text, sizeof(text)));
	for (size_t i = 0; i < zone->n_hosts; i++) {
		const struct resolver_host *host = &zone->host[i];

		fprintf(file, "host %s", host->name);
		for (size_t k = 0; k < host->n_addresses; k++)
			fprintf(file, " %s", hycan_address_format(&host->address[k], text, sizeof(text)));
		fputc('\n', file);
	}
	fputs("end\n", file);
}

int resolver_zone_write(const char *path, const struct resolver_zone *zone)
{
	_cleanup_(close_file) FILE *file = NULL;
	char other[PATH_MAX];
	FILE *done;
	int fd;

	if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
		return -ENAMETOOLONG;
	(void)unlink(other);
	fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	write_lines(file, zone);
	done = steal(&file);
	/* what was not written is only told here */
	if (ferror(done) | fclose(done) || rename(other, path) < 0) {
		int r = errno ? -errno : -EIO;

		(void)unlink(other);
		return r;
	}
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ reading */

static int read_zone(struct resolver_zone *zone, char **rest)
{
	const char *link = strtok_r(NULL, " ", rest), *domain = strtok_r(NULL, " ", rest);
	const char *internal = strtok_r(NULL, " ", rest), *own_only = strtok_r(NULL, " ", rest);

	if (!own_only || strlen(link) >= sizeof(zone->link) || strlen(domain) >= sizeof(zone->domain))
		return -EBADMSG;
	memcpy(zone->link, link, strlen(link) + 1);
	if (strcmp(domain, "-") != 0 && resolver_name_fault(domain))
		return -EBADMSG;
	if (strcmp(domain, "-") != 0)
		memcpy(zone->domain, domain, strlen(domain) + 1);
	zone->internal = *internal == '1';
	zone->own_only = *own_only == '1';
	return 0;
}

static int read_gateway(struct resolver_zone *zone, char **rest)
{
	const char *text = strtok_r(NULL, " ", rest);
	struct hycan_prefix gateway;

	if (!text || hycan_prefix_parse(text, &gateway) < 0)
		return -EBADMSG;
	zone->gateway[gateway.address.family == AF_INET6] = gateway;
	return 0;
}

static int read_upstream(struct resolver_zone *zone, char **rest)
{
	const char *text = strtok_r(NULL, " ", rest);

	if (!text || zone->n_upstreams == RESOLVER_UPSTREAMS_MAX ||
	    hycan_address_parse(text, &zone->upstream[zone->n_upstreams]) < 0)
		return -EBADMSG;
	zone->n_upstreams++;
	return 0;
}

static int read_host(struct resolver_zone *zone, char **rest)
{
	const char *name = strtok_r(NULL, " ", rest);
	struct resolver_host host = { 0 };

	if (!name || resolver_name_fault(name))
		return -EBADMSG;
	memcpy(host.name, name, strlen(name) + 1);
	for (const char *text = strtok_r(NULL, " ", rest); text; text = strtok_r(NULL, " ", rest))
		if (host.n_addresses == RESOLVER_ADDRESSES_MAX || hycan_address_parse(text, &host.address[host.n_addresses++]) < 0)
			return -EBADMSG;
	return resolver_zone_put(zone, &host);
}

static int read_line(struct resolver_zone *zone, char *line, bool *ret_end)
{
	static const struct {
		const char *word;
		int (*read)(struct resolver_zone *zone, char **rest);
	} words[] = { { "zone", read_zone }, { "gateway", read_gateway }, { "upstream", read_upstream }, { "host", read_host } };
	char *rest = NULL;
	const char *word = strtok_r(line, " ", &rest);

	for (size_t i = 0; word && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].read(zone, &rest);
	*ret_end = word && strcmp(word, "end") == 0;
	return *ret_end ? 0 : -EBADMSG;
}

static int read_lines(FILE *file, struct resolver_zone *zone, bool *ret_end)
{
	char *line = NULL;
	size_t room = 0;
	int r = 0;

	while (r == 0 && !*ret_end && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		r = read_line(zone, line, ret_end);
	}
	if (r == 0 && ferror(file))
		r = errno ? -errno : -EIO;
	free(line);
	return r;
}

int resolver_zone_read(const char *path, struct resolver_zone *ret_zone)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	_cleanup_(close_file) FILE *file = fopen(path, "re");
	bool end = false;
	int r;

	if (!file)
		return -errno;
	r = read_lines(file, &zone, &end);
	if (r < 0)
		return r;
	if (!end || !*zone.link || zone.gateway[0].address.family != AF_INET)
		return -EBADMSG;
	*ret_zone = zone;
	zone.host = NULL;
	return 0;
}
