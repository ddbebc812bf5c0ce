/*
 * control_parts: what the files of control share: the object, how it answers, and what its table runs.
 */
#pragma once
#include "daemon/bus/bus.h"
#include "daemon/bus/control.h"
#include "daemon/engine/engine.h"
#include <dbus/dbus.h>
#include <stdbool.h>

#define CONTROL_IFACE "org.lull.Lull1"
#define CONTROL_ERROR CONTROL_IFACE ".Error."

struct event;

struct control {
	DBusConnection *connection;
	struct engine *engine;
	const struct control_ops *ops;
	void *data;
	struct event *tell; /* PropertiesChanged is due */
};

/* --- answering; control_answer.c --- */

/** control_refuse() - answer @call with what @outcome says; not CONTROL_OK */
void control_refuse(DBusConnection *connection, DBusMessage *call, enum control_outcome outcome);

/** control_answer_later() - where the answer to @call goes. Return: NULL when out of memory. */
struct control_answer *control_answer_later(DBusMessage *call);

/* --- status; control_status.c --- */

/* Their object is a struct control. */
extern const struct bus_properties control_properties;

struct engine_status control_status(struct control *c);

/**
 * control_answer_status() - answer @call with the properties in one value
 * @ended: what the call has ended of a pomodoro; "": nothing
 */
void control_answer_status(struct control *c, DBusConnection *connection, DBusMessage *call,
			   const char *ended);

/** control_append_lines() - @lines as an as; NULL: an empty one. Return: false when out of memory. */
bool control_append_lines(DBusMessageIter *into, char *const *lines);

/* --- methods: @object is a struct control --- */

void control_get_status(void *object, DBusConnection *connection, DBusMessage *call);

/* control_focus.c */
void control_start_focus(void *object, DBusConnection *connection, DBusMessage *call);
void control_extend_focus(void *object, DBusConnection *connection, DBusMessage *call);
void control_end_focus(void *object, DBusConnection *connection, DBusMessage *call);
void control_toggle_focus(void *object, DBusConnection *connection, DBusMessage *call);
void control_start_pomodoro(void *object, DBusConnection *connection, DBusMessage *call);

/* control_items.c */
void control_list_items(void *object, DBusConnection *connection, DBusMessage *call);
void control_get_item(void *object, DBusConnection *connection, DBusMessage *call);
void control_release_items(void *object, DBusConnection *connection, DBusMessage *call);
void control_dismiss(void *object, DBusConnection *connection, DBusMessage *call);
void control_snooze(void *object, DBusConnection *connection, DBusMessage *call);
void control_act(void *object, DBusConnection *connection, DBusMessage *call);
