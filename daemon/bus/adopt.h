/*
 * adopt: puts a stand-alone display server that runs already behind lull-shim.
 *
 * It is stopped, upon which the name falls to lulld, who waits in its queue; then it is started again under the
 * shim, with its own command line and environment. Where systemd runs it, systemd stops it; and where its unit
 * has lull's drop-in, systemd starts it again.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct adopt;
struct event_base;
struct peer;
struct starter;

struct adopt_ops {
	/* The server has gone, and one is about to come back. */
	void (*restarting)(void *data);
};

/** What adopt_start() ends with: @command is what runs under the shim now, or else @error says why not. */
typedef void (*adopt_fn)(void *data, const char *command, const char *error);

/** adopt_new() - Return: a new value, or NULL when out of memory. */
struct adopt *adopt_new(DBusConnection *connection, struct event_base *base,
			struct starter *starter, const struct adopt_ops *ops, void *data);

/** adopt_free() - NULL is fine. Return: NULL. */
struct adopt *adopt_free(struct adopt *a);
DEFINE_AUTOFREE(adopt)

/**
 * adopt_refusal() - may this server be adopted?
 *
 * Return: NULL: yes; else a line that says why not, which the caller frees.
 */
char *adopt_refusal(const struct peer *server);

/**
 * adopt_start() - put @server behind the shim, and remember it for later logins (config/adopted.h)
 * @server: has the name, or shows for lulld without standing in the queue; copied
 * @fn: called once, within 8 s, not from inside this
 *
 * Return: 0; -EBUSY: another one is being adopted; another negative errno. Then @fn isn't called.
 */
LULL_MUSTCHECK int adopt_start(struct adopt *a, const struct peer *server, adopt_fn fn, void *data);

/** adopt_is_busy() - is the @fn of an adopt_start() still to be called? */
bool adopt_is_busy(const struct adopt *a);

/** adopt_display() - lulld has found a display, or knows more of it */
void adopt_display(struct adopt *a, const struct peer *display);

/** adopt_filter() - names that go; for the connection's filter */
void adopt_filter(struct adopt *a, DBusMessage *message);
