/*
 * desktop: which programs show notifications, and on which desktop each of them belongs.
 *
 * Pure. What lulld and the client know about display servers by their name is in one table here.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>

/** How lulld can come to stand in front of a server that owns the name already. */
enum desktop_kind {
	DESKTOP_STANDALONE, /* a program of its own: it can be run under lull-shim */
	DESKTOP_TAKEOVER,   /* GNOME Shell: it is taken over while it runs */
	DESKTOP_LINES_UP,   /* part of a desktop; it waits behind lulld when lulld is there first */
	DESKTOP_UNSUPPORTED, /* part of a desktop in front of which lull can't stand yet */
};

struct desktop_server {
	const char *program; /* as /proc/PID/exe ends */
	const char *title;   /* for people */
	enum desktop_kind kind;
	const char *desktop; /* of $XDG_CURRENT_DESKTOP, where it belongs; NULL: anywhere */
	bool needs_wayland;
	bool needs_x11;
	bool stays_unqueued; /* when the name is taken it neither waits for it nor ends */
};

/** desktop_find() - Return: the row of @program, a name without a directory; NULL when it isn't known */
const struct desktop_server *desktop_find(const char *program);

/** What a session says of itself in its environment. */
struct desktop_session {
	const char *
		current; /* $XDG_CURRENT_DESKTOP, names separated by colons; "" when it isn't set */
	bool has_x11;
	bool has_wayland;
};

/**
 * desktop_rank() - how well @program would show notifications here
 *
 * A server is never started where the desktop shows notifications itself (GNOME, KDE, ...), nor where it
 * couldn't run. One that belongs on this desktop is better than one for any; that is better than one that
 * belongs on another. A program that isn't known is one for any.
 *
 * Return: more is better; 0: it must not be started here.
 */
int desktop_rank(const char *program, const struct desktop_session *session);

/** desktop_is() - is @name one of the names in @current? */
bool desktop_is(const char *current, const char *name);
