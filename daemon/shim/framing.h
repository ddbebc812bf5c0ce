/*
 * framing: the three changes that the shim makes to a bus connection.
 *
 * Pure: it looks at bytes that the caller holds, patches them in place and says how many may go on. It keeps
 * no bytes itself, allocates nothing and never changes a length. D-Bus Specification: "Authentication
 * Protocol" for the lines in front, "Message Protocol" (message format, header fields) for what follows.
 *
 *   client to bus   RequestName(org.freedesktop.Notifications, flags): the flags become ALLOW_REPLACEMENT
 *   bus to client   the answer IN_QUEUE to that call becomes PRIMARY_OWNER
 *   bus to client   the signal NameLost(org.freedesktop.Notifications) is dropped
 *
 * What isn't D-Bus passes as it is from there on: it is for the bus, not for the shim, to refuse it.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The most bytes that framing_next() ever asks to have in front of it at once. */
#define FRAMING_HOLD_MAX 16384

/** Calls whose answer is awaited at the same time; with more, the oldest is forgotten. */
#define FRAMING_PENDING_MAX 8

/** The kernel's limit for one sendmsg(); a larger count in a header is cut to it. */
#define FRAMING_FDS_MAX 253

/** In a cut: nothing is known about descriptors, so all that have arrived go with these bytes. */
#define FRAMING_FDS_ANY UINT32_MAX

enum framing_source {
	FRAMING_FROM_CLIENT,
	FRAMING_FROM_BUS,
};

enum framing_state {
	FRAMING_NUL,      /* before the client's first byte */
	FRAMING_LINES,    /* authentication */
	FRAMING_MESSAGES, /* at the first byte of a message */
	FRAMING_REST,     /* inside a message that was judged already */
	FRAMING_OPAQUE,   /* not D-Bus: everything passes */
};

enum framing_verdict {
	FRAMING_MORE,    /* undecided: keep these bytes and come back with more */
	FRAMING_FORWARD, /* the first `length` bytes may go on */
	FRAMING_DROP,    /* the first `length` bytes must not go on */
};

struct framing_cut {
	size_t length;  /* 1 or more */
	uint32_t n_fds; /* descriptors of the message that begins here, or FRAMING_FDS_ANY */
};

struct framing_side {
	enum framing_state state;
	uint32_t rest_bytes; /* FRAMING_REST: how much of the message is still to come */
	char word[6];        /* FRAMING_LINES: how the line begins; enough to tell BEGIN */
	size_t n_word;
	bool has_cr;      /* FRAMING_LINES: the byte before was '\r' */
	uint64_t n_lines; /* whole lines, without BEGIN */
};

struct framing {
	struct framing_side side[2];           /* by framing_source */
	bool has_begun;                        /* the client has said BEGIN */
	uint32_t pending[FRAMING_PENDING_MAX]; /* serials of RequestName calls, oldest first */
	size_t n_pending;
};

/**
 * framing_init() - start with a new connection
 *
 * Nothing has to be released later.
 */
void framing_init(struct framing *f);

/**
 * framing_next() - judge the bytes in front
 * @source: who sent them
 * @data: what has arrived and wasn't cut off yet; patched in place, but only within the cut
 * @n_data: how much of it; at FRAMING_HOLD_MAX or more the answer is never FRAMING_MORE
 * @ret: the piece that is settled; the caller removes it from @data and calls again
 *
 * Bytes from the client are to be judged before they go on to the bus, or the end of the bus's
 * authentication lines can't be told. Neither data nor the state is changed by FRAMING_MORE.
 *
 * Return: a framing_verdict; @ret is written unless it is FRAMING_MORE.
 */
LULL_MUSTCHECK enum framing_verdict framing_next(struct framing *f, enum framing_source source,
						 uint8_t *data, size_t n_data,
						 struct framing_cut *ret);
