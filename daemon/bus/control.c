#include "daemon/bus/control.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/control_parts.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#define TELL_EVERY_MS 250

/* --- methods --- */

/* The next Notify of the caller, if it says that it is one, is a probe. */
static void on_probe(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	enum control_outcome outcome =
		engine_announce_probe(c->engine, dbus_message_get_sender(call));

	if (outcome == CONTROL_OK)
		bus_answer(connection, call);
	else
		control_refuse(connection, call, outcome);
}

/* An answer without lines: the new configuration is in force. */
static void on_reload(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	char **lines = c->ops->reload(c->data);
	DBusMessage *reply = dbus_message_new_method_return(call);
	DBusMessageIter into;

	if (reply)
		dbus_message_iter_init_append(reply, &into);
	bus_answer_with(connection, call, reply, reply && control_append_lines(&into, lines));
	control_free_lines(lines);
}

static void run_later(DBusConnection *connection, DBusMessage *call,
		      void (*run)(void *data, struct control_answer *to), void *data)
{
	struct control_answer *to = control_answer_later(call);

	if (to)
		run(data, to);
	else
		bus_refuse(connection, call, DBUS_ERROR_NO_MEMORY, "out of memory");
}

static void on_adopt(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;

	run_later(connection, call, c->ops->adopt, c->data);
}

static void on_hand_over(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;

	run_later(connection, call, c->ops->hand_over, c->data);
}

static void on_restart(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	int r = c->ops->restart(c->data);

	if (r < 0)
		bus_refuse(connection, call, CONTROL_ERROR "Failed", strerror(-r));
	else
		bus_answer(connection, call);
}

static const struct bus_method methods[] = {
	{"StartFocus", "a{sv}", "a{sv}", "options", "status", control_start_focus},
	{"ExtendFocus", "x", "a{sv}", "duration", "status", control_extend_focus},
	{"EndFocus", "", "a{sv}", "", "status", control_end_focus},
	{"ToggleFocus", "a{sv}", "a{sv}", "options", "status", control_toggle_focus},
	{"StartPomodoro", "u", "a{sv}", "rounds", "status", control_start_pomodoro},
	{"GetStatus", "", "a{sv}", "", "status", control_get_status},
	{"ListItems", "tu", "aa{sv}t", "after limit", "items next", control_list_items},
	{"GetItem", "u", "a{sv}", "id", "item", control_get_item},
	{"Release", "au", "u", "ids", "count", control_release_items},
	{"Dismiss", "au", "u", "ids", "count", control_dismiss},
	{"Snooze", "aux", "u", "ids until", "count", control_snooze},
	{"Act", "us", "", "id key", "", control_act},
	{"Probe", "", "", "", "", on_probe},
	{"Reload", "", "as", "", "errors", on_reload},
	{"Adopt", "", "s", "", "command", on_adopt},
	{"HandOver", "", "b", "", "is_yielding", on_hand_over},
	{"Restart", "", "", "", "", on_restart},
};

static const struct bus_interface interface = {
	.name = CONTROL_IFACE,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = &control_properties,
};

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	return bus_handle(&interface, data, connection, message);
}

void control_free_lines(char **lines)
{
	char **line;

	for (line = lines; line && *line; line++)
		free(*line);
	free(lines);
}

/* --- telling --- */

static void on_tell(evutil_socket_t fd, short what, void *data)
{
	struct control *c = data;

	(void)fd;
	(void)what;
	bus_properties_changed(&interface, c, c->connection, CONTROL_PATH);
	c->ops->told(c->data);
}

void control_changed(struct control *c)
{
	struct timeval tv = {0, TELL_EVERY_MS * 1000};

	if (!event_pending(c->tell, EV_TIMEOUT, NULL))
		event_add(c->tell, &tv);
}

/* --- starting --- */

static void on_name(void *data, DBusMessage *reply)
{
	struct control *c = data;
	dbus_uint32_t answer = 0;

	/* After a takeover it is ours already. */
	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID) ||
	    (answer != DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER &&
	     answer != DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER)) {
		log_error("the bus doesn't give us %s; the client can't reach this lulld",
			  CONTROL_NAME);
		c->ops->refused(c->data);
	}
}

/* The bus has sent nothing more after this. */
static void on_released(void *data, DBusMessage *reply)
{
	struct control *c = data;

	(void)reply;
	c->ops->released(c->data);
}

int control_release(struct control *c)
{
	static const char *const name = CONTROL_NAME;
	DBusMessage *call =
		bus_driver_call("ReleaseName", DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	int r = call ? bus_call(c->connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_released, c, NULL)
		     : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	return r;
}

struct control *control_new(DBusConnection *connection, struct event_base *base,
			    struct engine *engine, const struct control_ops *ops, void *data)
{
	static const DBusObjectPathVTable vtable = {.message_function = on_message};
	static const char *const name = CONTROL_NAME;
	dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;
	autofree(control) struct control *c = calloc(1, sizeof(*c));
	DBusMessage *call;
	int r;

	if (!c)
		return NULL;
	c->connection = dbus_connection_ref(connection);
	c->engine = engine;
	c->ops = ops;
	c->data = data;
	c->tell = event_new(base, -1, 0, on_tell, c);
	if (!c->tell || !dbus_connection_register_object_path(connection, CONTROL_PATH, &vtable, c))
		return NULL;
	call = bus_driver_call("RequestName", DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
			       DBUS_TYPE_INVALID);
	r = call ? bus_call(connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_name, c, NULL) : -ENOMEM;
	if (call)
		dbus_message_unref(call);
	return r < 0 ? NULL : take(c);
}

struct control *control_free(struct control *c)
{
	if (!c)
		return NULL;
	dbus_connection_unregister_object_path(c->connection, CONTROL_PATH);
	if (c->tell)
		event_free(c->tell);
	dbus_connection_unref(c->connection);
	free(c);
	return NULL;
}
