#include "daemon/bus/hints.h"

#include "daemon/bus/files.h"
#include "daemon/bus/value.h"
#include <string.h>

enum hint_type {
	HINT_URGENCY,
	HINT_TEXT,
	HINT_BOOL,
	HINT_INT,
	HINT_PID,
	HINT_IMAGE,
};

static const struct known_hint {
	const char *key;
	enum hint_type type;
	bool is_file; /* it names a picture that may go away */
} known_hints[] = {
	{"urgency", HINT_URGENCY, false},
	{"category", HINT_TEXT, false},
	{"desktop-entry", HINT_TEXT, false},
	{"sound-file", HINT_TEXT, false},
	{"sound-name", HINT_TEXT, false},
	{"image-path", HINT_TEXT, true},
	{"image_path", HINT_TEXT, true},
	{"image-data", HINT_IMAGE, false},
	{"image_data", HINT_IMAGE, false},
	{"icon_data", HINT_IMAGE, false},
	{"action-icons", HINT_BOOL, false},
	{"resident", HINT_BOOL, false},
	{"transient", HINT_BOOL, false},
	{"suppress-sound", HINT_BOOL, false},
	{"value", HINT_INT, false},
	{"x", HINT_INT, false},
	{"y", HINT_INT, false},
	{"sender-pid", HINT_PID, false},
	{"x-canonical-private-synchronous", HINT_TEXT, false},
	{"private-synchronous", HINT_TEXT, false},
	{"synchronous", HINT_TEXT, false},
	{"x-dunst-stack-tag", HINT_TEXT, false},
	{"x-kde-user-action-feedback", HINT_BOOL, false},
	{"x-lull-probe", HINT_BOOL, false},
};

static const struct known_hint *find_hint(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known_hints); i++)
		if (strcmp(known_hints[i].key, key) == 0)
			return &known_hints[i];
	return NULL;
}

/*
 * image-data (iiibiiay): width, height, rowstride, has_alpha, bits, channels, bytes; Desktop Notifications
 * Specification, "Icons and Images". Displays die of one that says more than it holds.
 */
static bool is_good_image(DBusMessageIter *value)
{
	dbus_int32_t number[6] = {0}; /* the fourth is the boolean */
	DBusMessageIter field, bytes;
	const unsigned char *data;
	int64_t needed;
	int n = 0, i;
	char *signature = dbus_message_iter_get_signature(value);
	bool is_image = signature && strcmp(signature, "(iiibiiay)") == 0;

	dbus_free(signature);
	if (!is_image)
		return false;
	dbus_message_iter_recurse(value, &field);
	for (i = 0; i < 6; i++) {
		dbus_message_iter_get_basic(&field, &number[i]);
		dbus_message_iter_next(&field);
	}
	dbus_message_iter_recurse(&field, &bytes);
	dbus_message_iter_get_fixed_array(&bytes, &data, &n);
	if (number[0] <= 0 || number[1] <= 0 || number[2] <= 0 || number[4] != 8 ||
	    number[5] != (number[3] ? 4 : 3) || n > HINT_IMAGE_MAX)
		return false;
	needed = (int64_t)number[0] * number[5];
	return number[2] >= needed && n >= (int64_t)(number[1] - 1) * number[2] + needed;
}

static enum hint_fate read_text(struct hint_reader *r, const struct known_hint *hint,
				DBusMessageIter *value)
{
	const char *s;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_STRING)
		return HINT_DROP;
	dbus_message_iter_get_basic(value, &s);
	if (strlen(s) > HINT_TEXT_MAX)
		return HINT_DROP;
	if (hint->is_file)
		r->n->has_files = r->n->has_files || files_is_temporary(s);
	notification_take_hint(r->n, &(struct hint){.key = hint->key, .text = s});
	return HINT_KEEP;
}

/* A number in its one right type and range. */
static enum hint_fate read_number(struct hint_reader *r, const struct known_hint *hint,
				  DBusMessageIter *value, struct hint_mend *ret)
{
	int64_t number, came;

	if (!value_number(value, &came))
		return HINT_DROP;
	number = came;
	switch (hint->type) {
	case HINT_URGENCY:
		number = MAX(0, MIN(number, 2));
		ret->type = DBUS_TYPE_BYTE;
		ret->value.byte = (unsigned char)number;
		break;
	case HINT_BOOL:
		number = number != 0;
		ret->type = DBUS_TYPE_BOOLEAN;
		ret->value.boolean = (dbus_bool_t)number;
		break;
	case HINT_INT:
		number = MAX(INT32_MIN, MIN(number, INT32_MAX));
		ret->type = DBUS_TYPE_INT32;
		ret->value.int32 = (dbus_int32_t)number;
		break;
	case HINT_PID:
		ret->type = DBUS_TYPE_INT64;
		ret->value.int64 = number;
		break;
	case HINT_TEXT:
	case HINT_IMAGE: return HINT_DROP;
	}
	notification_take_hint(r->n, &(struct hint){.key = hint->key, .number = number});
	return number == came && dbus_message_iter_get_arg_type(value) == ret->type ? HINT_KEEP
										    : HINT_MEND;
}

static enum hint_fate read_hint(struct hint_reader *r, const char *key, DBusMessageIter *value,
				struct hint_mend *ret)
{
	const struct known_hint *hint = find_hint(key);
	unsigned bit;

	if (!hint) {
		DBusMessageIter measured = *value;
		size_t bytes = strlen(key);

		if (!value_measure(&measured, &bytes) ||
		    bytes > HINTS_UNKNOWN_MAX - r->unknown_bytes)
			return HINT_DROP;
		r->unknown_bytes += bytes;
		return HINT_KEEP;
	}
	bit = 1u << (hint - known_hints);
	if (r->seen & bit)
		return HINT_DROP;
	r->seen |= bit;
	switch (hint->type) {
	case HINT_TEXT: return read_text(r, hint, value);
	case HINT_IMAGE: return is_good_image(value) ? HINT_KEEP : HINT_DROP;
	case HINT_URGENCY:
	case HINT_BOOL:
	case HINT_INT:
	case HINT_PID: return read_number(r, hint, value, ret);
	}
	return HINT_DROP;
}

/* What a rule may ask for. */
static void note_hint(struct hint_reader *r, const char *key, DBusMessageIter *value)
{
	struct hint *hint = &r->hints[r->n->n_hints];
	int type = dbus_message_iter_get_arg_type(value);

	if (r->n->n_hints == r->n_hints_max)
		return;
	*hint = (struct hint){.key = key, .is_boolean = type == DBUS_TYPE_BOOLEAN};
	if (type == DBUS_TYPE_STRING || type == DBUS_TYPE_OBJECT_PATH)
		dbus_message_iter_get_basic(value, &hint->text);
	else if (!value_number(value, &hint->number))
		return;
	r->n->n_hints++;
}

enum hint_fate hints_read(struct hint_reader *r, const char *key, DBusMessageIter *value,
			  struct hint_mend *ret)
{
	enum hint_fate fate = read_hint(r, key, value, ret);

	if (fate != HINT_DROP && r->hints)
		note_hint(r, key, value);
	return fate;
}
