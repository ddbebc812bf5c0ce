/*
 * bus_loop: a libdbus connection on a libevent loop.
 *
 * Each turn reads what is there, dispatches it up to a budget, and then settles: the transaction that the
 * handlers wrote is committed and what they staged is sent. Handlers never dispatch and never block.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>

struct event_base;
struct bus_loop;

struct bus_loop_ops {
	/* A turn begins: read the clocks. */
	void (*wake)(void *data);
	/* The turn is over: commit, send. May be called when nothing was dispatched. */
	void (*settle)(void *data);
};

/**
 * bus_loop_new() - attach a private connection to the loop
 * @connection: gets a reference; messages that wait in it are dispatched by the next turn of the loop
 * @ops: kept by reference
 *
 * Return: a new value, or NULL when out of memory.
 */
struct bus_loop *bus_loop_new(struct event_base *base, DBusConnection *connection,
			      const struct bus_loop_ops *ops, void *data);

/** bus_loop_free() - detach; not from inside a handler; NULL is fine. Return: NULL. */
struct bus_loop *bus_loop_free(struct bus_loop *loop);
DEFINE_AUTOFREE(bus_loop)
