/*
 * dropin: what makes systemd start a display server behind lull-shim.
 *
 * Pure: a drop-in for the server's unit, as text; systemd/display-shim.conf.in explains it.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>

/** A command as systemd knows it: specifiers are expanded, $VARIABLES aren't yet. */
struct dropin_command {
	const char *path;
	const char *const
		*args; /* without the first, which is the program's own name; NULL after the last */
	bool is_failure_ignored; /* "-" */
	bool is_dollar_kept;     /* ":" */
};

/**
 * dropin_text() - the drop-in
 * @unit: whose, "dunst.service"
 * @shim: lull-shim's path
 *
 * Return: the text, which the caller frees; NULL when out of memory.
 */
char *dropin_text(const char *unit, const char *shim, const struct dropin_command *c);
