/*
 * zone: the time zone of lulld, by the C library, and word of another one.
 *
 * A zone change isn't a clock step. /etc/localtime, or the file that TZ names, is watched through its directory:
 * whoever changes it puts another file or link in its place.
 */
#pragma once
#include "daemon/core/civil.h"

struct event_base;
struct zone;

/**
 * zone_new() - the zone that TZ or /etc/localtime says
 * @fn: called from the loop when it is another one, or may be
 *
 * Where it can't be watched, the zone stays as it is until lulld is started anew.
 *
 * Return: a new value; NULL when out of memory.
 */
struct zone *zone_new(struct event_base *base, void (*fn)(void *data), void *data);

/** zone_free() - NULL is fine. Return: NULL. */
struct zone *zone_free(struct zone *z);
DEFINE_AUTOFREE(zone)

/** zone_civil() - for the core; the same whichever zone it is */
const struct civil_zone *zone_civil(const struct zone *z);
