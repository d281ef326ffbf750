/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a case finds: what strangers have made, who was there before, what waits, and what is plugged in. */
#include "prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controllers.h"

static struct serial_controller serial;
static bool has_serial;

static bool needs(const struct fault_case *c, const char *what)
{
	return c->needs && strcmp(c->needs, what) == 0;
}

bool case_is_possible(const struct fault_case *c)
{
	if (needs(c, CASE_CONTROLLER) || needs(c, CASE_SERIAL))
		return controllers_there();
	return !c->needs || has_kind(c->needs);
}

static void plug_in(const struct fault_case *c)
{
	if (needs(c, CASE_CONTROLLER))
		controllers_take();
	if (!needs(c, CASE_SERIAL))
		return;
	serial_controller_begin(&serial);
	has_serial = true;
	free(shell("ip link set %s name serial0", serial.name));
}

/* It has been set up by now. */
static void go_bus_off(void)
{
	serial_controller_report(&serial, 'b', 0, 255);
	shell_until(60, "ip -d link show serial0 | grep 'state BUS-OFF'");
}

/* A client that was there before, and is not any more. */
static void come_and_go(const struct fault_case *c, struct world *w, struct case_token *token)
{
	struct hycan *h = NULL;

	if (c->n_former == 0)
		return;
	assert_done(h, hycan_open(&h, w->socket));
	ask_all(c->former, c->n_former, h, token);
	snprintf(token->text, sizeof(token->text), "%s", hycan_token(h));
	hycan_close(h);
}

static void wait_to_be_confirmed(const struct fault_case *c, struct world *w, struct case_token *token)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = CONFIRM_WITHIN, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;

	if (c->n_waits == 0)
		return;
	assert_done(w->h, hycan_transaction_begin(w->h));
	ask_all(c->waits, c->n_waits, w->h, token);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_true(reply->has_token);
	snprintf(token->text, sizeof(token->text), "%s", reply->token);
	free(reply);
}

/* A client that is there until the case is tried. */
static void come(const struct fault_case *c, struct world *w, struct case_token *token)
{
	if (c->n_leaves == 0)
		return;
	assert_done(token->other, hycan_open(&token->other, w->socket));
	ask_all(c->leaves, c->n_leaves, token->other, token);
}

void case_prepare(const struct fault_case *c, struct world *w, struct case_token *token)
{
	plug_in(c);
	for (size_t i = 0; i < c->n_shell; i++)
		free(shell("%s", c->shell[i]));
	come_and_go(c, w, token);
	ask_all(c->given, c->n_given, w->h, token);
	for (size_t i = 0; i < c->n_stranger; i++)
		free(shell("%s", c->stranger[i]));
	if (has_serial)
		go_bus_off();
	wait_to_be_confirmed(c, w, token);
	come(c, w, token);
}

int case_end_world(struct world *w, struct case_token *token)
{
	int r;

	case_end(token);
	if (has_serial)
		serial_controller_end(&serial);
	has_serial = false;
	r = controllers_end((void **)&w);
	answer_listeners_free(&token->listeners);
	return r;
}
