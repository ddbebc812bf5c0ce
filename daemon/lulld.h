/*
 * lulld: the parts of the daemon, and what main.c, ports.c and configuration.c share of them.
 */
#pragma once
#include "config/base.h"
#include <dbus/dbus.h>
#include <stdbool.h>

struct adopt;
struct bus_loop;
struct control;
struct control_answer;
struct display;
struct display_ops;
struct engine;
struct engine_ports;
struct event;
struct event_base;
struct files;
struct front;
struct guard;
struct launch;
struct presenter;
struct role;
struct settings;
struct starter;
struct waker;
struct zone;

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAULT = 1,
	EXIT_USAGE = 2,
};

struct lulld {
	struct event_base *base;
	struct event *on_term;
	struct event *on_int;
	struct event *on_hup;
	struct event *on_usr2; /* tests only */
	struct event *again;
	struct settings *settings;
	char **config_errors; /* why these aren't the file's; NULL-terminated; NULL: they are */
	/* Owns org.freedesktop.Notifications and talks to the display. */
	DBusConnection *name_connection;
	DBusConnection *control_connection; /* owns org.lull.Lull1 */
	struct bus_loop *name_loop;
	struct bus_loop *control_loop;
	struct waker *waker;
	struct zone *zone;
	struct guard *guard;
	struct engine *engine;
	struct files *files;
	struct front *front;
	struct display *display;
	struct launch *launch;
	struct role *role;
	struct starter *starter;
	struct adopt *adopt;
	struct control_answer *adopting_for; /* the call that a server is adopted for */
	struct control_answer *adopt_asked;  /* one that came before it was known who is in front */
	struct control_answer *yielding_for; /* the call of a successor */
	struct control_answer *yield_asked;  /* one that came before it was known who is in front */
	int64_t restarted_us;                /* when a successor was last started; boot; 0: never */
	bool is_handing_over;                /* until it has come, or is given up */
	bool is_draining;                    /* first: until the display owes no answer, or */
	struct event *drained;
	struct control *control;
	struct presenter *presenter;
	char *status_told; /* to systemd; NULL: nothing yet */
	enum exit_status status;
};

/** What the engine asks of the world; its data is a struct lulld. */
extern const struct engine_ports lulld_ports;

/** lulld_stop() - leave the loop; the rest follows from main() */
void lulld_stop(struct lulld *l, enum exit_status status);

/* standing.c: in front of the display server. */

/** What the display tells; its data is a struct lulld. */
extern const struct display_ops lulld_display_ops;

/** lulld_stand_up() - make the parts that bring lulld in front. Return: 0 or -ENOMEM. */
LULL_MUSTCHECK int lulld_stand_up(struct lulld *l);

/** lulld_stand_down() - and free them; after control, which answers for them */
void lulld_stand_down(struct lulld *l);

/** lulld_drain() - at the end of a turn: let a successor in when nothing is on its way to the display */
void lulld_drain(struct lulld *l);

/* See control_ops. */
void lulld_adopt(void *lulld, struct control_answer *to);
void lulld_hand_over(void *lulld, struct control_answer *to);
int lulld_restart(void *lulld);

/** lulld_changed() - what status shows may have changed */
void lulld_changed(void *lulld);

/** lulld_tell_systemd() - STATUS=, when it says something new */
void lulld_tell_systemd(void *lulld);

/** lulld_load_config() - at start: lull.conf, or the defaults. Return: 0 or -ENOMEM. */
LULL_MUSTCHECK int lulld_load_config(struct lulld *l);

/** lulld_reload() - read lull.conf anew; see control_ops.reload */
char **lulld_reload(void *lulld);
