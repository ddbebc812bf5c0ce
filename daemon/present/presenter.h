/*
 * presenter: runs lull-present, which shows a digest with libnotify.
 *
 * libnotify is synchronous and would call lulld itself, so it lives in a process of its own, on a private
 * SOCK_SEQPACKET pair (its file descriptor 3). A packet is a sequence of NUL-terminated strings:
 *
 *   lull-present -> lulld   "hello" UNIQUE-NAME        once connected to the session bus
 *   lulld -> lull-present   "show" SUMMARY BODY [KEY LABEL]...
 *   lull-present -> lulld   "shown"                    libnotify has its answer
 *                           "failed" WHY
 *
 * One process shows one digest and ends. That the digest is clicked or closed is known to lulld by the
 * notification's id; the process isn't needed for it.
 */
#pragma once
#include "config/base.h"

struct event_base;
struct presenter;

struct presenter_button {
	const char *key;
	const char *label;
};

/** What to show; borrowed for the call. */
struct presenter_digest {
	const char *summary;
	const char *body;
	const struct presenter_button *buttons;
	size_t n_buttons;
};

struct presenter_ops {
	/* The unique name from which the digest's Notify will come; before "show" is sent. */
	void (*hello)(void *data, const char *unique_name);
	/*
	 * The attempt is over; @error is NULL when shown, else a line that says why not, borrowed. It
	 * may call presenter_show() again. Neither function may call presenter_free().
	 */
	void (*done)(void *data, const char *error);
};

/**
 * presenter_new() - a presenter that isn't running yet
 * @ops: kept by reference; called from the loop, never from inside presenter_show()
 * @data: handed to @ops
 *
 * Return: a new value, or NULL when out of memory.
 */
struct presenter *presenter_new(struct event_base *base, const struct presenter_ops *ops,
				void *data);

/** presenter_free() - ends the helper if it runs; NULL is fine. Return: NULL. */
struct presenter *presenter_free(struct presenter *p);
DEFINE_AUTOFREE(presenter)

/**
 * presenter_show() - start lull-present for one digest
 *
 * Exactly one done() follows, at the latest after 10 s.
 *
 * Return: 0; -EBUSY while another is being shown; another negative errno when it can't be started (then
 * no done() follows).
 */
LULL_MUSTCHECK int presenter_show(struct presenter *p, const struct presenter_digest *digest);
