/*
 * spawn: programs that lulld starts.
 */
#pragma once
#include "config/base.h"
#include <sys/types.h>

/**
 * spawn_helper_path() - where one of our own programs is
 * @name: "lull-present", "lull-shim"
 *
 * Beside /proc/self/exe first (a build tree, or bindir), then in LIBEXECDIR.
 *
 * Return: a path that is executable, which the caller frees; NULL when there is none.
 */
char *spawn_helper_path(const char *name);

/**
 * spawn_program_of() - the program file of a process, also when it was replaced by a newer one meanwhile
 *
 * Return: its path, which the caller frees; NULL when it can't be read.
 */
char *spawn_program_of(pid_t pid);

/**
 * spawn_detached() - start a program that outlives lulld
 * @argv: NULL-terminated; argv[0] is a path or is looked up in PATH
 * @environment: NULL-terminated; NULL: lulld's own
 *
 * It gets a session of its own, /dev/null as stdin, and is nobody's child: lulld needn't reap it.
 *
 * Return: 0, or a negative errno.
 */
LULL_MUSTCHECK int spawn_detached(char *const argv[], char *const environment[]);

/**
 * spawn_child() - start a program with one end of a socket as its descriptor 3
 * @fd: stays the caller's
 * @ret_pid: a child that the caller must reap
 *
 * Return: 0, or a negative errno.
 */
LULL_MUSTCHECK int spawn_child(char *const argv[], int fd, int *ret_pid);
