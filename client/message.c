#include "client/message.h"

#include "config/base.h"
#include <ctype.h>
#include <dbus/dbus.h>
#include <stdint.h>
#include <string.h>

/* --- JSON to D-Bus --- */

static bool append(DBusMessageIter *to, DBusSignatureIter *type, const json_t *value);

/* libdbus aborts the process when text isn't UTF-8. */
static bool append_text(DBusMessageIter *to, const json_t *value)
{
	const char *text = json_string_value(value);

	return text && dbus_validate_utf8(text, NULL) &&
	       dbus_message_iter_append_basic(to, DBUS_TYPE_STRING, &text);
}

static bool append_variant(DBusMessageIter *to, const json_t *value)
{
	const char *signature = json_is_string(value) ? "s" : json_is_integer(value) ? "x" : "b";
	DBusSignatureIter type;
	DBusMessageIter inner;

	dbus_signature_iter_init(&type, signature);
	if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, signature, &inner))
		return false;
	if (!append(&inner, &type, value)) {
		dbus_message_iter_abandon_container(to, &inner);
		return false;
	}
	return dbus_message_iter_close_container(to, &inner);
}

static bool append_entry(DBusMessageIter *to, const char *key, const json_t *value)
{
	DBusMessageIter entry;

	if (!dbus_message_iter_open_container(to, DBUS_TYPE_DICT_ENTRY, NULL, &entry))
		return false;
	if (!dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) ||
	    !append_variant(&entry, value)) {
		dbus_message_iter_abandon_container(to, &entry);
		return false;
	}
	return dbus_message_iter_close_container(to, &entry);
}

static bool append_array(DBusMessageIter *to, DBusSignatureIter *type, const json_t *value)
{
	DBusSignatureIter element;
	DBusMessageIter inner;
	const char *key;
	json_t *item;
	size_t i;
	bool is_dict = dbus_signature_iter_get_element_type(type) == DBUS_TYPE_DICT_ENTRY;
	bool ok = is_dict ? json_is_object(value) : json_is_array(value);
	char *signature;

	dbus_signature_iter_recurse(type, &element);
	signature = dbus_signature_iter_get_signature(&element);
	ok = ok && signature &&
	     dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, signature, &inner);
	dbus_free(signature);
	if (!ok)
		return false;
	if (is_dict) {
		json_object_foreach((json_t *)value, key, item) ok =
			ok && append_entry(&inner, key, item);
	} else {
		json_array_foreach(value, i, item) ok = ok && append(&inner, &element, item);
	}
	if (!ok) {
		dbus_message_iter_abandon_container(to, &inner);
		return false;
	}
	return dbus_message_iter_close_container(to, &inner);
}

/* False when memory ran out or the value has another type. */
static bool append(DBusMessageIter *to, DBusSignatureIter *type, const json_t *value)
{
	json_int_t number = json_integer_value(value);

	switch (dbus_signature_iter_get_current_type(type)) {
	case DBUS_TYPE_STRING: return append_text(to, value);
	case DBUS_TYPE_ARRAY: return append_array(to, type, value);
	case DBUS_TYPE_BOOLEAN:
		return dbus_message_iter_append_basic(to, DBUS_TYPE_BOOLEAN,
						      &(dbus_bool_t){json_is_true(value)});
	case DBUS_TYPE_UINT32:
		return number >= 0 && number <= UINT32_MAX &&
		       dbus_message_iter_append_basic(to, DBUS_TYPE_UINT32,
						      &(dbus_uint32_t){(dbus_uint32_t)number});
	case DBUS_TYPE_INT64:
		return dbus_message_iter_append_basic(to, DBUS_TYPE_INT64, &(dbus_int64_t){number});
	case DBUS_TYPE_UINT64:
		return number >= 0 &&
		       dbus_message_iter_append_basic(to, DBUS_TYPE_UINT64,
						      &(dbus_uint64_t){(dbus_uint64_t)number});
	}
	return false;
}

