/*
 * ports: connects what the engine asks for to the adapters.
 */
#include "daemon/bus/abilities.h"
#include "daemon/bus/control.h"
#include "daemon/bus/display.h"
#include "daemon/bus/files.h"
#include "daemon/bus/front.h"
#include "daemon/bus/role.h"
#include "daemon/bus/wire.h"
#include "daemon/clock.h"
#include "daemon/engine/engine.h"
#include "daemon/lulld.h"
#include "daemon/present/presenter.h"
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static void port_reply_id(void *data, const struct ticket *to, uint32_t id)
{
	front_reply_id(((struct lulld *)data)->front, to, id);
}

static void port_reply_done(void *data, const struct ticket *to)
{
	front_reply_done(((struct lulld *)data)->front, to);
}

static void port_reply_refusal(void *data, const struct ticket *to, enum refusal why)
{
	front_reply_refusal(((struct lulld *)data)->front, to, why);
}

static void port_emit_closed(void *data, const char *to, uint32_t id, uint32_t reason)
{
	front_emit_closed(((struct lulld *)data)->front, to, id, reason);
}

static void port_emit_action(void *data, const char *to, uint32_t id, const char *key,
			     const char *token)
{
	front_emit_action(((struct lulld *)data)->front, to, id, key, token);
}

static void port_emit_replied(void *data, const char *to, uint32_t id, const char *text)
{
	front_emit_replied(((struct lulld *)data)->front, to, id, text);
}

static int port_read(void *data LULL_UNUSED, const struct ping *p,
		     void (*fn)(void *context, const struct notification *n), void *context)
{
	struct wire_notify w = {0};
	DBusMessage *stored = NULL;
	int r = wire_load(p->wire, p->wire_bytes, &stored);

	if (r == 0)
		r = wire_decode(stored, &w);
	if (r == 0)
		fn(context, &w.n);
	wire_done(&w);
	if (stored)
		dbus_message_unref(stored);
	return r;
}

static bool port_is_here(void *data, const char *sender)
{
	return front_is_here(((struct lulld *)data)->front, sender);
}

static void port_keep_files(void *data, uint32_t id)
{
	struct lulld *l = data;
	autofree(ping) struct ping *p = NULL;
	DBusMessage *stored = NULL;
	struct wire_view view;

	if (engine_item(l->engine, id, &p) < 0 || wire_load(p->wire, p->wire_bytes, &stored) < 0)
		return;
	wire_view(stored, &view);
	files_keep(l->files, id, FILE_ICON, view.icon);
	files_keep(l->files, id, FILE_IMAGE, view.image);
	dbus_message_unref(stored);
}

static void port_copy_files(void *data)
{
	files_copy(((struct lulld *)data)->files);
}

static void port_drop_files(void *data, uint32_t id)
{
	files_drop(((struct lulld *)data)->files, id);
}

static int port_show(void *data, const struct ping *p, bool is_minimal, bool is_silent)
{
	return display_show(((struct lulld *)data)->display, p, is_minimal, is_silent);
}

static void port_close(void *data, uint32_t display_id)
{
	display_close(((struct lulld *)data)->display, display_id);
}

static void port_probe(void *data)
{
	display_probe(((struct lulld *)data)->display);
}

static void port_need_display(void *data)
{
	finder_need(display_finder(((struct lulld *)data)->display));
}

static bool port_has_markup(void *data)
{
	return abilities_has(front_abilities(((struct lulld *)data)->front), "body-markup");
}

static bool port_has_actions(void *data)
{
	return abilities_has(front_abilities(((struct lulld *)data)->front), "actions");
}

static int port_present(void *data, const struct own_notice *notice)
{
	struct lulld *l = data;
	struct presenter_button buttons[4];
	struct presenter_digest digest = {
		.summary = notice->summary,
		.body = notice->body,
		.buttons = buttons,
	};

	/* Its Notify would go to whoever is in front. */
	if (!role_is_in_front(l->role))
		return -ENOTCONN;
	while (notice->actions[2 * digest.n_buttons] && digest.n_buttons < ARRAY_SIZE(buttons)) {
		buttons[digest.n_buttons] = (struct presenter_button){
			.key = notice->actions[2 * digest.n_buttons],
			.label = notice->actions[2 * digest.n_buttons + 1],
		};
		digest.n_buttons++;
	}
	return presenter_show(l->presenter, &digest);
}

static int port_compose(void *data, const struct own_notice *notice, int64_t announces)
{
	return front_compose(((struct lulld *)data)->front, notice, announces);
}

/* `systemctl --user status lulld` shows it. */
void lulld_tell_systemd(void *data)
{
	struct lulld *l = data;
	struct engine_status status;
	autofree(str) char *text = NULL;

	engine_status(l->engine, &status);
	if (asprintf(&text, "STATUS=focus %s, %lld held%s", status.is_focus_on ? "on" : "off",
		     (long long)status.n_held,
		     role_is_in_front(l->role) ? "" : ", not in front of the display server") < 0) {
		text = NULL;
		return;
	}
	if (l->status_told && strcmp(l->status_told, text) == 0)
		return;
	sd_notify(0, text);
	free(l->status_told);
	l->status_told = take(text);
}

void lulld_changed(void *data)
{
	struct lulld *l = data;

	if (!l->control)
		return;
	control_changed(l->control);
	front_changed(l->front);
}

static void port_arm(void *data, struct wake next)
{
	waker_arm(((struct lulld *)data)->waker, next);
}

static void port_turn_again(void *data)
{
	struct timeval now = {0, 0};

	event_add(((struct lulld *)data)->again, &now);
}

const struct engine_ports lulld_ports = {
	.reply_id = port_reply_id,
	.reply_done = port_reply_done,
	.reply_refusal = port_reply_refusal,
	.emit_closed = port_emit_closed,
	.emit_action = port_emit_action,
	.emit_replied = port_emit_replied,
	.read = port_read,
	.is_here = port_is_here,
	.keep_files = port_keep_files,
	.copy_files = port_copy_files,
	.drop_files = port_drop_files,
	.show = port_show,
	.close = port_close,
	.probe = port_probe,
	.need_display = port_need_display,
	.has_markup = port_has_markup,
	.has_actions = port_has_actions,
	.present = port_present,
	.compose = port_compose,
	.changed = lulld_changed,
	.arm = port_arm,
	.turn_again = port_turn_again,
};
