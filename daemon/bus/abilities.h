/*
 * abilities: what applications are told that can be done, and by whom; the display's word, remembered.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct engine;
struct abilities;

/**
 * abilities_new() - those of the last display, over restarts
 * @engine: borrowed
 *
 * Return: a new value, or NULL when out of memory.
 */
struct abilities *abilities_new(struct engine *engine);

/** abilities_free() - NULL is fine. Return: NULL. */
struct abilities *abilities_free(struct abilities *a);
DEFINE_AUTOFREE(abilities)

/* The answers to GetCapabilities and GetServerInformation. Return: false when out of memory. */
bool abilities_append_names(const struct abilities *a, DBusMessage *reply);
bool abilities_append_information(const struct abilities *a, DBusMessage *reply);

/**
 * abilities_set_names() - what GetCapabilities answers
 * @names: separated by blanks
 */
void abilities_set_names(struct abilities *a, const char *names);

/** abilities_set_information() - what GetServerInformation answers */
void abilities_set_information(struct abilities *a, const char *const information[static 4]);

/** abilities_has() - is it among them? */
bool abilities_has(const struct abilities *a, const char *name);
