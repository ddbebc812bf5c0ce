/*
 * clock: reads the two clocks, and wakes the loop at an instant on either.
 *
 * libevent's own timers run on the monotonic clock, which stands still in suspend; so there are two timerfds.
 */
#pragma once
#include "daemon/core/instant.h"

struct event_base;
struct waker;

/** clock_now() - both clocks */
struct instant clock_now(void);

/** clock_boot_id() - which boot this is; "" when the kernel doesn't say */
#define CLOCK_BOOT_ID_MAX 40
void clock_boot_id(char id[static CLOCK_BOOT_ID_MAX]);

/**
 * waker_new() - wakes by calling @fn from the loop
 *
 * @fn is also called when the wall clock is set: what was armed for a wall time may then be due.
 *
 * Return: a new value, or NULL; errno says why.
 */
struct waker *waker_new(struct event_base *base, void (*fn)(void *data), void *data);

/** waker_free() - NULL is fine. Return: NULL. */
struct waker *waker_free(struct waker *w);
DEFINE_AUTOFREE(waker)

/** waker_arm() - wake at these instants, and at no others; costs nothing when they haven't changed */
void waker_arm(struct waker *w, struct wake next);
