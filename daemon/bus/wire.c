#include "daemon/bus/wire.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/hints.h"
#include "daemon/bus/value.h"
#include "daemon/bus/wire_args.h"
#include "daemon/core/text.h"
#include <errno.h>
#include <string.h>

/* --- the arguments --- */

DBusMessage *wire_new_notify(const char *destination)
{
	return dbus_message_new_method_call(destination, NOTIFICATIONS_PATH, NOTIFICATIONS_IFACE,
					    "Notify");
}

const char *wire_next_text(DBusMessageIter *iter)
{
	const char *s;

	dbus_message_iter_get_basic(iter, &s);
	dbus_message_iter_next(iter);
	return s;
}

bool wire_next_hint(DBusMessageIter *dict, const char **key, DBusMessageIter *value)
{
	DBusMessageIter entry;

	if (dbus_message_iter_get_arg_type(dict) != DBUS_TYPE_DICT_ENTRY)
		return false;
	dbus_message_iter_recurse(dict, &entry);
	dbus_message_iter_get_basic(&entry, key);
	dbus_message_iter_next(&entry);
	dbus_message_iter_recurse(&entry, value);
	dbus_message_iter_next(dict);
	return true;
}

bool wire_next_action(DBusMessageIter *list, const char **key, const char **label)
{
	if (dbus_message_iter_get_arg_type(list) != DBUS_TYPE_STRING)
		return false;
	*key = wire_next_text(list);
	if (dbus_message_iter_get_arg_type(list) != DBUS_TYPE_STRING)
		return false;
	*label = wire_next_text(list);
	return true;
}

/* --- reading --- */

static size_t count_lines(const char *s)
{
	size_t n = 1;

	while ((s = strchr(s, '\n'))) {
		s++;
		n++;
	}
	return n;
}

static bool are_actions_normal(DBusMessageIter *from)
{
	DBusMessageIter list;
	const char *key, *label;
	size_t bytes = 0, n_pairs = 0;

	dbus_message_iter_recurse(from, &list);
	while (wire_next_action(&list, &key, &label)) {
		bytes += strlen(key) + strlen(label);
		n_pairs++;
	}
	return bytes <= WIRE_ACTIONS_MAX &&
	       dbus_message_iter_get_element_count(from) == (int)(2 * n_pairs);
}

static bool are_hints_normal(DBusMessageIter *from, struct wire_notify *w)
{
	struct hint_reader reader = {.n = &w->n,
				     .hints = w->hints,
				     .n_hints_max = ARRAY_SIZE(w->hints)};
	DBusMessageIter dict, value;
	struct hint_mend mend;
	bool is_normal = true;
	const char *key;

	dbus_message_iter_recurse(from, &dict);
	while (wire_next_hint(&dict, &key, &value))
		if (hints_read(&reader, key, &value, &mend) != HINT_KEEP)
			is_normal = false;
	return is_normal;
}

/* Read @message into @w. Return: may it be stored as it is? Nearly every sender's may. */
static bool read_call(DBusMessage *message, struct wire_notify *w)
{
	DBusMessageIter iter;
	dbus_int32_t expire_ms;
	const char *icon;
	bool is_normal;

	w->n = (struct notification){.desktop_entry = "",
				     .category = "",
				     .tag = "",
				     .urgency = URGENCY_NORMAL,
				     .hints = w->hints};
	dbus_message_iter_init(message, &iter);
	w->n.app = wire_next_text(&iter);
	dbus_message_iter_get_basic(&iter, &w->replaces_id);
	dbus_message_iter_next(&iter);
	icon = wire_next_text(&iter);
	w->n.summary = wire_next_text(&iter);
	w->n.body = wire_next_text(&iter);
	w->n.has_files = files_is_temporary(icon);
	is_normal = strlen(w->n.app) <= WIRE_NAME_MAX && strlen(icon) <= WIRE_NAME_MAX &&
		    strlen(w->n.summary) <= WIRE_SUMMARY_MAX &&
		    strlen(w->n.body) <= WIRE_BODY_MAX &&
		    count_lines(w->n.body) <= WIRE_LINES_MAX &&
		    !dbus_message_contains_unix_fds(message);
	is_normal = are_actions_normal(&iter) && is_normal;
	dbus_message_iter_next(&iter);
	is_normal = are_hints_normal(&iter, w) && is_normal;
	dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &expire_ms);
	if (!*w->n.app)
		w->n.app = w->n.desktop_entry;
	return is_normal && expire_ms >= -1;
}

/* --- normalising --- */

static bool add_hints(DBusMessageIter *from, DBusMessageIter *into)
{
	struct notification unused = {0};
	struct hint_reader reader = {.n = &unused};
	DBusMessageIter dict_into = DBUS_MESSAGE_ITER_INIT_CLOSED;
	DBusMessageIter dict, value;
	struct hint_mend mend;
	bool is_done;
	const char *key;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict_into);
	dbus_message_iter_recurse(from, &dict);
	while (is_done && wire_next_hint(&dict, &key, &value)) {
		switch (hints_read(&reader, key, &value, &mend)) {
		case HINT_KEEP: is_done = value_copy_variant(&dict_into, key, &value); break;
		case HINT_MEND:
			is_done = bus_append_entry(&dict_into, key, mend.type, &mend.value);
			break;
		case HINT_DROP: break;
		}
	}
	is_done = is_done && dbus_message_iter_close_container(into, &dict_into);
	if (!is_done)
		dbus_message_iter_abandon_container_if_open(into, &dict_into);
	return is_done;
}

