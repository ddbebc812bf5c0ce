/*
 * takeover: a lulld that starts takes the place of one that runs.
 *
 * The old one stops delivering and lets itself be replaced; the new one takes the name from it, so that the name
 * is never without an owner, and waits for its end. What senders say meanwhile is kept by the bus for the new
 * one. All of this happens before the loop runs: these are the only calls of lulld that wait for an answer.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>
#include <sys/types.h>

/** takeover_find() - Return: the pid of the lulld that runs on this bus; 0: there is none */
pid_t takeover_find(DBusConnection *connection);

/**
 * takeover_restart() - have a lulld that is a service of systemd's replace itself, as that service
 *
 * Done only if it runs the same program file as this process, perhaps an older version of it.
 *
 * Return: 0: its successor is there; -ECHILD: it has ended, and there is none; -ENOTSUP: it is no such service; another negative errno.
 */
LULL_MUSTCHECK int takeover_restart(DBusConnection *connection, pid_t old);

/**
 * takeover_run() - take over from @old
 * @connection: is to own the name of the notifications
 * @control: is to own lull's own name
 *
 * An old one that hangs, or that knows nothing of this, is ended.
 *
 * Return: 0: it has ended, and its journal is free; -EBUSY: it goes on, and why has been logged; another
 * negative errno.
 */
LULL_MUSTCHECK int takeover_run(DBusConnection *connection, DBusConnection *control, pid_t old);
