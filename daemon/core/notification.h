/*
 * notification: what an application wants to say, and the record that lull keeps of it.
 *
 * Pure. A `struct notification` is a view: its strings belong to whoever made it and are valid for the call.
 * A `struct ping` is a row of the journal; ping_copy() makes one that owns everything.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Desktop Notifications Specification, "Urgency Levels". */
enum urgency {
	URGENCY_LOW = 0,
	URGENCY_NORMAL = 1,
	URGENCY_CRITICAL = 2,
};

/** Why a notification was closed; the specification's NotificationClosed. */
enum close_reason {
	CLOSE_EXPIRED = 1,
	CLOSE_DISMISSED = 2,
	CLOSE_BY_CALL = 3,
	CLOSE_UNDEFINED = 4,
};

/**
 * What policy reads, and the normalised message. No string is NULL; "" means that there is none. Where it
 * says so, a field is empty because the sender didn't set it.
 */
struct notification {
	const char *app; /* app_name, or else the desktop entry */
	const char *desktop_entry;
	const char *category;
	const char *tag; /* synchronous tag: one item per app and tag */
	const char *summary;
	const char *body;
	enum urgency urgency;
	bool is_osd; /* on-screen display: volume, brightness, progress */
	bool is_transient;
	bool has_files;    /* it names pictures that may go away */
	bool claims_probe; /* it says that it is a probe; anybody may */
	bool is_probe;     /* it is the one that was announced */
	uint32_t pid;      /* of the sender; 0: not known */
	const void *wire;  /* the normalised Notify, marshalled */
	size_t wire_bytes;
};

enum ping_state {
	PING_HELD = 0,
	PING_RELEASING = 1,   /* on its way to the display */
	PING_SHOWN = 2,       /* the display has given an id */
	PING_ANNOUNCED = 3,   /* a digest tells of it */
	PING_QUARANTINED = 4, /* the display refused it twice or died of it twice */
	PING_SNOOZED = 5,     /* held until its due instant, whatever focus does */
	PING_LIVE_STATES,     /* the ones above are waiting for something */
	PING_CLOSED = 8,
	PING_WITHDRAWN = 9, /* closed by its sender before it was shown */
	PING_DISMISSED = 10,
	PING_DROPPED = 11,
};

enum ping_kind {
	PING_NOTIFICATION = 0,
	PING_OWN = 1,   /* lull's own; announces a batch, or tells of a fault */
	PING_PROBE = 2, /* a test of the way to the display; nobody's message */
};

/** A row. seq gives the order of arrival; a replaced one keeps its seq. */
struct ping {
	uint32_t id; /* what the sender knows */
	int64_t seq;
	enum ping_state state;
	enum ping_kind kind;
	int64_t batch;       /* it was or is to be released with; 0: delivered by itself */
	int64_t announces;   /* PING_OWN: the batch, or 0 */
	uint32_t display_id; /* while shown, else 0 */
	enum close_reason reason;
	unsigned tries; /* how often the display refused it or died of it */
	enum urgency urgency;
	int64_t arrived_us; /* wall */
	int64_t due_us;     /* wall; 0: with the block; PING_SNOOZED: when it comes back */
	int64_t changed_us; /* wall; of the state */
	int64_t bus;        /* which bus @sender is a name on */
	uint32_t pid;       /* of the sender; 0: not known */
	const char *sender; /* unique name */
	const char *app;
	const char *desktop_entry;
	const char *category;
	const char *tag;
	const char *summary;
	const char *rule; /* which decided */
	const void *wire;
	size_t wire_bytes;
};

/**
 * ping_copy() - a ping that owns its strings and its message, in one allocation
 *
 * Return: a new ping, or NULL when out of memory.
 */
struct ping *ping_copy(const struct ping *p);

/** ping_free() - free what ping_copy() made; NULL is fine. Return: NULL. */
struct ping *ping_free(struct ping *p);
DEFINE_AUTOFREE(ping)

/** ping_state_name() - the word for it in lists and on the bus */
const char *ping_state_name(enum ping_state state);

/** ping_kind_name() - the word for it on the bus */
const char *ping_kind_name(enum ping_kind kind);
