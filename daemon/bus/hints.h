/*
 * hints: what lull makes of each hint of a Notify: liberal in, strict out.
 *
 * Desktop Notifications Specification 1.2, "Hints".
 */
#pragma once
#include "daemon/core/notification.h"
#include <dbus/dbus.h>

/* What one notification may hold; a hint that is larger is left out. */
#define HINT_TEXT_MAX 4096
#define HINT_IMAGE_MAX (1024 * 1024)
#define HINTS_UNKNOWN_MAX (256 * 1024)

/** One pass over the hints of one notification. Starts out as {.n = &notification}. */
struct hint_reader {
	struct notification *n; /* what lull itself reads in them goes here */
	size_t unknown_bytes;
	struct hint *hints; /* room for those that rules may ask for; NULL: they aren't wanted */
	size_t n_hints_max;
	unsigned seen; /* bit i: the known hint i was there; a second one is left out */
};

enum hint_fate {
	HINT_KEEP, /* as it came */
	HINT_MEND, /* as the type and number in the hint_mend */
	HINT_DROP,
};

struct hint_mend {
	int type; /* of D-Bus */
	union {
		unsigned char byte;
		dbus_bool_t boolean;
		dbus_int32_t int32;
		dbus_int64_t int64;
	} value;
};

/**
 * hints_read() - one hint
 * @value: what is in its variant
 * @ret: written on HINT_MEND
 */
enum hint_fate hints_read(struct hint_reader *r, const char *key, DBusMessageIter *value,
			  struct hint_mend *ret);
