/*
 * value: reading and copying values of D-Bus messages whose types only the message knows.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** value_number() - a number of any of D-Bus's types. Return: false when it isn't one. */
bool value_number(DBusMessageIter *value, int64_t *ret);

/**
 * value_measure() - how much is from @value on, in bytes, roughly: texts and arrays count whole
 * @bytes: is added to
 *
 * Return: false when there is a file descriptor in it, which can't be stored.
 */
bool value_measure(DBusMessageIter *value, size_t *bytes);

/** value_copy() - append one value to @into, as it is. Return: false when out of memory. */
bool value_copy(DBusMessageIter *from, DBusMessageIter *into);

/** value_copy_variant() - append a {sv} entry with one value. Return: false when out of memory. */
bool value_copy_variant(DBusMessageIter *dict, const char *key, DBusMessageIter *value);
