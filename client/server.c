#include "client/server.h"

#include "client/call.h"
#include "client/print.h"
#include "client/shelf.h"
#include <dbus/dbus.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FDN_NAME "org.freedesktop.Notifications"
#define FDN_PATH "/org/freedesktop/Notifications"

/* Messages dispatched before the timers and the user get their turn. */
#define DISPATCH_BUDGET 64
#define DEFAULT_TIMEOUT_US (5 * USEC_PER_SEC)
#define PRESS_AFTER_US (USEC_PER_SEC / 2)

struct server {
	const struct args *args;
	DBusConnection *bus;
	struct shelf *shelf;
	uint32_t last_token;
};

int64_t server_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

/* --- signals --- */

/* Sends a signal with an id and one more value, to the sender of that notification only. */
static void emit(struct server *s, const struct shown *n, const char *member, int type,
		 const void *value)
{
	DBusMessage *m = dbus_message_new_signal(FDN_PATH, FDN_NAME, member);

	if (m && dbus_message_set_destination(m, shown_text(n, "sender")) &&
	    dbus_message_append_args(m, DBUS_TYPE_UINT32, &n->id, type, value, DBUS_TYPE_INVALID))
		dbus_connection_send(s->bus, m, NULL);
	if (m)
		dbus_message_unref(m);
}

static void close_shown(struct server *s, struct shown *n, enum closed reason)
{
	dbus_uint32_t number = reason;

	emit(s, n, "NotificationClosed", DBUS_TYPE_UINT32, &number);
	shelf_drop(s->shelf, n, reason);
}

static void press(struct server *s, struct shown *n, const char *key)
{
	char token[32];
	const char *text = token;

	n->press_us = INT64_MAX;
	snprintf(token, sizeof(token), "lull-console-%" PRIu32, ++s->last_token);
	emit(s, n, "ActivationToken", DBUS_TYPE_STRING, &text);
	emit(s, n, "ActionInvoked", DBUS_TYPE_STRING, &key);
	shelf_pressed(s->shelf, n, key);
	if (!n->is_resident)
		close_shown(s, n, CLOSED_DISMISSED);
}

/* --- Notify --- */

/* An integer of any type, for hints whose type senders get wrong; @fallback for what isn't one. */
static int64_t any_integer(DBusMessageIter *it, int64_t fallback)
{
	DBusBasicValue v;

	switch (dbus_message_iter_get_arg_type(it)) {
	case DBUS_TYPE_BYTE: dbus_message_iter_get_basic(it, &v); return v.byt;
	case DBUS_TYPE_BOOLEAN: dbus_message_iter_get_basic(it, &v); return v.bool_val;
	case DBUS_TYPE_INT16: dbus_message_iter_get_basic(it, &v); return v.i16;
	case DBUS_TYPE_UINT16: dbus_message_iter_get_basic(it, &v); return v.u16;
	case DBUS_TYPE_INT32: dbus_message_iter_get_basic(it, &v); return v.i32;
	case DBUS_TYPE_UINT32: dbus_message_iter_get_basic(it, &v); return v.u32;
	case DBUS_TYPE_INT64: dbus_message_iter_get_basic(it, &v); return v.i64;
	}
	return fallback;
}

static const char *next_text(DBusMessageIter *it)
{
	const char *text = "";

	dbus_message_iter_get_basic(it, &text);
	dbus_message_iter_next(it);
	return text;
}

/* Key and label in turn; a key without a label is dropped. */
static json_t *read_actions(DBusMessageIter *it)
{
	json_t *actions = json_object();
	DBusMessageIter texts;

	dbus_message_iter_recurse(it, &texts);
	while (dbus_message_iter_get_arg_type(&texts) == DBUS_TYPE_STRING) {
		const char *key = next_text(&texts);

		if (dbus_message_iter_get_arg_type(&texts) == DBUS_TYPE_STRING)
			json_object_set_new(actions, key, json_string(next_text(&texts)));
	}
	return actions;
}

static void read_hints(DBusMessageIter *it, int64_t *ret_urgency, bool *ret_is_resident)
{
	DBusMessageIter hints;

	for (dbus_message_iter_recurse(it, &hints);
	     dbus_message_iter_get_arg_type(&hints) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&hints)) {
		DBusMessageIter entry, value;
		const char *name;

		dbus_message_iter_recurse(&hints, &entry);
		name = next_text(&entry);
		dbus_message_iter_recurse(&entry, &value);
		if (strcmp(name, "urgency") == 0)
			*ret_urgency = MAX(0, MIN(2, any_integer(&value, 1)));
		else if (strcmp(name, "resident") == 0)
			*ret_is_resident = any_integer(&value, 0) != 0;
	}
}

/* The first key of --press that @n has a button for; NULL for none. */
static const char *key_to_press(const struct server *s, const struct shown *n)
{
	for (size_t i = 0; i < s->args->press.n_items; i++)
		if (shown_label(n, s->args->press.items[i]))
			return s->args->press.items[i];
	return NULL;
}

