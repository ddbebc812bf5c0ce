#include "daemon/bus/value.h"

#include <string.h>

bool value_number(DBusMessageIter *value, int64_t *ret)
{
	DBusBasicValue v;
	int type = dbus_message_iter_get_arg_type(value);

	/* Reading a file descriptor would make one. */
	if (!dbus_type_is_basic(type) || type == DBUS_TYPE_UNIX_FD)
		return false;
	dbus_message_iter_get_basic(value, &v);
	switch (type) {
	case DBUS_TYPE_BYTE: *ret = v.byt; return true;
	case DBUS_TYPE_BOOLEAN: *ret = v.bool_val != 0; return true;
	case DBUS_TYPE_INT16: *ret = v.i16; return true;
	case DBUS_TYPE_UINT16: *ret = v.u16; return true;
	case DBUS_TYPE_INT32: *ret = v.i32; return true;
	case DBUS_TYPE_UINT32: *ret = v.u32; return true;
	case DBUS_TYPE_INT64: *ret = v.i64; return true;
	case DBUS_TYPE_UINT64: *ret = (int64_t)MIN(v.u64, (uint64_t)INT64_MAX); return true;
	case DBUS_TYPE_DOUBLE:
		if (!(v.dbl > -1e15 && v.dbl < 1e15))
			return false;
		*ret = (int64_t)v.dbl;
		return true;
	default: return false;
	}
}

/* Of the types that D-Bus stores at their own size. */
static size_t fixed_bytes(int type)
{
	switch (type) {
	case DBUS_TYPE_BYTE: return 1;
	case DBUS_TYPE_INT16:
	case DBUS_TYPE_UINT16: return 2;
	case DBUS_TYPE_BOOLEAN:
	case DBUS_TYPE_INT32:
	case DBUS_TYPE_UINT32: return 4;
	default: return 8;
	}
}

bool value_measure(DBusMessageIter *value, size_t *bytes)
{
	int type;

	for (; (type = dbus_message_iter_get_arg_type(value)) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(value)) {
		DBusMessageIter inner;
		const char *s;

		if (type == DBUS_TYPE_UNIX_FD)
			return false;
		*bytes += 8;
		if (type == DBUS_TYPE_STRING || type == DBUS_TYPE_OBJECT_PATH ||
		    type == DBUS_TYPE_SIGNATURE) {
			dbus_message_iter_get_basic(value, &s);
			*bytes += strlen(s);
		} else if (type == DBUS_TYPE_ARRAY &&
			   dbus_type_is_fixed(dbus_message_iter_get_element_type(value)) &&
			   dbus_message_iter_get_element_type(value) != DBUS_TYPE_UNIX_FD) {
			const void *elements;
			int n;

			dbus_message_iter_recurse(value, &inner);
			dbus_message_iter_get_fixed_array(&inner, &elements, &n);
			*bytes +=
				fixed_bytes(dbus_message_iter_get_element_type(value)) * (size_t)n;
		} else if (dbus_type_is_container(type)) {
			dbus_message_iter_recurse(value, &inner);
			if (!value_measure(&inner, bytes))
				return false;
		}
	}
	return true;
}

/* D-Bus itself bounds the depth of what comes in. */
static bool copy_all(DBusMessageIter *from, DBusMessageIter *into);

static bool copy_inside(DBusMessageIter *from, DBusMessageIter *inner, DBusMessageIter *into)
{
	const void *elements;
	int type, n;

	if (dbus_message_iter_get_arg_type(from) != DBUS_TYPE_ARRAY)
		return copy_all(inner, into);
	type = dbus_message_iter_get_element_type(from);
	if (!dbus_type_is_fixed(type))
		return copy_all(inner, into);
	dbus_message_iter_get_fixed_array(inner, &elements, &n);
	return n == 0 || dbus_message_iter_append_fixed_array(into, type, &elements, n);
}

/* The signature that a container is opened with. */
static const char *inner_signature(int type, const char *signature)
{
	/* An array's elements have theirs also when there are none: "as" less the "a". */
	if (type == DBUS_TYPE_ARRAY)
		return signature + 1;
	return type == DBUS_TYPE_VARIANT ? signature : NULL;
}

bool value_copy(DBusMessageIter *from, DBusMessageIter *into)
{
	int type = dbus_message_iter_get_arg_type(from);
	DBusMessageIter inner, inner_into = DBUS_MESSAGE_ITER_INIT_CLOSED;
	char *signature;
	bool is_done;

	if (dbus_type_is_basic(type)) {
		DBusBasicValue v;

		dbus_message_iter_get_basic(from, &v);
		return dbus_message_iter_append_basic(into, type, &v);
	}
	dbus_message_iter_recurse(from, &inner);
	signature = dbus_message_iter_get_signature(type == DBUS_TYPE_VARIANT ? &inner : from);
	is_done = signature &&
		  dbus_message_iter_open_container(into, type, inner_signature(type, signature),
						   &inner_into) &&
		  copy_inside(from, &inner, &inner_into) &&
		  dbus_message_iter_close_container(into, &inner_into);
	dbus_free(signature);
	if (!is_done)
		dbus_message_iter_abandon_container_if_open(into, &inner_into);
	return is_done;
}

static bool copy_all(DBusMessageIter *from, DBusMessageIter *into)
{
	while (dbus_message_iter_get_arg_type(from) != DBUS_TYPE_INVALID) {
		if (!value_copy(from, into))
			return false;
		dbus_message_iter_next(from);
	}
	return true;
}

bool value_copy_variant(DBusMessageIter *dict, const char *key, DBusMessageIter *value)
{
	char *signature = dbus_message_iter_get_signature(value);
	DBusMessageIter entry = DBUS_MESSAGE_ITER_INIT_CLOSED;
	DBusMessageIter variant = DBUS_MESSAGE_ITER_INIT_CLOSED;
	bool is_done;

	is_done =
		signature &&
		dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
		dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) &&
		dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant) &&
		value_copy(value, &variant) &&
		dbus_message_iter_close_container(&entry, &variant) &&
		dbus_message_iter_close_container(dict, &entry);
	dbus_free(signature);
	if (!is_done) {
		dbus_message_iter_abandon_container_if_open(&entry, &variant);
		dbus_message_iter_abandon_container_if_open(dict, &entry);
	}
	return is_done;
}
