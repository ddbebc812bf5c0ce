/*
 * starter: starts a display server, under lull-shim, where none has come by itself.
 *
 * The one of `[display] command`; else, of those that `lull enable` has adopted and those that D-Bus would start
 * for the name without lull, the one that fits this desktop best. The latter need a screen to be known: lulld may
 * be there before the graphical session is. A server with a unit that runs it under lull-shim is started by that.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct launch;
struct starter;

struct starter_ops {
	/*
	 * The end of each starter_start().
	 * @command: what was started, or NULL: there is nothing to start, or it can't be, which has been logged
	 */
	void (*done)(void *data, const char *command);
};

/** starter_new() - Return: a new value, or NULL when out of memory. */
struct starter *starter_new(DBusConnection *connection, struct launch *launch,
			    const struct starter_ops *ops, void *data);

/** starter_free() - NULL is fine. Return: NULL. */
struct starter *starter_free(struct starter *s);
DEFINE_AUTOFREE(starter)

/**
 * starter_start() - start one; starter_ops.done() follows, perhaps from inside this
 * @command: `[display] command`; ""
 * @is_patient: what comes by itself had its time, so that one that wasn't asked for may be started
 */
void starter_start(struct starter *s, const char *command, bool is_patient);

/**
 * starter_run() - run a command under lull-shim
 * @environment: as for launch_start()
 *
 * Return: 0, then launch_ops.done() follows; a negative errno.
 */
LULL_MUSTCHECK int starter_run(struct starter *s, const char *command, char *const environment[]);
