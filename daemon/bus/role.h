/*
 * role: who owns org.freedesktop.Notifications, and how lulld gets in front.
 *
 * The name has one owner and a queue. lulld asks for it without flags; behind a server that runs under
 * lull-shim, or behind lull's own console, it asks again to replace, which those two survive. Nobody else is
 * replaced: many servers quit when they are. lulld itself never allows replacement.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct role;

struct role_ops {
	/* For the first time decided, or changed since. */
	void (*changed)(void *data, bool is_in_front);
	/* The bus refuses the name altogether; @why is one line. */
	void (*refused)(void *data, const char *why);
};

/** role_new() - Return: a new value that hasn't asked yet, or NULL when out of memory. */
struct role *role_new(DBusConnection *connection, const struct role_ops *ops, void *data);

/** role_free() - NULL is fine. Return: NULL. */
struct role *role_free(struct role *r);
DEFINE_AUTOFREE(role)

/** role_request() - ask for the name; role_ops.changed() follows */
void role_request(struct role *r);

/** role_filter() - NameAcquired and NameLost; for the connection's filter */
void role_filter(struct role *r, DBusMessage *message);

/** role_is_in_front() - does lulld own the name? */
bool role_is_in_front(const struct role *r);
