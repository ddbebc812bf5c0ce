/*
 * A Notify as it comes in, as it is stored, and as it goes out: every row of "be liberal in, strict out".
 *
 * No bus: the messages are made in memory.
 */
#include "daemon/bus/wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bus/bus.h"
#include "daemon/bus/hints.h"
#include "daemon/core/text.h"

#define KIB ((size_t)1024)

/* --- a message as text, so that two can be compared ------------------------------------------------ */

static void say_value(struct text *t, DBusMessageIter *iter);

static void say_all(struct text *t, DBusMessageIter *iter)
{
	const char *blank = "";

	for (; dbus_message_iter_get_arg_type(iter) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(iter)) {
		text_add(t, blank);
		say_value(t, iter);
		blank = " ";
	}
}

static void say_basic(struct text *t, DBusMessageIter *iter, int type)
{
	DBusBasicValue v;

	text_addf(t, "%c", type);
	if (type == DBUS_TYPE_UNIX_FD)
		return;
	dbus_message_iter_get_basic(iter, &v);
	switch (type) {
	case DBUS_TYPE_BYTE: text_addf(t, "%u", v.byt); break;
	case DBUS_TYPE_BOOLEAN: text_addf(t, "%u", v.bool_val); break;
	case DBUS_TYPE_INT16: text_addf(t, "%d", v.i16); break;
	case DBUS_TYPE_UINT16: text_addf(t, "%u", v.u16); break;
	case DBUS_TYPE_INT32: text_addf(t, "%d", v.i32); break;
	case DBUS_TYPE_UINT32: text_addf(t, "%u", v.u32); break;
	case DBUS_TYPE_INT64: text_addf(t, "%lld", (long long)v.i64); break;
	case DBUS_TYPE_UINT64: text_addf(t, "%llu", (unsigned long long)v.u64); break;
	case DBUS_TYPE_DOUBLE: text_addf(t, "%.17g", v.dbl); break;
	default: text_addf(t, "\"%s\"", v.str); break;
	}
}

static void say_bytes(struct text *t, DBusMessageIter *iter)
{
	const unsigned char *bytes;
	uint32_t hash = 2166136261;
	int n = 0, i;

	dbus_message_iter_get_fixed_array(iter, &bytes, &n);
	for (i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * 16777619;
	text_addf(t, "%d bytes %08x", n, hash);
}

static void say_value(struct text *t, DBusMessageIter *iter)
{
	int type = dbus_message_iter_get_arg_type(iter);
	DBusMessageIter inner;
	char *signature;

	if (dbus_type_is_basic(type)) {
		say_basic(t, iter, type);
		return;
	}
	dbus_message_iter_recurse(iter, &inner);
	if (type == DBUS_TYPE_ARRAY) {
		/* With its type, which an empty one has as well. */
		signature = dbus_message_iter_get_signature(iter);
		text_addf(t, "%s[", signature);
		dbus_free(signature);
		if (dbus_message_iter_get_element_type(iter) == DBUS_TYPE_BYTE)
			say_bytes(t, &inner);
		else
			say_all(t, &inner);
		text_add(t, "]");
		return;
	}
	text_add(t, type == DBUS_TYPE_VARIANT ? "<" : type == DBUS_TYPE_STRUCT ? "(" : "{");
	say_all(t, &inner);
	text_add(t, type == DBUS_TYPE_VARIANT ? ">" : type == DBUS_TYPE_STRUCT ? ")" : "}");
}

static char *args_of(DBusMessage *message)
{
	struct text t = {0};
	DBusMessageIter iter;
	char *said;

	dbus_message_iter_init(message, &iter);
	say_all(&t, &iter);
	said = text_take(&t);
	assert_non_null(said);
	return said;
}

/* "key=value key=value" of argument @at, or its whole when it isn't the hints. */
static char *arg_of(DBusMessage *message, int at)
{
	struct text t = {0};
	DBusMessageIter iter, dict, entry, value;
	const char *blank = "", *key;
	char *said;

	assert_true(dbus_message_has_signature(message, "susssasa{sv}i"));
	dbus_message_iter_init(message, &iter);
	while (at-- > 0)
		dbus_message_iter_next(&iter);
	if (dbus_message_iter_get_arg_type(&iter) == DBUS_TYPE_ARRAY &&
	    dbus_message_iter_get_element_type(&iter) == DBUS_TYPE_DICT_ENTRY) {
		dbus_message_iter_recurse(&iter, &dict);
		for (; dbus_message_iter_get_arg_type(&dict) != DBUS_TYPE_INVALID;
		     dbus_message_iter_next(&dict)) {
			dbus_message_iter_recurse(&dict, &entry);
			dbus_message_iter_get_basic(&entry, &key);
			dbus_message_iter_next(&entry);
			dbus_message_iter_recurse(&entry, &value);
			text_addf(&t, "%s%s=", blank, key);
			say_value(&t, &value);
			blank = " ";
		}
	} else {
		say_value(&t, &iter);
	}
	said = text_take(&t);
	assert_non_null(said);
	return said;
}

enum { ARG_APP, ARG_REPLACES, ARG_ICON, ARG_SUMMARY, ARG_BODY, ARG_ACTIONS, ARG_HINTS, ARG_EXPIRE };

static void assert_arg(DBusMessage *message, int at, const char *expected)
{
	autofree(str) char *said = arg_of(message, at);

	assert_string_equal(said, expected);
}

/* --- making a Notify ------------------------------------------------------------------------------ */

struct parts {
	const char *app, *icon, *summary, *body;
	const char *const *actions;
	uint32_t replaces_id;
};

static struct maker {
	DBusMessage *call;
	DBusMessageIter args, hints, entry, variant;
} maker;

static void add_string(DBusMessageIter *into, const char *s)
{
	s = s ? s : "";
	assert_true(dbus_message_iter_append_basic(into, DBUS_TYPE_STRING, &s));
}

static void begin_parts(const struct parts *parts)
{
	static dbus_uint32_t serial;
	DBusMessageIter list;
	size_t i;

	maker.call = dbus_message_new_method_call(NOTIFICATIONS_NAME, NOTIFICATIONS_PATH,
						  NOTIFICATIONS_IFACE, "Notify");
	assert_non_null(maker.call);
	dbus_message_set_serial(maker.call, ++serial);
	assert_true(dbus_message_set_sender(maker.call, ":1.77"));
	dbus_message_iter_init_append(maker.call, &maker.args);
	add_string(&maker.args, parts->app);
	assert_true(
		dbus_message_iter_append_basic(&maker.args, DBUS_TYPE_UINT32, &parts->replaces_id));
	add_string(&maker.args, parts->icon);
	add_string(&maker.args, parts->summary);
	add_string(&maker.args, parts->body);
	assert_true(dbus_message_iter_open_container(&maker.args, DBUS_TYPE_ARRAY, "s", &list));
	for (i = 0; parts->actions && parts->actions[i]; i++)
		add_string(&list, parts->actions[i]);
	assert_true(dbus_message_iter_close_container(&maker.args, &list));
	assert_true(dbus_message_iter_open_container(&maker.args, DBUS_TYPE_ARRAY, "{sv}",
						     &maker.hints));
}

static void begin(void)
{
	begin_parts(
		&(struct parts){.app = "app", .icon = "icon", .summary = "sum", .body = "body"});
}

static void open_hint(const char *key, const char *signature)
{
	assert_true(dbus_message_iter_open_container(&maker.hints, DBUS_TYPE_DICT_ENTRY, NULL,
						     &maker.entry));
	add_string(&maker.entry, key);
	assert_true(dbus_message_iter_open_container(&maker.entry, DBUS_TYPE_VARIANT, signature,
						     &maker.variant));
}

static void close_hint(void)
{
	assert_true(dbus_message_iter_close_container(&maker.entry, &maker.variant));
	assert_true(dbus_message_iter_close_container(&maker.hints, &maker.entry));
}

static void add_hint(const char *key, int type, const void *value)
{
	assert_true(bus_append_entry(&maker.hints, key, type, value));
}

static void add_text_hint(const char *key, const char *value)
{
	add_hint(key, DBUS_TYPE_STRING, &value);
}

static void add_bytes(DBusMessageIter *into, size_t n)
{
	static unsigned char bytes[2 * 1024 * 1024];
	const unsigned char *at = bytes;
	DBusMessageIter array;

	assert_true(n <= sizeof(bytes));
	if (!bytes[1])
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(i * 7);
	assert_true(dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "y", &array));
	assert_true(dbus_message_iter_append_fixed_array(&array, DBUS_TYPE_BYTE, &at, (int)n));
	assert_true(dbus_message_iter_close_container(into, &array));
}

