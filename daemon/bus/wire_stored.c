/*
 * wire_stored: a Notify call as it is stored, looked at, and as it goes out.
 */
#include "daemon/bus/wire.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/value.h"
#include "daemon/bus/wire_args.h"
#include <errno.h>
#include <string.h>

/* The fixed part of a message's header; D-Bus Specification, "Message Format". */
#define MINIMUM_HEADER_BYTES 16

/* --- looking at it --- */

static bool is_image_path(const char *key)
{
	return strcmp(key, "image-path") == 0 || strcmp(key, "image_path") == 0;
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
	wire_next_text(&iter);
	dbus_message_iter_next(&iter);
	ret->icon = wire_next_text(&iter);
	wire_next_text(&iter);
	ret->body = wire_next_text(&iter);
	ret->actions = iter;
	dbus_message_iter_next(&iter);
	ret->image = "";
	dbus_message_iter_recurse(&iter, &dict);
	while (wire_next_hint(&dict, &key, &value))
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
	while (wire_next_action(&list, &key, &label))
		if (strcmp(key, wanted) == 0)
			return true;
	return false;
}

/* --- forwarding --- */

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
	while (is_done && wire_next_hint(&dict, &key, &value)) {
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

int wire_forward(const void *wire, size_t wire_bytes, const char *destination, uint32_t replaces_id,
		 bool is_minimal, const struct wire_extra *extra, DBusMessage **ret)
{
	static const struct wire_extra nothing;
	DBusMessage *stored = NULL, *call;
	int r = wire_load(wire, wire_bytes, &stored);

	if (r < 0)
		return r;
	call = wire_new_notify(destination);
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
