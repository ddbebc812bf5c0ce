/*
 * standing: lulld in front of a display server: how it gets there, and how it makes way for a successor.
 *
 * Connects role (the name), display and finder (the server), starter and adopt (which bring a server behind
 * lulld) with each other and with the client's calls.
 */
#include "config/adopted.h"
#include "config/command.h"
#include "config/settings.h"
#include "daemon/bus/abilities.h"
#include "daemon/bus/adopt.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/control.h"
#include "daemon/bus/display.h"
#include "daemon/bus/finder.h"
#include "daemon/bus/front.h"
#include "daemon/bus/launch.h"
#include "daemon/bus/peer.h"
#include "daemon/bus/role.h"
#include "daemon/bus/starter.h"
#include "daemon/clock.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include "daemon/lulld.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* For a successor: how long what is on its way to the display is waited for. */
#define DRAIN_MS 500

/* How long a successor that was started has time to come. */
#define RESTART_WAIT_US (10 * USEC_PER_SEC)

/* --- starting a display --- */

static void on_launched(void *data, const char *command, const char *unit, int error)
{
	(void)data;
	if (error < 0)
		log_error("cannot start the display server '%s': %s", command, strerror(-error));
	else
		log_info("started the display server: %s%s%s", command, unit ? ", as " : "",
			 unit ? unit : "");
}

static const struct launch_ops launch_ops = {.done = on_launched};

static void on_starter_done(void *data, const char *command)
{
	struct lulld *l = data;

	finder_started(display_finder(l->display), command != NULL);
}

static const struct starter_ops starter_ops = {.done = on_starter_done};

static void on_display_start(void *data, bool is_patient)
{
	struct lulld *l = data;

	/* Behind another server there is nothing to show by. */
	if (role_is_in_front(l->role))
		starter_start(l->starter, l->settings->display_command, is_patient);
	else
		finder_started(display_finder(l->display), false);
}

/* --- the display --- */

static void on_display_capabilities(void *data, const char *names)
{
	abilities_set_names(front_abilities(((struct lulld *)data)->front), names);
}

static void on_display_information(void *data, const char *const information[static 4])
{
	abilities_set_information(front_abilities(((struct lulld *)data)->front), information);
}

static void on_display_changed(void *data)
{
	struct lulld *l = data;

	adopt_display(l->adopt, display_peer(l->display));
	lulld_changed(l);
}

const struct display_ops lulld_display_ops = {
	.capabilities = on_display_capabilities,
	.information = on_display_information,
	.start = on_display_start,
	.changed = on_display_changed,
};

/* --- the name --- */

static void on_restarting(void *data)
{
	finder_expect(display_finder(((struct lulld *)data)->display));
}

static const struct adopt_ops adopt_ops = {.restarting = on_restarting};

/* The end of an adoption, for the client that has asked for it; it was logged. */
static void on_adopted(void *data, const char *command, const char *error)
{
	struct lulld *l = data;
	struct control_answer *to = take(l->adopting_for);

	if (to && error)
		control_answer_error(l->control, to, "CannotAdopt", error);
	else if (to)
		control_answer_text(l->control, to, command);
}

/* Was `lull enable` told to put this one behind lull, for later logins, too? Then that. */
static bool put_right(struct lulld *l, const struct peer *owner)
{
	const struct desktop_server *server = peer_server(owner);
	autofree(command) char **adopted = NULL;
	int r;

	if (!server || server->kind != DESKTOP_STANDALONE)
		return false;
	adopted = adopted_read();
	if (!adopted || !adopted_has(adopted, owner->program))
		return false;
	r = adopt_start(l->adopt, owner, on_adopted, l);
	if (r == 0)
		display_told_to_end(l->display, owner->unique);
	if (r < 0 && r != -EBUSY)
		log_warn("cannot put %s behind lull: %s", owner->program, strerror(-r));
	return r == 0;
}

static void log_owner(const struct peer *owner)
{
	const struct desktop_server *server = peer_server(owner);
	autofree(str) char *why = server && server->kind == DESKTOP_STANDALONE
					  ? strdup("`lull enable` puts it behind lull")
					  : adopt_refusal(owner);

	log_warn("not in front: %s (pid %u) owns %s; lull waits behind it; %s",
		 server            ? server->title
		 : *owner->program ? owner->program
				   : "another notification server",
		 owner->pid, NOTIFICATIONS_NAME, why ? why : "");
}

static void on_role_changed(void *data, bool is_in_front)
{
	struct lulld *l = data;

	/* A successor that was waited for didn't come. */
	if (!l->is_draining) {
		l->is_handing_over = false;
		engine_pause(l->engine, false);
	}
	if (is_in_front)
		log_info("in front: notifications come to lull first");
	else if (!put_right(l, role_owner(l->role)))
		log_owner(role_owner(l->role));
	finder_look(display_finder(l->display));
	if (l->adopt_asked)
		lulld_adopt(l, take(l->adopt_asked));
	if (l->yield_asked)
		lulld_hand_over(l, take(l->yield_asked));
	lulld_tell_systemd(l);
	sd_notify(0, "READY=1");
	lulld_changed(l);
}

static void on_role_refused(void *data, const char *why)
{
	log_error("the bus doesn't let lull own %s: %s", NOTIFICATIONS_NAME, why);
	lulld_stop(data, EXIT_FAULT);
}