static void add_bytes_hint(const char *key, size_t n)
{
	open_hint(key, "ay");
	add_bytes(&maker.variant, n);
	close_hint();
}

struct image {
	int32_t width, height, rowstride;
	uint32_t has_alpha;
	int32_t bits, channels;
	size_t n_bytes;
};

static void add_image_hint(const char *key, const struct image *image)
{
	DBusMessageIter fields;
	dbus_bool_t has_alpha = image->has_alpha;

	open_hint(key, "(iiibiiay)");
	assert_true(
		dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_STRUCT, NULL, &fields));
	dbus_message_iter_append_basic(&fields, DBUS_TYPE_INT32, &image->width);
	dbus_message_iter_append_basic(&fields, DBUS_TYPE_INT32, &image->height);
	dbus_message_iter_append_basic(&fields, DBUS_TYPE_INT32, &image->rowstride);
	dbus_message_iter_append_basic(&fields, DBUS_TYPE_BOOLEAN, &has_alpha);
	dbus_message_iter_append_basic(&fields, DBUS_TYPE_INT32, &image->bits);
	dbus_message_iter_append_basic(&fields, DBUS_TYPE_INT32, &image->channels);
	add_bytes(&fields, image->n_bytes);
	assert_true(dbus_message_iter_close_container(&maker.variant, &fields));
	close_hint();
}

static DBusMessage *end_expiring(int32_t expire_ms)
{
	assert_true(dbus_message_iter_close_container(&maker.args, &maker.hints));
	assert_true(dbus_message_iter_append_basic(&maker.args, DBUS_TYPE_INT32, &expire_ms));
	return maker.call;
}

static DBusMessage *end(void)
{
	return end_expiring(-1);
}

/* --- decoding, with what holds for each ------------------------------------------------------------ */

static DBusMessage *demarshal(const void *bytes, size_t n)
{
	DBusMessage *message = dbus_message_demarshal(bytes, (int)n, NULL);

	assert_non_null(message);
	return message;
}

static void assert_same_notification(const struct notification *a, const struct notification *b)
{
	assert_string_equal(a->app, b->app);
	assert_string_equal(a->desktop_entry, b->desktop_entry);
	assert_string_equal(a->category, b->category);
	assert_string_equal(a->tag, b->tag);
	assert_string_equal(a->summary, b->summary);
	assert_string_equal(a->body, b->body);
	assert_int_equal(a->urgency, b->urgency);
	assert_int_equal(a->is_osd, b->is_osd);
	assert_int_equal(a->is_transient, b->is_transient);
}

/*
 * Decode @call into @w and give @call away. What is stored is what was decoded, holds no descriptor, and
 * decoded once more it stays as it is.
 */
static void decode(DBusMessage *call, struct wire_notify *w)
{
	autofree(str) char *args = NULL, *stored_args = NULL, *again_args = NULL;
	struct wire_notify again;
	DBusMessage *stored;

	assert_int_equal(wire_decode(call, w), 0);
	dbus_message_unref(call);
	assert_ptr_equal(w->n.wire, w->bytes);
	assert_false(dbus_message_contains_unix_fds(w->message));
	stored = demarshal(w->n.wire, w->n.wire_bytes);
	args = args_of(w->message);
	stored_args = args_of(stored);
	assert_string_equal(args, stored_args);

	assert_int_equal(wire_decode(stored, &again), 0);
	assert_ptr_equal(again.message, stored);
	again_args = args_of(again.message);
	assert_string_equal(args, again_args);
	assert_same_notification(&w->n, &again.n);
	assert_int_equal(w->replaces_id, again.replaces_id);
	wire_done(&again);
	dbus_message_unref(stored);
}

/* Decode @call, which has the usual other arguments; its hints have to be @expected. */
static void assert_hints(DBusMessage *call, const char *expected)
{
	struct wire_notify w;

	decode(call, &w);
	assert_arg(w.message, ARG_HINTS, expected);
	assert_arg(w.message, ARG_SUMMARY, "s\"sum\"");
	assert_arg(w.message, ARG_BODY, "s\"body\"");
	wire_done(&w);
}

/* A number of one of D-Bus's types. */
union number {
	unsigned char y;
	dbus_bool_t b;
	dbus_int16_t n;
	dbus_uint16_t q;
	dbus_int32_t i;
	dbus_uint32_t u;
	dbus_int64_t x;
	dbus_uint64_t t;
	double d;
	const char *s;
};

struct hint_case {
	const char *key;
	int type;
	union number value;
	const char *expected;
};

static void assert_hint_cases(const struct hint_case *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		begin();
		add_hint(cases[i].key, cases[i].type, &cases[i].value);
		assert_hints(end(), cases[i].expected);
	}
}

/* --- numbers --------------------------------------------------------------------------------------- */

