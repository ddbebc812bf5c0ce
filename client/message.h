/*
 * message: D-Bus messages from JSON values, and back.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>

struct DBusMessage;

/**
 * message_append() - append arguments
 * @signature: understood are s, b, u, x, t, a{sv} (of strings, integers, booleans) and arrays
 * @args: an array with one element for each complete type
 *
 * Return: false when memory ran out or a value has another type.
 */
bool message_append(struct DBusMessage *m, const char *signature, const json_t *args);

/**
 * message_read() - an array with one element for each value
 *
 * Keys of dictionaries are in snake_case: NextRelease is next_release. What has a type that lull's interface
 * doesn't use is null.
 *
 * Return: released by the caller; NULL when out of memory.
 */
json_t *message_read(struct DBusMessage *m);
