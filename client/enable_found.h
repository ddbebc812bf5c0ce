/*
 * enable_found: what `lull enable` has written, where its record is lost.
 *
 * Knows it by the first line of the files, and what gave way by the name that it has since.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>

/**
 * found_changes() - look for it
 *
 * Return: changes as a record has them, in an order in which they may be put back from the last to the first;
 * the caller releases it. NULL when out of memory.
 */
json_t *found_changes(void);