static void urgency_of_any_number_type_is_clamped_to_a_byte(void **state LULL_UNUSED)
{
	static const struct hint_case cases[] = {
		{"urgency", 'y', {.y = 0}, "urgency=y0"},
		{"urgency", 'y', {.y = 2}, "urgency=y2"},
		{"urgency", 'y', {.y = 3}, "urgency=y2"},
		{"urgency", 'y', {.y = 255}, "urgency=y2"},
		{"urgency", 'n', {.n = 1}, "urgency=y1"},
		{"urgency", 'n', {.n = -1}, "urgency=y0"},
		{"urgency", 'n', {.n = INT16_MIN}, "urgency=y0"},
		{"urgency", 'q', {.q = 2}, "urgency=y2"},
		{"urgency", 'q', {.q = 256}, "urgency=y2"},
		{"urgency", 'i', {.i = 0}, "urgency=y0"},
		{"urgency", 'i', {.i = 2}, "urgency=y2"},
		{"urgency", 'i', {.i = INT32_MIN}, "urgency=y0"},
		{"urgency", 'i', {.i = INT32_MAX}, "urgency=y2"},
		{"urgency", 'u', {.u = 1}, "urgency=y1"},
		{"urgency", 'u', {.u = UINT32_MAX}, "urgency=y2"},
		{"urgency", 'x', {.x = 1}, "urgency=y1"},
		{"urgency", 'x', {.x = INT64_MIN}, "urgency=y0"},
		{"urgency", 'x', {.x = INT64_C(1) << 32}, "urgency=y2"},
		{"urgency", 't', {.t = 0}, "urgency=y0"},
		{"urgency", 't', {.t = UINT64_MAX}, "urgency=y2"},
		{"urgency", 'd', {.d = 1.0}, "urgency=y1"},
		{"urgency", 'd', {.d = 1.9}, "urgency=y1"},
		{"urgency", 'd', {.d = -7.5}, "urgency=y0"},
		{"urgency", 'd', {.d = 1e9}, "urgency=y2"},
	};

	assert_hint_cases(cases, ARRAY_SIZE(cases));
}

static void what_lull_reads_of_an_urgency_is_what_it_forwards(void **state LULL_UNUSED)
{
	struct wire_notify w;

	for (int32_t urgency = -1; urgency < 5; urgency++) {
		begin();
		add_hint("urgency", DBUS_TYPE_INT32, &urgency);
		decode(end(), &w);
		assert_int_equal(w.n.urgency, MAX(0, MIN(urgency, 2)));
		wire_done(&w);
	}
	begin();
	decode(end(), &w);
	assert_int_equal(w.n.urgency, URGENCY_NORMAL);
	wire_done(&w);
}

static void numbers_of_another_type_are_mended(void **state LULL_UNUSED)
{
	static const struct hint_case cases[] = {
		{"transient", 'b', {.b = 1}, "transient=b1"},
		{"transient", 'b', {.b = 0}, "transient=b0"},
		{"transient", 'i', {.i = 1}, "transient=b1"},
		{"transient", 'i', {.i = -3}, "transient=b1"},
		{"transient", 'u', {.u = 0}, "transient=b0"},
		{"transient", 'y', {.y = 2}, "transient=b1"},
		{"resident", 'u', {.u = 1}, "resident=b1"},
		{"action-icons", 'i', {.i = 0}, "action-icons=b0"},
		{"suppress-sound", 'u', {.u = 7}, "suppress-sound=b1"},
		{"x-kde-user-action-feedback", 'i', {.i = 1}, "x-kde-user-action-feedback=b1"},
		{"value", 'i', {.i = 42}, "value=i42"},
		{"value", 'u', {.u = 42}, "value=i42"},
		{"value", 'u', {.u = UINT32_MAX}, "value=i2147483647"},
		{"value", 'd', {.d = 41.7}, "value=i41"},
		{"value", 'd', {.d = -1e12}, "value=i-2147483648"},
		{"value", 'x', {.x = INT64_MIN}, "value=i-2147483648"},
		{"value", 'b', {.b = 1}, "value=i1"},
		{"x", 'n', {.n = -4}, "x=i-4"},
		{"y", 'u', {.u = 4}, "y=i4"},
		{"sender-pid", 'x', {.x = 1234}, "sender-pid=x1234"},
		{"sender-pid", 'u', {.u = 1234}, "sender-pid=x1234"},
		{"sender-pid", 'i', {.i = 1234}, "sender-pid=x1234"},
		{"sender-pid", 't', {.t = UINT64_MAX}, "sender-pid=x9223372036854775807"},
	};

	assert_hint_cases(cases, ARRAY_SIZE(cases));
}

/* --- wrong types ----------------------------------------------------------------------------------- */

static void a_hint_of_a_wrong_type_is_dropped_and_the_ping_kept(void **state LULL_UNUSED)
{
	static const struct hint_case cases[] = {
		{"urgency", 's', {.s = "critical"}, ""},
		{"urgency", 'd', {.d = NAN}, ""},
		{"urgency", 'd', {.d = INFINITY}, ""},
		{"value", 'd', {.d = -INFINITY}, ""},
		{"value", 's', {.s = "50"}, ""},
		{"transient", 's', {.s = "true"}, ""},
		{"resident", 'o', {.s = "/true"}, ""},
		{"sender-pid", 'g', {.s = "x"}, ""},
		{"category", 'i', {.i = 1}, ""},
		{"category", 'o', {.s = "/im"}, ""},
		{"desktop-entry", 'g', {.s = "s"}, ""},
		{"sound-file", 'b', {.b = 1}, ""},
		{"sound-name", 'u', {.u = 1}, ""},
		{"image-path", 'y', {.y = 1}, ""},
		{"image_path", 'd', {.d = 1}, ""},
		{"image-data", 's', {.s = "/tmp/a.png"}, ""},
		{"image_data", 'i', {.i = 1}, ""},
		{"icon_data", 'o', {.s = "/"}, ""},
		{"synchronous", 'b', {.b = 1}, ""},
		{"private-synchronous", 'i', {.i = 1}, ""},
		{"x-canonical-private-synchronous", 'u', {.u = 1}, ""},
		{"x-dunst-stack-tag", 'i', {.i = 1}, ""},
	};
	static const char *const keys[] = {"urgency",    "category",   "transient", "value",
					   "sender-pid", "image-data", "icon_data", "synchronous"};

	assert_hint_cases(cases, ARRAY_SIZE(cases));
	/* A variant in the variant, and bytes. */
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		DBusMessageIter inner;
		int32_t one = 1;

		begin();
		open_hint(keys[i], "v");
		dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_VARIANT, "i", &inner);
		dbus_message_iter_append_basic(&inner, DBUS_TYPE_INT32, &one);
		dbus_message_iter_close_container(&maker.variant, &inner);
		close_hint();
		assert_hints(end(), "");
		begin();
		add_bytes_hint(keys[i], 3);
		assert_hints(end(), "");
	}
}

static void what_is_dropped_is_not_read_either(void **state LULL_UNUSED)
{
	struct wire_notify w;
	int32_t number = 2;

	begin();
	add_text_hint("urgency", "2");
	add_hint("category", DBUS_TYPE_INT32, &number);
	add_hint("desktop-entry", DBUS_TYPE_INT32, &number);
	add_hint("synchronous", DBUS_TYPE_INT32, &number);
	add_text_hint("transient", "1");
	add_text_hint("value", "1");
	decode(end(), &w);
	assert_int_equal(w.n.urgency, URGENCY_NORMAL);
	assert_string_equal(w.n.category, "");
	assert_string_equal(w.n.desktop_entry, "");
	assert_string_equal(w.n.tag, "");
	assert_false(w.n.is_transient);
	assert_false(w.n.is_osd);
	wire_done(&w);
}

/* --- images ---------------------------------------------------------------------------------------- */

