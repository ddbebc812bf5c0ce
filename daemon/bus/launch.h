/*
 * launch: starts programs that outlive lulld, whatever becomes of its service.
 *
 * systemd ends everything in the cgroup of a service that stops, and a program in it also inherits the service's
 * sandbox. So the user's systemd is asked to run the program in a transient unit of its own; where there is none
 * on the bus, or it refuses, the program is forked off as spawn_detached() does it.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>

struct launch;

struct launch_ops {
	/*
	 * A program was started, or couldn't be.
	 * @description: as given to launch_start()
	 * @unit: the systemd unit it runs in; NULL: it has none
	 * @error: 0, or a negative errno; then it doesn't run
	 */
	void (*done)(void *data, const char *description, const char *unit, int error);
};

/** launch_new() - Return: a new value, or NULL when out of memory. */
struct launch *launch_new(DBusConnection *connection, const struct launch_ops *ops, void *data);

/** launch_free() - what wasn't answered yet isn't heard of any more; NULL is fine. Return: NULL. */
struct launch *launch_free(struct launch *l);
DEFINE_AUTOFREE(launch)

/**
 * launch_start() - have a program started; launch_ops.done() follows, never from inside this call
 * @kind: goes into the unit's name, lull-KIND-PID-N.service
 * @description: for people
 * @argv: NULL-terminated; argv[0] is an absolute path
 * @environment: NULL-terminated; of it, what programs need to find their session; NULL: lulld's own
 *
 * Return: 0, or a negative errno; then done() isn't called.
 */
LULL_MUSTCHECK int launch_start(struct launch *l, const char *kind, const char *description,
				char *const argv[], char *const environment[]);
