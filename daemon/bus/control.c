#include "daemon/bus/control.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/peer.h"
#include "daemon/bus/value.h"
#include "daemon/bus/wire.h"
#include "daemon/core/focus.h"
#include "daemon/core/policy.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_IFACE "org.lull.Lull1"
#define ERROR_PREFIX CONTROL_IFACE ".Error."
#define PAGE_MAX 500
#define TELL_EVERY_MS 250

struct control {
	DBusConnection *connection;
	struct engine *engine;
	const struct control_ops *ops;
	void *data;
	struct event *tell; /* PropertiesChanged is due */
};

/* --- errors --- */

static const struct {
	const char *name;
	const char *message;
} refusals[] = {
	[CONTROL_NO_FOCUS] = {ERROR_PREFIX "NoFocus", "focus is off"},
	[CONTROL_NOT_LATER] = {ERROR_PREFIX "InvalidDuration", "the end must be in the future"},
	[CONTROL_TOO_LONG] = {ERROR_PREFIX "InvalidDuration", "at most 366 days"},
	[CONTROL_LABEL_TOO_LONG] = {ERROR_PREFIX "InvalidOption", "a label has at most 200 bytes"},
	[CONTROL_TOO_MANY] = {ERROR_PREFIX "Failed", "too many reasons for focus at once"},
	[CONTROL_NOT_FOUND] = {ERROR_PREFIX "NotFound", "nothing that waits has such an id"},
	[CONTROL_BUSY] = {ERROR_PREFIX "Busy", "another test notification is on its way"},
	[CONTROL_NO_MEMORY] = {DBUS_ERROR_NO_MEMORY, "out of memory"},
	[CONTROL_WRONG_ROUNDS] = {ERROR_PREFIX "InvalidOption",
				  "a pomodoro has from 1 to 99 rounds"},
};

static void refuse(DBusConnection *connection, DBusMessage *call, enum control_outcome outcome)
{
	bus_refuse(connection, call, refusals[outcome].name, refusals[outcome].message);
}

/* --- values --- */

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

static struct engine_status status_of(void *object)
{
	struct control *c = object;
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
	dbus_bool_t is_on = status_of(object).is_focus_on;

	(void)row;
	return dbus_message_iter_append_basic(into, DBUS_TYPE_BOOLEAN, &is_on);
}

static bool get_tokens(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	struct engine_status status = status_of(object);
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
	struct engine_status status = status_of(object);
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
	return bus_append_text(into, status_of(object).next_block);
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
	const char *why = status_of(object).journal_why;
	autofree(str) char *text = NULL;

	(void)row;
	if (!why)
		return bus_append_text(into, "disk");
	if (asprintf(&text, "memory: %s", why) < 0)
		text = NULL;
	return bus_append_text(into, text ? text : "memory");
}

static bool append_lines(DBusMessageIter *into, char *const *lines)
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
	return append_lines(into, view_of(object).config_errors);
}

