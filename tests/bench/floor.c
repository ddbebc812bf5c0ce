/*
 * bench-floor: the least that a notification server on libdbus can do.
 *
 * It answers Notify with the next id and stores nothing. What lulld costs above it is lull's cost;
 * what it costs itself is the bus and the library, which no journal can get below.
 */
#include "config/base.h"
#include <dbus/dbus.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NOTIFICATIONS "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"

struct floor_server {
	const char *name;
	uint32_t last_id;
	bool is_out_of_memory;
};

/** A row: the signature is checked before the function runs, which returns NULL for ENOMEM. */
struct method {
	const char *member;
	const char *signature;
	DBusMessage *(*run)(struct floor_server *s, DBusConnection *bus, DBusMessage *call);
};

static DBusMessage *reply_with(DBusMessage *call, int type, ...)
{
	DBusMessage *reply = dbus_message_new_method_return(call);
	va_list args;

	if (reply == NULL)
		return NULL;
	va_start(args, type);
	if (!dbus_message_append_args_valist(reply, type, args)) {
		dbus_message_unref(reply);
		reply = NULL;
	}
	va_end(args);
	return reply;
}

static DBusMessage *notify(struct floor_server *s, DBusConnection *bus LULL_UNUSED,
			   DBusMessage *call)
{
	if (++s->last_id == 0)
		s->last_id = 1;
	return reply_with(call, DBUS_TYPE_UINT32, &s->last_id, DBUS_TYPE_INVALID);
}

/* Nothing is remembered, so any id is taken to be the caller's and open. */
static DBusMessage *close_notification(struct floor_server *s LULL_UNUSED, DBusConnection *bus,
				       DBusMessage *call)
{
	const uint32_t by_call = 3;
	uint32_t id = 0;
	DBusMessage *closed = NULL;
	bool is_sent = false;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID);
	closed = dbus_message_new_signal(NOTIFICATIONS_PATH, NOTIFICATIONS, "NotificationClosed");
	if (closed != NULL) {
		is_sent = dbus_message_set_destination(closed, dbus_message_get_sender(call)) &&
			  dbus_message_append_args(closed, DBUS_TYPE_UINT32, &id, DBUS_TYPE_UINT32,
						   &by_call, DBUS_TYPE_INVALID) &&
			  dbus_connection_send(bus, closed, NULL);
		dbus_message_unref(closed);
	}
	return is_sent ? dbus_message_new_method_return(call) : NULL;
}

static DBusMessage *get_capabilities(struct floor_server *s LULL_UNUSED,
				     DBusConnection *bus LULL_UNUSED, DBusMessage *call)
{
	const char *const names[] = {"actions", "body", "body-markup"};
	const char *const *array = names;

	return reply_with(call, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &array, (int)ARRAY_SIZE(names),
			  DBUS_TYPE_INVALID);
}

static DBusMessage *get_server_information(struct floor_server *s LULL_UNUSED,
					   DBusConnection *bus LULL_UNUSED, DBusMessage *call)
{
	const char *name = "bench-floor";
	const char *vendor = "lull";
	const char *version = LULL_VERSION;
	const char *spec_version = "1.2";

	return reply_with(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &vendor,
			  DBUS_TYPE_STRING, &version, DBUS_TYPE_STRING, &spec_version,
			  DBUS_TYPE_INVALID);
}

static const struct method methods[] = {
	{"Notify", "susssasa{sv}i", notify},
	{"CloseNotification", "u", close_notification},
	{"GetCapabilities", "", get_capabilities},
	{"GetServerInformation", "", get_server_information},
};

static const struct method *find_method(DBusMessage *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (dbus_message_is_method_call(call, NOTIFICATIONS, methods[i].member))
			return &methods[i];
	return NULL;
}

static DBusHandlerResult filter(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct floor_server *s = data;
	const struct method *method = NULL;
	DBusMessage *reply = NULL;

	/* Without its name the server would wait for ever for calls that go elsewhere. */
	if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameLost")) {
		const char *lost = "";

		if (dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &lost,
					  DBUS_TYPE_INVALID) &&
		    strcmp(lost, s->name) == 0)
			dbus_connection_close(bus);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	method = find_method(message);
	if (method == NULL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;

	if (dbus_message_has_signature(message, method->signature))
		reply = method->run(s, bus, message);
	else
		reply = dbus_message_new_error(message, DBUS_ERROR_INVALID_ARGS,
					       "the arguments have the wrong types");
	if (reply == NULL || !dbus_connection_send(bus, reply, NULL))
		s->is_out_of_memory = true;
	if (reply != NULL)
		dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static int serve(struct floor_server *s, DBusConnection *bus)
{
	DBusError error = DBUS_ERROR_INIT;
	int r = 0;

	dbus_connection_set_exit_on_disconnect(bus, FALSE);
	if (!dbus_connection_add_filter(bus, filter, s, NULL))
		return -ENOMEM;
	r = dbus_bus_request_name(bus, s->name, DBUS_NAME_FLAG_DO_NOT_QUEUE, &error);
	if (r != DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER) {
		fprintf(stderr, "bench-floor: cannot own %s: %s\n", s->name,
			dbus_error_is_set(&error) ? error.message : "it has an owner");
		dbus_error_free(&error);
		return -EADDRINUSE;
	}
	puts("ready");
	fflush(stdout);
	while (!s->is_out_of_memory && dbus_connection_read_write_dispatch(bus, -1))
		;
	return s->is_out_of_memory ? -ENOMEM : 0;
}

int main(int argc, char **argv)
{
	struct floor_server s = {.name = argc > 1 ? argv[1] : NOTIFICATIONS};
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *bus = NULL;
	int r = 0;

	if (argc > 2 || !dbus_validate_bus_name(s.name, NULL)) {
		fprintf(stderr, "usage: bench-floor [BUS-NAME]\n");
		return 2;
	}
	bus = dbus_bus_get_private(DBUS_BUS_SESSION, &error);
	if (bus == NULL) {
		fprintf(stderr, "bench-floor: no session bus: %s\n", error.message);
		dbus_error_free(&error);
		return 1;
	}
	r = serve(&s, bus);
	if (r == -ENOMEM)
		fprintf(stderr, "bench-floor: out of memory\n");
	dbus_connection_close(bus);
	dbus_connection_unref(bus);
	return r < 0 ? 1 : 0;
}
