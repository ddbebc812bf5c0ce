/*
 * suggest: what somebody may have meant.
 *
 * Pure. A suggestion is always something that lull understands.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>

/** Room for every suggestion. */
#define SUGGEST_TEXT_MAX 64

/** suggest_distance() - how many letters to insert, remove or change; long words count as far away */
size_t suggest_distance(const char *a, const char *b);

/** suggest_is_like() - is it a slip of the fingers away from @name, or the beginning of it? */
bool suggest_is_like(const char *typed, const char *name);

/**
 * suggest_duration() - "5 minuts" is "5m", "1.5 hours" is "1h30m"
 *
 * Return: false when there is no telling.
 */
LULL_MUSTCHECK bool suggest_duration(const char *text, char ret[static SUGGEST_TEXT_MAX]);

/**
 * suggest_time() - "5pm" is "17:00", "tomorow 9.30" is "tomorrow 9:30"
 *
 * Return: false when there is no telling.
 */
LULL_MUSTCHECK bool suggest_time(const char *text, char ret[static SUGGEST_TEXT_MAX]);
