/*
 * foreign: calls to other interfaces on the name go to the display and back.
 *
 * dunstctl and makoctl speak to whoever owns org.freedesktop.Notifications. They get through; a sandboxed
 * program, which may talk to that name in order to send notifications, doesn't.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

/**
 * foreign_is() - is this a call to the name that lull itself doesn't serve?
 *
 * Those with another interface, another path, or properties of another interface.
 */
bool foreign_is(DBusMessage *call);

/**
 * foreign_pass() - let @call through to the display, once it is known that its sender isn't sandboxed
 * @display: its unique name; "" when there is none
 *
 * It is answered in any case, later, with what the display answers or with an error.
 */
void foreign_pass(DBusConnection *connection, DBusMessage *call, const char *display);

/**
 * foreign_signal() - say again, in the owner's name, what the display says of other interfaces' properties
 *
 * Listeners that match by the well-known name hear only its owner.
 */
void foreign_signal(DBusConnection *connection, DBusMessage *signal);
