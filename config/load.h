/*
 * load: lull.conf into settings, by inih.
 *
 * inih cuts long lines and section names, swallows empty sections and continues a key on an indented
 * line. The reader here sees each line first, so that such input is an error with its line and never
 * a surprise.
 */
#pragma once
#include "config/settings.h"

/** What was wrong in a file, as lines such as "/path/lull.conf:12: ...", without a newline; owned. */
struct load_errors {
	char **lines; /* mistakes: it isn't in force */
	size_t count;
	char **warnings; /* "/path/lull.conf:12: warning: ...": it is, but hardly as meant */
	size_t n_warnings;
};

void load_errors_done(struct load_errors *errors);

/**
 * load_path() - where the user's lull.conf is
 *
 * Return: $XDG_CONFIG_HOME/lull/lull.conf, or ~/.config/lull/lull.conf; the caller frees it. NULL when out
 * of memory or when there is no home.
 */
char *load_path(void);

/**
 * load_settings() - read a file
 * @path: a file that doesn't exist is an empty one
 * @errors: initialised to zero; every mistake and warning in the file is appended, or the first hundred and
 *          how many more there are
 * @ret: a complete new value; written only on 0
 *
 * Return: 0; -EINVAL when @errors says why; another negative errno when the file can't be read (also
 * told in @errors).
 */
LULL_MUSTCHECK int load_settings(const char *path, struct load_errors *errors,
				 struct settings **ret);
