#include "daemon/bus/wire.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/hints.h"
#include "daemon/bus/value.h"
#include "daemon/core/text.h"

/* The fixed part of a message's header; D-Bus Specification, "Message Format". */
#define MINIMUM_HEADER_BYTES 16
#include <errno.h>
#include <string.h>

static const char *next_text(DBusMessageIter *iter)
{
	const char *s;

	dbus_message_iter_get_basic(iter, &s);
	dbus_message_iter_next(iter);
	return s;
}

/* The next {sv} entry of @dict. Return: false when there is none. */
static bool next_hint(DBusMessageIter *dict, const char **key, DBusMessageIter *value)
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

/* The next pair of key and label. Return: false at the end, and at half a pair. */
static bool next_action(DBusMessageIter *list, const char **key, const char **label)
{
	if (dbus_message_iter_get_arg_type(list) != DBUS_TYPE_STRING)
		return false;
	*key = next_text(list);
	if (dbus_message_iter_get_arg_type(list) != DBUS_TYPE_STRING)
		return false;
	*label = next_text(list);
	return true;
}

static size_t count_lines(const char *s)
{
	size_t n = 1;

	while ((s = strchr(s, '\n'))) {
		s++;
		n++;
	}
	return n;
}

/* --- reading --- */

static bool are_actions_normal(DBusMessageIter *from)
{
	DBusMessageIter list;
	const char *key, *label;
	size_t bytes = 0, n_pairs = 0;

	dbus_message_iter_recurse(from, &list);
	while (next_action(&list, &key, &label)) {
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
	while (next_hint(&dict, &key, &value))
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
	w->n.app = next_text(&iter);
	dbus_message_iter_get_basic(&iter, &w->replaces_id);
	dbus_message_iter_next(&iter);
	icon = next_text(&iter);
	w->n.summary = next_text(&iter);
	w->n.body = next_text(&iter);
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
	struct notification unused;
	struct hint_reader reader = {.n = &unused};
	DBusMessageIter dict_into = DBUS_MESSAGE_ITER_INIT_CLOSED;
	DBusMessageIter dict, value;
	struct hint_mend mend;
	bool is_done;
	const char *key;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict_into);
	dbus_message_iter_recurse(from, &dict);
	while (is_done && next_hint(&dict, &key, &value)) {
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
	while (next_action(&list, &key, &label)) {
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
	if (!add_text(&into, next_text(&from), WIRE_NAME_MAX))
		return false;
	dbus_message_iter_get_basic(&from, &replaces_id);
	dbus_message_iter_next(&from);
	if (!dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT32, &replaces_id) ||
	    !add_text(&into, next_text(&from), WIRE_NAME_MAX) ||
	    !add_text(&into, next_text(&from), WIRE_SUMMARY_MAX) ||
	    !add_body(&into, next_text(&from)) || !add_actions(&from, &into))
		return false;
	dbus_message_iter_next(&from);
	if (!add_hints(&from, &into))
		return false;
	dbus_message_iter_next(&from);
	dbus_message_iter_get_basic(&from, &expire_ms);
	expire_ms = MAX(expire_ms, -1);
	return dbus_message_iter_append_basic(&into, DBUS_TYPE_INT32, &expire_ms);
}

static DBusMessage *new_notify(const char *destination)
{
	return dbus_message_new_method_call(destination, NOTIFICATIONS_PATH, NOTIFICATIONS_IFACE,
					    "Notify");
}

int wire_decode(DBusMessage *call, struct wire_notify *ret)
{
	int length;

	*ret = (struct wire_notify){.message = dbus_message_ref(call)};
	if (!read_call(call, ret)) {
		dbus_message_unref(ret->message);
		ret->message = new_notify(NOTIFICATIONS_NAME);
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
	DBusMessage *call = new_notify(NOTIFICATIONS_NAME);
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

/* --- forwarding --- */

static bool is_image_path(const char *key)
{
	return strcmp(key, "image-path") == 0 || strcmp(key, "image_path") == 0;
}

static char *resolve(const struct wire_extra *extra, enum file_slot slot, const char *name)
{
	return extra->resolve ? extra->resolve(extra->data, slot, name) : NULL;
}

/* One hint as it came, or as @extra has it. */
static bool forward_hint(DBusMessageIter *dict, const char *key, DBusMessageIter *value,
			 const struct wire_extra *extra)
{
	autofree(str) char *instead = NULL;
	const char *name;

	if (is_image_path(key) && dbus_message_iter_get_arg_type(value) == DBUS_TYPE_STRING) {
		dbus_message_iter_get_basic(value, &name);
		instead = resolve(extra, FILE_IMAGE, name);
	}
	if (!instead)
		return value_copy_variant(dict, key, value);
	return !*instead || bus_append_text_entry(dict, key, instead);
}

static bool forward_icon(DBusMessageIter *from, DBusMessageIter *into,
			 const struct wire_extra *extra)
{
	autofree(str) char *instead = NULL;
	const char *name;

	dbus_message_iter_get_basic(from, &name);
	instead = resolve(extra, FILE_ICON, name);
	return bus_append_text(into, instead ? instead : name);
}

/* GNOME Shell wants to know whose it is: up to 45.4 by the first hint, from then on by the second. */
static bool add_shell_pid(DBusMessageIter *dict, uint32_t pid)
{
	dbus_int64_t wide = pid;

	return pid == 0 || (bus_append_entry(dict, "sender-pid", DBUS_TYPE_INT64, &wide) &&
			    bus_append_entry(dict, "x-shell-sender-pid", DBUS_TYPE_UINT32, &pid));
}

/* What only the display's own proxy may say, or lull in its place. */
static bool is_shell_hint(const char *key)
{
	return strcmp(key, "sender-pid") == 0 || strcmp(key, "x-shell-sender-pid") == 0 ||
	       strcmp(key, "x-shell-sender") == 0;
}

static bool forward_hints(DBusMessageIter *from, DBusMessageIter *into, bool is_minimal,
			  const struct wire_extra *extra)
{
	const unsigned char urgency = (unsigned char)extra->urgency;
	DBusMessageIter dict_into = DBUS_MESSAGE_ITER_INIT_CLOSED;
	DBusMessageIter dict, value;
	bool has_entry = false, had_urgency = false, is_done;
	const char *key;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict_into);
	dbus_message_iter_recurse(from, &dict);
	while (is_done && next_hint(&dict, &key, &value)) {
		had_urgency = had_urgency || strcmp(key, "urgency") == 0;
		if (is_minimal && strcmp(key, "urgency") != 0)
			continue;
		if ((extra->shell_pid != 0 && is_shell_hint(key)) ||
		    (extra->is_silent && strcmp(key, "suppress-sound") == 0) ||
		    (extra->has_urgency && strcmp(key, "urgency") == 0))
			continue;
		if (extra->is_released && (strcmp(key, "x") == 0 || strcmp(key, "y") == 0))
			continue;
		has_entry = has_entry || strcmp(key, "desktop-entry") == 0;
		is_done = forward_hint(&dict_into, key, &value, extra);
	}
	if (is_done && !is_minimal && !has_entry && extra->desktop_entry && *extra->desktop_entry)
		is_done = bus_append_text_entry(&dict_into, "desktop-entry", extra->desktop_entry);
	/* One that didn't say is as it was: some displays take the hint for more than its value. */
	if (is_done && extra->has_urgency && (had_urgency || extra->urgency != URGENCY_NORMAL))
		is_done = bus_append_entry(&dict_into, "urgency", DBUS_TYPE_BYTE, &urgency);
	if (is_done && extra->is_silent)
		is_done = bus_append_entry(&dict_into, "suppress-sound", DBUS_TYPE_BOOLEAN,
					   &(dbus_bool_t){TRUE});
	is_done = is_done && add_shell_pid(&dict_into, extra->shell_pid) &&
		  dbus_message_iter_close_container(into, &dict_into);
	if (!is_done)
		dbus_message_iter_abandon_container_if_open(into, &dict_into);
	return is_done;
}

static bool forward_args(DBusMessage *stored, DBusMessage *call, uint32_t replaces_id,
			 bool is_minimal, const struct wire_extra *extra)
{
	DBusMessageIter from, into;
	int at;

	dbus_message_iter_init(stored, &from);
	dbus_message_iter_init_append(call, &into);
	/* app_name replaces_id app_icon summary body actions hints expire_timeout */
	for (at = 0; at < 8; at++, dbus_message_iter_next(&from)) {
		bool is_done;

		if (at == 1)
			is_done = dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT32,
								 &replaces_id);
		else if (at == 2)
			is_done = forward_icon(&from, &into, extra);
		else if (at == 6)
			is_done = forward_hints(&from, &into, is_minimal, extra);
		else
			is_done = value_copy(&from, &into);
		if (!is_done)
			return false;
	}
	return true;
}

/*
 * Is @wire all of one message? libdbus says "no memory" of one that was cut short, so this is asked first.
 */
static bool is_whole(const void *wire, size_t wire_bytes)
{
	int needed;

	if (wire_bytes < MINIMUM_HEADER_BYTES || wire_bytes > DBUS_MAXIMUM_MESSAGE_LENGTH)
		return false;
	needed = dbus_message_demarshal_bytes_needed(wire, (int)wire_bytes);
	return needed > 0 && (size_t)needed == wire_bytes;
}

/* A Notify call without file descriptors, which no row can hold. */
static bool is_notify(DBusMessage *stored)
{
	const char *member = dbus_message_get_member(stored);
	DBusMessageIter iter;
	size_t bytes = 0;

	return dbus_message_get_type(stored) == DBUS_MESSAGE_TYPE_METHOD_CALL && member &&
	       strcmp(member, "Notify") == 0 &&
	       dbus_message_has_signature(stored, "susssasa{sv}i") &&
	       dbus_message_iter_init(stored, &iter) && value_measure(&iter, &bytes);
}

int wire_load(const void *wire, size_t wire_bytes, DBusMessage **ret)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *stored;
	int r;

	if (!is_whole(wire, wire_bytes))
		return -EBADMSG;
	stored = dbus_message_demarshal(wire, (int)wire_bytes, &error);
	if (!stored) {
		r = dbus_error_has_name(&error, DBUS_ERROR_NO_MEMORY) ? -ENOMEM : -EBADMSG;
		dbus_error_free(&error);
		return r;
	}
	if (!is_notify(stored)) {
		dbus_message_unref(stored);
		return -EBADMSG;
	}
	*ret = stored;
	return 0;
}

