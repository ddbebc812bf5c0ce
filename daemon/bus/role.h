/*
 * role: who owns org.freedesktop.Notifications, and how lulld gets in front.
 *
 * The name has one owner and a queue. lulld asks for it without flags. Behind a server that runs under
 * lull-shim, or behind lull's own console, it asks again to replace, which those two survive. GNOME Shell's
 * process for the name is taken over while it runs: it gives way when lulld takes its other name, and then waits
 * behind lulld. Nobody else is replaced: many servers quit when they are.
 *
 * lulld allows replacement in two cases only: for its own successor, and on Plasma, whose shell is to have the
 * name whenever it asks for it.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct event_base;
struct peer;
struct role;

struct role_ops {
	/* For the first time decided, or changed since; also when another one is in front now. */
	void (*changed)(void *data, bool is_in_front);
	/* The bus refuses the name altogether; @why is one line. */
	void (*refused)(void *data, const char *why);
	/* The name went to the successor that role_yield() was called for. */
	void (*succeeded)(void *data);
};

/** role_new() - Return: a new value that hasn't asked yet, or NULL when out of memory. */
struct role *role_new(DBusConnection *connection, struct event_base *base,
		      const struct role_ops *ops, void *data);

/** role_free() - NULL is fine. Return: NULL. */
struct role *role_free(struct role *r);
DEFINE_AUTOFREE(role)

/** role_request() - ask for the name; role_ops.changed() follows */
void role_request(struct role *r);

/**
 * role_yield() - let a successor replace lulld
 * @fn: called when it can, or with false when the bus refuses
 *
 * role_ops.succeeded() follows when it has. After 5 s without it lulld can't be replaced any more.
 *
 * Return: 0, or a negative errno; then @fn isn't called.
 */
LULL_MUSTCHECK int role_yield(struct role *r, void (*fn)(void *data, bool is_yielding), void *data);

/** role_filter() - names that come and go; for the connection's filter */
void role_filter(struct role *r, DBusMessage *message);

/** role_is_decided() - has role_ops.changed() been called since the name was asked for, or was lost? */
bool role_is_decided(const struct role *r);

/** role_is_in_front() - does lulld own the name? */
bool role_is_in_front(const struct role *r);

/** role_owner() - who is in front instead; nobody (an empty peer) while lulld is, or before that is known */
const struct peer *role_owner(const struct role *r);