/* What IN_STATUS() names. */
static int64_t number_of(void *object, const struct bus_property *row)
{
	struct engine_status status = status_of(object);

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

static const struct bus_properties properties = {property_rows, ARRAY_SIZE(property_rows)};

/* --- methods --- */

/*
 * A status is the properties, in one value.
 * @ended: what a call has ended of a pomodoro; "": nothing
 */
static void answer_status(struct control *c, DBusConnection *connection, DBusMessage *call,
			  const char *ended)
{
	DBusMessage *reply = dbus_message_new_method_return(call);
	DBusMessageIter into, dict;
	bool is_done = false;

	if (reply) {
		dbus_message_iter_init_append(reply, &into);
		is_done = dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
			  bus_append_properties(&dict, &properties, c) &&
			  (!*ended || bus_append_text_entry(&dict, "EndedPomodoro", ended)) &&
			  dbus_message_iter_close_container(&into, &dict);
	}
	bus_answer_with(connection, call, reply, is_done);
}

/* @was: the pomodoro that was on before the call, and isn't any more if the call was obeyed */
static void answer_ended(struct control *c, DBusConnection *connection, DBusMessage *call,
			 enum control_outcome outcome, const struct pomodoro *was)
{
	char ended[POMODORO_TEXT_MAX] = "";

	if (outcome != CONTROL_OK) {
		refuse(connection, call, outcome);
		return;
	}
	if (was->phase != POMODORO_OFF)
		pomodoro_write(was, ended);
	engine_commit(c->engine);
	answer_status(c, connection, call, ended);
}

static void answer(struct control *c, DBusConnection *connection, DBusMessage *call,
		   enum control_outcome outcome)
{
	answer_ended(c, connection, call, outcome, &(struct pomodoro){0});
}

static void on_status(void *object, DBusConnection *connection, DBusMessage *call)
{
	answer_status(object, connection, call, "");
}

/*
 * a{sv} of duration (x), until (x), label (s).
 * Return: NULL, or what is wrong with them.
 */
static const char *read_options(DBusMessage *call, struct focus_options *ret)
{
	DBusMessageIter iter, dict;

	*ret = (struct focus_options){0};
	dbus_message_iter_init(call, &iter);
	for (dbus_message_iter_recurse(&iter, &dict);
	     dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		DBusMessageIter entry, value;
		const char *key;
		int type;

		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		type = dbus_message_iter_get_arg_type(&value);
		if (strcmp(key, "duration") == 0 && type == DBUS_TYPE_INT64)
			dbus_message_iter_get_basic(&value, &ret->duration_us);
		else if (strcmp(key, "until") == 0 && type == DBUS_TYPE_INT64)
			dbus_message_iter_get_basic(&value, &ret->until_wall_us);
		else if (strcmp(key, "label") == 0 && type == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&value, &ret->label);
		else
			return "the options are duration (x), until (x) and label (s)";
	}
	if (ret->duration_us < 0 || ret->until_wall_us < 0)
		return "duration and until can't be negative";
	if (ret->duration_us > 0 && ret->until_wall_us > 0)
		return "either duration or until, not both";
	return NULL;
}

static void on_start(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	struct focus_options options;
	const char *wrong = read_options(call, &options);

	if (wrong)
		bus_refuse(connection, call, ERROR_PREFIX "InvalidOption", wrong);
	else
		answer(c, connection, call, engine_start_focus(c->engine, &options));
}

static void on_extend(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	int64_t duration_us = 0;

	dbus_message_get_args(call, NULL, DBUS_TYPE_INT64, &duration_us, DBUS_TYPE_INVALID);
	answer(c, connection, call, engine_extend_focus(c->engine, duration_us));
}

static void on_end(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	struct pomodoro was = status_of(c).focus->pomodoro;

	answer_ended(c, connection, call, engine_end_focus(c->engine), &was);
}

static void on_pomodoro(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	struct pomodoro was = status_of(c).focus->pomodoro;
	dbus_uint32_t n_rounds = 0;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &n_rounds, DBUS_TYPE_INVALID);
	answer_ended(c, connection, call, engine_start_pomodoro(c->engine, n_rounds), &was);
}

static void on_toggle(void *object, DBusConnection *connection, DBusMessage *call)
{
	if (status_of(object).is_focus_on)
		on_end(object, connection, call);
	else
		on_start(object, connection, call);
}

static bool append_item_fields(DBusMessageIter *dict, const struct ping *p)
{
	unsigned char urgency = (unsigned char)p->urgency;
	dbus_uint64_t seq = (dbus_uint64_t)p->seq;

	return bus_append_entry(dict, "id", DBUS_TYPE_UINT32, &p->id) &&
	       bus_append_text_entry(dict, "app", p->app) &&
	       bus_append_text_entry(dict, "summary", p->summary) &&
	       bus_append_entry(dict, "urgency", DBUS_TYPE_BYTE, &urgency) &&
	       bus_append_entry(dict, "arrived", DBUS_TYPE_INT64, &p->arrived_us) &&
	       bus_append_entry(dict, "due", DBUS_TYPE_INT64, &p->due.wall_us) &&
	       bus_append_text_entry(dict, "due_reason", due_reason_name(p->due.reason)) &&
	       bus_append_text_entry(dict, "state", ping_state_name(p->state)) &&
	       bus_append_entry(dict, "seq", DBUS_TYPE_UINT64, &seq);
}