static void an_image_is_kept_only_when_it_holds_what_it_says(void **state LULL_UNUSED)
{
	static const char *const keys[] = {"image-data", "image_data", "icon_data"};
	static const struct {
		struct image image;
		bool is_kept;
	} cases[] = {
		{{4, 2, 12, 0, 8, 3, 24}, true},
		{{4, 2, 16, 1, 8, 4, 32}, true},
		{{1, 1, 3, 0, 8, 3, 3}, true},
		{{4, 2, 16, 0, 8, 3, 32}, true},  /* padded rows */
		{{4, 2, 16, 0, 8, 3, 28}, true},  /* the last one isn't padded */
		{{4, 2, 16, 0, 8, 3, 27}, false}, /* one byte less */
		{{4, 2, 12, 0, 8, 3, 23}, false},
		{{4, 2, 12, 0, 8, 3, 100}, true}, /* more than needed harms nobody */
		{{4, 2, 12, 0, 8, 3, 0}, false},
		{{1000, 1000, 3000, 0, 8, 3, 10}, false}, /* lxqt died of this one */
		{{0, 2, 12, 0, 8, 3, 24}, false},
		{{4, 0, 12, 0, 8, 3, 24}, false},
		{{-4, 2, 12, 0, 8, 3, 24}, false},
		{{4, -2, 12, 0, 8, 3, 24}, false},
		{{-4, -2, -12, 0, 8, 3, 24}, false},
		{{4, 2, -12, 0, 8, 3, 24}, false},
		{{4, 2, 0, 0, 8, 3, 24}, false},
		{{4, 2, 11, 0, 8, 3, 24}, false},
		{{4, 2, 12, 1, 8, 3, 24}, false},
		{{4, 2, 16, 0, 8, 4, 32}, false},
		{{4, 2, 16, 1, 16, 4, 32}, false},
		{{4, 2, 16, 1, 0, 4, 32}, false},
		{{4, 2, 12, 0, 8, 0, 24}, false},
		{{4, 2, 12, 0, 8, -3, 24}, false},
		/* Products that wrap in 32 bits. */
		{{INT32_MAX, 1, INT32_MAX, 0, 8, 3, 24}, false},
		{{1, INT32_MAX, INT32_MAX, 0, 8, 3, 24}, false},
		{{INT32_MAX, INT32_MAX, INT32_MAX, 1, 8, 4, 24}, false},
		{{0x40000001, 1, 4, 1, 8, 4, 4}, false},
		{{1, 0x10001, 0x10000, 1, 8, 4, 4}, false},
		{{1, 3, INT32_MAX, 0, 8, 3, 64}, false},
		{{INT32_MIN, INT32_MIN, INT32_MIN, 0, 8, 3, 24}, false},
		/* 1 MiB is the most. */
		{{512, 512, 2048, 1, 8, 4, 1024 * 1024}, true},
		{{512, 512, 2048, 1, 8, 4, 1024 * 1024 + 1}, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			struct wire_notify w;

			begin();
			add_image_hint(keys[k], &cases[i].image);
			if (cases[i].is_kept) {
				autofree(str) char *came = NULL, *kept = NULL;
				DBusMessage *call = dbus_message_ref(end());

				came = args_of(call);
				decode(call, &w);
				kept = args_of(w.message);
				assert_string_equal(came, kept);
				wire_done(&w);
				dbus_message_unref(call);
			} else {
				assert_hints(end(), "");
			}
		}
	}
}

static void an_image_of_almost_the_right_type_is_dropped(void **state LULL_UNUSED)
{
	static const char *const signatures[] = {"(iiibiias)", "(iiibiiau)", "(iiibii)",
						 "(iiibiiayi)", "(uuubuuay)"};

	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		DBusMessageIter fields, array;
		DBusSignatureIter at;
		DBusSignatureIter field;
		uint32_t number = 8;

		begin();
		open_hint("image-data", signatures[i]);
		dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_STRUCT, NULL, &fields);
		dbus_signature_iter_init(&at, signatures[i]);
		dbus_signature_iter_recurse(&at, &field);
		do {
			int type = dbus_signature_iter_get_current_type(&field);
			uint32_t one = 1;

			if (type == DBUS_TYPE_ARRAY) {
				char *element = dbus_signature_iter_get_signature(&field);

				dbus_message_iter_open_container(&fields, type, element + 1,
								 &array);
				dbus_message_iter_close_container(&fields, &array);
				dbus_free(element);
			} else {
				dbus_message_iter_append_basic(&fields, type,
							       type == DBUS_TYPE_BOOLEAN ? &one
											 : &number);
			}
		} while (dbus_signature_iter_next(&field));
		dbus_message_iter_close_container(&maker.variant, &fields);
		close_hint();
		assert_hints(end(), "");
	}
}

/* --- actions --------------------------------------------------------------------------------------- */

static void half_a_pair_of_actions_is_left_out(void **state LULL_UNUSED)
{
	static const struct {
		const char *actions[6];
		const char *expected;
	} cases[] = {
		{{NULL}, "as[]"},
		{{"a", NULL}, "as[]"},
		{{"a", "A", NULL}, "as[s\"a\" s\"A\"]"},
		{{"a", "A", "b", NULL}, "as[s\"a\" s\"A\"]"},
		{{"a", "A", "b", "B", NULL}, "as[s\"a\" s\"A\" s\"b\" s\"B\"]"},
		{{"a", "A", "b", "B", "", NULL}, "as[s\"a\" s\"A\" s\"b\" s\"B\"]"},
		{{"", "", NULL}, "as[s\"\" s\"\"]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_notify w;

		begin_parts(&(struct parts){.actions = cases[i].actions});
		decode(end(), &w);
		assert_arg(w.message, ARG_ACTIONS, cases[i].expected);
		wire_done(&w);
	}
}

static void actions_beyond_the_cap_are_cut_between_pairs(void **state LULL_UNUSED)
{
	static char label[1024];
	const char *actions[2 * 18 + 1] = {NULL};
	DBusMessageIter iter;
	struct wire_notify w;

	memset(label, 'l', sizeof(label) - 1);
	/* 16 pairs of 1 KiB fill it exactly. */
	for (int n_pairs = 15; n_pairs <= 18; n_pairs++) {
		for (int i = 0; i < n_pairs; i++) {
			actions[2 * i] = "k";
			actions[2 * i + 1] = label;
		}
		actions[2 * n_pairs] = NULL;
		begin_parts(&(struct parts){.actions = actions});
		decode(end(), &w);
		dbus_message_iter_init(w.message, &iter);
		for (int i = 0; i < ARG_ACTIONS; i++)
			dbus_message_iter_next(&iter);
		assert_int_equal(dbus_message_iter_get_element_count(&iter), 2 * MIN(n_pairs, 16));
		wire_done(&w);
	}
}

/* --- file descriptors ------------------------------------------------------------------------------ */

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void descriptors_are_dropped_wherever_they_are(void **state LULL_UNUSED)
{
	DBusMessageIter a, b, c;
	int32_t one = 1;
	int fd = 0;

	begin();
	add_hint("x-fd", DBUS_TYPE_UNIX_FD, &fd);
	add_hint("x-one", DBUS_TYPE_INT32, &one);
	assert_hints(end(), "x-one=i1");

	begin();
	open_hint("x-fds", "ah");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_ARRAY, "h", &a);
	dbus_message_iter_append_basic(&a, DBUS_TYPE_UNIX_FD, &fd);
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	add_hint("x-one", DBUS_TYPE_INT32, &one);
	assert_hints(end(), "x-one=i1");

	begin();
	open_hint("x-struct", "(i(ih))");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_STRUCT, NULL, &a);
	dbus_message_iter_append_basic(&a, DBUS_TYPE_INT32, &one);
	dbus_message_iter_open_container(&a, DBUS_TYPE_STRUCT, NULL, &b);
	dbus_message_iter_append_basic(&b, DBUS_TYPE_INT32, &one);
	dbus_message_iter_append_basic(&b, DBUS_TYPE_UNIX_FD, &fd);
	dbus_message_iter_close_container(&a, &b);
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	assert_hints(end(), "");

	begin();
	open_hint("x-dict", "a{sv}");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_ARRAY, "{sv}", &a);
	assert_true(bus_append_entry(&a, "one", DBUS_TYPE_INT32, &one));
	assert_true(bus_append_entry(&a, "fd", DBUS_TYPE_UNIX_FD, &fd));
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	assert_hints(end(), "");

	begin();
	open_hint("x-variant", "v");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_VARIANT, "v", &a);
	dbus_message_iter_open_container(&a, DBUS_TYPE_VARIANT, "ah", &b);
	dbus_message_iter_open_container(&b, DBUS_TYPE_ARRAY, "h", &c);
	dbus_message_iter_append_basic(&c, DBUS_TYPE_UNIX_FD, &fd);
	dbus_message_iter_close_container(&b, &c);
	dbus_message_iter_close_container(&a, &b);
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	assert_hints(end(), "");
}

