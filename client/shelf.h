/*
 * shelf: what a console display shows, and the lines that say so.
 *
 * Knows no bus and no clock.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shelf;

/** Why a notification was closed, by the numbers of the specification. */
enum closed {
	CLOSED_EXPIRED = 1,
	CLOSED_DISMISSED = 2,
	CLOSED_WITHDRAWN = 3,
};

/** One that is shown. */
struct shown {
	uint32_t id;
	json_t *event; /* as --json prints it; owned */
	bool is_resident;
	int64_t expires_us;    /* INT64_MAX: never */
	int64_t press_us;      /* INT64_MAX: never */
	const char *press_key; /* borrowed; the key of press_us */
};

/**
 * shelf_new() - nothing is shown yet
 * @is_json: print objects, not text
 *
 * Return: a new value, or NULL when out of memory.
 */
struct shelf *shelf_new(bool is_json);

/** shelf_free() - free; NULL is fine. Return: NULL. */
struct shelf *shelf_free(struct shelf *s);
DEFINE_AUTOFREE(shelf)

/**
 * shelf_put() - show one, and print it
 * @replaces: the id of one that gives way, if it is there; else ignored
 * @event: always taken; gets its "id" here
 *
 * Return: the new one, without times, valid until the next put or drop; NULL when out of memory.
 */
struct shown *shelf_put(struct shelf *s, uint32_t replaces, json_t *event);

/** shelf_find() - Return: the one with this id, or NULL */
struct shown *shelf_find(const struct shelf *s, uint32_t id);

/** shelf_drop() - show one no longer, and print why */
void shelf_drop(struct shelf *s, struct shown *n, enum closed reason);

/** shelf_pressed() - print that a button was pressed */
void shelf_pressed(const struct shelf *s, const struct shown *n, const char *key);

/** shelf_print_all() - print everything that is shown */
void shelf_print_all(const struct shelf *s);

/** shelf_next_us() - when is something due? Return: INT64_MAX for never */
int64_t shelf_next_us(const struct shelf *s);

/** shelf_due() - Return: one that expires or is to be pressed at @now_us, or NULL */
struct shown *shelf_due(const struct shelf *s, int64_t now_us);

/** shown_label() - Return: the label of a button, or NULL when it has no button @key */
const char *shown_label(const struct shown *n, const char *key);

/** shown_text() - Return: a text of the event, "" when it has none of that name */
const char *shown_text(const struct shown *n, const char *name);
