/*
 * units: what lulld asks of the user's systemd, where there is one on the bus.
 *
 * Nothing in here starts a systemd, and every answer comes within 5 s.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* It answers when a job is queued, so a systemd that takes longer is stuck. */
#define SYSTEMD_ANSWERS_MS 5000

/** A service. Strings are borrowed for the call. */
struct unit {
	const char *id;    /* "dunst.service" */
	uint32_t main_pid; /* 0: it doesn't run */
	bool is_shimmed;   /* what it runs is lull-shim */
};

/** @unit is NULL when there is no systemd, or no such service. */
typedef void (*unit_fn)(void *data, const struct unit *unit);

/** units_of_pid() - which service a process belongs to. Return: 0, then @fn is called; a negative errno. */
LULL_MUSTCHECK int units_of_pid(DBusConnection *connection, uint32_t pid, unit_fn fn, void *data);

/** units_named() - a service by its name, loaded if need be. Return: as above. */
LULL_MUSTCHECK int units_named(DBusConnection *connection, const char *name, unit_fn fn,
			       void *data);

/**
 * units_do() - "StartUnit", "StopUnit" or "RestartUnit"
 * @fn: called with whether the job was queued
 *
 * Return: 0, then @fn is called; a negative errno.
 */
LULL_MUSTCHECK int units_do(DBusConnection *connection, const char *verb, const char *name,
			    void (*fn)(void *data, bool is_done), void *data);

/**
 * units_environment() - the environment of systemd's services
 * @fn: gets a NULL-terminated list, borrowed; NULL when there is no systemd
 *
 * Return: 0, then @fn is called; a negative errno.
 */
LULL_MUSTCHECK int units_environment(DBusConnection *connection,
				     void (*fn)(void *data, char *const *environment), void *data);
