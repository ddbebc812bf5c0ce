/*
 * doctor_peer: who is behind a name on the bus.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>

struct doctor;

/** How long any question of the doctor may take. Nobody needs that long who is well. */
#define PEER_PATIENCE_MS 2000

/** A connection and the program behind it. Texts are NULL when memory ran out. */
struct peer {
	json_int_t pid; /* 0: unknown */
	char *program;  /* "dunst", "dunst under lull-shim" */
	char *command;  /* as one would type it, without lull-shim */
};

/** peer_of() - who has @name, well-known or unique */
struct peer peer_of(struct doctor *d, const char *name);

/** peer_done() - free what is inside */
void peer_done(struct peer *p);
#define peer_auto __attribute__((cleanup(peer_done))) struct peer

/** peer_pid() - Return: the process behind @name; 0 when it is unknown, or nobody has the name */
json_int_t peer_pid(struct doctor *d, const char *name);

/** peer_pid_to_end() - Return: the process to end when @p hangs; a shim has its server as a child */
json_int_t peer_pid_to_end(const struct peer *p);

/** peer_is_owned() - has anybody @name? False without a bus. */
bool peer_is_owned(struct doctor *d, const char *name);

/**
 * peer_ask_bus() - ask the bus itself
 * @name: the argument; NULL: none
 *
 * Return: a new value, the first of the answer; NULL when there is none.
 */
json_t *peer_ask_bus(struct doctor *d, const char *member, const char *name);

/** peer_program() - Return: which program a process runs, "dunst"; the caller frees it */
char *peer_program(json_int_t pid);

/**
 * peer_read_proc() - read a small file of /proc/PID
 *
 * Return: its first 4 KiB and a NUL, which the caller frees; NULL when it can't be read.
 */
char *peer_read_proc(json_int_t pid, const char *name, size_t *ret_len);
