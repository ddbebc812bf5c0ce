/*
 * place: the directory that the journal lives in.
 */
#pragma once
#include "config/base.h"

/**
 * place_make() - make @dir and what is missing above it; only its owner gets in, from now on
 *
 * Return: 0; -EPERM when it belongs to somebody else; another negative errno.
 */
LULL_MUSTCHECK int place_make(const char *dir);

/** place_protect() - only the owner reads the journal @path and what SQLite keeps beside it */
void place_protect(const char *path);

/**
 * place_lock() - be the only lulld in @dir
 * @ret_fd: close it to let go; it goes with the process, however that ends
 * @ret_holder: on -EBUSY, the pid of the one that has it, 0 if unknown
 *
 * Return: 0, -EBUSY, or another negative errno.
 */
LULL_MUSTCHECK int place_lock(const char *dir, int *ret_fd, int *ret_holder);

/**
 * place_put_aside() - rename a damaged journal, so that it is kept and isn't in the way
 *
 * Return: its new path, which the caller frees; NULL when it can't be renamed.
 */
char *place_put_aside(const char *path);