static bool append_item(void *data, const struct ping *p)
{
	DBusMessageIter *list = data, dict;

	return dbus_message_iter_open_container(list, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       append_item_fields(&dict, p) && dbus_message_iter_close_container(list, &dict);
}

static void on_list(void *object, DBusConnection *connection, DBusMessage *call)
{
	DBusMessage *reply = dbus_message_new_method_return(call);
	struct control *c = object;
	dbus_uint64_t cursor = 0;
	dbus_uint32_t limit = 0;
	DBusMessageIter into, list;
	bool is_done = false;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT64, &cursor, DBUS_TYPE_UINT32, &limit,
			      DBUS_TYPE_INVALID);
	if (limit == 0 || limit > PAGE_MAX)
		limit = PAGE_MAX;
	if (reply) {
		dbus_message_iter_init_append(reply, &into);
		is_done = dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "a{sv}", &list);
	}
	if (is_done) {
		cursor = engine_list(c->engine, cursor, limit, append_item, &list);
		is_done = dbus_message_iter_close_container(&into, &list) &&
			  dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT64, &cursor);
	}
	bus_answer_with(connection, call, reply, is_done);
}

static const dbus_uint32_t *read_ids(DBusMessage *call, size_t *ret_count)
{
	const dbus_uint32_t *ids = NULL;
	DBusMessageIter iter, list;
	int n = 0;

	dbus_message_iter_init(call, &iter);
	dbus_message_iter_recurse(&iter, &list);
	dbus_message_iter_get_fixed_array(&list, &ids, &n);
	*ret_count = (size_t)n;
	return ids;
}

static void answer_count(struct control *c, DBusConnection *connection, DBusMessage *call,
			 enum control_outcome outcome, int64_t n)
{
	dbus_uint32_t count = (dbus_uint32_t)MIN(n, UINT32_MAX);
	DBusMessage *reply;

	if (outcome != CONTROL_OK) {
		refuse(connection, call, outcome);
		return;
	}
	engine_commit(c->engine);
	reply = dbus_message_new_method_return(call);
	bus_answer_with(connection, call, reply,
			reply && dbus_message_append_args(reply, DBUS_TYPE_UINT32, &count,
							  DBUS_TYPE_INVALID));
}

typedef enum control_outcome (*items_fn)(struct engine *e, const uint32_t *ids, size_t n_ids,
					 int64_t *ret_count);

/* The first argument is a list of ids. */
static void change_items(struct control *c, DBusConnection *connection, DBusMessage *call,
			 items_fn change)
{
	int64_t n = 0;
	size_t n_ids;
	const dbus_uint32_t *ids = read_ids(call, &n_ids);
	enum control_outcome outcome = change(c->engine, ids, n_ids, &n);

	answer_count(c, connection, call, outcome, n);
}

static void on_release(void *object, DBusConnection *connection, DBusMessage *call)
{
	change_items(object, connection, call, engine_release);
}

static void on_dismiss(void *object, DBusConnection *connection, DBusMessage *call)
{
	change_items(object, connection, call, engine_dismiss);
}

static void on_snooze(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	DBusMessageIter iter;
	int64_t until_us, n = 0;
	size_t n_ids;
	const dbus_uint32_t *ids = read_ids(call, &n_ids);
	enum control_outcome outcome;

	dbus_message_iter_init(call, &iter);
	dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &until_us);
	outcome = engine_snooze(c->engine, ids, n_ids, until_us, &n);
	answer_count(c, connection, call, outcome, n);
}

