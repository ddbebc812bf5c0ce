/*
 * enable_bus: who is on the session bus, as far as `lull enable` and `lull disable` have to know.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>

#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define LULL_NAME "org.lull.Lull1"
#define LULLD_UNIT "lulld.service"

struct call;
struct desktop_server;

/** Who has the notifications. */
struct server {
	json_int_t pid; /* 0: nobody, or unknown */
	char *program;  /* "dunst", also under lull-shim; "" when there is none */
	bool is_lulld;
	bool is_shimmed;
	const struct desktop_server *known; /* what is known of such a program; NULL: nothing */
};

/** server_find() - who has them now; Return: 0 or -ENOMEM */
LULL_MUSTCHECK int server_find(struct call *c, struct server *ret);

/** server_title() - Return: what to call it: GNOME Shell has the name by a helper of another name; borrowed */
const char *server_title(const struct server *s);

/** server_done() - free what is inside */
void server_done(struct server *s);
#define server_auto __attribute__((cleanup(server_done))) struct server

/** bus_pid() - Return: the process that has @name; 0 when nobody has it */
json_int_t bus_pid(struct call *c, const char *name);

/** bus_reload() - have the bus read its service files; @ret_why as for call_any() */
LULL_MUSTCHECK int bus_reload(struct call *c, char **ret_why);

/** bus_start() - have the bus start a service, and wait until it is there; @ret_why as for call_any() */
LULL_MUSTCHECK int bus_start(struct call *c, const char *name, char **ret_why);

/** bus_wait() - wait until @name is there, or has gone; false when that takes more than 10 s */
bool bus_wait(struct call *c, const char *name, bool is_there);

/** lulld_status() - Return: its answer to GetStatus, released by the caller; NULL when it has none */
json_t *lulld_status(struct call *c);

/**
 * lulld_adopt() - have lulld put the server that has the notifications in line
 * @ret_command: what now runs behind lull-shim, "" when lulld was in front already; the caller frees it
 * @ret_why: on failure what lulld says; as for call_any()
 *
 * Return: 0; -ENOSYS when this lulld doesn't know how; or another negative errno.
 */
LULL_MUSTCHECK int lulld_adopt(struct call *c, char **ret_command, char **ret_why);
