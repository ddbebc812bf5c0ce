/*
 * lulld: connects the engine to the world, in order, and takes it apart in reverse.
 */
#include "config/settings.h"
#include "config/xdg.h"
#include "daemon/bus/adopt.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/bus_loop.h"
#include "daemon/bus/control.h"
#include "daemon/bus/display.h"
#include "daemon/bus/files.h"
#include "daemon/bus/foreign.h"
#include "daemon/bus/front.h"
#include "daemon/bus/role.h"
#include "daemon/bus/takeover.h"
#include "daemon/clock.h"
#include "daemon/engine/engine.h"
#include "daemon/guard.h"
#include "daemon/journal/journal.h"
#include "daemon/log.h"
#include "daemon/lulld.h"
#include "daemon/present/presenter.h"
#include "daemon/spawn.h"
#include "daemon/zone.h"
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* A callback that takes longer is stuck: the guard ends lulld, and systemd starts it anew. */
#define GUARD_MS 10000

void lulld_stop(struct lulld *l, enum exit_status status)
{
	l->status = status;
	event_base_loopexit(l->base, NULL);
}

/* --- the engine's turn --- */

static void wake(void *data)
{
	struct lulld *l = data;

	guard_enter(l->guard);
	engine_wake(l->engine, clock_now());
}

static void settle(void *data)
{
	struct lulld *l = data;

	engine_settle(l->engine);
	lulld_drain(l);
	guard_leave(l->guard);
}

static const struct bus_loop_ops loop_ops = {.wake = wake, .settle = settle};

static void on_waker(void *data)
{
	wake(data);
	settle(data);
}

static void on_zone(void *data)
{
	struct lulld *l = data;

	wake(l);
	log_info("the time zone is another one, or may be");
	engine_zone_changed(l->engine);
	settle(l);
}

static void on_again(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	wake(data);
	settle(data);
}

/* --- the presenter --- */

static void on_presenter_hello(void *data, const char *unique_name)
{
	struct lulld *l = data;

	engine_presenter(l->engine, unique_name);
}

static void on_presenter_done(void *data, const char *error)
{
	struct lulld *l = data;

	wake(l);
	engine_presented(l->engine, error);
	settle(l);
}

static const struct presenter_ops presenter_ops = {
	.hello = on_presenter_hello,
	.done = on_presenter_done,
};

/* --- the bus --- */

