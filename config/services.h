/*
 * services: what D-Bus would start for a name, by the service files of the session.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>

/** A service file (D-Bus Specification, "Message Bus Starting Services"). No string is NULL. */
struct service {
	char *path; /* the file */
	char *exec; /* a command line; "" when it has none */
	char *unit; /* the unit that systemd starts instead; "" when it has none */
};

struct services {
	struct service *items; /* as the bus reads them: the first one wins */
	size_t n_items;
};

/**
 * services_find() - the service files for a name
 *
 * Searched are dbus-1/services below $XDG_RUNTIME_DIR, $XDG_DATA_HOME and each of $XDG_DATA_DIRS, in this
 * order. Of two files in one directory the bus takes the one that readdir() finds first, and so does this.
 *
 * Return: 0, also when there is none; -ENOMEM.
 */
LULL_MUSTCHECK int services_find(const char *name, struct services *ret);

/** services_done() - free what is inside */
void services_done(struct services *s);

/** services_program() - Return: the name of the program that it runs, without its directory; freed by the
 * caller. NULL when it has none, or out of memory. */
char *services_program(const struct service *s);

/** services_is_lulld() - does it start lulld? */
bool services_is_lulld(const struct service *s);
