#include "daemon/bus/bus.h"

#include "daemon/core/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- connecting --- */

DBusConnection *bus_connect(char **ret_error)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SESSION, &error);

	if (!connection) {
		*ret_error = strdup(error.message);
		dbus_error_free(&error);
		return NULL;
	}
	/* Otherwise libdbus ends the process before the journal is closed. */
	dbus_connection_set_exit_on_disconnect(connection, FALSE);
	return connection;
}

void bus_close(DBusConnection *connection)
{
	if (!connection)
		return;
	if (dbus_connection_get_is_connected(connection))
		dbus_connection_flush(connection);
	dbus_connection_close(connection);
	dbus_connection_unref(connection);
}

/* --- calling --- */

struct waiter {
	bus_reply_fn fn;
	void *data;
	void (*drop)(void *data); /* NULL: @data isn't ours */
};

static void free_waiter(void *data)
{
	struct waiter *waiter = data;

	if (waiter->drop && waiter->data)
		waiter->drop(waiter->data);
	free(waiter);
}

static void on_reply(DBusPendingCall *pending, void *data)
{
	struct waiter *waiter = data;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);
	void *given = waiter->data;

	if (!reply)
		return;
	if (waiter->drop)
		waiter->data = NULL;
	waiter->fn(given, reply);
	dbus_message_unref(reply);
}

/* On failure @waiter's data stays the caller's. */
static int send_waiting(DBusConnection *connection, DBusMessage *call, int timeout_ms,
			const struct waiter *wanted, DBusPendingCall **ret_pending)
{
	DBusPendingCall *pending = NULL;
	struct waiter *waiter = malloc(sizeof(*waiter));

	if (!waiter)
		return -ENOMEM;
	*waiter = *wanted;
	if (!dbus_connection_send_with_reply(connection, call, &pending, timeout_ms)) {
		free(waiter);
		return -ENOMEM;
	}
	if (!pending) {
		free(waiter);
		return -ENOTCONN;
	}
	if (!dbus_pending_call_set_notify(pending, on_reply, waiter, free_waiter)) {
		dbus_pending_call_cancel(pending);
		dbus_pending_call_unref(pending);
		free(waiter);
		return -ENOMEM;
	}
	*ret_pending = pending;
	return 0;
}

int bus_call(DBusConnection *connection, DBusMessage *call, int timeout_ms, bus_reply_fn fn,
	     void *data, DBusPendingCall **ret_pending)
{
	const struct waiter waiter = {.fn = fn, .data = data};
	DBusPendingCall *pending;
	int r = send_waiting(connection, call, timeout_ms, &waiter, &pending);

	if (r < 0)
		return r;
	if (ret_pending)
		*ret_pending = pending;
	else
		dbus_pending_call_unref(pending);
	return 0;
}

int bus_call_cancellable(DBusConnection *connection, DBusMessage *call, int timeout_ms,
			 bus_reply_fn fn, void *data, void (*drop)(void *data),
			 DBusPendingCall **ret_pending)
{
	const struct waiter waiter = {.fn = fn, .data = data, .drop = drop};

	return send_waiting(connection, call, timeout_ms, &waiter, ret_pending);
}

int bus_call_owning(DBusConnection *connection, DBusMessage *call, int timeout_ms, bus_reply_fn fn,
		    void *data, void (*drop)(void *data))
{
	DBusPendingCall *pending;
	int r = bus_call_cancellable(connection, call, timeout_ms, fn, data, drop, &pending);

	if (r == 0)
		dbus_pending_call_unref(pending);
	return r;
}

DBusMessage *bus_driver_call(const char *member, int first_type, ...)
{
	DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_IFACE, member);
	dbus_bool_t is_done;
	va_list args;

	if (!call)
		return NULL;
	va_start(args, first_type);
	is_done = dbus_message_append_args_valist(call, first_type, args);
	va_end(args);
	if (!is_done) {
		dbus_message_unref(call);
		return NULL;
	}
	return call;
}