static void a_descriptor_in_a_known_hint_is_dropped_and_not_leaked(void **state LULL_UNUSED)
{
	static const char *const keys[] = {"urgency", "category",    "transient",
					   "value",   "x",           "sender-pid",
					   "x-fd",    "synchronous", "image-data"};
	int fd = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n_fds = count_fds();

		begin();
		add_hint(keys[i], DBUS_TYPE_UNIX_FD, &fd);
		assert_hints(end(), "");
		if (count_fds() != n_fds)
			fail_msg("%s: %zu descriptors before, %zu after", keys[i], n_fds,
				 count_fds());
	}
}

/* --- unknown hints --------------------------------------------------------------------------------- */

static void add_empty_array_hint(const char *key, const char *element)
{
	autofree(str) char *signature = NULL;
	struct text t = {0};
	DBusMessageIter array;

	text_addf(&t, "a%s", element);
	signature = text_take(&t);
	open_hint(key, signature);
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_ARRAY, element, &array);
	dbus_message_iter_close_container(&maker.variant, &array);
	close_hint();
}

/* Hints of every shape that D-Bus has. */
static void add_odd_hints(void)
{
	static const char *const elements[] = {"y",           "b",    "n",          "q",
					       "i",           "u",    "x",          "t",
					       "d",           "s",    "o",          "g",
					       "v",           "ay",   "as",         "aas",
					       "(i)",         "(sv)", "{sv}",       "{us}",
					       "a{sv}",       "av",   "(iiibiiay)", "{ya{sv}}",
					       "{s(a{sv}as)}"};
	static const double doubles[] = {1.5, -0.25, 1e300};
	static const dbus_uint16_t shorts[] = {1, 2, 65535};
	const double *at_doubles = doubles;
	const dbus_uint16_t *at_shorts = shorts;
	const union number v[] = {{.y = 200},       {.b = 1},          {.n = -2},
				  {.q = 65000},     {.i = -3},         {.u = 4000000000},
				  {.x = INT64_MIN}, {.t = UINT64_MAX}, {.d = 0.1},
				  {.s = "text"},    {.s = "/a/path"},  {.s = "a{sv}(ii)"}};
	DBusMessageIter a, b, c;
	const char *types = "ybnqiuxtdsog";
	char key[32];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		snprintf(key, sizeof(key), "x-%c", types[i]);
		add_hint(key, types[i], &v[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(elements); i++) {
		snprintf(key, sizeof(key), "x-empty-%zu", i);
		add_empty_array_hint(key, elements[i]);
	}
	add_bytes_hint("x-bytes", 1000);
	open_hint("x-doubles", "ad");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_ARRAY, "d", &a);
	dbus_message_iter_append_fixed_array(&a, DBUS_TYPE_DOUBLE, &at_doubles, 3);
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	open_hint("x-struct", "(aqv(s)as)");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_STRUCT, NULL, &a);
	dbus_message_iter_open_container(&a, DBUS_TYPE_ARRAY, "q", &b);
	dbus_message_iter_append_fixed_array(&b, DBUS_TYPE_UINT16, &at_shorts, 3);
	dbus_message_iter_close_container(&a, &b);
	dbus_message_iter_open_container(&a, DBUS_TYPE_VARIANT, "v", &b);
	dbus_message_iter_open_container(&b, DBUS_TYPE_VARIANT, "s", &c);
	add_string(&c, "nested twice");
	dbus_message_iter_close_container(&b, &c);
	dbus_message_iter_close_container(&a, &b);
	dbus_message_iter_open_container(&a, DBUS_TYPE_STRUCT, NULL, &b);
	add_string(&b, "in a struct");
	dbus_message_iter_close_container(&a, &b);
	dbus_message_iter_open_container(&a, DBUS_TYPE_ARRAY, "s", &b);
	add_string(&b, "ä");
	add_string(&b, "");
	dbus_message_iter_close_container(&a, &b);
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	open_hint("x-dict", "a{sv}");
	dbus_message_iter_open_container(&maker.variant, DBUS_TYPE_ARRAY, "{sv}", &a);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		assert_true(bus_append_entry(&a, key, types[i], &v[i]));
	}
	dbus_message_iter_close_container(&maker.variant, &a);
	close_hint();
	open_hint("", "s");
	add_string(&maker.variant, "a hint without a name");
	close_hint();
}

static void unknown_hints_are_kept_verbatim_also_nested(void **state LULL_UNUSED)
{
	autofree(str) char *came = NULL, *alone = NULL;
	struct wire_notify w;
	DBusMessage *call;

	begin();
	add_odd_hints();
	call = dbus_message_ref(end());
	alone = arg_of(call, ARG_HINTS);
	decode(call, &w);
	assert_ptr_equal(w.message, call);
	wire_done(&w);
	dbus_message_unref(call);

	/* And when the rest has to be mended, so that they are copied. */
	begin();
	add_odd_hints();
	call = end_expiring(-5);
	came = arg_of(call, ARG_HINTS);
	assert_string_equal(came, alone);
	dbus_message_ref(call);
	decode(call, &w);
	assert_ptr_not_equal(w.message, call);
	assert_arg(w.message, ARG_HINTS, came);
	wire_done(&w);
	dbus_message_unref(call);
}

/* A variant in a variant in ..., as deep as D-Bus lets one come. */
static void unknown_hints_are_kept_as_deep_as_the_bus_lets_them_be(void **state LULL_UNUSED)
{
	autofree(str) char *came = NULL;
	DBusMessageIter iters[64];
	const int depth = 50;
	struct wire_notify w;
	DBusMessage *call;
	int32_t one = 1;

	begin();
	open_hint("x-deep", "v");
	iters[0] = maker.variant;
	for (int i = 0; i < depth; i++)
		assert_true(dbus_message_iter_open_container(&iters[i], DBUS_TYPE_VARIANT,
							     i == depth - 1 ? "i" : "v",
							     &iters[i + 1]));
	assert_true(dbus_message_iter_append_basic(&iters[depth], DBUS_TYPE_INT32, &one));
	for (int i = depth - 1; i >= 0; i--)
		assert_true(dbus_message_iter_close_container(&iters[i], &iters[i + 1]));
	maker.variant = iters[0];
	close_hint();
	call = end_expiring(-5);
	came = arg_of(call, ARG_HINTS);
	decode(call, &w);
	assert_arg(w.message, ARG_HINTS, came);
	wire_done(&w);
}

