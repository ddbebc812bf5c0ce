#include "client/stored.h"

#include <dbus/dbus.h>
#include <limits.h>
#include <string.h>

char *stored_body(const void *wire, size_t wire_bytes)
{
	DBusMessage *stored = wire && wire_bytes > 0 && wire_bytes <= INT_MAX
				      ? dbus_message_demarshal(wire, (int)wire_bytes, NULL)
				      : NULL;
	const char *body = "";
	DBusMessageIter iter;
	char *copy;

	/* app_name, replaces_id, app_icon, summary, body, ... */
	if (stored && dbus_message_has_signature(stored, "susssasa{sv}i") &&
	    dbus_message_iter_init(stored, &iter)) {
		for (int i = 0; i < 4; i++)
			dbus_message_iter_next(&iter);
		dbus_message_iter_get_basic(&iter, &body);
	}
	copy = strdup(body);
	if (stored)
		dbus_message_unref(stored);
	return copy;
}
