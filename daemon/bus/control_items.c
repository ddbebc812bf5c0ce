/*
 * control_items: the methods about single notifications.
 */
#include "daemon/bus/control_parts.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/value.h"
#include "daemon/bus/wire.h"
#include "daemon/core/policy.h"
#include <errno.h>
#include <string.h>

#define PAGE_MAX 500

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

void control_list_items(void *object, DBusConnection *connection, DBusMessage *call)
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
		control_refuse(connection, call, outcome);
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

void control_release_items(void *object, DBusConnection *connection, DBusMessage *call)
{
	change_items(object, connection, call, engine_release);
}

void control_dismiss(void *object, DBusConnection *connection, DBusMessage *call)
{
	change_items(object, connection, call, engine_dismiss);
}

void control_snooze(void *object, DBusConnection *connection, DBusMessage *call)
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
		bus_refuse(connection, call, CONTROL_ERROR "NotFound",
			   "no notification on record has this id");
	else if (r < 0)
		bus_refuse(connection, call, CONTROL_ERROR "Failed", strerror(-r));
	else
		*ret = take(p);
	return r == 0;
}

void control_act(void *object, DBusConnection *connection, DBusMessage *call)
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
		bus_refuse(connection, call, CONTROL_ERROR "NoAction",
			   "it has no such button; `lull show ID` lists them");
	} else {
		outcome = engine_act(c->engine, id, key);
		if (outcome == CONTROL_OK) {
			engine_commit(c->engine);
			bus_answer(connection, call);
		} else {
			control_refuse(connection, call, outcome);
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

void control_get_item(void *object, DBusConnection *connection, DBusMessage *call)
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