/* The successor has the name, or there was none to have; it waits for the journal. */
static void leave(struct lulld *l)
{
	if (control_release(l->control) < 0)
		lulld_stop(l, EXIT_DONE);
}

static void on_succeeded(void *data)
{
	log_info("another lulld has taken over");
	leave(data);
}

static const struct role_ops role_ops = {
	.changed = on_role_changed,
	.refused = on_role_refused,
	.succeeded = on_succeeded,
};

/* --- the client's calls --- */

static void refuse_adoption(struct lulld *l, struct control_answer *to, int error)
{
	if (error == -EBUSY)
		control_answer_error(
			l->control, to, "Busy",
			"a display server is being put behind lull; try again in a few "
			"seconds");
	else
		control_answer_error(l->control, to, "CannotAdopt", strerror(-error));
}

void lulld_adopt(void *data, struct control_answer *to)
{
	struct lulld *l = data;
	bool is_in_front = role_is_in_front(l->role);
	const struct peer *server = is_in_front ? display_peer(l->display) : role_owner(l->role);
	autofree(str) char *refusal = NULL;
	int r;

	if (l->adopting_for || l->adopt_asked) {
		refuse_adoption(l, to, -EBUSY);
		return;
	}
	if (!role_is_decided(l->role)) {
		l->adopt_asked = to;
		return;
	}
	/* lulld does so already, unasked. */
	if (adopt_is_busy(l->adopt)) {
		l->adopting_for = to;
		return;
	}
	/* In front, only a server that doesn't stand in line is left to be put there. */
	if (is_in_front && display_how(l->display) != FINDER_UNQUEUED) {
		control_answer_text(l->control, to, "");
		return;
	}
	refusal = adopt_refusal(server);
	if (refusal) {
		control_answer_error(l->control, to, "CannotAdopt", refusal);
		return;
	}
	r = adopt_start(l->adopt, server, on_adopted, l);
	if (r < 0) {
		refuse_adoption(l, to, r);
		return;
	}
	display_told_to_end(l->display, server->unique);
	l->adopting_for = to;
}

static void on_yielding(void *data, bool is_yielding)
{
	struct lulld *l = data;

	control_answer_flag(l->control, take(l->yielding_for), is_yielding);
	if (!is_yielding)
		leave(l);
}

static void yield(struct lulld *l)
{
	l->is_draining = false;
	event_del(l->drained);
	if (!role_is_in_front(l->role) || role_yield(l->role, on_yielding, l) < 0)
		on_yielding(l, false);
}

static void on_drained(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	yield(data);
}

void lulld_drain(struct lulld *l)
{
	if (l->is_draining && engine_is_quiet(l->engine))
		yield(l);
}

void lulld_hand_over(void *data, struct control_answer *to)
{
	struct lulld *l = data;

	if (l->is_handing_over || l->yield_asked) {
		control_answer_error(l->control, to, "Busy", "another lulld takes over already");
		return;
	}
	if (!engine_may_end(l->engine)) {
		control_answer_error(l->control, to, "Failed",
				     "what it holds is in memory only, and would be lost; `lull "
				     "doctor` says why");
		return;
	}
	if (!role_is_decided(l->role)) {
		l->yield_asked = to;
		return;
	}
	log_info("making way for another lulld");
	l->yielding_for = to;
	l->is_handing_over = true;
	l->is_draining = true;
	engine_pause(l->engine, true);
	event_add(l->drained, &(struct timeval){0, DRAIN_MS * 1000});
}

int lulld_restart(void *data)
{
	struct lulld *l = data;
	int64_t now_us = clock_now().boot_us;
	autofree(str) char *program = spawn_program_of(getpid());
	char option[] = "--take-over", *const argv[] = {program, option, NULL};

	if (!program)
		return -ENOENT;
	/* Two of them would be in each other's way. */
	if (l->is_handing_over ||
	    (l->restarted_us > 0 && now_us < l->restarted_us + RESTART_WAIT_US))
		return -EBUSY;
	l->restarted_us = now_us;
	log_info("starting a successor: %s", program);
	return spawn_detached(argv, NULL);
}

/* --- all of it --- */

int lulld_stand_up(struct lulld *l)
{
	l->launch = launch_new(l->name_connection, &launch_ops, l);
	l->role = role_new(l->name_connection, l->base, &role_ops, l);
	l->drained = event_new(l->base, -1, 0, on_drained, l);
	if (!l->launch || !l->role || !l->drained)
		return -ENOMEM;
	l->starter = starter_new(l->name_connection, l->launch, &starter_ops, l);
	if (!l->starter)
		return -ENOMEM;
	l->adopt = adopt_new(l->name_connection, l->base, l->starter, &adopt_ops, l);
	return l->adopt ? 0 : -ENOMEM;
}

void lulld_stand_down(struct lulld *l)
{
	if (l->drained)
		event_free(l->drained);
	l->drained = NULL;
	free(l->adopting_for);
	free(l->adopt_asked);
	free(l->yield_asked);
	free(l->yielding_for);
	l->adopt = adopt_free(l->adopt);
	l->starter = starter_free(l->starter);
	l->role = role_free(l->role);
	l->launch = launch_free(l->launch);
}