void bus_send(DBusConnection *connection, DBusMessage *message)
{
	if (!message)
		return;
	dbus_connection_send(connection, message, NULL);
	dbus_message_unref(message);
}

/* --- answering --- */

void bus_refuse(DBusConnection *connection, DBusMessage *call, const char *name,
		const char *message)
{
	if (message && !dbus_validate_utf8(message, NULL))
		message = "?";
	if (!dbus_message_get_no_reply(call))
		bus_send(connection, dbus_message_new_error(call, name, message));
}

void bus_answer(DBusConnection *connection, DBusMessage *call)
{
	if (!dbus_message_get_no_reply(call))
		bus_send(connection, dbus_message_new_method_return(call));
}

void bus_answer_with(DBusConnection *connection, DBusMessage *call, DBusMessage *reply,
		     bool is_whole)
{
	if (reply && is_whole) {
		bus_send(connection, reply);
		return;
	}
	if (reply)
		dbus_message_unref(reply);
	bus_refuse(connection, call, DBUS_ERROR_NO_MEMORY, "out of memory");
}

/* "susssasa{sv}i" and "app_name replaces_id ..." as <arg> elements. */
static void add_args(struct text *xml, const char *signature, const char *names,
		     const char *direction)
{
	DBusSignatureIter iter;

	if (!*signature)
		return;
	dbus_signature_iter_init(&iter, signature);
	do {
		char *one = dbus_signature_iter_get_signature(&iter);
		size_t length = strcspn(names, " ");

		text_addf(xml, "      <arg type=\"%s\" name=\"%.*s\"", one ? one : "", (int)length,
			  names);
		dbus_free(one);
		if (direction)
			text_addf(xml, " direction=\"%s\"", direction);
		text_add(xml, "/>\n");
		names += length;
		names += *names == ' ';
	} while (dbus_signature_iter_next(&iter));
}

static char *introspection(const struct bus_interface *interface)
{
	struct text xml = {0};
	size_t i;

	text_add(&xml, DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
		 "<node>\n"
		 "  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
		 "    <method name=\"Introspect\">\n"
		 "      <arg type=\"s\" name=\"xml\" direction=\"out\"/>\n"
		 "    </method>\n  </interface>\n"
		 "  <interface name=\"org.freedesktop.DBus.Properties\">\n"
		 "    <method name=\"Get\">\n"
		 "      <arg type=\"s\" name=\"interface\" direction=\"in\"/>\n"
		 "      <arg type=\"s\" name=\"name\" direction=\"in\"/>\n"
		 "      <arg type=\"v\" name=\"value\" direction=\"out\"/>\n"
		 "    </method>\n    <method name=\"GetAll\">\n"
		 "      <arg type=\"s\" name=\"interface\" direction=\"in\"/>\n"
		 "      <arg type=\"a{sv}\" name=\"values\" direction=\"out\"/>\n"
		 "    </method>\n    <method name=\"Set\">\n"
		 "      <arg type=\"s\" name=\"interface\" direction=\"in\"/>\n"
		 "      <arg type=\"s\" name=\"name\" direction=\"in\"/>\n"
		 "      <arg type=\"v\" name=\"value\" direction=\"in\"/>\n"
		 "    </method>\n    <signal name=\"PropertiesChanged\">\n"
		 "      <arg type=\"s\" name=\"interface\"/>\n"
		 "      <arg type=\"a{sv}\" name=\"changed\"/>\n"
		 "      <arg type=\"as\" name=\"invalidated\"/>\n"
		 "    </signal>\n  </interface>\n");
	text_addf(&xml, "  <interface name=\"%s\">\n", interface->name);
	for (i = 0; i < interface->n_methods; i++) {
		const struct bus_method *m = &interface->methods[i];

		text_addf(&xml, "    <method name=\"%s\">\n", m->member);
		add_args(&xml, m->in, m->in_names, "in");
		add_args(&xml, m->out, m->out_names, "out");
		text_add(&xml, "    </method>\n");
	}
	for (i = 0; i < interface->n_signals; i++) {
		const struct bus_signal *s = &interface->signals[i];

		text_addf(&xml, "    <signal name=\"%s\">\n", s->member);
		add_args(&xml, s->signature, s->names, NULL);
		text_add(&xml, "    </signal>\n");
	}
	for (i = 0; i < interface->properties->n_rows; i++)
		text_addf(&xml, "    <property name=\"%s\" type=\"%s\" access=\"read\"/>\n",
			  interface->properties->rows[i].name, interface->properties->rows[i].type);
	text_add(&xml, "  </interface>\n</node>\n");
	return text_take(&xml);
}

