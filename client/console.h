/*
 * console: a display server for a terminal.
 *
 * Stands in the queue for org.freedesktop.Notifications behind lulld, prints what is delivered, and presses
 * buttons on command. Never waits for anything but poll(2), and isn't woken while nothing happens.
 */
#pragma once
#include "client/verb.h"

/** console_run() - the verb; returns when it is told to end by SIGINT or SIGTERM, or when the bus goes */
enum outcome console_run(const struct args *a);
