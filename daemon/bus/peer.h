/*
 * peer: who is behind a name on the bus.
 */
#pragma once
#include "config/base.h"
#include "daemon/core/desktop.h"
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>

/** A connection and its program. No string is NULL once peer_init() has run. */
struct peer {
	char *unique;    /* "": nobody has the name */
	uint32_t pid;    /* 0: not known */
	char *program;   /* "dunst"; behind lull-shim, that of the server; "" when it isn't known */
	bool is_shimmed; /* behind lull-shim */
	bool is_shell_gsn; /* GNOME Shell's process that owns the name for it */
};

/** peer_init() - nobody. Return: 0 or -ENOMEM. */
LULL_MUSTCHECK int peer_init(struct peer *p);

/** peer_done() - free what is inside */
void peer_done(struct peer *p);

/** peer_clear() - it is nobody from now on */
void peer_clear(struct peer *p);

/** peer_move() - @to becomes what @from was, which is nobody from then on */
void peer_move(struct peer *to, struct peer *from);

/** peer_server() - what is known of its program; NULL: nothing */
const struct desktop_server *peer_server(const struct peer *p);

/** peer_program() - Return: the program of a process, as in struct peer; freed by the caller; NULL: unknown */
char *peer_program(uint32_t pid, bool *ret_is_shimmed);

/** peer_command() - the command line of a process, without lull-shim. Return: as command_unpack(). */
LULL_MUSTCHECK int peer_command(uint32_t pid, char ***ret);

/** What peer_ask() answers with: valid for the call; peer_move() keeps it. */
typedef void (*peer_fn)(void *data, struct peer *p);

/**
 * peer_ask() - ask the bus who has @name
 *
 * Return: 0, then @fn is called, once and not from inside this; or a negative errno.
 */
LULL_MUSTCHECK int peer_ask(DBusConnection *connection, const char *name, peer_fn fn, void *data);
