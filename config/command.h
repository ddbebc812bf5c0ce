/*
 * command: a command line as a list of words, and as one text that a shell reads as the same words.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>

/** A NULL-terminated list of words, each its own. NULL is fine for command_free(). Return: NULL. */
char **command_free(char **words);

/** command_copy() - a copy of such a list. Return: NULL when out of memory. */
char **command_copy(char *const *words);

/**
 * command_split() - words as a shell splits them; $VARIABLE, ~ and * are expanded, commands are not run
 *
 * Return: 0 with at least one word; -EINVAL when @text has none or can't be split; -ENOMEM.
 */
LULL_MUSTCHECK int command_split(const char *text, char ***ret);

/**
 * command_unpack() - the words of /proc/PID/cmdline
 * @bytes: each word ends with a NUL
 *
 * Return: 0 with at least one word; -EINVAL; -ENOMEM.
 */
LULL_MUSTCHECK int command_unpack(const char *bytes, size_t n_bytes, char ***ret);

/**
 * command_join() - one text which command_split() splits into the same words
 *
 * Return: the text, which the caller frees; NULL when out of memory.
 */
char *command_join(char *const *words);

/** command_base() - Return: the part of @path after its last slash */
const char *command_base(const char *path);

static inline void command_autofree(char ***p)
{
	*p = command_free(*p);
}
