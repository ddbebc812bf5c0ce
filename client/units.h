/*
 * units: the user's systemd, by its D-Bus interface.
 *
 * It is asked only when it is on the bus, and never started. A question that isn't answered counts as
 * answered with "there is no such unit".
 */
#pragma once
#include "client/dropin.h"
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>

struct call;

struct unit {
	json_t *about;     /* its properties, as systemd has them */
	json_t *service;   /* those of a service; NULL when it is none */
	const char *name;  /* its own, where it was asked for by another; borrowed */
	const char *state; /* "active", "failed"; borrowed */
	bool is_loaded;
	bool is_masked;
	bool is_in_conflict; /* systemd loads one unit for a name on the bus, and this isn't the one */
	bool is_transient; /* made for this one run; the next has another name */
	json_int_t main_pid;
};

void unit_done(struct unit *u);
#define unit_auto __attribute__((cleanup(unit_done))) struct unit

/** units_are_there() - is systemd on this bus? */
bool units_are_there(struct call *c);

/** units_load() - Return: the unit of that name; all is empty when there is none */
struct unit units_load(struct call *c, const char *name);

/** units_of_pid() - Return: the unit whose process it is */
struct unit units_of_pid(struct call *c, json_int_t pid);

/**
 * unit_command() - what a service starts
 * @ret_args: has what @ret borrows; the caller frees it
 *
 * Return: 0; -ENOENT when it has no command, or more than one; -ENOMEM.
 */
LULL_MUSTCHECK int unit_command(const struct unit *u, struct dropin_command *ret,
				const char ***ret_args);

/** unit_has_bus_name() - does systemd take the service for started when it has that name? */
bool unit_has_bus_name(const struct unit *u, const char *name);

/** units_file_state() - "enabled", "disabled", "masked"; "" when it isn't known; the caller frees it */
char *units_file_state(struct call *c, const char *name);

/**
 * units_enable() - have systemd start a unit with the session
 * @ret_links: the links that were made for it, an array of paths; the caller releases it
 * @ret_why: on failure what systemd says; the caller frees it, NULL when out of memory
 *
 * Return: 0 or a negative errno.
 */
LULL_MUSTCHECK int units_enable(struct call *c, const char *name, json_t **ret_links,
				char **ret_why);

/* units_reload() is what makes systemd read changed files. Return: as units_enable(). */
LULL_MUSTCHECK int units_reload(struct call *c, char **ret_why);
/* After too many starts in a row systemd starts a unit only when it has been told to forget them. */
LULL_MUSTCHECK int units_reset_failed(struct call *c, const char *name, char **ret_why);
LULL_MUSTCHECK int units_start(struct call *c, const char *name, char **ret_why);
LULL_MUSTCHECK int units_stop(struct call *c, const char *name, char **ret_why);
