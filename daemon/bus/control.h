/*
 * control: org.lull.Lull1, lull's own interface, on a connection of its own.
 *
 * Apart from the name's connection, so that a sandbox that may talk to org.freedesktop.Notifications can't
 * reach it. docs/org.lull.Lull1.md describes it.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

#define CONTROL_NAME "org.lull.Lull1"
#define CONTROL_PATH "/org/lull/Lull1"

struct event_base;
struct engine;
struct control;

/** What status says beside the engine's own. Strings are borrowed for the call. */
struct control_view {
	bool is_in_front;
	const char *display_name;
	const char *display_how; /* "none", "queued", "started" */
	const char *display_unique;
	char *const *
		config_errors; /* NULL-terminated: why the configuration in force isn't the file's */
};

struct control_ops {
	void (*view)(void *data, struct control_view *ret);
	/*
	 * Read the configuration anew. Return: NULL when the new one is in force, else a NULL-terminated list of
	 * what is wrong with it, which the caller frees with control_free_lines(); then the old one stays.
	 */
	char **(*reload)(void *data);
	/* Listeners were told what control_changed() announced; at most four times a second. */
	void (*told)(void *data);
};

void control_free_lines(char **lines);

/**
 * control_new() - register the object and ask for the name
 * @connection: not the one that owns org.freedesktop.Notifications
 * @engine: borrowed
 *
 * Return: a new value, or NULL when out of memory.
 */
struct control *control_new(DBusConnection *connection, struct event_base *base,
			    struct engine *engine, const struct control_ops *ops, void *data);

/** control_free() - NULL is fine. Return: NULL. */
struct control *control_free(struct control *c);
DEFINE_AUTOFREE(control)

/** control_changed() - tell listeners what has changed, at most four times a second */
void control_changed(struct control *c);