static void the_first_of_known_duplicates_counts(void **state LULL_UNUSED)
{
	struct wire_notify w;

	begin();
	add_hint("urgency", DBUS_TYPE_BYTE, &(unsigned char){2});
	add_text_hint("category", "a");
	add_hint("urgency", DBUS_TYPE_BYTE, &(unsigned char){0});
	add_text_hint("category", "b");
	add_text_hint("x-other", "c");
	add_text_hint("x-other", "d");
	decode(end(), &w);
	assert_int_equal(w.n.urgency, URGENCY_CRITICAL);
	assert_string_equal(w.n.category, "a");
	assert_arg(w.message, ARG_HINTS,
		   "urgency=y2 category=s\"a\" x-other=s\"c\" x-other=s\"d\"");
	wire_done(&w);
}

static void unknown_hints_over_256_kib_are_dropped(void **state LULL_UNUSED)
{
	static char large[256 * 1024 + 1], half[130 * 1024];

	memset(large, 'l', sizeof(large) - 1);
	memset(half, 'h', sizeof(half) - 1);
	begin();
	add_text_hint("x-large", large);
	add_text_hint("x-small", "s");
	add_bytes_hint("x-bytes", 1024 * 1024);
	assert_hints(end(), "x-small=s\"s\"");

	/* Together as well. */
	begin();
	add_text_hint("x-one", half);
	add_text_hint("x-two", half);
	add_text_hint("x-small", "s");
	{
		struct wire_notify w;

		decode(end(), &w);
		assert_true(w.n.wire_bytes > sizeof(half));
		assert_true(w.n.wire_bytes < HINTS_UNKNOWN_MAX);
		wire_done(&w);
	}

	/* Thousands of small ones, and keys that are large. */
	begin();
	for (int i = 0; i < 100000; i++)
		add_hint("x", DBUS_TYPE_STRING, &(const char *){""});
	for (int i = 0; i < 100000; i++)
		add_hint("x-n", DBUS_TYPE_BYTE, &(unsigned char){1});
	add_text_hint(large, "");
	{
		struct wire_notify w;

		decode(end(), &w);
		assert_true(w.n.wire_bytes < 4 * HINTS_UNKNOWN_MAX);
		wire_done(&w);
	}
}

static void unknown_bytes_below_256_kib_are_kept(void **state LULL_UNUSED)
{
	for (size_t kib = 16; kib < 256; kib *= 2) {
		struct wire_notify w;

		begin();
		add_bytes_hint("x-bytes", kib * KIB);
		decode(end(), &w);
		if (w.n.wire_bytes < kib * KIB)
			fail_msg("%zu KiB of bytes were dropped", kib);
		wire_done(&w);
	}
}

/* --- texts ----------------------------------------------------------------------------------------- */

static void assert_text_arg(DBusMessage *message, int at, const char *s, size_t length)
{
	DBusMessageIter iter;
	const char *came;

	dbus_message_iter_init(message, &iter);
	while (at-- > 0)
		dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &came);
	assert_int_equal(strlen(came), length);
	assert_memory_equal(came, s, length);
}

static void texts_are_cut_on_a_code_point(void **state LULL_UNUSED)
{
	static const char *const points[] = {"a", "ä", "€", "🔔"};
	static char text[WIRE_BODY_MAX + 16];

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		size_t width = strlen(points[i]);

		/* Shifted, so that the cap falls on each byte of a code point. */
		for (size_t shift = 0; shift < width; shift++) {
			struct wire_notify w;
			size_t n = shift, name, body;

			memset(text, 'x', shift);
			for (; n + width < sizeof(text); n += width)
				memcpy(text + n, points[i], width);
			text[n] = '\0';
			name = shift + (WIRE_SUMMARY_MAX - shift) / width * width;
			body = shift + (WIRE_BODY_MAX - shift) / width * width;
			begin_parts(&(struct parts){
				.app = text, .icon = text, .summary = text, .body = text});
			decode(end(), &w);
			assert_text_arg(w.message, ARG_APP, text, name);
			assert_text_arg(w.message, ARG_ICON, text, name);
			assert_text_arg(w.message, ARG_SUMMARY, text, name);
			assert_text_arg(w.message, ARG_BODY, text, body);
			assert_int_equal(strlen(w.n.summary), name);
			assert_int_equal(strlen(w.n.body), body);
			wire_done(&w);
		}
	}
}

static void a_text_of_exactly_the_cap_is_kept_whole(void **state LULL_UNUSED)
{
	static char name[WIRE_NAME_MAX + 1], body[WIRE_BODY_MAX + 1];
	struct wire_notify w;
	DBusMessage *call;

	memset(name, 'n', sizeof(name) - 1);
	memset(body, 'b', sizeof(body) - 1);
	begin_parts(&(struct parts){.app = name, .icon = name, .summary = name, .body = body});
	call = end();
	decode(dbus_message_ref(call), &w);
	assert_ptr_equal(w.message, call);
	wire_done(&w);
	dbus_message_unref(call);
}

static void a_text_hint_over_the_cap_is_dropped_and_not_read(void **state LULL_UNUSED)
{
	static char text[HINT_TEXT_MAX + 2];
	struct wire_notify w;

	memset(text, 't', sizeof(text) - 1);
	begin();
	add_text_hint("category", text);
	add_text_hint("desktop-entry", text);
	add_text_hint("sound-name", text + 1);
	decode(end(), &w);
	assert_string_equal(w.n.category, "");
	assert_string_equal(w.n.desktop_entry, "");
	assert_true(w.n.wire_bytes > HINT_TEXT_MAX && w.n.wire_bytes < 2 * HINT_TEXT_MAX);
	wire_done(&w);
}

static void an_empty_app_name_is_taken_from_the_desktop_entry(void **state LULL_UNUSED)
{
	struct wire_notify w;

	begin_parts(&(struct parts){.app = ""});
	add_text_hint("desktop-entry", "org.example.App");
	decode(end(), &w);
	assert_string_equal(w.n.app, "org.example.App");
	assert_arg(w.message, ARG_APP, "s\"\"");
	wire_done(&w);

	begin_parts(&(struct parts){.app = "app"});
	add_text_hint("desktop-entry", "org.example.App");
	decode(end(), &w);
	assert_string_equal(w.n.app, "app");
	assert_string_equal(w.n.desktop_entry, "org.example.App");
	wire_done(&w);

	begin_parts(&(struct parts){.app = ""});
	decode(end(), &w);
	assert_string_equal(w.n.app, "");
	wire_done(&w);
}

