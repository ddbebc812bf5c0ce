#include "daemon/bus/foreign.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/identity.h"
#include <errno.h>
#include <string.h>

/* One call on its way to the display and back. */
struct passage {
	DBusConnection *connection; /* borrowed: it holds the call that this waits for */
	DBusMessage *call;          /* a copy, addressed to the display */
	char *caller;
	dbus_uint32_t serial;
	bool is_silent;
};

static struct passage *passage_free(struct passage *p)
{
	if (!p)
		return NULL;
	if (p->call)
		dbus_message_unref(p->call);
	free(p->caller);
	free(p);
	return NULL;
}
DEFINE_AUTOFREE(passage)

static void drop_passage(void *data)
{
	passage_free(data);
}

/* --- which --- */

bool foreign_is(DBusMessage *call)
{
	const char *iface = dbus_message_get_interface(call), *about = "";

	if (dbus_message_get_type(call) != DBUS_MESSAGE_TYPE_METHOD_CALL ||
	    !dbus_message_has_destination(call, NOTIFICATIONS_NAME))
		return false;
	if (!dbus_message_has_path(call, NOTIFICATIONS_PATH))
		return true;
	if (!iface || strcmp(iface, NOTIFICATIONS_IFACE) == 0 ||
	    strcmp(iface, DBUS_INTERFACE_INTROSPECTABLE) == 0)
		return false;
	if (strcmp(iface, PROPERTIES_IFACE) != 0)
		return true;
	return dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &about, DBUS_TYPE_INVALID) &&
	       *about && strcmp(about, NOTIFICATIONS_IFACE) != 0;
}

/* --- there and back --- */

static void answer_error(struct passage *p, const char *name, const char *message)
{
	DBusMessage *reply;

	if (p->is_silent)
		return;
	reply = dbus_message_new(DBUS_MESSAGE_TYPE_ERROR);
	if (!reply)
		return;
	if (dbus_message_set_error_name(reply, name) &&
	    dbus_message_set_destination(reply, p->caller) &&
	    dbus_message_set_reply_serial(reply, p->serial) &&
	    dbus_message_append_args(reply, DBUS_TYPE_STRING, &message, DBUS_TYPE_INVALID))
		bus_send(p->connection, reply);
	else
		dbus_message_unref(reply);
}

/* What the display has answered, as if lull had. */
static void on_answer(void *data, DBusMessage *reply)
{
	autofree(passage) struct passage *p = data;
	DBusMessage *copy = dbus_message_copy(reply);

	if (!copy)
		return;
	if (dbus_message_set_destination(copy, p->caller) &&
	    dbus_message_set_reply_serial(copy, p->serial))
		bus_send(p->connection, copy);
	else
		dbus_message_unref(copy);
}

static void on_credentials(void *data, DBusMessage *reply)
{
	autofree(passage) struct passage *p = data;
	struct credentials credentials;
	int r;

	credentials_read(reply, &credentials);
	if (identity_is_sandboxed(&credentials)) {
		answer_error(p, DBUS_ERROR_ACCESS_DENIED,
			     "sandboxed programs may only send notifications");
		return;
	}
	if (p->is_silent) {
		bus_send(p->connection, take(p->call));
		return;
	}
	r = bus_call_owning(p->connection, p->call, DBUS_TIMEOUT_INFINITE, on_answer, p,
			    drop_passage);
	if (r == 0)
		(void)take(p);
	else
		answer_error(p, DBUS_ERROR_FAILED, strerror(-r));
}

static struct passage *passage_new(DBusConnection *connection, DBusMessage *call,
				   const char *display)
{
	autofree(passage) struct passage *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->connection = connection;
	p->caller = strdup(dbus_message_get_sender(call));
	p->serial = dbus_message_get_serial(call);
	p->is_silent = dbus_message_get_no_reply(call);
	p->call = dbus_message_copy(call);
	if (!p->caller || !p->call || !dbus_message_set_destination(p->call, display))
		return NULL;
	return take(p);
}

void foreign_pass(DBusConnection *connection, DBusMessage *call, const char *display)
{
	autofree(passage) struct passage *p = NULL;
	DBusMessage *ask;
	int r;

	if (!*display) {
		bus_refuse(connection, call, DBUS_ERROR_UNKNOWN_OBJECT,
			   "there is no display server behind lull now");
		return;
	}
	p = passage_new(connection, call, display);
	ask = p ? bus_driver_call("GetConnectionCredentials", DBUS_TYPE_STRING, &p->caller,
				  DBUS_TYPE_INVALID)
		: NULL;
	r = ask ? bus_call_owning(connection, ask, DBUS_TIMEOUT_USE_DEFAULT, on_credentials, p,
				  drop_passage)
		: -ENOMEM;
	if (ask)
		dbus_message_unref(ask);
	if (r == 0)
		(void)take(p);
	else
		bus_refuse(connection, call, DBUS_ERROR_FAILED, strerror(-r));
}

void foreign_signal(DBusConnection *connection, DBusMessage *signal)
{
	const char *about = "";
	DBusMessage *copy;

	if (!dbus_message_is_signal(signal, PROPERTIES_IFACE, "PropertiesChanged") ||
	    !dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &about, DBUS_TYPE_INVALID) ||
	    strcmp(about, NOTIFICATIONS_IFACE) == 0)
		return;
	copy = dbus_message_copy(signal);
	if (copy && dbus_message_set_destination(copy, NULL))
		bus_send(connection, copy);
	else if (copy)
		dbus_message_unref(copy);
}