static void set_times(const struct server *s, struct shown *n, int64_t urgency, int32_t timeout_ms)
{
	int64_t now = server_clock_us();

	if (urgency < 2 && timeout_ms != 0)
		n->expires_us =
			now + (timeout_ms > 0 ? timeout_ms * USEC_PER_MSEC : DEFAULT_TIMEOUT_US);
	n->press_key = key_to_press(s, n);
	if (n->press_key)
		n->press_us = now + PRESS_AFTER_US;
}

static DBusMessage *on_notify(struct server *s, DBusMessage *m)
{
	const char *app, *summary, *body, *sender = dbus_message_get_sender(m);
	dbus_uint32_t replaces = 0;
	dbus_int32_t timeout_ms = -1;
	int64_t urgency = 1;
	bool is_resident = false;
	DBusMessage *reply;
	DBusMessageIter it;
	json_t *actions;
	struct shown *n;

	dbus_message_iter_init(m, &it);
	app = next_text(&it);
	dbus_message_iter_get_basic(&it, &replaces);
	dbus_message_iter_next(&it);
	next_text(&it); /* the icon can't be printed */
	summary = next_text(&it);
	body = next_text(&it);
	actions = read_actions(&it);
	dbus_message_iter_next(&it);
	read_hints(&it, &urgency, &is_resident);
	dbus_message_iter_next(&it);
	dbus_message_iter_get_basic(&it, &timeout_ms);

	n = shelf_put(s->shelf, replaces,
		      json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:I, s:I, s:s}", "event", "show",
				"id", 0, "app", app, "summary", summary, "body", body, "actions",
				actions, "urgency", (json_int_t)urgency, "replaces",
				(json_int_t)replaces, "sender", sender ? sender : ""));
	if (!n)
		return dbus_message_new_error(m, DBUS_ERROR_NO_MEMORY, "out of memory");
	n->is_resident = is_resident;
	set_times(s, n, urgency, timeout_ms);
	reply = dbus_message_new_method_return(m);
	if (reply)
		dbus_message_append_args(reply, DBUS_TYPE_UINT32, &n->id, DBUS_TYPE_INVALID);
	return reply;
}

/* --- the other methods --- */

static DBusMessage *on_close(struct server *s, DBusMessage *m)
{
	dbus_uint32_t id = 0;
	struct shown *n;

	dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID);
	n = shelf_find(s->shelf, id);
	if (!n)
		return dbus_message_new_error(m, FDN_NAME ".Error.NotFound", NULL);
	close_shown(s, n, CLOSED_WITHDRAWN);
	return dbus_message_new_method_return(m);
}

static DBusMessage *on_capabilities(struct server *s LULL_UNUSED, DBusMessage *m)
{
	const char *const names[] = {"actions", "body", "persistence"};
	const char *const *list = names;
	DBusMessage *reply = dbus_message_new_method_return(m);

	if (reply)
		dbus_message_append_args(reply, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &list,
					 (int)ARRAY_SIZE(names), DBUS_TYPE_INVALID);
	return reply;
}

static DBusMessage *on_information(struct server *s LULL_UNUSED, DBusMessage *m)
{
	const char *const texts[] = {"lull console", "lull", LULL_VERSION, "1.2"};
	DBusMessage *reply = dbus_message_new_method_return(m);

	if (reply)
		dbus_message_append_args(reply, DBUS_TYPE_STRING, &texts[0], DBUS_TYPE_STRING,
					 &texts[1], DBUS_TYPE_STRING, &texts[2], DBUS_TYPE_STRING,
					 &texts[3], DBUS_TYPE_INVALID);
	return reply;
}

static DBusMessage *on_introspect(struct server *s, DBusMessage *m);

static const struct {
	const char *interface;
	const char *member;
	const char *in; /* signatures */
	const char *out;
	DBusMessage *(*answer)(struct server *s, DBusMessage *m);
} methods[] = {
	{FDN_NAME, "Notify", "susssasa{sv}i", "u", on_notify},
	{FDN_NAME, "CloseNotification", "u", "", on_close},
	{FDN_NAME, "GetCapabilities", "", "as", on_capabilities},
	{FDN_NAME, "GetServerInformation", "", "ssss", on_information},
	{DBUS_INTERFACE_INTROSPECTABLE, "Introspect", "", "s", on_introspect},
};

static const struct {
	const char *interface;
	const char *member;
	const char *signature;
} signals[] = {
	{FDN_NAME, "NotificationClosed", "uu"},
	{FDN_NAME, "ActionInvoked", "us"},
	{FDN_NAME, "ActivationToken", "us"},
};

/* @direction is "" for the arguments of a signal. */
static void write_arguments(FILE *out, const char *signature, const char *direction)
{
	DBusSignatureIter it;

	if (!signature[0])
		return;
	dbus_signature_iter_init(&it, signature);
	do {
		char *type = dbus_signature_iter_get_signature(&it);

		fprintf(out, "<arg type=\"%s\"%s/>", type ? type : "", direction);
		dbus_free(type);
	} while (dbus_signature_iter_next(&it));
}

