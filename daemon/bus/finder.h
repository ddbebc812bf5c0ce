/*
 * finder: finds the display server, or has one started.
 *
 * In this order: whoever stands in the queue for the name behind lulld; GNOME Shell, whose own process for the
 * name stands there for it; a server that is on the bus without standing in the queue. Nothing on the bus
 * announces a new member of the queue: it is asked for when programs join the bus and no display is known.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct event_base;
struct finder;

/** How lulld came to its display. */
enum finder_how {
	FINDER_NONE,
	FINDER_QUEUED,   /* it was in the queue */
	FINDER_STARTED,  /* lulld started it */
	FINDER_GNOME,    /* GNOME Shell */
	FINDER_UNQUEUED, /* on the bus, not in the queue: the name is nobody's when lulld dies */
};

struct finder_ops {
	/*
	 * One was found. Return: true: the finder looks no further until finder_lost(); false: out of memory.
	 */
	bool (*found)(void *data, const char *unique, enum finder_how how);
	/*
	 * Nothing has come by itself: have one started, then call finder_started().
	 * @is_patient: not only a moment has passed, or something waits to be shown
	 */
	void (*start)(void *data, bool is_patient);
};

/** finder_new() - one that hasn't looked yet. Return: a new value, or NULL when out of memory. */
struct finder *finder_new(DBusConnection *connection, struct event_base *base,
			  const struct finder_ops *ops, void *data);

/** finder_free() - NULL is fine. Return: NULL. */
struct finder *finder_free(struct finder *f);
DEFINE_AUTOFREE(finder)

/** finder_look() - look for one now, unless one is known */
void finder_look(struct finder *f);

/** finder_lost() - the one that was found has gone: look for another */
void finder_lost(struct finder *f);

/** finder_need() - something waits to be shown: look, unless that is under way anyhow */
void finder_need(struct finder *f);

/** finder_restart() - what can be started has changed: try that anew, if none is known */
void finder_restart(struct finder *f);

/** finder_started() - the end of finder_ops.start(): is one on its way? */
void finder_started(struct finder *f, bool is_started);

/** finder_expect() - lulld has started one on another occasion: the next that appears is that */
void finder_expect(struct finder *f);

/** finder_filter() - programs that join the bus; for the connection's filter */
void finder_filter(struct finder *f, DBusMessage *message);
