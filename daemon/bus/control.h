/*
 * control: org.lull.Lull1, lull's own interface, on a connection of its own.
 *
 * Apart from the name's connection, so that a sandbox that may talk to org.freedesktop.Notifications can't
 * reach it. docs/org.lull.Lull1.md describes it.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

#define CONTROL_NAME "org.lull.Lull1"
#define CONTROL_PATH "/org/lull/Lull1"

struct event_base;
struct engine;
struct control;
struct peer;

/** Where an answer goes that comes later. */
struct control_answer;

/** What status says beside the engine's own. Strings are borrowed for the call. */
struct control_view {
	bool is_in_front;
	const struct peer *owner; /* who is in front, when it isn't lulld; empty: not known */
	const char *display_name;
	const char *display_how; /* "none", "queued", "started", "gnome", "unqueued", "owner" */
	const char *display_unique;
	const struct peer *display; /* its program; empty: not known */
	char *const *
		config_errors; /* NULL-terminated: why the configuration in force isn't the file's */
};

struct control_ops {
	void (*view)(void *data, struct control_view *ret);
	/*
	 * Read the configuration anew. Return: NULL when the new one is in force, else a NULL-terminated list of
	 * what is wrong with it, which the caller frees with control_free_lines(); then the old one stays.
	 */
	char **(*reload)(void *data);
	/* Put the stand-alone server that is in front behind lull: answer with its command line. */
	void (*adopt)(void *data, struct control_answer *to);
	/* Make way for a successor: answer with whether the name can be taken now. */
	void (*hand_over)(void *data, struct control_answer *to);
	/* Start a successor as part of the same service. Return: 0 or a negative errno. */
	int (*restart)(void *data);
	/* Listeners were told what control_changed() announced; at most four times a second. */
	void (*told)(void *data);
	/* Another lulld has the name. */
	void (*refused)(void *data);
	/* See control_release(). */
	void (*released)(void *data);
};

void control_free_lines(char **lines);

/**
 * control_new() - register the object and ask for the name
 * @connection: not the one that owns org.freedesktop.Notifications
 * @engine: borrowed
 *
 * Return: a new value, or NULL when out of memory.
 */
struct control *control_new(DBusConnection *connection, struct event_base *base,
			    struct engine *engine, const struct control_ops *ops, void *data);

/** control_free() - NULL is fine. Return: NULL. */
struct control *control_free(struct control *c);
DEFINE_AUTOFREE(control)

/* Answer, once; @to is taken. */
void control_answer_text(struct control *c, struct control_answer *to, const char *text);
void control_answer_flag(struct control *c, struct control_answer *to, bool is_set);
/* @name: the last part of an error's name */
void control_answer_error(struct control *c, struct control_answer *to, const char *name,
			  const char *message);

/**
 * control_release() - give the name away, for a successor that waits for it
 *
 * control_ops.released() follows, when every call that came before has been answered.
 *
 * Return: 0, or a negative errno; then it isn't called.
 */
LULL_MUSTCHECK int control_release(struct control *c);

/** control_changed() - tell listeners what has changed, at most four times a second */
void control_changed(struct control *c);