/* Either connection may notice first. */
static void on_disconnected(struct lulld *l, DBusMessage *message)
{
	if (!dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		return;
	if (l->status == EXIT_DONE)
		log_error("lost the session bus");
	lulld_stop(l, EXIT_FAULT);
}

static DBusHandlerResult on_name_message(DBusConnection *connection, DBusMessage *message,
					 void *data)
{
	struct lulld *l = data;

	on_disconnected(l, message);
	if (foreign_is(message)) {
		foreign_pass(connection, message, display_unique(l->display));
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	role_filter(l->role, message);
	front_filter(l->front, message);
	display_filter(l->display, message);
	adopt_filter(l->adopt, message);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static DBusHandlerResult on_control_message(DBusConnection *connection, DBusMessage *message,
					    void *data)
{
	(void)connection;
	on_disconnected(data, message);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static const char *const display_how_names[] = {
	[FINDER_NONE] = "none",   [FINDER_QUEUED] = "queued",     [FINDER_STARTED] = "started",
	[FINDER_GNOME] = "gnome", [FINDER_UNQUEUED] = "unqueued",
};

static void on_view(void *data, struct control_view *ret)
{
	struct lulld *l = data;
	const char *how = display_how_names[display_how(l->display)];

	/* Behind another server lull shows through that one. */
	if (!role_is_in_front(l->role) && display_how(l->display) == FINDER_QUEUED)
		how = "owner";
	*ret = (struct control_view){
		.is_in_front = role_is_in_front(l->role),
		.owner = role_owner(l->role),
		.display_name = display_name(l->display),
		.display_how = how,
		.display_unique = display_unique(l->display),
		.display = display_peer(l->display),
		.config_errors = l->config_errors,
	};
}

static void on_control_refused(void *data)
{
	lulld_stop(data, EXIT_FAULT);
}

static void on_control_released(void *data)
{
	lulld_stop(data, EXIT_DONE);
}

static const struct control_ops control_ops = {
	.view = on_view,
	.reload = lulld_reload,
	.adopt = lulld_adopt,
	.hand_over = lulld_hand_over,
	.restart = lulld_restart,
	.told = lulld_tell_systemd,
	.refused = on_control_refused,
	.released = on_control_released,
};

/* --- starting and ending --- */

static void on_signal(evutil_socket_t fd, short what, void *data)
{
	(void)what;
	log_info("stopping (%s)", strsignal((int)fd));
	lulld_stop(data, EXIT_DONE);
}

static void on_hangup(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	wake(data);
	control_free_lines(lulld_reload(data));
	settle(data);
}

/* Why this one can't run: another one does. */
static void tell_first(pid_t pid)
{
	autofree(str) char *program = spawn_program_of(pid);

	log_error(
		"another lulld is running already: pid %d%s%s%s; `lulld --replace` takes over from it",
		pid, program ? " (" : "", program ? program : "", program ? ")" : "");
}

static int open_engine(struct lulld *l)
{
	autofree(str) char *dir = xdg_state("lull"), *guid = NULL, *pictures = NULL;
	char boot_id[CLOCK_BOOT_ID_MAX];
	struct journal *journal = NULL;
	const char *notice = NULL;
	int holder = 0;
	int r;

	if (!dir)
		return -ENOMEM;
	r = journal_open(dir, l->settings->durability == DURABILITY_FULL, &journal, &notice,
			 &holder);
	if (r == -EBUSY) {
		tell_first(holder);
		return r;
	}
	if (r < 0)
		return r;
	if (notice && journal_place(journal) == JOURNAL_ON_DISK)
		log_warn("the journal was damaged; it is kept as %s", notice);
	guid = dbus_connection_get_server_id(l->name_connection);
	clock_boot_id(boot_id);
	l->zone = zone_new(l->base, on_zone, l);
	if (!l->zone) {
		journal_free(journal);
		return -ENOMEM;
	}
	l->engine = engine_new(journal, l->settings, zone_civil(l->zone), &lulld_ports, l,
			       guid ? guid : "", boot_id, clock_now());
	if (!l->engine)
		return -ENOMEM;
	if (asprintf(&pictures, "%s/pictures", dir) < 0) {
		pictures = NULL;
		return -ENOMEM;
	}
	l->files = files_new(pictures);
	/* First, so that nobody leaves between the list of names and the watch for those that leave. */
	l->display = display_new(l->name_connection, l->base, l->engine, l->files, guid ? guid : "",
				 &lulld_display_ops, l);
	l->front = front_new(l->name_connection, l->engine);
	return l->files && l->front && l->display ? 0 : -ENOMEM;
}

static int watch_signals(struct lulld *l)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	/* A file size limit is a full disk, not a reason to die. */
	sigaction(SIGXFSZ, &ignore, NULL);
	l->on_term = evsignal_new(l->base, SIGTERM, on_signal, l);
	l->on_int = evsignal_new(l->base, SIGINT, on_signal, l);
	l->on_hup = evsignal_new(l->base, SIGHUP, on_hangup, l);
	l->again = event_new(l->base, -1, 0, on_again, l);
	if (!l->on_term || !l->on_int || !l->on_hup || !l->again ||
	    event_add(l->on_term, NULL) < 0 || event_add(l->on_int, NULL) < 0 ||
	    event_add(l->on_hup, NULL) < 0)
		return -ENOMEM;
	return 0;
}

/* A callback that never comes back. */
static void on_stuck(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	wake(data);
	for (;;)
		;
}

/*
 * LULL_TEST_STUCK=1 is for the tests only: SIGUSR2 then sticks in a callback, and LULL_TEST_GUARD_MS says how
 * long that may take.
 */
static int watch_callbacks(struct lulld *l)
{
	const char *stuck = getenv("LULL_TEST_STUCK"), *limit = getenv("LULL_TEST_GUARD_MS");
	int limit_ms = GUARD_MS;

	if (stuck && strcmp(stuck, "1") == 0) {
		if (limit)
			limit_ms = atoi(limit);
		l->on_usr2 = evsignal_new(l->base, SIGUSR2, on_stuck, l);
		if (!l->on_usr2 || event_add(l->on_usr2, NULL) < 0)
			return -ENOMEM;
	}
	l->guard = guard_new(MAX(limit_ms, 1));
	if (!l->guard)
		log_warn("no guard against a stuck loop: %s", strerror(errno));
	return 0;
}

static int open_bus(struct lulld *l)
{
	autofree(str) char *error = NULL;

	l->name_connection = bus_connect(&error);
	if (l->name_connection)
		l->control_connection = bus_connect(&error);
	if (!l->control_connection) {
		log_error("cannot reach the session bus: %s", error ? error : "out of memory");
		return -ENOTCONN;
	}
	return 0;
}

/* What to do about a lulld that runs already. */
enum precedence {
	PRECEDENCE_FIRST,     /* there may be none */
	PRECEDENCE_REPLACE,   /* take its place; one that is a service does so itself */
	PRECEDENCE_TAKE_OVER, /* take its place */
};

/* It runs as a service, and has started its successor as that. */
#define SUCCEEDED_ELSEWHERE 1

/* As a successor within the same service: said before the old one ends, which would end the service. */
static void become_main_process(void)
{
	char pid[16], text[32];

	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(text, sizeof(text), "MAINPID=%s", pid);
	sd_notify(0, text);
	/* As systemd would have it. */
	setenv("SYSTEMD_EXEC_PID", pid, 1);
}

static int replace(struct lulld *l, enum precedence precedence)
{
	pid_t old = takeover_find(l->control_connection);
	int r;

	if (precedence == PRECEDENCE_TAKE_OVER)
		become_main_process();
	if (old == 0)
		return 0;
	if (precedence == PRECEDENCE_FIRST) {
		tell_first(old);
		return -EBUSY;
	}
	if (precedence == PRECEDENCE_REPLACE) {
		r = takeover_restart(l->control_connection, old);
		if (r == 0) {
			log_info(
				"lulld (pid %d) runs as a service of systemd's, and was replaced as that",
				old);
			return SUCCEEDED_ELSEWHERE;
		}
		if (r == -ECHILD) {
			log_error("lulld (pid %d) has ended and its successor didn't start; see "
				  "'journalctl --user -u lulld'",
				  old);
			return r;
		}
		if (r != -ENOTSUP) {
			log_error("lulld (pid %d) goes on: its successor didn't start; see "
				  "'journalctl --user -u lulld'",
				  old);
			return r;
		}
	}
	r = takeover_run(l->name_connection, l->control_connection, old);
	if (r < 0 && r != -EBUSY)
		log_error("cannot take over from lulld (pid %d): %s", old, strerror(-r));
	return r;
}

/* The name comes last: from then on pings come in. */
static int lulld_start(struct lulld *l, enum precedence precedence)
{
	int r;

	l->base = event_base_new();
	if (!l->base)
		return -ENOMEM;
	r = watch_signals(l);
	if (r == 0)
		r = watch_callbacks(l);
	if (r == 0)
		r = lulld_load_config(l);
	if (r == 0)
		r = open_bus(l);
	if (r == 0)
		r = replace(l, precedence);
	if (r == 0)
		r = open_engine(l);
	if (r == 0)
		r = lulld_stand_up(l);
	if (r != 0)
		return r;
	l->waker = waker_new(l->base, on_waker, l);
	l->presenter = presenter_new(l->base, &presenter_ops, l);
	l->control = control_new(l->control_connection, l->base, l->engine, &control_ops, l);
	if (!l->waker || !l->presenter || !l->control ||
	    !dbus_connection_add_filter(l->name_connection, on_name_message, l, NULL) ||
	    !dbus_connection_add_filter(l->control_connection, on_control_message, l, NULL))
		return -ENOMEM;
	l->name_loop = bus_loop_new(l->base, l->name_connection, &loop_ops, l);
	l->control_loop = bus_loop_new(l->base, l->control_connection, &loop_ops, l);
	if (!l->name_loop || !l->control_loop)
		return -ENOMEM;
	role_request(l->role);
	return 0;
}

static void lulld_close(struct lulld *l)
{
	/* With a successor the service goes on. */
	if (!l->is_handing_over)
		sd_notify(0, "STOPPING=1");
	l->presenter = presenter_free(l->presenter);
	if (l->engine)
		engine_stop(l->engine, clock_now());
	/* What is staged is committed and sent while the front still stands. */
	l->engine = engine_free(l->engine);
	l->control = control_free(l->control);
	lulld_stand_down(l);
	l->display = display_free(l->display);
	l->front = front_free(l->front);
	l->files = files_free(l->files);
	l->control_loop = bus_loop_free(l->control_loop);
	l->name_loop = bus_loop_free(l->name_loop);
	bus_close(l->control_connection);
	bus_close(l->name_connection);
	l->waker = waker_free(l->waker);
	l->zone = zone_free(l->zone);
	if (l->on_term)
		event_free(l->on_term);
	if (l->on_int)
		event_free(l->on_int);
	if (l->on_hup)
		event_free(l->on_hup);
	if (l->on_usr2)
		event_free(l->on_usr2);
	if (l->again)
		event_free(l->again);
	guard_free(l->guard);
	free(l->status_told);
	settings_free(l->settings);
	control_free_lines(l->config_errors);
	if (l->base)
		event_base_free(l->base);
}

static void usage(FILE *to)
{
	fputs("Usage: lulld [--replace] [--debug]\n"
	      "\n"
	      "Stands in front of your notification server: holds notifications while a focus block\n"
	      "runs and releases them afterwards. `lull` controls it; `lull --help` says how.\n"
	      "\n"
	      "  --replace    take over from the lulld that runs, without a gap: after an upgrade\n"
	      "  --debug      say more on stderr\n"
	      "  --help       this text\n"
	      "  --version    the version\n"
	      "\n"
	      "Configuration: $XDG_CONFIG_HOME/lull/lull.conf\n"
	      "Journal:       $XDG_STATE_HOME/lull/journal.db\n",
	      to);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{"debug", no_argument, NULL, 'd'},
		{"replace", no_argument, NULL, 'r'},
		/* For the successor that a service starts of itself. */
		{"take-over", no_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	enum log_level level = LOG_LEVEL_INFO;
	enum precedence precedence = PRECEDENCE_FIRST;
	struct lulld l = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (option) {
		case 'd': level = LOG_LEVEL_DEBUG; break;
		case 'r': precedence = PRECEDENCE_REPLACE; break;
		case 't': precedence = PRECEDENCE_TAKE_OVER; break;
		case 'h': usage(stdout); return EXIT_DONE;
		case 'V': puts("lulld " LULL_VERSION); return EXIT_DONE;
		default: fputs("lulld: try `lulld --help`\n", stderr); return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "lulld: takes no arguments; try `lulld --help`\n");
		return EXIT_USAGE;
	}
	log_open(level);
	r = lulld_start(&l, precedence);
	if (r == 0)
		event_base_dispatch(l.base);
	else if (r == -ENOMEM)
		log_error("cannot start: out of memory");
	lulld_close(&l);
	dbus_shutdown();
	return r < 0 ? EXIT_FAULT : (int)l.status;
}