static void introspect(const struct bus_interface *interface, DBusConnection *connection,
		       DBusMessage *call)
{
	autofree(str) char *xml = introspection(interface);
	DBusMessage *reply = xml ? dbus_message_new_method_return(call) : NULL;

	bus_answer_with(connection, call, reply,
			reply && dbus_message_append_args(reply, DBUS_TYPE_STRING, &xml,
							  DBUS_TYPE_INVALID));
}

static bool append_variant(DBusMessageIter *into, const struct bus_property *property, void *object)
{
	DBusMessageIter variant;

	return dbus_message_iter_open_container(into, DBUS_TYPE_VARIANT, property->type,
						&variant) &&
	       property->get(object, property, &variant) &&
	       dbus_message_iter_close_container(into, &variant);
}

static bool append_property_entry(DBusMessageIter *dict, const struct bus_property *property,
				  void *object)
{
	DBusMessageIter entry;

	return dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
	       dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &property->name) &&
	       append_variant(&entry, property, object) &&
	       dbus_message_iter_close_container(dict, &entry);
}

bool bus_append_properties(DBusMessageIter *dict, const struct bus_properties *properties,
			   void *object)
{
	bool is_done = true;
	size_t i;

	for (i = 0; is_done && i < properties->n_rows; i++)
		is_done = append_property_entry(dict, &properties->rows[i], object);
	return is_done;
}

static bool append_all(DBusMessageIter *into, const struct bus_interface *interface, void *object)
{
	DBusMessageIter dict;

	return dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       bus_append_properties(&dict, interface->properties, object) &&
	       dbus_message_iter_close_container(into, &dict);
}

static const struct bus_property *find_property(const struct bus_interface *interface,
						const char *name)
{
	size_t i;

	for (i = 0; i < interface->properties->n_rows; i++)
		if (strcmp(interface->properties->rows[i].name, name) == 0)
			return &interface->properties->rows[i];
	return NULL;
}

/* Get and GetAll for @interface; an empty interface name means any (Properties specification). */
static void get_properties(const struct bus_interface *interface, void *object,
			   DBusConnection *connection, DBusMessage *call, bool is_all)
{
	const char *iface = "", *name = "";
	const struct bus_property *property = NULL;
	DBusMessageIter into;
	DBusMessage *reply;
	bool is_done = false;

	if (is_all)
		dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &iface, DBUS_TYPE_INVALID);
	else
		dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &iface, DBUS_TYPE_STRING, &name,
				      DBUS_TYPE_INVALID);
	if (*iface && strcmp(iface, interface->name) != 0) {
		bus_refuse(connection, call, DBUS_ERROR_UNKNOWN_INTERFACE, "no such interface");
		return;
	}
	if (!is_all) {
		property = find_property(interface, name);
		if (!property) {
			bus_refuse(connection, call, DBUS_ERROR_UNKNOWN_PROPERTY,
				   "no such property");
			return;
		}
	}
	reply = dbus_message_new_method_return(call);
	if (reply) {
		dbus_message_iter_init_append(reply, &into);
		if (property)
			is_done = append_variant(&into, property, object);
		else
			is_done = append_all(&into, interface, object);
	}
	bus_answer_with(connection, call, reply, is_done);
}