/* Half a pair is left out, and what is too much. */
static bool add_actions(DBusMessageIter *from, DBusMessageIter *into)
{
	DBusMessageIter list, list_into;
	const char *key, *label;
	size_t bytes = 0;

	if (!dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "s", &list_into))
		return false;
	dbus_message_iter_recurse(from, &list);
	while (wire_next_action(&list, &key, &label)) {
		bytes += strlen(key) + strlen(label);
		if (bytes > WIRE_ACTIONS_MAX)
			break;
		if (!dbus_message_iter_append_basic(&list_into, DBUS_TYPE_STRING, &key) ||
		    !dbus_message_iter_append_basic(&list_into, DBUS_TYPE_STRING, &label))
			return false;
	}
	return dbus_message_iter_close_container(into, &list_into);
}

static bool add_text(DBusMessageIter *into, const char *s, size_t max)
{
	size_t length = strlen(s);
	autofree(str) char *cut = NULL;

	if (length > max) {
		cut = strndup(s, utf8_cut(s, length, max));
		if (!cut)
			return false;
		s = cut;
	}
	return dbus_message_iter_append_basic(into, DBUS_TYPE_STRING, &s);
}

/* Like add_text(), and what is beyond the last line goes on in that line. */
static bool add_body(DBusMessageIter *into, const char *body)
{
	autofree(str) char *copy = NULL;
	size_t n_lines = 0;
	char *at;

	if (count_lines(body) <= WIRE_LINES_MAX)
		return add_text(into, body, WIRE_BODY_MAX);
	copy = strdup(body);
	if (!copy)
		return false;
	for (at = copy; *at; at++)
		if (*at == '\n' && ++n_lines >= WIRE_LINES_MAX)
			*at = ' ';
	return add_text(into, copy, WIRE_BODY_MAX);
}

static bool normalise(DBusMessage *call, DBusMessage *normal)
{
	DBusMessageIter from, into;
	dbus_uint32_t replaces_id;
	dbus_int32_t expire_ms;

	dbus_message_iter_init(call, &from);
	dbus_message_iter_init_append(normal, &into);
	if (!add_text(&into, wire_next_text(&from), WIRE_NAME_MAX))
		return false;
	dbus_message_iter_get_basic(&from, &replaces_id);
	dbus_message_iter_next(&from);
	if (!dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT32, &replaces_id) ||
	    !add_text(&into, wire_next_text(&from), WIRE_NAME_MAX) ||
	    !add_text(&into, wire_next_text(&from), WIRE_SUMMARY_MAX) ||
	    !add_body(&into, wire_next_text(&from)) || !add_actions(&from, &into))
		return false;
	dbus_message_iter_next(&from);
	if (!add_hints(&from, &into))
		return false;
	dbus_message_iter_next(&from);
	dbus_message_iter_get_basic(&from, &expire_ms);
	expire_ms = MAX(expire_ms, -1);
	return dbus_message_iter_append_basic(&into, DBUS_TYPE_INT32, &expire_ms);
}

int wire_decode(DBusMessage *call, struct wire_notify *ret)
{
	int length;

	*ret = (struct wire_notify){.message = dbus_message_ref(call)};
	if (!read_call(call, ret)) {
		dbus_message_unref(ret->message);
		ret->message = wire_new_notify(NOTIFICATIONS_NAME);
		if (!ret->message || !normalise(call, ret->message))
			return -ENOMEM;
		/* What was made is normal: once more for its strings. */
		read_call(ret->message, ret);
	}
	/* libdbus reads no message back whose serial is 0. Only what isn't sent gets one here. */
	if (dbus_message_get_serial(ret->message) == 0)
		dbus_message_set_serial(ret->message, 1);
	if (!dbus_message_marshal(ret->message, &ret->bytes, &length))
		return -ENOMEM;
	ret->n.wire = ret->bytes;
	ret->n.wire_bytes = (size_t)length;
	return 0;
}

void wire_done(struct wire_notify *w)
{
	if (w->message)
		dbus_message_unref(w->message);
	dbus_free(w->bytes);
	*w = (struct wire_notify){0};
}

/* --- lull's own --- */

DBusMessage *wire_compose(const struct wire_parts *parts)
{
	DBusMessage *call = wire_new_notify(NOTIFICATIONS_NAME);
	const char *app = "lull", *icon = "preferences-system-notifications";
	DBusMessageIter into, list;
	dbus_int32_t never = 0;
	dbus_uint32_t no_id = 0;
	size_t i;

	if (!call)
		return NULL;
	dbus_message_iter_init_append(call, &into);
	if (dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &app) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT32, &no_id) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &icon) &&
	    bus_append_text(&into, parts->summary) && bus_append_text(&into, parts->body) &&
	    dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "s", &list)) {
		bool is_done = true;

		for (i = 0; is_done && parts->actions[i]; i++)
			is_done = bus_append_text(&list, parts->actions[i]);
		if (is_done && dbus_message_iter_close_container(&into, &list) &&
		    dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "{sv}", &list) &&
		    bus_append_text_entry(&list, "desktop-entry", "lull") &&
		    bus_append_text_entry(&list, "category", parts->category) &&
		    dbus_message_iter_close_container(&into, &list) &&
		    dbus_message_iter_append_basic(&into, DBUS_TYPE_INT32, &never))
			return call;
	}
	dbus_message_unref(call);
	return NULL;
}
