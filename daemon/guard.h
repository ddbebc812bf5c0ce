/*
 * guard: ends lulld when its loop is stuck in a callback.
 *
 * A watchdog that pings would wake an idle machine. This is a POSIX timer that runs only while a callback does:
 * when it expires the kernel sends SIGABRT, whose default action no loop can miss. The bus then hands
 * org.freedesktop.Notifications to the display server, and systemd starts lulld again. Its clock stands still in
 * suspend.
 */
#pragma once
#include "config/base.h"

struct guard;

/**
 * guard_new() - one that isn't armed
 * @limit_ms: how long a callback may take
 *
 * Also puts SIGABRT back to its default action, in case lulld inherited something else.
 *
 * Return: a new value, or NULL; errno says why.
 */
struct guard *guard_new(int limit_ms);

/** guard_free() - NULL is fine. Return: NULL. */
struct guard *guard_free(struct guard *g);
DEFINE_AUTOFREE(guard)

/**
 * guard_enter() - a callback begins; guard_leave() - it is over
 *
 * They nest: the outermost pair arms and disarms. NULL is fine: nobody watches then.
 */
void guard_enter(struct guard *g);
void guard_leave(struct guard *g);
