#include "daemon/bus/units.h"

#include "config/command.h"
#include "daemon/bus/bus.h"
#include <errno.h>
#include <string.h>

#define UNIT_IFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_IFACE "org.freedesktop.systemd1.Service"

/* --- a call --- */

/* A session without systemd answers at once that there is none. */
static DBusMessage *manager_call(const char *member)
{
	DBusMessage *call =
		dbus_message_new_method_call(SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, member);

	if (call)
		dbus_message_set_auto_start(call, FALSE);
	return call;
}

static DBusMessage *property_call(const char *path, const char *interface, const char *name)
{
	DBusMessage *call =
		dbus_message_new_method_call(SYSTEMD_NAME, path, PROPERTIES_IFACE, "Get");

	if (!call)
		return NULL;
	dbus_message_set_auto_start(call, FALSE);
	if (dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &name,
				     DBUS_TYPE_INVALID))
		return call;
	dbus_message_unref(call);
	return NULL;
}

/* @call is always taken; NULL counts as out of memory. */
static int send(DBusConnection *connection, DBusMessage *call, bus_reply_fn fn, void *data,
		void (*drop)(void *data))
{
	int r = call ? bus_call_owning(connection, call, SYSTEMD_ANSWERS_MS, fn, data, drop)
		     : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	return r;
}

/* Inside the variant of a property. Return: false when there is none of this type. */
static bool open_property(DBusMessage *reply, int type, DBusMessageIter *ret)
{
	DBusMessageIter iter;

	if (!dbus_message_has_signature(reply, "v"))
		return false;
	dbus_message_iter_init(reply, &iter);
	dbus_message_iter_recurse(&iter, ret);
	return dbus_message_iter_get_arg_type(ret) == type;
}

/* --- a unit --- */

struct unit_question {
	DBusConnection *connection; /* borrowed: it holds the call that this waits for */
	unit_fn fn;
	void *data;
	char *path;
	char *id;
	uint32_t main_pid;
};

static void drop_unit_question(void *data)
{
	struct unit_question *q = data;

	free(q->path);
	free(q->id);
	free(q);
}

static void end_unit_question(struct unit_question *q, bool is_shimmed)
{
	const struct unit unit = {q->id, q->main_pid, is_shimmed};

	q->fn(q->data, q->id ? &unit : NULL);
	drop_unit_question(q);
}

static void fail_unit_question(struct unit_question *q)
{
	free(q->id);
	q->id = NULL;
	end_unit_question(q, false);
}

/* ExecStart is a(sasbttttuii): the path, argv, ... */
static bool runs_shim(DBusMessageIter *list)
{
	DBusMessageIter command, at;
	const char *path;

	dbus_message_iter_recurse(list, &command);
	if (dbus_message_iter_get_arg_type(&command) != DBUS_TYPE_STRUCT)
		return false;
	dbus_message_iter_recurse(&command, &at);
	if (dbus_message_iter_get_arg_type(&at) != DBUS_TYPE_STRING)
		return false;
	dbus_message_iter_get_basic(&at, &path);
	return strcmp(command_base(path), "lull-shim") == 0;
}

static void on_exec(void *data, DBusMessage *reply)
{
	DBusMessageIter list;

	if (open_property(reply, DBUS_TYPE_ARRAY, &list))
		end_unit_question(data, runs_shim(&list));
	else
		fail_unit_question(data);
}

static void on_main_pid(void *data, DBusMessage *reply)
{
	struct unit_question *q = data;
	DBusMessageIter value;

	if (!open_property(reply, DBUS_TYPE_UINT32, &value)) {
		fail_unit_question(q);
		return;
	}
	dbus_message_iter_get_basic(&value, &q->main_pid);
	if (send(q->connection, property_call(q->path, SERVICE_IFACE, "ExecStart"), on_exec, q,
		 drop_unit_question) < 0)
		fail_unit_question(q);
}

