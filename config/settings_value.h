/*
 * settings_value: one value of a row, from text.
 */
#pragma once
#include "config/settings.h"

/**
 * setting_read() - read @value into where the row says, below @base
 * @engine: for patterns
 * @ret_error: as for settings_set()
 *
 * Return: 0, -EINVAL or -ENOMEM; then nothing has changed.
 */
LULL_MUSTCHECK int setting_read(void *base, const char *section, const struct setting *row,
				const char *value, const struct regex_engine *engine,
				char **ret_error);

/** setting_read_default() - the same with the row's default. Return: 0 or -ENOMEM. */
LULL_MUSTCHECK int setting_read_default(void *base, const struct setting *row);

/** setting_read_patterns() - patterns of a row; a hint's have no fixed place */
LULL_MUSTCHECK int setting_read_patterns(struct patterns *target, const char *section,
					 const struct setting *row, const char *value,
					 const struct regex_engine *engine, char **ret_error);
