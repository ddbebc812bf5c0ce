/*
 * wire: a Notify call as it comes in, as it is stored, and as it goes out.
 *
 * Liberal in: a hint of the wrong type is mended or dropped, long texts are cut on a code point, an odd
 * action is left out; a ping is never refused for what is in it. Strict out: what is stored and forwarded is
 * a message that every display server accepts. Unknown hints are kept as they came, except file
 * descriptors, which can't be stored.
 *
 * Desktop Notifications Specification 1.2, "Notify" and "Hints".
 */
#pragma once
#include "daemon/bus/files.h"
#include "daemon/core/notification.h"
#include <dbus/dbus.h>

/* What one notification may hold; more is cut on a code point (hints.h has theirs). */
#define WIRE_NAME_MAX 4096
#define WIRE_SUMMARY_MAX 4096
#define WIRE_BODY_MAX (64 * 1024)
#define WIRE_LINES_MAX 500 /* of a body: some servers take seconds for thousands */
#define WIRE_ACTIONS_MAX (16 * 1024)
/* Hints that rules may ask for; nobody sends nearly as many. */
#define WIRE_HINTS_MAX 32

/** A decoded Notify. The strings of @n live as long as this and the call that it came from. */
struct wire_notify {
	struct notification n;
	struct hint hints[WIRE_HINTS_MAX]; /* n.hints */
	uint32_t replaces_id;
	DBusMessage *message; /* normalised: the call itself, where it is normal */
	char *bytes;          /* the same, marshalled; n.wire */
};

/**
 * wire_decode() - read and normalise
 * @call: has the signature susssasa{sv}i
 * @ret: release with wire_done(), also after a failure
 *
 * Return: 0 or -ENOMEM.
 */
LULL_MUSTCHECK int wire_decode(DBusMessage *call, struct wire_notify *ret);
void wire_done(struct wire_notify *w);

/** A notification of lull's own. */
struct wire_parts {
	const char *summary;
	const char *body;
	const char *const *actions; /* key, label, ..., NULL */
	const char *category;
};

/** wire_compose() - a Notify call that says @parts. Return: NULL when out of memory. */
DBusMessage *wire_compose(const struct wire_parts *parts);

/**
 * wire_load() - a stored Notify, checked as if it came from the bus: never trust a row that comes from disk
 * @ret: has the signature susssasa{sv}i; the caller unrefs it
 *
 * Return: 0; -EBADMSG when @wire isn't a Notify call; -ENOMEM.
 */
LULL_MUSTCHECK int wire_load(const void *wire, size_t wire_bytes, DBusMessage **ret);

/** What people may want to see of a stored Notify. Borrowed from the message. */
struct wire_view {
	const char *icon;
	const char *image; /* the hint image-path; "" when there is none */
	const char *body;
	DBusMessageIter actions; /* as: key, label, ... */
	int32_t expire_ms;
};

/** wire_view() - of a message from wire_load() */
void wire_view(DBusMessage *stored, struct wire_view *ret);

/** wire_has_action() - does it have a button with this key? */
bool wire_has_action(DBusMessage *stored, const char *key);

/** What goes out otherwise than it came in. */
struct wire_extra {
	const char *desktop_entry; /* added where the sender didn't say one; "" or NULL: none */
	uint32_t shell_pid;        /* process of the sender, for GNOME Shell; 0: not told */
	bool is_released; /* it was held: where it was to be shown does not matter any more */
	bool has_urgency; /* @urgency is what it has now, whatever the sender said */
	enum urgency urgency;
	bool is_silent; /* suppress-sound: not the first of its batch */
	/* What to say instead of a picture's name: NULL: as it came; "": nothing; the result is freed. */
	char *(*resolve)(void *data, enum file_slot slot, const char *name);
	void *data;
};

/**
 * wire_forward() - the Notify call for the display
 * @wire: as stored
 * @destination: the display's unique name
 * @replaces_id: the display's id that it replaces, or 0
 * @is_minimal: leave out all hints but the urgency; for a display that refused the whole
 * @extra: may be NULL
 *
 * Return: 0; -EBADMSG when @wire isn't a Notify call; -ENOMEM.
 */
LULL_MUSTCHECK int wire_forward(const void *wire, size_t wire_bytes, const char *destination,
				uint32_t replaces_id, bool is_minimal,
				const struct wire_extra *extra, DBusMessage **ret);