static void an_expiry_below_the_default_is_the_default(void **state LULL_UNUSED)
{
	static const struct {
		int32_t expire_ms;
		const char *expected;
	} cases[] = {{-1, "i-1"}, {0, "i0"},         {1, "i1"}, {INT32_MAX, "i2147483647"},
		     {-2, "i-1"}, {INT32_MIN, "i-1"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_notify w;

		begin();
		decode(end_expiring(cases[i].expire_ms), &w);
		assert_arg(w.message, ARG_EXPIRE, cases[i].expected);
		wire_done(&w);
	}
}

/* --- what lull reads ------------------------------------------------------------------------------- */

static void tags_values_and_feedback_make_an_osd(void **state LULL_UNUSED)
{
	static const char *const tags[] = {"x-canonical-private-synchronous", "private-synchronous",
					   "synchronous", "x-dunst-stack-tag"};
	struct wire_notify w;

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		begin();
		add_text_hint(tags[i], "volume");
		decode(end(), &w);
		assert_string_equal(w.n.tag, "volume");
		assert_true(w.n.is_osd);
		wire_done(&w);
	}
	begin();
	add_hint("value", DBUS_TYPE_INT32, &(int32_t){0});
	decode(end(), &w);
	assert_true(w.n.is_osd);
	assert_string_equal(w.n.tag, "");
	wire_done(&w);
	begin();
	add_hint("x-kde-user-action-feedback", DBUS_TYPE_BOOLEAN, &(dbus_bool_t){1});
	decode(end(), &w);
	assert_true(w.n.is_osd);
	wire_done(&w);
	begin();
	decode(end(), &w);
	assert_false(w.n.is_osd);
	wire_done(&w);
}

static void all_that_policy_reads_is_in_the_notification(void **state LULL_UNUSED)
{
	struct wire_notify w;

	begin_parts(&(struct parts){
		.app = "mail", .summary = "New", .body = "<b>one</b>", .replaces_id = 7});
	add_text_hint("category", "email.arrived");
	add_text_hint("desktop-entry", "org.example.Mail");
	add_hint("transient", DBUS_TYPE_UINT32, &(uint32_t){1});
	decode(end(), &w);
	assert_string_equal(w.n.app, "mail");
	assert_string_equal(w.n.summary, "New");
	assert_string_equal(w.n.body, "<b>one</b>");
	assert_string_equal(w.n.category, "email.arrived");
	assert_string_equal(w.n.desktop_entry, "org.example.Mail");
	assert_true(w.n.is_transient);
	assert_int_equal(w.replaces_id, 7);
	wire_done(&w);
}

/* --- stored and forwarded -------------------------------------------------------------------------- */

static void add_usual_hints(void)
{
	add_hint("urgency", DBUS_TYPE_BYTE, &(unsigned char){2});
	add_text_hint("desktop-entry", "org.example.App");
	add_image_hint("image-data", &(struct image){4, 2, 12, 0, 8, 3, 24});
	add_text_hint("x-other", "kept");
}

static DBusMessage *usual_call(void)
{
	static const char *const actions[] = {"default", "Open", "later", "Später", NULL};

	begin_parts(&(struct parts){.app = "app",
				    .icon = "icon",
				    .summary = "sum",
				    .body = "body",
				    .actions = actions,
				    .replaces_id = 5});
	add_usual_hints();
	return end_expiring(2500);
}

static void a_normal_call_is_stored_as_it_came(void **state LULL_UNUSED)
{
	DBusMessage *call = usual_call();
	struct wire_notify w;
	char *bytes;
	int n;

	assert_true(dbus_message_marshal(call, &bytes, &n));
	decode(dbus_message_ref(call), &w);
	assert_ptr_equal(w.message, call);
	assert_int_equal(w.n.wire_bytes, n);
	assert_memory_equal(w.n.wire, bytes, (size_t)n);
	wire_done(&w);
	dbus_free(bytes);
	dbus_message_unref(call);
}

static void forwarding_changes_the_id_and_the_destination_only(void **state LULL_UNUSED)
{
	static const uint32_t ids[] = {0, 5, 99, UINT32_MAX};
	DBusMessage *call = usual_call();
	struct wire_notify w;

	decode(dbus_message_ref(call), &w);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		DBusMessage *out = NULL;
		char id[16];

		assert_int_equal(wire_forward(w.n.wire, w.n.wire_bytes, ":1.5", ids[i], false, NULL,
					      &out),
				 0);
		assert_string_equal(dbus_message_get_destination(out), ":1.5");
		assert_true(dbus_message_is_method_call(out, NOTIFICATIONS_IFACE, "Notify"));
		assert_true(dbus_message_has_path(out, NOTIFICATIONS_PATH));
		assert_null(dbus_message_get_sender(out));
		snprintf(id, sizeof(id), "u%u", ids[i]);
		for (int at = ARG_APP; at <= ARG_EXPIRE; at++) {
			autofree(str) char *came = arg_of(call, at);

			assert_arg(out, at, at == ARG_REPLACES ? id : came);
		}
		dbus_message_unref(out);
	}
	wire_done(&w);
	dbus_message_unref(call);
}

static void odd_hints_are_forwarded_verbatim(void **state LULL_UNUSED)
{
	struct wire_notify w;
	DBusMessage *out = NULL;
	autofree(str) char *hints = NULL;

	begin();
	add_odd_hints();
	decode(end(), &w);
	hints = arg_of(w.message, ARG_HINTS);
	assert_int_equal(wire_forward(w.n.wire, w.n.wire_bytes, ":1.5", 0, false, NULL, &out), 0);
	assert_arg(out, ARG_HINTS, hints);
	dbus_message_unref(out);
	wire_done(&w);
}

static void the_minimal_forward_keeps_of_the_hints_only_the_urgency(void **state LULL_UNUSED)
{
	DBusMessage *call = usual_call(), *out = NULL;
	struct wire_notify w;

	decode(dbus_message_ref(call), &w);
	assert_int_equal(wire_forward(w.n.wire, w.n.wire_bytes, ":1.5", 9, true, NULL, &out), 0);
	assert_arg(out, ARG_HINTS, "urgency=y2");
	assert_arg(out, ARG_REPLACES, "u9");
	for (int at = ARG_ICON; at <= ARG_EXPIRE; at++) {
		autofree(str) char *came = arg_of(call, at);

		if (at != ARG_HINTS)
			assert_arg(out, at, came);
	}
	dbus_message_unref(out);
	wire_done(&w);
	dbus_message_unref(call);

	begin();
	add_odd_hints();
	decode(end(), &w);
	assert_int_equal(wire_forward(w.n.wire, w.n.wire_bytes, ":1.5", 9, true, NULL, &out), 0);
	assert_arg(out, ARG_HINTS, "");
	dbus_message_unref(out);
	wire_done(&w);
}

static void lulls_own_notification_is_a_normal_one(void **state LULL_UNUSED)
{
	static const char *const actions[] = {"default", "Show", "x", "\xff\xfe", NULL};
	DBusMessage *call = wire_compose(&(struct wire_parts){.summary = "3 from Mail",
							      .body = "bad \x80 bytes",
							      .actions = actions,
							      .category = "lull.digest"});
	struct wire_notify w;

	assert_non_null(call);
	decode(dbus_message_ref(call), &w);
	assert_ptr_equal(w.message, call);
	assert_string_equal(w.n.app, "lull");
	assert_string_equal(w.n.desktop_entry, "lull");
	assert_string_equal(w.n.category, "lull.digest");
	assert_arg(call, ARG_BODY, "s\"?\"");
	assert_arg(call, ARG_ACTIONS, "as[s\"default\" s\"Show\" s\"x\" s\"?\"]");
	assert_arg(call, ARG_EXPIRE, "i0");
	wire_done(&w);
	dbus_message_unref(call);
}

