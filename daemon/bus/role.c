#include "daemon/bus/role.h"

#include "daemon/bus/bus.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct role {
	DBusConnection *connection;
	const struct role_ops *ops;
	void *data;
	bool is_decided;
	bool is_in_front;
};

static void decide(struct role *r, bool is_in_front)
{
	if (r->is_decided && r->is_in_front == is_in_front)
		return;
	r->is_decided = true;
	r->is_in_front = is_in_front;
	r->ops->changed(r->data, is_in_front);
}

static void call_bus(struct role *r, DBusMessage *call, bus_reply_fn fn)
{
	int error = call ? bus_call(r->connection, call, DBUS_TIMEOUT_USE_DEFAULT, fn, r, NULL)
			 : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	if (error < 0)
		r->ops->refused(r->data, strerror(-error));
}

static void request(struct role *r, dbus_uint32_t flags, bus_reply_fn fn)
{
	static const char *const name = NOTIFICATIONS_NAME;

	call_bus(r,
		 bus_driver_call("RequestName", DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
				 DBUS_TYPE_INVALID),
		 fn);
}

static void on_replaced(void *data, DBusMessage *reply)
{
	dbus_uint32_t answer = 0;

	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID))
		answer = DBUS_REQUEST_NAME_REPLY_IN_QUEUE;
	decide(data, answer == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER ||
			     answer == DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER);
}

/*
 * Programs of ours that stay in the queue when they are replaced. Behind the shim every connection has the
 * shim's pid.
 */
static bool survives_replacement(dbus_uint32_t pid)
{
	char link[32], path[4096];
	const char *base;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	return strcmp(base, "lull-shim") == 0 || strcmp(base, "lull") == 0 ||
	       /* It was upgraded while it ran. */
	       strcmp(base, "lull-shim (deleted)") == 0 || strcmp(base, "lull (deleted)") == 0;
}

static void on_owner_pid(void *data, DBusMessage *reply)
{
	struct role *r = data;
	dbus_uint32_t pid = 0;

	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &pid, DBUS_TYPE_INVALID) &&
	    survives_replacement(pid))
		request(r, DBUS_NAME_FLAG_REPLACE_EXISTING, on_replaced);
	else
		decide(r, false);
}

static void on_requested(void *data, DBusMessage *reply)
{
	static const char *const name = NOTIFICATIONS_NAME;
	struct role *r = data;
	dbus_uint32_t answer = 0;

	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID)) {
		const char *why = "no answer";

		dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &why, DBUS_TYPE_INVALID);
		r->ops->refused(r->data, why);
		return;
	}
	if (answer == DBUS_REQUEST_NAME_REPLY_IN_QUEUE)
		call_bus(r,
			 bus_driver_call("GetConnectionUnixProcessID", DBUS_TYPE_STRING, &name,
					 DBUS_TYPE_INVALID),
			 on_owner_pid);
	else
		decide(r, true);
}

void role_request(struct role *r)
{
	request(r, 0, on_requested);
}

void role_filter(struct role *r, DBusMessage *message)
{
	const char *name;
	bool is_acquired = dbus_message_is_signal(message, BUS_IFACE, "NameAcquired");

	if (!is_acquired && !dbus_message_is_signal(message, BUS_IFACE, "NameLost"))
		return;
	if (dbus_message_has_sender(message, BUS_NAME) &&
	    dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID) &&
	    strcmp(name, NOTIFICATIONS_NAME) == 0)
		decide(r, is_acquired);
}

bool role_is_in_front(const struct role *r)
{
	return r->is_in_front;
}

struct role *role_new(DBusConnection *connection, const struct role_ops *ops, void *data)
{
	struct role *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->connection = dbus_connection_ref(connection);
	r->ops = ops;
	r->data = data;
	return r;
}

struct role *role_free(struct role *r)
{
	if (!r)
		return NULL;
	dbus_connection_unref(r->connection);
	free(r);
	return NULL;
}
