/*
 * stored: a notification as the journal keeps it, a marshalled Notify.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>

/**
 * stored_body() - its body
 *
 * Return: a new text, which the caller frees; "" when it isn't such a message. NULL when out of memory.
 */
char *stored_body(const void *wire, size_t wire_bytes);