bool message_append(DBusMessage *m, const char *signature, const json_t *args)
{
	DBusSignatureIter type;
	DBusMessageIter to;
	json_t *arg;
	size_t i;

	dbus_message_iter_init_append(m, &to);
	dbus_signature_iter_init(&type, signature);
	json_array_foreach(args, i, arg)
	{
		if (!append(&to, &type, arg))
			return false;
		dbus_signature_iter_next(&type);
	}
	return true;
}

/* --- D-Bus to JSON --- */

static json_t *read_value(DBusMessageIter *from);

/* "NextRelease" is "next_release" in what lull prints; D-Bus properties are in CamelCase. */
static char *snake_case(const char *name)
{
	char *out = malloc(strlen(name) * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; out && name[i]; i++) {
		if (isupper((unsigned char)name[i]) && i > 0)
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)name[i]);
	}
	if (out)
		out[n] = '\0';
	return out;
}

static json_t *read_dict(DBusMessageIter *from)
{
	json_t *dict = json_object();

	for (; dbus_message_iter_get_arg_type(from) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(from)) {
		autofree(str) char *key = NULL;
		DBusMessageIter entry;
		const char *name;

		dbus_message_iter_recurse(from, &entry);
		if (dbus_message_iter_get_arg_type(&entry) != DBUS_TYPE_STRING)
			continue;
		dbus_message_iter_get_basic(&entry, &name);
		dbus_message_iter_next(&entry);
		key = snake_case(name);
		if (!key || json_object_set_new(dict, key, read_value(&entry)) < 0) {
			json_decref(dict);
			return NULL;
		}
	}
	return dict;
}

static json_t *read_list(DBusMessageIter *from)
{
	json_t *list = json_array();

	for (; dbus_message_iter_get_arg_type(from) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(from)) {
		if (json_array_append_new(list, read_value(from)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* NULL when memory ran out; null for types that lull's interface doesn't use. */
static json_t *read_value(DBusMessageIter *from)
{
	DBusMessageIter inner;
	DBusBasicValue v;

	switch (dbus_message_iter_get_arg_type(from)) {
	case DBUS_TYPE_ARRAY:
		dbus_message_iter_recurse(from, &inner);
		if (dbus_message_iter_get_element_type(from) == DBUS_TYPE_DICT_ENTRY)
			return read_dict(&inner);
		return read_list(&inner);
	case DBUS_TYPE_STRUCT: dbus_message_iter_recurse(from, &inner); return read_list(&inner);
	case DBUS_TYPE_VARIANT: dbus_message_iter_recurse(from, &inner); return read_value(&inner);
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
	case DBUS_TYPE_SIGNATURE: dbus_message_iter_get_basic(from, &v); return json_string(v.str);
	case DBUS_TYPE_BOOLEAN:
		dbus_message_iter_get_basic(from, &v);
		return json_boolean(v.bool_val);
	case DBUS_TYPE_BYTE: dbus_message_iter_get_basic(from, &v); return json_integer(v.byt);
	case DBUS_TYPE_INT16: dbus_message_iter_get_basic(from, &v); return json_integer(v.i16);
	case DBUS_TYPE_UINT16: dbus_message_iter_get_basic(from, &v); return json_integer(v.u16);
	case DBUS_TYPE_INT32: dbus_message_iter_get_basic(from, &v); return json_integer(v.i32);
	case DBUS_TYPE_UINT32: dbus_message_iter_get_basic(from, &v); return json_integer(v.u32);
	case DBUS_TYPE_INT64: dbus_message_iter_get_basic(from, &v); return json_integer(v.i64);
	case DBUS_TYPE_UINT64:
		dbus_message_iter_get_basic(from, &v);
		return json_integer((json_int_t)MIN(v.u64, (dbus_uint64_t)INT64_MAX));
	}
	return json_null();
}

json_t *message_read(DBusMessage *m)
{
	DBusMessageIter from;

	dbus_message_iter_init(m, &from);
	return read_list(&from);
}
