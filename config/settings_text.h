/*
 * settings_text: what settings.c says about what it doesn't accept.
 *
 * Each function returns what settings_set() returns: -EINVAL with a message in @ret_error, or -ENOMEM.
 */
#pragma once
#include "config/settings.h"

/** settings_explain_homeless() - a key before the first section: inih knows that section as "" */
LULL_MUSTCHECK int settings_explain_homeless(const char *key, char **ret_error);

/** settings_explain_key() - a key that its section doesn't have */
LULL_MUSTCHECK int settings_explain_key(const char *section, const char *key, char **ret_error);

/** settings_explain_value() - a value of the wrong form, or out of range */
LULL_MUSTCHECK int settings_explain_value(const char *section, const struct setting *row,
					  const char *value, char **ret_error);

/** settings_explain_because() - a value of which @why says what was expected */
LULL_MUSTCHECK int settings_explain_because(const char *section, const struct setting *row,
					    const char *value, const char *why, char **ret_error);

/**
 * settings_is_nearer() - may @found be a misspelt @name, more likely than what was asked about before?
 * @best: SIZE_MAX at first
 */
bool settings_is_nearer(const char *found, const char *name, size_t *best);

/** settings_explain_text() - a text that is too long, or has control characters */
LULL_MUSTCHECK int settings_explain_text(const char *section, const struct setting *row,
					 const char *value, char **ret_error);
