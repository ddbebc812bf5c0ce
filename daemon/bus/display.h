/*
 * display: the server that really shows notifications, behind lulld in the queue of the name.
 *
 * It is addressed by its unique name, so that what lulld sends never comes back to lulld. `finder` finds it.
 */
#pragma once
#include "daemon/bus/finder.h"
#include "daemon/engine/ports.h"
#include <dbus/dbus.h>

struct event_base;
struct engine;
struct files;
struct display;
struct peer;

struct display_ops {
	/* What it can; blank-separated names. */
	void (*capabilities)(void *data, const char *names);
	/* name, vendor, version, spec_version */
	void (*information)(void *data, const char *const information[static 4]);
	/* As finder_ops.start(); answered to display_finder(). */
	void (*start)(void *data, bool is_patient);
	/* What status shows of it has changed. */
	void (*changed)(void *data);
};

/**
 * display_new() - one that hasn't looked yet
 * @bus_guid: identity of the bus
 * @files: borrowed; pictures that were kept
 *
 * Return: a new value, or NULL when out of memory.
 */
struct display *display_new(DBusConnection *connection, struct event_base *base,
			    struct engine *engine, struct files *files, const char *bus_guid,
			    const struct display_ops *ops, void *data);

/** display_free() - NULL is fine. Return: NULL. */
struct display *display_free(struct display *d);
DEFINE_AUTOFREE(display)

/** display_finder() - what looks for it */
struct finder *display_finder(struct display *d);

/** display_told_to_end() - lulld ends this one, to start it anew: that isn't held against what it shows */
void display_told_to_end(struct display *d, const char *unique);

/** display_filter() - its signals, and names that come and go; for the connection's filter */
void display_filter(struct display *d, DBusMessage *message);

/* For status. No string is NULL. */
const char *display_name(const struct display *d);
const char *display_unique(const struct display *d);
enum finder_how display_how(const struct display *d);
/* Empty until the bus has answered. */
const struct peer *display_peer(const struct display *d);

/* For the engine's ports; see there. */
int display_show(struct display *d, const struct ping *p, bool is_minimal, bool is_silent);
void display_close(struct display *d, uint32_t display_id);
void display_probe(struct display *d);
