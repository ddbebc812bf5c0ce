/*
 * notification: what an application wants to say, and the record that lull keeps of it.
 *
 * Pure. A `struct notification` is a view: its strings belong to whoever made it and are valid for the call.
 * A `struct ping` is a row of the journal; ping_copy() makes one that owns everything.
 */
#pragma once
#include "config/rule.h"
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

/** A hint that is one value. Its strings belong to whoever made it. */
struct hint {
	const char *key;
	const char *text; /* NULL: a number */
	int64_t number;
	bool is_boolean; /* @number is 0 or 1 */
};

/** Whether an application runs in a sandbox; the bus tells it a moment after its first notification. */
enum sandboxed {
	SANDBOXED_UNKNOWN = 0,
	SANDBOXED_NO,
	SANDBOXED_YES,
};

/** Why a notification is due when it is. Written down; a number keeps its meaning. */
enum due_reason {
	DUE_NONE = 0,
	DUE_BLOCK_END = 1,
	DUE_DELIVERY = 2,
	DUE_LONGEST = 3, /* [hold] longest */
	DUE_RULE = 4,    /* the due of a rule */
	DUE_HOURS = 5,   /* the end of a rule's hours */
	DUE_ASKED = 6,   /* it was released by hand */
	DUE_SNOOZED = 7,
	N_DUE_REASONS,
};

/** An instant at which it is to be released, and why then. */
struct due {
	int64_t wall_us; /* 0: there is none, or it isn't known */
	enum due_reason reason;
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
	enum sandboxed sandboxed;
	bool is_unidentified; /* the bus has yet to tell whose it is: what isn't said may still come */
	bool is_again;        /* it was decided about before, and counted among those who insist */
	struct due owed;      /* of the version that it replaces, while that is held; else 0 */
	const struct hint *hints;
	size_t n_hints;
	const void *wire; /* the normalised Notify, marshalled */
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

/** What releases one that is held, besides its own due instant. Written down. */
enum hold_until {
	HOLD_BLOCK = 0,    /* the end of focus, or a delivery */
	HOLD_DELIVERY = 1, /* a delivery */
	HOLD_DUE = 2,      /* nothing */
	HOLD_NEXT = 3,     /* the end of the next focus block, or a delivery: focus was off */
	N_HOLD_UNTIL,
};

/**
 * notification_take_hint() - what a hint says that lull itself reads
 * @h: of the right type and in range; others are left alone
 *
 * Desktop Notifications Specification 1.2, "Hints"; and those by which applications mark what is on the screen for a
 * moment only.
 */
void notification_take_hint(struct notification *n, const struct hint *h);

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
	int64_t arrived_us;    /* wall */
	struct due due;        /* at the latest then; once it was released: when it was to be */
	enum hold_until until; /* PING_HELD: what else releases it */
	int64_t released_us;   /* wall; 0: it was never held, or still is */
	enum rule_digest digest;
	int64_t changed_us; /* wall; of the state */
	int64_t bus;        /* which bus @sender is a name on */
	uint32_t pid;       /* of the sender; 0: not known */
	const char *sender; /* unique name */
	const char *app;
	const char *desktop_entry;
	const char *category;
	const char *tag;
	const char *summary;
	const char *rule;  /* which decided */
	int64_t ruleset;   /* which rules there were; 0: not known */
	const char *trace; /* how it came to that; trace.h */
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
