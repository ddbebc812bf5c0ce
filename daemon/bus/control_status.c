/*
 * control_status: the properties, and the status, which is all of them in one value.
 */
#include "daemon/bus/control_parts.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/peer.h"
#include "daemon/core/desktop.h"
#include "daemon/core/focus.h"
#include "daemon/core/pomodoro.h"
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

static bool append_token(DBusMessageIter *list, const struct token *t, struct instant now)
{
	int64_t ends_us = token_ends(t, now);
	DBusMessageIter dict;

	return dbus_message_iter_open_container(list, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       bus_append_text_entry(&dict, "kind", token_kind_name(t->kind)) &&
	       bus_append_text_entry(&dict, "name", t->name) &&
	       bus_append_text_entry(&dict, "label", t->label) &&
	       bus_append_entry(&dict, "since", DBUS_TYPE_INT64, &t->since_wall_us) &&
	       bus_append_entry(&dict, "ends", DBUS_TYPE_INT64, &ends_us) &&
	       dbus_message_iter_close_container(list, &dict);
}

struct engine_status control_status(struct control *c)
{
	struct engine_status status;

	engine_status(c->engine, &status);
	return status;
}

static struct control_view view_of(void *object)
{
	struct control *c = object;
	struct control_view view;

	c->ops->view(c->data, &view);
	return view;
}

static bool get_focus(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	dbus_bool_t is_on = control_status(object).is_focus_on;

	(void)row;
	return dbus_message_iter_append_basic(into, DBUS_TYPE_BOOLEAN, &is_on);
}

static bool get_tokens(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	struct engine_status status = control_status(object);
	DBusMessageIter list;
	bool is_done;
	size_t i;

	(void)row;
	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "a{sv}", &list);
	for (i = 0; is_done && i < status.focus->n_tokens; i++)
		is_done = append_token(&list, &status.focus->tokens[i], status.now);
	return is_done && dbus_message_iter_close_container(into, &list);
}

/* Empty when none is on. */
static bool get_pomodoro(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	struct engine_status status = control_status(object);
	const struct pomodoro *p = &status.focus->pomodoro;
	dbus_uint32_t round = p->round, n_rounds = p->n_rounds;
	int64_t ends_us = instant_wall(p->ends, status.now);
	DBusMessageIter dict;
	bool is_done;

	(void)row;
	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict);
	if (is_done && p->phase != POMODORO_OFF)
		is_done = bus_append_text_entry(&dict, "phase", pomodoro_phase_name(p->phase)) &&
			  bus_append_entry(&dict, "round", DBUS_TYPE_UINT32, &round) &&
			  bus_append_entry(&dict, "rounds", DBUS_TYPE_UINT32, &n_rounds) &&
			  bus_append_entry(&dict, "since", DBUS_TYPE_INT64, &p->since_wall_us) &&
			  bus_append_entry(&dict, "ends", DBUS_TYPE_INT64, &ends_us);
	return is_done && dbus_message_iter_close_container(into, &dict);
}

static bool get_next_block(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	(void)row;
	return bus_append_text(into, control_status(object).next_block);
}

static bool get_in_front(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	dbus_bool_t is_in_front = view_of(object).is_in_front;

	(void)row;
	return dbus_message_iter_append_basic(into, DBUS_TYPE_BOOLEAN, &is_in_front);
}

static bool get_display(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	struct control_view view = view_of(object);
	DBusMessageIter dict;

	(void)row;
	return dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       bus_append_text_entry(&dict, "name", view.display_name) &&
	       bus_append_text_entry(&dict, "how", view.display_how) &&
	       bus_append_text_entry(&dict, "unique", view.display_unique) &&
	       bus_append_text_entry(&dict, "program", view.display->program) &&
	       bus_append_entry(&dict, "pid", DBUS_TYPE_UINT32, &view.display->pid) &&
	       dbus_message_iter_close_container(into, &dict);
}

