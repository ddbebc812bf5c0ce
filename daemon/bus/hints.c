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

/* What lull itself wants to know of a hint. */
enum hint_use {
	USE_NONE,
	USE_URGENCY,
	USE_CATEGORY,
	USE_DESKTOP_ENTRY,
	USE_TAG,
	USE_TRANSIENT,
	USE_OSD,
	USE_FILE,
	USE_PROBE,
};

static const struct known_hint {
	const char *key;
	enum hint_type type;
	enum hint_use use;
} known_hints[] = {
	{"urgency", HINT_URGENCY, USE_URGENCY},
	{"category", HINT_TEXT, USE_CATEGORY},
	{"desktop-entry", HINT_TEXT, USE_DESKTOP_ENTRY},
	{"sound-file", HINT_TEXT, USE_NONE},
	{"sound-name", HINT_TEXT, USE_NONE},
	{"image-path", HINT_TEXT, USE_FILE},
	{"image_path", HINT_TEXT, USE_FILE},
	{"image-data", HINT_IMAGE, USE_NONE},
	{"image_data", HINT_IMAGE, USE_NONE},
	{"icon_data", HINT_IMAGE, USE_NONE},
	{"action-icons", HINT_BOOL, USE_NONE},
	{"resident", HINT_BOOL, USE_NONE},
	{"transient", HINT_BOOL, USE_TRANSIENT},
	{"suppress-sound", HINT_BOOL, USE_NONE},
	{"value", HINT_INT, USE_OSD},
	{"x", HINT_INT, USE_NONE},
	{"y", HINT_INT, USE_NONE},
	{"sender-pid", HINT_PID, USE_NONE},
	{"x-canonical-private-synchronous", HINT_TEXT, USE_TAG},
	{"private-synchronous", HINT_TEXT, USE_TAG},
	{"synchronous", HINT_TEXT, USE_TAG},
	{"x-dunst-stack-tag", HINT_TEXT, USE_TAG},
	{"x-kde-user-action-feedback", HINT_BOOL, USE_OSD},
	{"x-lull-probe", HINT_BOOL, USE_PROBE},
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

static void use_text(struct notification *n, enum hint_use use, const char *s)
{
	switch (use) {
	case USE_CATEGORY: n->category = s; break;
	case USE_DESKTOP_ENTRY: n->desktop_entry = s; break;
	case USE_TAG:
		n->tag = s;
		n->is_osd = *s != '\0';
		break;
	case USE_FILE: n->has_files = n->has_files || files_is_temporary(s); break;
	case USE_NONE:
	case USE_URGENCY:
	case USE_TRANSIENT:
	case USE_OSD:
	case USE_PROBE: break;
	}
}

static void use_number(struct notification *n, enum hint_use use, int64_t number)
{
	switch (use) {
	case USE_URGENCY: n->urgency = (enum urgency)number; break;
	case USE_TRANSIENT: n->is_transient = number != 0; break;
	case USE_OSD: n->is_osd = true; break;
	case USE_PROBE: n->claims_probe = number != 0; break;
	case USE_NONE:
	case USE_CATEGORY:
	case USE_DESKTOP_ENTRY:
	case USE_TAG:
	case USE_FILE: break;
	}
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
	use_text(r->n, hint->use, s);
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
	use_number(r->n, hint->use, number);
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
