/*
 * bus: what every D-Bus adapter of lulld needs: a private connection, method tables, async calls.
 *
 * An interface is a table: member, signature in and out, function. The signature is checked before the
 * function runs, and the introspection data is made from the same rows.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BUS_IFACE "org.freedesktop.DBus"
#define PROPERTIES_IFACE "org.freedesktop.DBus.Properties"
#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define NOTIFICATIONS_IFACE "org.freedesktop.Notifications"

/* GNOME Shell shows what is sent to the first; a process of its own has the notifications' name for it. */
#define GNOME_SHELL_NAME "org.gnome.Shell"
#define GNOME_SERVICE_NAME "org.gnome.Shell.Notifications"

/* --- connecting --- */

/**
 * bus_connect() - a private connection to the session bus, registered with it
 * @ret_error: on failure, why; the caller frees it
 *
 * Return: the connection (close and unref it with bus_close()), or NULL.
 */
DBusConnection *bus_connect(char **ret_error);

/** bus_close() - flush what is queued, close and unref; NULL is fine */
void bus_close(DBusConnection *connection);

/* --- calling --- */

/** What comes back: a reply or an error message, borrowed. */
typedef void (*bus_reply_fn)(void *data, DBusMessage *reply);

/**
 * bus_call() - send a method call, hear of its reply from the loop; not if the bus goes away first
 * @call: stays the caller's
 * @timeout_ms: DBUS_TIMEOUT_INFINITE or DBUS_TIMEOUT_USE_DEFAULT are fine
 * @ret_pending: NULL, or receives what can be cancelled; the caller unrefs it
 *
 * Return: 0, or -ENOMEM / -ENOTCONN; then @fn isn't called.
 */
LULL_MUSTCHECK int bus_call(DBusConnection *connection, DBusMessage *call, int timeout_ms,
			    bus_reply_fn fn, void *data, DBusPendingCall **ret_pending);

/**
 * bus_call_owning() - like bus_call() without a way to cancel it; @data is @fn's to free
 * @drop: frees @data when no reply will come: the connection has ended
 */
LULL_MUSTCHECK int bus_call_owning(DBusConnection *connection, DBusMessage *call, int timeout_ms,
				   bus_reply_fn fn, void *data, void (*drop)(void *data));

/** bus_call_cancellable() - bus_call_owning() with @ret_pending as of bus_call(); cancelled, it drops @data */
LULL_MUSTCHECK int bus_call_cancellable(DBusConnection *connection, DBusMessage *call,
					int timeout_ms, bus_reply_fn fn, void *data,
					void (*drop)(void *data), DBusPendingCall **ret_pending);

/** bus_driver_call() - a method call to the bus itself, with arguments as dbus_message_append_args() */
DBusMessage *bus_driver_call(const char *member, int first_type, ...);

/** bus_send() - send, give the reference away; a full queue or lost connection is the bus's matter */
void bus_send(DBusConnection *connection, DBusMessage *message);

/* --- answering --- */

struct bus_method {
	const char *member;
	const char *in; /* signature */
	const char *out;
	const char *in_names; /* space-separated, for introspection */
	const char *out_names;
	void (*run)(void *object, DBusConnection *connection, DBusMessage *call);
};

struct bus_property {
	const char *name;
	const char *type;
	/* Append the value, not its variant. Return: false when out of memory. */
	bool (*get)(void *object, const struct bus_property *row, DBusMessageIter *into);
	size_t at; /* for @get: where the value is, in whatever it looks at */
	bool is_constant;
};

struct bus_properties {
	const struct bus_property *rows;
	size_t n_rows;
};

struct bus_signal {
	const char *member;
	const char *signature;
	const char *names;
};

struct bus_interface {
	const char *name;
	const struct bus_method *methods;
	size_t n_methods;
	const struct bus_properties *properties;
	const struct bus_signal *signals;
	size_t n_signals;
};

/**
 * bus_handle() - answer a method call on an object that has one interface
 *
 * Serves @interface, Properties and Introspectable. Wrong members and signatures get the usual errors.
 *
 * Return: what a libdbus handler returns.
 */
DBusHandlerResult bus_handle(const struct bus_interface *interface, void *object,
			     DBusConnection *connection, DBusMessage *call);

/** bus_refuse() - answer @call with an error */
void bus_refuse(DBusConnection *connection, DBusMessage *call, const char *name,
		const char *message);

/** bus_answer() - answer @call without values */
void bus_answer(DBusConnection *connection, DBusMessage *call);

/**
 * bus_answer_with() - answer @call with @reply, or, unless it is whole, with "out of memory"
 * @reply: taken; NULL isn't whole
 * @is_whole: every value has found its place in @reply
 */
void bus_answer_with(DBusConnection *connection, DBusMessage *call, DBusMessage *reply,
		     bool is_whole);

/** bus_properties_changed() - PropertiesChanged with the values of all properties that aren't constant */
void bus_properties_changed(const struct bus_interface *interface, void *object,
			    DBusConnection *connection, const char *path);

/** bus_append_properties() - a {sv} entry of each. Return: false when out of memory. */
bool bus_append_properties(DBusMessageIter *dict, const struct bus_properties *properties,
			   void *object);

/* --- values --- */

/** bus_append_text() - append a string; what isn't UTF-8 is replaced by "?" first (libdbus would abort) */
bool bus_append_text(DBusMessageIter *into, const char *s);

/* {sv} entries. Return: false when out of memory. */
bool bus_append_entry(DBusMessageIter *dict, const char *key, int type, const void *value);
bool bus_append_text_entry(DBusMessageIter *dict, const char *key, const char *value);