static DBusHandlerResult handle_properties(const struct bus_interface *interface, void *object,
					   DBusConnection *connection, DBusMessage *call)
{
	if (dbus_message_is_method_call(call, PROPERTIES_IFACE, "GetAll") &&
	    dbus_message_has_signature(call, "s")) {
		get_properties(interface, object, connection, call, true);
	} else if (dbus_message_is_method_call(call, PROPERTIES_IFACE, "Get") &&
		   dbus_message_has_signature(call, "ss")) {
		get_properties(interface, object, connection, call, false);
	} else if (dbus_message_is_method_call(call, PROPERTIES_IFACE, "Set") &&
		   dbus_message_has_signature(call, "ssv")) {
		bus_refuse(connection, call, DBUS_ERROR_PROPERTY_READ_ONLY,
			   "this property can't be set");
	} else {
		bus_refuse(connection, call, DBUS_ERROR_UNKNOWN_METHOD, "no such method");
	}
	return DBUS_HANDLER_RESULT_HANDLED;
}

DBusHandlerResult bus_handle(const struct bus_interface *interface, void *object,
			     DBusConnection *connection, DBusMessage *call)
{
	const char *iface = dbus_message_get_interface(call);
	const char *member = dbus_message_get_member(call);
	size_t i;

	if (dbus_message_get_type(call) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (iface && strcmp(iface, PROPERTIES_IFACE) == 0)
		return handle_properties(interface, object, connection, call);
	if (dbus_message_is_method_call(call, DBUS_INTERFACE_INTROSPECTABLE, "Introspect")) {
		introspect(interface, connection, call);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	/* The interface of a method call is optional (D-Bus Specification, "Method Calls"). */
	if (iface && strcmp(iface, interface->name) != 0)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	for (i = 0; i < interface->n_methods; i++) {
		const struct bus_method *m = &interface->methods[i];

		if (strcmp(m->member, member) != 0)
			continue;
		if (dbus_message_has_signature(call, m->in)) {
			m->run(object, connection, call);
		} else {
			autofree(str) char *message = NULL;

			if (asprintf(&message, "%s takes (%s), not (%s)", m->member, m->in,
				     dbus_message_get_signature(call)) < 0)
				message = NULL;
			bus_refuse(connection, call, DBUS_ERROR_INVALID_ARGS, message);
		}
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

void bus_properties_changed(const struct bus_interface *interface, void *object,
			    DBusConnection *connection, const char *path)
{
	const struct bus_properties *properties = interface->properties;
	DBusMessage *signal = dbus_message_new_signal(path, PROPERTIES_IFACE, "PropertiesChanged");
	DBusMessageIter into, dict, invalidated;
	bool is_done;
	size_t i;

	if (!signal)
		return;
	dbus_message_iter_init_append(signal, &into);
	is_done = dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &interface->name) &&
		  dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (i = 0; is_done && i < properties->n_rows; i++)
		is_done = properties->rows[i].is_constant ||
			  append_property_entry(&dict, &properties->rows[i], object);
	is_done = is_done && dbus_message_iter_close_container(&into, &dict) &&
		  dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "s", &invalidated) &&
		  dbus_message_iter_close_container(&into, &invalidated);
	if (is_done)
		bus_send(connection, signal);
	else
		dbus_message_unref(signal);
}

/* --- values --- */

bool bus_append_text(DBusMessageIter *into, const char *s)
{
	if (!dbus_validate_utf8(s, NULL))
		s = "?";
	return dbus_message_iter_append_basic(into, DBUS_TYPE_STRING, &s);
}

bool bus_append_entry(DBusMessageIter *dict, const char *key, int type, const void *value)
{
	DBusMessageIter entry, variant;
	char signature[2] = {(char)type, '\0'};

	return dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
	       dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) &&
	       dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant) &&
	       dbus_message_iter_append_basic(&variant, type, value) &&
	       dbus_message_iter_close_container(&entry, &variant) &&
	       dbus_message_iter_close_container(dict, &entry);
}

bool bus_append_text_entry(DBusMessageIter *dict, const char *key, const char *value)
{
	if (!dbus_validate_utf8(value, NULL))
		value = "?";
	return bus_append_entry(dict, key, DBUS_TYPE_STRING, &value);
}
