/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's counters in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * A counter of an operation is there from the first time on that there is something to count; labels never change. All
 * operations have the same buckets, so that what reads them can add them up.
 *
 * This runs on a worker: what the loop counts meanwhile is in it, or not.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "ledger.h"
#include "metrics.h"
#include "observer.h"
#include "server.h"

struct writer {
	struct op *op;
	const struct server *server;
	int result; /* the first failure; nothing is written behind it */
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
	struct hycan_metrics_line line = { 0 };
	va_list ap;

	if (w->result < 0)
		return;
	va_start(ap, format);
	vsnprintf(line.line, sizeof(line.line), format, ap);
	va_end(ap);
	w->result = w->op->answer(w->op, &line);
}

static void put_head(struct writer *w, const char *name, const char *type, const char *help)
{
	put(w, "# HELP %s %s", name, help);
	put(w, "# TYPE %s %s", name, type);
}

static void put_number(struct writer *w, const char *name, const char *type, const char *help, uint64_t value)
{
	put_head(w, name, type, help);
	put(w, "%s %" PRIu64, name, value);
}

/* A time in seconds, exactly. */
static const char *seconds(uint64_t us, char text[static 32])
{
	snprintf(text, 32, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
	return text;
}

static void put_daemon(struct writer *w)
{
	char text[32];

	put_head(w, "hycan_build_info", "gauge", "The release that runs; always 1.");
	put(w, "hycan_build_info{version=\"%s\"} 1", HYCAN_VERSION);
	put_head(w, "hycan_uptime_seconds", "gauge", "Time since the daemon started.");
	put(w, "hycan_uptime_seconds %s", seconds(server_now_us() - w->server->started_us, text));
	put_number(w, "hycan_clients", "gauge", "Connections.", w->server->n_peers);
	put_number(w, "hycan_subscriptions", "gauge", "Subscriptions to events.",
	           w->server->observer ? observer_count(w->server->observer) : 0);
	put_number(w, "hycan_buffer_bytes", "gauge", "Half-sent requests and unread answers of all connections.",
	           w->server->memory);
}

static void put_objects(struct writer *w)
{
	const struct hycan_enumeration *kinds = structure_object.field[0].enumeration;
	size_t counts[LEDGER_KINDS];

	ledger_count_kinds(w->server->ledger, counts);
	put_head(w, "hycan_objects", "gauge", "Things in the kernel that the daemon made and nobody took away through it.");
	for (size_t i = 0; i < kinds->n_enumerators; i++)
		put(w, "hycan_objects{kind=\"%s\"} %zu", kinds->enumerator[i].name,
		    counts[kinds->enumerator[i].number % LEDGER_KINDS]);
}

static void put_events(struct writer *w)
{
	const struct hycan_enumeration *families = structure_event.field[2].enumeration;
	const struct statistics_events *s = observer_statistics(w->server->observer);

	put_head(w, "hycan_events_total", "counter", "Events that subscriptions were told, those of snapshots among them.");
	for (size_t i = 0; i < families->n_enumerators; i++)
		put(w, "hycan_events_total{family=\"%s\"} %" PRIu64, families->enumerator[i].name,
		    statistics_read(&s->told[families->enumerator[i].number % STATISTICS_FAMILIES]));
	put_number(w, "hycan_event_overflows_total", "counter",
	           "Times that a subscription missed something, and is told everything anew.", statistics_read(&s->overflows));
	put_number(w, "hycan_resyncs_total", "counter",
	           "Times that the kernel told more than was read, so that everything was read anew.",
	           statistics_read(&s->resyncs));
}

/* How often an operation was asked for. */
static uint64_t calls(const struct writer *w, size_t i)
{
	const struct statistics *s = &w->server->statistics;

	return statistics_read(&s->operation[i].done) + statistics_read(&s->operation[i].refused) +
	       statistics_read(&s->operation[i].failed);
}

static void put_histogram(struct writer *w, const char *name, size_t i)
{
	static const char metric[] = "hycan_operation_duration_seconds";
	const struct statistics *s = &w->server->statistics;
	uint64_t n = 0;
	char text[32];

	for (unsigned int bucket = 0; bucket + 1 < STATISTICS_BUCKETS; bucket++) {
		n += statistics_read(&s->operation[i].latency[bucket]);
		put(w, "%s_bucket{operation=\"%s\",le=\"%s\"} %" PRIu64, metric, name, seconds((UINT64_C(1) << bucket) - 1, text),
		    n);
	}
	n += statistics_read(&s->operation[i].latency[STATISTICS_BUCKETS - 1]);
	put(w, "%s_bucket{operation=\"%s\",le=\"+Inf\"} %" PRIu64, metric, name, n);
	put(w, "%s_sum{operation=\"%s\"} %s", metric, name, seconds(statistics_read(&s->operation[i].total_us), text));
	put(w, "%s_count{operation=\"%s\"} %" PRIu64, metric, name, n);
}

static void put_result(struct writer *w, const char *name, const char *result, const _Atomic uint64_t *n)
{
	put(w, "hycan_operations_total{operation=\"%s\",result=\"%s\"} %" PRIu64, name, result, statistics_read(n));
}

static void put_operations(struct writer *w)
{
	const struct statistics *s = &w->server->statistics;
	size_t n;
	const struct hycan_operation *const *operations = hycan_operations(&n);

	put_head(w, "hycan_operations_total", "counter", "Requests by operation and result.");
	for (size_t i = 0; i < n; i++) {
		if (!calls(w, i))
			continue;
		put_result(w, operations[i]->name, "done", &s->operation[i].done);
		put_result(w, operations[i]->name, "refused", &s->operation[i].refused);
		put_result(w, operations[i]->name, "failed", &s->operation[i].failed);
	}
	put_head(w, "hycan_operation_duration_seconds", "histogram", "From reading a request to writing its answer.");
	for (size_t i = 0; i < n; i++)
		if (calls(w, i))
			put_histogram(w, operations[i]->name, i);
}

/* As this host sees it: what it receives is what the network's hosts send. */
static void put_networks(struct writer *w, const struct hycan_network_state *networks, size_t n)
{
	static const struct {
		const char *name;
		const char *help;
		size_t at;
	} counters[] = {
		{ "hycan_network_receive_bytes_total", "Bytes from a network's hosts.",
		  offsetof(struct hycan_link_statistics, rx_bytes) },
		{ "hycan_network_receive_packets_total", "Packets from a network's hosts.",
		  offsetof(struct hycan_link_statistics, rx_packets) },
		{ "hycan_network_transmit_bytes_total", "Bytes to a network's hosts.",
		  offsetof(struct hycan_link_statistics, tx_bytes) },
		{ "hycan_network_transmit_packets_total", "Packets to a network's hosts.",
		  offsetof(struct hycan_link_statistics, tx_packets) },
	};

	for (size_t k = 0; k < sizeof(counters) / sizeof(counters[0]); k++) {
		put_head(w, counters[k].name, "counter", counters[k].help);
		for (size_t i = 0; i < n; i++) {
			uint64_t value;

			if (!networks[i].has_statistics)
				continue;
			memcpy(&value, (const char *)&networks[i].statistics + counters[k].at, sizeof(value));
			/* no name of a network has a character that a label would have to escape */
			put(w, "%s{vlan_id=\"%u\",network=\"%s\"} %" PRIu64, counters[k].name, networks[i].vlan_id,
			    networks[i].network_name, value);
		}
	}
}

int metrics_tell(struct op *op, const struct hycan_network_state *networks, size_t n)
{
	struct writer w = { .op = op, .server = ((const struct job *)op)->server };

	put_daemon(&w);
	put_objects(&w);
	if (w.server->observer)
		put_events(&w);
	put_operations(&w);
	put_networks(&w, networks, n);
	return w.result;
}