/* --- rows that come from disk ---------------------------------------------------------------------- */

static void assert_bad(const void *wire, size_t n, const char *what)
{
	DBusMessage *out = (DBusMessage *)&out;
	int r = wire_forward(wire, n, ":1.5", 0, false, NULL, &out);

	if (r != -EBADMSG)
		fail_msg("%s, %zu bytes: %d, not -EBADMSG", what, n, r);
	assert_ptr_equal(out, &out);
}

static void garbage_is_EBADMSG(void **state LULL_UNUSED)
{
	static char zeros[4096], ones[4096];
	DBusMessage *message;
	char *bytes;
	int n;

	memset(ones, 0xff, sizeof(ones));
	assert_bad(zeros, sizeof(zeros), "zeros");
	assert_bad(ones, sizeof(ones), "ones");
	assert_bad(zeros, (size_t)INT32_MAX + 1, "too long");

	message = dbus_message_new_method_call("a.b", "/a", "a.b", "Notify");
	dbus_message_set_serial(message, 1);
	assert_true(dbus_message_append_args(message, DBUS_TYPE_STRING, &(const char *){"s"},
					     DBUS_TYPE_INVALID));
	assert_true(dbus_message_marshal(message, &bytes, &n));
	assert_bad(bytes, (size_t)n, "another signature");
	dbus_free(bytes);
	dbus_message_unref(message);

	message = dbus_message_new_method_call("a.b", "/a", "a.b", "Notify");
	dbus_message_set_serial(message, 1);
	assert_true(dbus_message_marshal(message, &bytes, &n));
	assert_bad(bytes, (size_t)n, "no arguments");
	dbus_free(bytes);
	dbus_message_unref(message);
}

static void a_truncated_row_is_EBADMSG(void **state LULL_UNUSED)
{
	DBusMessage *call = usual_call();
	char *bytes;
	int n;

	assert_true(dbus_message_marshal(call, &bytes, &n));
	dbus_message_unref(call);
	for (int i = 0; i < n; i++) {
		/* On the heap, so that a sanitizer sees the end. */
		autofree(str) char *cut = malloc((size_t)MAX(i, 1));

		assert_non_null(cut);
		memcpy(cut, bytes, (size_t)i);
		assert_bad(cut, (size_t)i, "truncated");
	}
	dbus_free(bytes);
}

/* The same length, one bit wrong: it is either still a Notify, or it is bad. */
static void a_row_with_a_flipped_bit_never_does_harm(void **state LULL_UNUSED)
{
	DBusMessage *call = usual_call();
	char *bytes;
	int n;

	assert_true(dbus_message_marshal(call, &bytes, &n));
	dbus_message_unref(call);
	for (int i = 0; i < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			DBusMessage *out = NULL;
			int r;

			bytes[i] = (char)(bytes[i] ^ 1 << bit);
			r = wire_forward(bytes, (size_t)n, ":1.5", 1, bit & 1, NULL, &out);
			if (r == 0) {
				struct wire_notify w;

				decode(out, &w);
				wire_done(&w);
			}
			bytes[i] = (char)(bytes[i] ^ 1 << bit);
		}
	}
	dbus_free(bytes);
}

/* A descriptor can't be stored; a row that says it holds one is garbage. */
static void a_row_that_speaks_of_descriptors_is_EBADMSG(void **state LULL_UNUSED)
{
	DBusMessage *call;
	size_t at = 0;
	char *bytes;
	int n;

	begin();
	open_hint("x-was-u32", "u");
	dbus_message_iter_append_basic(&maker.variant, DBUS_TYPE_UINT32, &(uint32_t){0});
	close_hint();
	call = end();
	assert_true(dbus_message_marshal(call, &bytes, &n));
	dbus_message_unref(call);
	/* The variant's signature follows its key. */
	while (memcmp(bytes + at, "x-was-u32", 10) != 0)
		at++;
	assert_int_equal(bytes[at + 11], 'u');
	bytes[at + 11] = 'h';
	assert_bad(bytes, (size_t)n, "a descriptor");
	dbus_free(bytes);
}

static int shut_down(void **state LULL_UNUSED)
{
	dbus_shutdown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urgency_of_any_number_type_is_clamped_to_a_byte),
		cmocka_unit_test(what_lull_reads_of_an_urgency_is_what_it_forwards),
		cmocka_unit_test(numbers_of_another_type_are_mended),
		cmocka_unit_test(a_hint_of_a_wrong_type_is_dropped_and_the_ping_kept),
		cmocka_unit_test(what_is_dropped_is_not_read_either),
		cmocka_unit_test(an_image_is_kept_only_when_it_holds_what_it_says),
		cmocka_unit_test(an_image_of_almost_the_right_type_is_dropped),
		cmocka_unit_test(half_a_pair_of_actions_is_left_out),
		cmocka_unit_test(actions_beyond_the_cap_are_cut_between_pairs),
		cmocka_unit_test(descriptors_are_dropped_wherever_they_are),
		cmocka_unit_test(a_descriptor_in_a_known_hint_is_dropped_and_not_leaked),
		cmocka_unit_test(unknown_hints_are_kept_verbatim_also_nested),
		cmocka_unit_test(unknown_hints_are_kept_as_deep_as_the_bus_lets_them_be),
		cmocka_unit_test(the_first_of_known_duplicates_counts),
		cmocka_unit_test(unknown_hints_over_256_kib_are_dropped),
		cmocka_unit_test(unknown_bytes_below_256_kib_are_kept),
		cmocka_unit_test(texts_are_cut_on_a_code_point),
		cmocka_unit_test(a_text_of_exactly_the_cap_is_kept_whole),
		cmocka_unit_test(a_text_hint_over_the_cap_is_dropped_and_not_read),
		cmocka_unit_test(an_empty_app_name_is_taken_from_the_desktop_entry),
		cmocka_unit_test(an_expiry_below_the_default_is_the_default),
		cmocka_unit_test(tags_values_and_feedback_make_an_osd),
		cmocka_unit_test(all_that_policy_reads_is_in_the_notification),
		cmocka_unit_test(a_normal_call_is_stored_as_it_came),
		cmocka_unit_test(forwarding_changes_the_id_and_the_destination_only),
		cmocka_unit_test(odd_hints_are_forwarded_verbatim),
		cmocka_unit_test(the_minimal_forward_keeps_of_the_hints_only_the_urgency),
		cmocka_unit_test(lulls_own_notification_is_a_normal_one),
		cmocka_unit_test(garbage_is_EBADMSG),
		cmocka_unit_test(a_truncated_row_is_EBADMSG),
		cmocka_unit_test(a_row_with_a_flipped_bit_never_does_harm),
		cmocka_unit_test(a_row_that_speaks_of_descriptors_is_EBADMSG),
	};

	return cmocka_run_group_tests(tests, NULL, shut_down);
}