/* One that is on record, with its message. Return: false when @call was refused. */
static bool find_item(struct control *c, DBusConnection *connection, DBusMessage *call, uint32_t id,
		      struct ping **ret, DBusMessage **ret_stored)
{
	autofree(ping) struct ping *p = NULL;
	int r = engine_item(c->engine, id, &p);

	if (r == 0)
		r = wire_load(p->wire, p->wire_bytes, ret_stored);
	if (r == -ENOENT)
		bus_refuse(connection, call, ERROR_PREFIX "NotFound",
			   "no notification on record has this id");
	else if (r < 0)
		bus_refuse(connection, call, ERROR_PREFIX "Failed", strerror(-r));
	else
		*ret = take(p);
	return r == 0;
}

static void on_act(void *object, DBusConnection *connection, DBusMessage *call)
{
	autofree(ping) struct ping *p = NULL;
	DBusMessage *stored = NULL;
	struct control *c = object;
	dbus_uint32_t id = 0;
	const char *key = "";
	enum control_outcome outcome;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_STRING, &key,
			      DBUS_TYPE_INVALID);
	if (!find_item(c, connection, call, id, &p, &stored))
		return;
	if (!wire_has_action(stored, key)) {
		bus_refuse(connection, call, ERROR_PREFIX "NoAction",
			   "it has no such button; `lull show ID` lists them");
	} else {
		outcome = engine_act(c->engine, id, key);
		if (outcome == CONTROL_OK) {
			engine_commit(c->engine);
			bus_answer(connection, call);
		} else {
			refuse(connection, call, outcome);
		}
	}
	dbus_message_unref(stored);
}

static bool append_actions(DBusMessageIter *dict, DBusMessageIter *actions)
{
	static const char *const name = "actions";
	DBusMessageIter entry, variant;

	return dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
	       dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name) &&
	       dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "as", &variant) &&
	       value_copy(actions, &variant) &&
	       dbus_message_iter_close_container(&entry, &variant) &&
	       dbus_message_iter_close_container(dict, &entry);
}

static bool append_whole(DBusMessageIter *into, const struct ping *p, DBusMessage *stored)
{
	dbus_uint32_t reason = p->state < PING_LIVE_STATES ? 0 : (dbus_uint32_t)p->reason;
	dbus_uint32_t display_id = p->display_id;
	struct wire_view view;
	DBusMessageIter dict;

	wire_view(stored, &view);
	return dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       append_item_fields(&dict, p) && bus_append_text_entry(&dict, "body", view.body) &&
	       bus_append_text_entry(&dict, "icon", view.icon) &&
	       append_actions(&dict, &view.actions) &&
	       bus_append_entry(&dict, "expire", DBUS_TYPE_INT32, &view.expire_ms) &&
	       bus_append_text_entry(&dict, "category", p->category) &&
	       bus_append_text_entry(&dict, "desktop_entry", p->desktop_entry) &&
	       bus_append_text_entry(&dict, "sender", p->sender) &&
	       bus_append_text_entry(&dict, "rule", p->rule) &&
	       bus_append_entry(&dict, "reason", DBUS_TYPE_UINT32, &reason) &&
	       bus_append_entry(&dict, "changed", DBUS_TYPE_INT64, &p->changed_us) &&
	       bus_append_entry(&dict, "released", DBUS_TYPE_INT64, &p->released_us) &&
	       bus_append_entry(&dict, "display_id", DBUS_TYPE_UINT32, &display_id) &&
	       bus_append_text_entry(&dict, "kind", ping_kind_name(p->kind)) &&
	       dbus_message_iter_close_container(into, &dict);
}

static void on_item(void *object, DBusConnection *connection, DBusMessage *call)
{
	autofree(ping) struct ping *p = NULL;
	DBusMessage *stored = NULL, *reply;
	struct control *c = object;
	dbus_uint32_t id = 0;
	DBusMessageIter into;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID);
	if (!find_item(c, connection, call, id, &p, &stored))
		return;
	reply = dbus_message_new_method_return(call);
	if (reply)
		dbus_message_iter_init_append(reply, &into);
	bus_answer_with(connection, call, reply, reply && append_whole(&into, p, stored));
	dbus_message_unref(stored);
}