static void write_interface(FILE *out, const char *name)
{
	fprintf(out, "<interface name=\"%s\">", name);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(methods[i].interface, name) != 0)
			continue;
		fprintf(out, "<method name=\"%s\">", methods[i].member);
		write_arguments(out, methods[i].in, " direction=\"in\"");
		write_arguments(out, methods[i].out, " direction=\"out\"");
		fputs("</method>", out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (strcmp(signals[i].interface, name) != 0)
			continue;
		fprintf(out, "<signal name=\"%s\">", signals[i].member);
		write_arguments(out, signals[i].signature, "");
		fputs("</signal>", out);
	}
	fputs("</interface>", out);
}

static DBusMessage *on_introspect(struct server *s LULL_UNUSED, DBusMessage *m)
{
	autofree(str) char *xml = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&xml, &size);
	DBusMessage *reply = dbus_message_new_method_return(m);

	if (!out)
		return reply;
	fputs(DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE "<node>", out);
	write_interface(out, FDN_NAME);
	write_interface(out, DBUS_INTERFACE_INTROSPECTABLE);
	fputs("</node>\n", out);
	if (fclose(out) == 0 && reply)
		dbus_message_append_args(reply, DBUS_TYPE_STRING, &xml, DBUS_TYPE_INVALID);
	return reply;
}

/* The answer to a call; NULL when there is no such method. */
static DBusMessage *answer_to(struct server *s, DBusMessage *m)
{
	const char *interface = dbus_message_get_interface(m);
	const char *member = dbus_message_get_member(m);

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(methods[i].member, member) != 0 ||
		    (interface && strcmp(methods[i].interface, interface) != 0))
			continue;
		if (dbus_message_has_signature(m, methods[i].in))
			return methods[i].answer(s, m);
		return dbus_message_new_error_printf(m, DBUS_ERROR_INVALID_ARGS,
						     "%s takes (%s), not (%s)", member,
						     methods[i].in, dbus_message_get_signature(m));
	}
	return NULL;
}

static DBusHandlerResult on_message(DBusConnection *bus, DBusMessage *m, void *data)
{
	DBusMessage *reply;

	if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	reply = answer_to(data, m);
	if (!reply)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (!dbus_message_get_no_reply(m))
		dbus_connection_send(bus, reply, NULL);
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

/* --- outside --- */

enum outcome server_new(const struct args *a, struct shelf *shelf, struct server **ret)
{
	static const DBusObjectPathVTable vtable = {.message_function = on_message};
	autofree(server) struct server *s = calloc(1, sizeof(*s));
	DBusError error = DBUS_ERROR_INIT;
	enum outcome r;

	if (!s)
		return call_no_memory();
	s->args = a;
	s->shelf = shelf;
	r = call_connect(&s->bus);
	if (r != OUTCOME_DONE)
		return r;
	if (!dbus_connection_register_object_path(s->bus, FDN_PATH, &vtable, s))
		return call_no_memory();
	/* It gives way to lulld whenever lulld asks, and gets the name back when lulld goes. */
	if (dbus_bus_request_name(s->bus, FDN_NAME, DBUS_NAME_FLAG_ALLOW_REPLACEMENT, &error) < 0) {
		print_failure("the name " FDN_NAME " is refused (%s); check the bus's policy",
			      error.message);
		dbus_error_free(&error);
		return OUTCOME_REFUSED;
	}
	*ret = take(s);
	return OUTCOME_DONE;
}

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;
	if (s->bus) {
		dbus_connection_close(s->bus);
		dbus_connection_unref(s->bus);
	}
	free(s);
	return NULL;
}

int server_fd(const struct server *s)
{
	int fd = -1;

	if (!dbus_connection_get_unix_fd(s->bus, &fd))
		return -1;
	return fd;
}

short server_events(const struct server *s)
{
	return dbus_connection_has_messages_to_send(s->bus) ? POLLIN | POLLOUT : POLLIN;
}

bool server_transfer(struct server *s)
{
	return dbus_connection_read_write(s->bus, 0);
}

bool server_dispatch(struct server *s)
{
	for (int i = 0; i < DISPATCH_BUDGET; i++)
		if (dbus_connection_dispatch(s->bus) != DBUS_DISPATCH_DATA_REMAINS)
			return false;
	return true;
}

void server_run_due(struct server *s, int64_t now_us)
{
	struct shown *n;

	while ((n = shelf_due(s->shelf, now_us))) {
		if (n->press_us <= now_us)
			press(s, n, n->press_key);
		else
			close_shown(s, n, CLOSED_EXPIRED);
	}
}

int server_press(struct server *s, uint32_t id, const char *key)
{
	struct shown *n = shelf_find(s->shelf, id);

	if (!n || !shown_label(n, key))
		return -ENOENT;
	press(s, n, key);
	return 0;
}

int server_dismiss(struct server *s, uint32_t id)
{
	struct shown *n = shelf_find(s->shelf, id);

	if (!n)
		return -ENOENT;
	close_shown(s, n, CLOSED_DISMISSED);
	return 0;
}