/* Who is in front, and whether lull can come before it: for people to know what to do. */
static bool get_owner(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	static const char *const kinds[] = {
		[DESKTOP_STANDALONE] = "standalone",
		[DESKTOP_TAKEOVER] = "takeover",
		[DESKTOP_LINES_UP] = "lines-up",
		[DESKTOP_UNSUPPORTED] = "unsupported",
	};
	struct control_view view = view_of(object);
	const struct desktop_server *server = peer_server(view.owner);
	const char *kind = view.is_in_front ? "lull" : server ? kinds[server->kind] : "unknown";
	const char *program = view.is_in_front ? "lulld" : view.owner->program;
	dbus_uint32_t pid = view.is_in_front ? (dbus_uint32_t)getpid() : view.owner->pid;
	DBusMessageIter dict;

	(void)row;
	return dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       bus_append_text_entry(&dict, "program", program) &&
	       bus_append_text_entry(&dict, "title", server ? server->title : program) &&
	       bus_append_text_entry(&dict, "kind", kind) &&
	       bus_append_entry(&dict, "pid", DBUS_TYPE_UINT32, &pid) &&
	       dbus_message_iter_close_container(into, &dict);
}

static bool get_version(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	(void)object;
	(void)row;
	return bus_append_text(into, LULL_VERSION);
}

/* "disk", or "memory: " and why. */
static bool get_journal(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	const char *why = control_status(object).journal_why;
	autofree(str) char *text = NULL;

	(void)row;
	if (!why)
		return bus_append_text(into, "disk");
	if (asprintf(&text, "memory: %s", why) < 0)
		text = NULL;
	return bus_append_text(into, text ? text : "memory");
}

bool control_append_lines(DBusMessageIter *into, char *const *lines)
{
	DBusMessageIter list;
	bool is_done;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "s", &list);
	for (; is_done && lines && *lines; lines++)
		is_done = bus_append_text(&list, *lines);
	return is_done && dbus_message_iter_close_container(into, &list);
}

static bool get_config_errors(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	(void)row;
	return control_append_lines(into, view_of(object).config_errors);
}

/* What IN_STATUS() names. */
static int64_t number_of(void *object, const struct bus_property *row)
{
	struct engine_status status = control_status(object);

	return *(const int64_t *)(const void *)((const char *)&status + row->at);
}

static bool get_count(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	dbus_uint32_t n = (dbus_uint32_t)MIN(number_of(object, row), UINT32_MAX);

	return dbus_message_iter_append_basic(into, DBUS_TYPE_UINT32, &n);
}

static bool get_wall(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	int64_t wall_us = number_of(object, row);

	return dbus_message_iter_append_basic(into, DBUS_TYPE_INT64, &wall_us);
}

#define IN_STATUS(member) .at = offsetof(struct engine_status, member)

static const struct bus_property property_rows[] = {
	{"Focus", "b", .get = get_focus},
	{"Until", "x", get_wall, IN_STATUS(until_us)},
	{"Tokens", "aa{sv}", .get = get_tokens},
	{"Pomodoro", "a{sv}", .get = get_pomodoro},
	{"Held", "u", get_count, IN_STATUS(n_held)},
	{"Snoozed", "u", get_count, IN_STATUS(n_snoozed)},
	{"Announced", "u", get_count, IN_STATUS(n_announced)},
	{"Quarantined", "u", get_count, IN_STATUS(n_quarantined)},
	{"Releasing", "u", get_count, IN_STATUS(n_releasing)},
	{"NextRelease", "x", get_wall, IN_STATUS(next_release_us)},
	{"NextChange", "x", get_wall, IN_STATUS(next_change_us)},
	{"NextBlock", "s", .get = get_next_block},
	{"NextDelivery", "x", get_wall, IN_STATUS(next_delivery_us)},
	{"InFront", "b", .get = get_in_front},
	{"Owner", "a{sv}", .get = get_owner},
	{"Display", "a{sv}", .get = get_display},
	{"Journal", "s", .get = get_journal},
	{"ConfigErrors", "as", .get = get_config_errors},
	{"Version", "s", .get = get_version, .is_constant = true},
};

const struct bus_properties control_properties = {property_rows, ARRAY_SIZE(property_rows)};

void control_answer_status(struct control *c, DBusConnection *connection, DBusMessage *call,
			   const char *ended)
{
	DBusMessage *reply = dbus_message_new_method_return(call);
	DBusMessageIter into, dict;
	bool is_done = false;

	if (reply) {
		dbus_message_iter_init_append(reply, &into);
		is_done = dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
			  bus_append_properties(&dict, &control_properties, c) &&
			  (!*ended || bus_append_text_entry(&dict, "EndedPomodoro", ended)) &&
			  dbus_message_iter_close_container(&into, &dict);
	}
	bus_answer_with(connection, call, reply, is_done);
}

void control_get_status(void *object, DBusConnection *connection, DBusMessage *call)
{
	control_answer_status(object, connection, call, "");
}
