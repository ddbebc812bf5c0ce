/*
 * wire_args: the arguments of a Notify call, one after the other, for the files of wire.
 */
#pragma once
#include <dbus/dbus.h>
#include <stdbool.h>

/** wire_new_notify() - a Notify call without arguments. Return: NULL when out of memory. */
DBusMessage *wire_new_notify(const char *destination);

/** wire_next_text() - the string that @iter is at, which goes on */
const char *wire_next_text(DBusMessageIter *iter);

/** wire_next_hint() - the next {sv} entry of @dict. Return: false when there is none. */
bool wire_next_hint(DBusMessageIter *dict, const char **key, DBusMessageIter *value);

/** wire_next_action() - the next pair of key and label. Return: false at the end, and at half a pair. */
bool wire_next_action(DBusMessageIter *list, const char **key, const char **label);
