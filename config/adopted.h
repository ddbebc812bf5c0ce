/*
 * adopted: the display servers that `lull enable` has put behind lull, as they are started.
 *
 * $XDG_STATE_HOME/lull/adopted, a command on each line. Where one of them comes before lulld at a login, lulld
 * puts it in line without being asked; where none comes, lulld starts one.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>

/** adopted_path() - where the list is; the caller frees it. Return: NULL when there is no home. */
char *adopted_path(void);

/**
 * adopted_read() - the commands, the one that was adopted last first
 *
 * Return: a NULL-terminated list for command_free(), empty when there is no file; NULL when out of memory.
 */
char **adopted_read(void);

/**
 * adopted_add() - remember @command, a text that command_split() understands
 *
 * It replaces one of the same program. Return: 0, or a negative errno.
 */
LULL_MUSTCHECK int adopted_add(const char *command);

/** adopted_has() - is a command of this program, a name without a directory, among @commands? */
bool adopted_has(char *const *commands, const char *program);
