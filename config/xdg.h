/*
 * xdg: where a user's files are, by the XDG Base Directory Specification.
 */
#pragma once
#include "config/base.h"
#include <stdio.h>

/**
 * xdg_path() - a file below one of the user's base directories
 * @variable: "XDG_CONFIG_HOME"
 * @otherwise: what is meant when that is unset or isn't absolute, below the home directory: ".config"
 * @rest: "lull/lull.conf"
 *
 * Return: an absolute path, which the caller frees; NULL when there is no home, or out of memory.
 */
char *xdg_path(const char *variable, const char *otherwise, const char *rest);

/**
 * xdg_open() - open a file for reading, if it is a regular one: another kind could keep its reader waiting
 *
 * Return: the file, or NULL with errno.
 */
FILE *xdg_open(const char *path);

/* The three that lull has files in. */
static inline char *xdg_config(const char *rest)
{
	return xdg_path("XDG_CONFIG_HOME", ".config", rest);
}

static inline char *xdg_data(const char *rest)
{
	return xdg_path("XDG_DATA_HOME", ".local/share", rest);
}

static inline char *xdg_state(const char *rest)
{
	return xdg_path("XDG_STATE_HOME", ".local/state", rest);
}
