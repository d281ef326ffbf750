/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop, and what comes before its first round.
 *
 * Signals, timers, the watchdog and newcomers are sd-event's. The peers are in an epoll set beside it, because sd-event
 * looks at every descriptor that is ready again for each one that it serves: with a thousand busy peers that is where the
 * time goes. The loop waits on the peers' set, in which all of sd-event is one more member.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "hands.h"
#include "ledger.h"
#include "log.h"
#include "observe.h"
#include "observer.h"
#include "peer.h"
#include "recovery.h"
#include "server.h"
#include "turn.h"
#include "vsock.h"
#include "workers.h"
#include "zones.h"

uint64_t server_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Looks for who is ready, and waits for it if there is nothing else to do. */
static int look(struct server *server)
{
	const bool rests = !turn_any(server);
	const uint64_t since_us = rests ? server_now_us() : 0;
	int n = epoll_wait(server->epoll, server->ready, SERVER_TURN, rests ? -1 : 0);

	turn_woke(server);
	if (rests)
		turn_slept(server, since_us);
	return n;
}

/* Serves the peers that are ready, and those who wait, until there is something for sd-event. */
static int serve_peers(struct server *server)
{
	bool others = false;

	server->rearm = false;
	while (!others && !server->rearm) {
		server->n_ready = look(server);
		if (server->n_ready < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < server->n_ready; i++) {
			if (server->ready[i].data.ptr == server)
				others = true;
			else if (server->ready[i].data.ptr) {
				peer_ready(server->ready[i].data.ptr, server->ready[i].events);
				turn_done(server);
				workers_finish(server);
			}
		}
		server->n_ready = 0;
		turn_serve(server);
		turn_share(server);
	}
	return 0;
}

static void say_what_is_served(const struct server *server)
{
	uint32_t port = 0;

	log_write(LOG_INFO, "Version %s serves %s.", HYCAN_VERSION,
	          server->socket_path ? server->socket_path : "the socket of systemd");
	if (server->listener[LISTENER_VSOCK] &&
	    vsock_listens(sd_event_source_get_io_fd(server->listener[LISTENER_VSOCK]), &port) == 0)
		log_write(LOG_INFO, "Port %u of vsock is served for machines that the policy allows something (cid:NUMBER).", port);
}

/* What a former release put into our table is this one's from now on: before anybody takes that for a stranger's doing. */
static void renew_table(struct server *server)
{
	size_t counts[LEDGER_KINDS];
	bool renewed = false;
	int r;

	ledger_count_kinds(server->ledger, counts);
	if (counts[HYCAN_OBJECT_KIND_NETWORK] == 0)
		return;
	r = op_scope_renew_table(server->job.scope, &renewed);
	if (r < 0)
		log_write(LOG_WARNING, "Whether a former release made the rules of the table inet hycan cannot be seen: %s",
		          strerror(-r));
	else if (renewed)
		log_write(LOG_NOTICE, "The rules of the table inet hycan were those of a former release, and are made anew.");
}

int server_run(struct server *server)
{
	int r = 0;

	if (!server->private) {
		/* not before: threads would not be confined with the rest */
		r = workers_open(server);
		if (r < 0) {
			log_write(LOG_ERR, "Cannot start: %s", strerror(-r));
			return r;
		}
		/* what is taken back now may be missing in the kernel until then */
		observer_working(server->observer, HAND_OF_LOOP, true);
		repair_restore(&server->repairs);
		renew_table(server);
		r = observer_guard(server->observer, server->job.scope, &server->repairs);
		if (r < 0)
			log_write(LOG_WARNING, "Nobody will notice what strangers take away: %s", strerror(-r));
		r = 0;
		/* whoever comes now waits until what was under way is done */
		recovery_run(server);
		observer_working(server->observer, HAND_OF_LOOP, false);
		handover_take(server);
		session_restore_kept(server);
		session_end_unknown(server);
		/* server_free() does what that left to do */
		if (server->only_ends)
			return 0;
		zones_resume(server);
		say_what_is_served(server);
		sd_notify(0, "READY=1");
	}
	while (r >= 0 && sd_event_get_state(server->event) != SD_EVENT_FINISHED) {
		r = sd_event_prepare(server->event);
		if (r == 0)
			r = serve_peers(server);
		if (r == 0)
			r = sd_event_wait(server->event, 0);
		if (r > 0) {
			turn_woke(server);
			r = sd_event_dispatch(server->event);
			turn_done(server);
		}
	}
	sd_notify(0, "STOPPING=1");
	if (r < 0)
		server->hands_over = false;
	return r;
}