static void on_id(void *data, DBusMessage *reply)
{
	struct unit_question *q = data;
	DBusMessageIter value;
	const char *id;

	if (open_property(reply, DBUS_TYPE_STRING, &value)) {
		dbus_message_iter_get_basic(&value, &id);
		q->id = strdup(id);
	}
	if (!q->id || send(q->connection, property_call(q->path, SERVICE_IFACE, "MainPID"),
			   on_main_pid, q, drop_unit_question) < 0)
		fail_unit_question(q);
}

static void on_path(void *data, DBusMessage *reply)
{
	struct unit_question *q = data;
	const char *path;

	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
	    dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID))
		q->path = strdup(path);
	if (!q->path || send(q->connection, property_call(q->path, UNIT_IFACE, "Id"), on_id, q,
			     drop_unit_question) < 0)
		fail_unit_question(q);
}

static int ask_unit(DBusConnection *connection, const char *member, int type, const void *value,
		    unit_fn fn, void *data)
{
	DBusMessage *call = manager_call(member);
	struct unit_question *q = calloc(1, sizeof(*q));
	int r = -ENOMEM;

	if (q && call && dbus_message_append_args(call, type, value, DBUS_TYPE_INVALID)) {
		q->connection = connection;
		q->fn = fn;
		q->data = data;
		r = send(connection, take(call), on_path, q, drop_unit_question);
	}
	if (call)
		dbus_message_unref(call);
	if (r < 0)
		free(q);
	return r;
}

int units_of_pid(DBusConnection *connection, uint32_t pid, unit_fn fn, void *data)
{
	return ask_unit(connection, "GetUnitByPID", DBUS_TYPE_UINT32, &pid, fn, data);
}

int units_named(DBusConnection *connection, const char *name, unit_fn fn, void *data)
{
	return ask_unit(connection, "LoadUnit", DBUS_TYPE_STRING, &name, fn, data);
}

/* --- jobs and the environment --- */

struct answer {
	void (*done)(void *data, bool is_done);
	void (*environment)(void *data, char *const *environment);
	void *data;
};

static void on_job(void *data, DBusMessage *reply)
{
	struct answer *a = data;

	a->done(a->data, dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN);
	free(a);
}

static int send_answered(DBusConnection *connection, DBusMessage *call, bus_reply_fn fn,
			 const struct answer *wanted)
{
	struct answer *a = malloc(sizeof(*a));
	int r;

	if (!a) {
		if (call)
			dbus_message_unref(call);
		return -ENOMEM;
	}
	*a = *wanted;
	r = send(connection, call, fn, a, free);
	if (r < 0)
		free(a);
	return r;
}

int units_do(DBusConnection *connection, const char *verb, const char *name,
	     void (*fn)(void *data, bool is_done), void *data)
{
	static const char *const mode = "replace";
	const struct answer answer = {.done = fn, .data = data};
	DBusMessage *call = manager_call(verb);

	if (call && !dbus_message_append_args(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING,
					      &mode, DBUS_TYPE_INVALID)) {
		dbus_message_unref(call);
		call = NULL;
	}
	return send_answered(connection, call, on_job, &answer);
}

static void on_environment(void *data, DBusMessage *reply)
{
	struct answer *a = data;
	DBusMessageIter list, at;
	char **copy = NULL;
	int n = 0;

	if (open_property(reply, DBUS_TYPE_ARRAY, &list) &&
	    dbus_message_iter_get_element_type(&list) == DBUS_TYPE_STRING) {
		copy = calloc((size_t)dbus_message_iter_get_element_count(&list) + 1,
			      sizeof(*copy));
		for (dbus_message_iter_recurse(&list, &at);
		     copy && dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_STRING;
		     dbus_message_iter_next(&at))
			dbus_message_iter_get_basic(&at, &copy[n++]);
	}
	a->environment(a->data, copy);
	free(copy);
	free(a);
}

int units_environment(DBusConnection *connection, void (*fn)(void *data, char *const *environment),
		      void *data)
{
	const struct answer answer = {.environment = fn, .data = data};

	return send_answered(connection,
			     property_call(SYSTEMD_PATH, SYSTEMD_MANAGER, "Environment"),
			     on_environment, &answer);
}