/* The next Notify of the caller, if it says that it is one, is a probe. */
static void on_probe(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	enum control_outcome outcome =
		engine_announce_probe(c->engine, dbus_message_get_sender(call));

	if (outcome == CONTROL_OK)
		bus_answer(connection, call);
	else
		refuse(connection, call, outcome);
}

/* An answer without lines: the new configuration is in force. */
static void on_reload(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	char **lines = c->ops->reload(c->data);
	DBusMessage *reply = dbus_message_new_method_return(call);
	DBusMessageIter into;

	if (reply)
		dbus_message_iter_init_append(reply, &into);
	bus_answer_with(connection, call, reply, reply && append_lines(&into, lines));
	control_free_lines(lines);
}

/* --- answers that come later --- */

struct control_answer {
	dbus_uint32_t serial;
	bool is_silent;
	char sender[];
};

static struct control_answer *answer_later(DBusMessage *call)
{
	const char *sender = dbus_message_get_sender(call);
	struct control_answer *to = malloc(sizeof(*to) + strlen(sender) + 1);

	if (!to)
		return NULL;
	to->serial = dbus_message_get_serial(call);
	to->is_silent = dbus_message_get_no_reply(call);
	strcpy(to->sender, sender);
	return to;
}

static void send_answer(struct control *c, struct control_answer *to, const char *error, int type,
			const void *value)
{
	DBusMessage *reply = to->is_silent
				     ? NULL
				     : dbus_message_new(error ? DBUS_MESSAGE_TYPE_ERROR
							      : DBUS_MESSAGE_TYPE_METHOD_RETURN);

	if (reply && (!error || dbus_message_set_error_name(reply, error)) &&
	    dbus_message_set_destination(reply, to->sender) &&
	    dbus_message_set_reply_serial(reply, to->serial) &&
	    dbus_message_append_args(reply, type, value, DBUS_TYPE_INVALID))
		bus_send(c->connection, reply);
	else if (reply)
		dbus_message_unref(reply);
	free(to);
}

void control_answer_text(struct control *c, struct control_answer *to, const char *text)
{
	if (!dbus_validate_utf8(text, NULL))
		text = "?";
	send_answer(c, to, NULL, DBUS_TYPE_STRING, &text);
}

void control_answer_flag(struct control *c, struct control_answer *to, bool is_set)
{
	dbus_bool_t flag = is_set;

	send_answer(c, to, NULL, DBUS_TYPE_BOOLEAN, &flag);
}

void control_answer_error(struct control *c, struct control_answer *to, const char *name,
			  const char *message)
{
	autofree(str) char *error = NULL;

	if (asprintf(&error, ERROR_PREFIX "%s", name) < 0)
		error = NULL;
	if (!dbus_validate_utf8(message, NULL))
		message = "?";
	send_answer(c, to, error ? error : DBUS_ERROR_NO_MEMORY, DBUS_TYPE_STRING, &message);
}

static void run_later(DBusConnection *connection, DBusMessage *call,
		      void (*run)(void *data, struct control_answer *to), void *data)
{
	struct control_answer *to = answer_later(call);

	if (to)
		run(data, to);
	else
		bus_refuse(connection, call, DBUS_ERROR_NO_MEMORY, "out of memory");
}

static void on_adopt(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;

	run_later(connection, call, c->ops->adopt, c->data);
}

static void on_hand_over(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;

	run_later(connection, call, c->ops->hand_over, c->data);
}

static void on_restart(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	int r = c->ops->restart(c->data);

	if (r < 0)
		bus_refuse(connection, call, ERROR_PREFIX "Failed", strerror(-r));
	else
		bus_answer(connection, call);
}

