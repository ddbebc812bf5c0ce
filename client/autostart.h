/*
 * autostart: what a desktop starts at login (Desktop Application Autostart Specification).
 */
#pragma once
#include "config/base.h"

/**
 * autostart_find() - the entry that starts a program in this desktop
 * @program: a name without its directory
 *
 * Return: its path, which the caller frees; NULL when there is none, or out of memory.
 */
char *autostart_find(const char *program);
