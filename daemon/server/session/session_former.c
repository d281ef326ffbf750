/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions of whom the ledger knows more than this daemon: those of a former one, which go on or end, and those that are gone and
 * were given something back, which end once more.
 */
#include <string.h>

#include "ledger.h"
#include "log.h"
#include "peer.h"
#include "server.h"
#include "session.h"
#include "session_state.h"

int session_restore(struct server *server, const struct session_record *record)
{
	struct session *s = session_new(server, record->subject);

	if (!s)
		return -ENOMEM;
	s->record = *record;
	s->leases_us = 0;
	s->is_kept = true;
	/* without room a third daemon does not know it */
	(void)session_keep(s);
	session_detach(s);
	return 0;
}

int session_resume(struct peer *peer, const struct session_record *record)
{
	struct session *s = session_new(peer->server, peer->identity.subject);

	if (!s)
		return -ENOMEM;
	s->record = *record;
	s->record.subject = peer->identity.subject;
	s->leases_us = 0;
	s->is_kept = true;
	(void)session_keep(s);
	s->peer = peer;
	peer->session = s;
	session_settle(s);
	return 0;
}

void session_check(struct session_record *record)
{
	record->token[sizeof(record->token) - 1] = '\0';
	if (record->lifetime < HYCAN_LIFETIME_PERMANENT || record->lifetime > HYCAN_LIFETIME_LEASE)
		record->lifetime = HYCAN_LIFETIME_PERMANENT;
	if (record->drift > HYCAN_DRIFT_IGNORE)
		record->drift = HYCAN_DRIFT_REPORT;
}

static struct session *find_by_id(const struct server *server, uint64_t id)
{
	struct session *s;

	LIST_FOREACH(s, &server->sessions, entry)
	if (s->record.id == id)
		break;
	return s;
}

static int restore_kept(const void *bytes, void *userdata)
{
	struct server *server = userdata;
	struct session_record record;
	int r;

	memcpy(&record, bytes, sizeof(record));
	session_check(&record);
	r = find_by_id(server, record.id) ? 0 : session_restore(server, &record);
	explicit_bzero(&record, sizeof(record));
	return r;
}

void session_restore_kept(struct server *server)
{
	int r = ledger_list_kept_sessions(server->ledger, sizeof(struct session_record), restore_kept, server);

	if (r < 0)
		log_write(LOG_ERR, "Not all sessions of a former daemon can be adopted: %s", strerror(-r));
}

static int end_unknown(uint64_t id, uint64_t subject, void *userdata)
{
	struct server *server = userdata;
	struct session *s;

	if (find_by_id(server, id))
		return 0;
	s = session_new(server, subject);
	if (!s)
		return -ENOMEM;
	/* its token is one that nobody knows */
	s->record.id = id;
	s->leases_us = 0;
	session_detach(s);
	return 0;
}

void session_end_unknown(struct server *server)
{
	int r = ledger_list_sessions(server->ledger, end_unknown, server);

	if (r < 0)
		log_write(LOG_ERR, "What clients of a former daemon hold is not all taken away: %s", strerror(-r));
}

static int end_again(uint64_t id, uint64_t subject, void *userdata)
{
	struct session *s = find_by_id(userdata, id);

	if (!s)
		return end_unknown(id, subject, userdata);
	if (s->renewed_us)
		ledger_renew(s->server->ledger, id, s->renewed_us);
	/* it looks once more, for leases that it did not have, and, where its end is over, for all */
	s->leases_us = 0;
	if (!s->peer && s->ends_us == NEVER)
		s->ends_us = 0;
	session_settle(s);
	return 0;
}

static void say_left(int r)
{
	if (r < 0)
		log_write(LOG_ERR, "What a client that is gone got back is not taken away: %s", strerror(-r));
}

void session_end_again(struct server *server, uint64_t id, uint64_t subject)
{
	say_left(end_again(id, subject, server));
}

void session_end_given(struct server *server)
{
	say_left(ledger_list_given(server->ledger, end_again, server));
}