static const struct bus_method methods[] = {
	{"StartFocus", "a{sv}", "a{sv}", "options", "status", on_start},
	{"ExtendFocus", "x", "a{sv}", "duration", "status", on_extend},
	{"EndFocus", "", "a{sv}", "", "status", on_end},
	{"ToggleFocus", "a{sv}", "a{sv}", "options", "status", on_toggle},
	{"StartPomodoro", "u", "a{sv}", "rounds", "status", on_pomodoro},
	{"GetStatus", "", "a{sv}", "", "status", on_status},
	{"ListItems", "tu", "aa{sv}t", "after limit", "items next", on_list},
	{"GetItem", "u", "a{sv}", "id", "item", on_item},
	{"Release", "au", "u", "ids", "count", on_release},
	{"Dismiss", "au", "u", "ids", "count", on_dismiss},
	{"Snooze", "aux", "u", "ids until", "count", on_snooze},
	{"Act", "us", "", "id key", "", on_act},
	{"Probe", "", "", "", "", on_probe},
	{"Reload", "", "as", "", "errors", on_reload},
	{"Adopt", "", "s", "", "command", on_adopt},
	{"HandOver", "", "b", "", "is_yielding", on_hand_over},
	{"Restart", "", "", "", "", on_restart},
};

static const struct bus_interface interface = {
	.name = CONTROL_IFACE,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = &properties,
};

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	return bus_handle(&interface, data, connection, message);
}

void control_free_lines(char **lines)
{
	char **line;

	for (line = lines; line && *line; line++)
		free(*line);
	free(lines);
}

/* --- telling --- */

static void on_tell(evutil_socket_t fd, short what, void *data)
{
	struct control *c = data;

	(void)fd;
	(void)what;
	bus_properties_changed(&interface, c, c->connection, CONTROL_PATH);
	c->ops->told(c->data);
}

void control_changed(struct control *c)
{
	struct timeval tv = {0, TELL_EVERY_MS * 1000};

	if (!event_pending(c->tell, EV_TIMEOUT, NULL))
		event_add(c->tell, &tv);
}

/* --- starting --- */

static void on_name(void *data, DBusMessage *reply)
{
	struct control *c = data;
	dbus_uint32_t answer = 0;

	/* After a takeover it is ours already. */
	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID) ||
	    (answer != DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER &&
	     answer != DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER)) {
		log_error("the bus doesn't give us %s; the client can't reach this lulld",
			  CONTROL_NAME);
		c->ops->refused(c->data);
	}
}

/* The bus has sent nothing more after this. */
static void on_released(void *data, DBusMessage *reply)
{
	struct control *c = data;

	(void)reply;
	c->ops->released(c->data);
}

int control_release(struct control *c)
{
	static const char *const name = CONTROL_NAME;
	DBusMessage *call =
		bus_driver_call("ReleaseName", DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	int r = call ? bus_call(c->connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_released, c, NULL)
		     : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	return r;
}

struct control *control_new(DBusConnection *connection, struct event_base *base,
			    struct engine *engine, const struct control_ops *ops, void *data)
{
	static const DBusObjectPathVTable vtable = {.message_function = on_message};
	static const char *const name = CONTROL_NAME;
	dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;
	autofree(control) struct control *c = calloc(1, sizeof(*c));
	DBusMessage *call;
	int r;

	if (!c)
		return NULL;
	c->connection = dbus_connection_ref(connection);
	c->engine = engine;
	c->ops = ops;
	c->data = data;
	c->tell = event_new(base, -1, 0, on_tell, c);
	if (!c->tell || !dbus_connection_register_object_path(connection, CONTROL_PATH, &vtable, c))
		return NULL;
	call = bus_driver_call("RequestName", DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
			       DBUS_TYPE_INVALID);
	r = call ? bus_call(connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_name, c, NULL) : -ENOMEM;
	if (call)
		dbus_message_unref(call);
	return r < 0 ? NULL : take(c);
}

struct control *control_free(struct control *c)
{
	if (!c)
		return NULL;
	dbus_connection_unregister_object_path(c->connection, CONTROL_PATH);
	if (c->tell)
		event_free(c->tell);
	dbus_connection_unref(c->connection);
	free(c);
	return NULL;
}