void wire_view(DBusMessage *stored, struct wire_view *ret)
{
	DBusMessageIter iter, dict, value;
	const char *key;

	dbus_message_iter_init(stored, &iter);
	next_text(&iter);
	dbus_message_iter_next(&iter);
	ret->icon = next_text(&iter);
	next_text(&iter);
	ret->body = next_text(&iter);
	ret->actions = iter;
	dbus_message_iter_next(&iter);
	ret->image = "";
	dbus_message_iter_recurse(&iter, &dict);
	while (next_hint(&dict, &key, &value))
		if (is_image_path(key) &&
		    dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&value, &ret->image);
	dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &ret->expire_ms);
}

bool wire_has_action(DBusMessage *stored, const char *wanted)
{
	const char *key, *label;
	struct wire_view view;
	DBusMessageIter list;

	wire_view(stored, &view);
	dbus_message_iter_recurse(&view.actions, &list);
	while (next_action(&list, &key, &label))
		if (strcmp(key, wanted) == 0)
			return true;
	return false;
}

int wire_forward(const void *wire, size_t wire_bytes, const char *destination, uint32_t replaces_id,
		 bool is_minimal, const struct wire_extra *extra, DBusMessage **ret)
{
	static const struct wire_extra nothing;
	DBusMessage *stored = NULL, *call;
	int r = wire_load(wire, wire_bytes, &stored);

	if (r < 0)
		return r;
	call = new_notify(destination);
	if (!call ||
	    !forward_args(stored, call, replaces_id, is_minimal, extra ? extra : &nothing)) {
		if (call)
			dbus_message_unref(call);
		r = -ENOMEM;
	}
	dbus_message_unref(stored);
	if (r == 0)
		*ret = call;
	return r;
}
