/*
 * lulld: connects the engine to the world, in order, and takes it apart in reverse.
 */
#include "config/load.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/bus_loop.h"
#include "daemon/bus/control.h"
#include "daemon/bus/display.h"
#include "daemon/bus/files.h"
#include "daemon/bus/foreign.h"
#include "daemon/bus/front.h"
#include "daemon/bus/launch.h"
#include "daemon/bus/role.h"
#include "daemon/bus/wire.h"
#include "daemon/clock.h"
#include "daemon/core/digest.h"
#include "daemon/engine/engine.h"
#include "daemon/guard.h"
#include "daemon/journal/journal.h"
#include "daemon/log.h"
#include "daemon/present/presenter.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <wordexp.h>

/* A callback that takes longer is stuck: the guard ends lulld, and systemd starts it anew. */
#define GUARD_MS 10000

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
	DBusConnection
		*name_connection; /* owns org.freedesktop.Notifications, talks to the display */
	DBusConnection *control_connection; /* owns org.lull.Lull1 */
	struct bus_loop *name_loop;
	struct bus_loop *control_loop;
	struct waker *waker;
	struct guard *guard;
	struct engine *engine;
	struct files *files;
	struct front *front;
	struct display *display;
	struct launch *launch;
	struct role *role;
	struct control *control;
	struct presenter *presenter;
	char *status_told; /* to systemd; NULL: nothing yet */
	enum exit_status status;
};

static void stop(struct lulld *l, enum exit_status status)
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
	guard_leave(l->guard);
}

static const struct bus_loop_ops loop_ops = {.wake = wake, .settle = settle};

static void on_waker(void *data)
{
	wake(data);
	settle(data);
}

static void on_again(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	wake(data);
	settle(data);
}

/* --- ports --- */

static void port_reply_id(void *data, const struct ticket *to, uint32_t id)
{
	front_reply_id(((struct lulld *)data)->front, to, id);
}

static void port_reply_done(void *data, const struct ticket *to)
{
	front_reply_done(((struct lulld *)data)->front, to);
}

static void port_reply_refusal(void *data, const struct ticket *to, enum refusal why)
{
	front_reply_refusal(((struct lulld *)data)->front, to, why);
}

static void port_emit_closed(void *data, const char *to, uint32_t id, uint32_t reason)
{
	front_emit_closed(((struct lulld *)data)->front, to, id, reason);
}

static void port_emit_action(void *data, const char *to, uint32_t id, const char *key,
			     const char *token)
{
	front_emit_action(((struct lulld *)data)->front, to, id, key, token);
}

static void port_emit_replied(void *data, const char *to, uint32_t id, const char *text)
{
	front_emit_replied(((struct lulld *)data)->front, to, id, text);
}

static bool port_is_here(void *data, const char *sender)
{
	return front_is_here(((struct lulld *)data)->front, sender);
}

/* After the answer: the sender doesn't wait for the copying. */
static void port_keep_files(void *data, uint32_t id)
{
	struct lulld *l = data;
	autofree(ping) struct ping *p = NULL;
	DBusMessage *stored = NULL;
	struct wire_view view;

	if (engine_item(l->engine, id, &p) < 0 || wire_load(p->wire, p->wire_bytes, &stored) < 0)
		return;
	wire_view(stored, &view);
	files_keep(l->files, id, FILE_ICON, view.icon);
	files_keep(l->files, id, FILE_IMAGE, view.image);
	dbus_message_unref(stored);
}

static void port_drop_files(void *data, uint32_t id)
{
	files_drop(((struct lulld *)data)->files, id);
}

static int port_show(void *data, const struct ping *p, bool is_minimal)
{
	return display_show(((struct lulld *)data)->display, p, is_minimal);
}

static void port_close(void *data, uint32_t display_id)
{
	display_close(((struct lulld *)data)->display, display_id);
}

static void port_probe(void *data)
{
	display_probe(((struct lulld *)data)->display);
}

static void port_need_display(void *data)
{
	display_need(((struct lulld *)data)->display);
}

static bool port_has_markup(void *data)
{
	return front_has_capability(((struct lulld *)data)->front, "body-markup");
}

static int port_present(void *data, const struct own_notice *notice)
{
	struct lulld *l = data;
	struct presenter_button buttons[4];
	struct presenter_digest digest = {
		.summary = notice->summary,
		.body = notice->body,
		.buttons = buttons,
	};

	while (notice->actions[2 * digest.n_buttons] && digest.n_buttons < ARRAY_SIZE(buttons)) {
		buttons[digest.n_buttons] = (struct presenter_button){
			.key = notice->actions[2 * digest.n_buttons],
			.label = notice->actions[2 * digest.n_buttons + 1],
		};
		digest.n_buttons++;
	}
	return presenter_show(l->presenter, &digest);
}

static int port_compose(void *data, const struct own_notice *notice, int64_t announces)
{
	return front_compose(((struct lulld *)data)->front, notice, announces);
}

/* `systemctl --user status lulld` shows it. */
static void tell_systemd(void *data)
{
	struct lulld *l = data;
	struct engine_status status;
	autofree(str) char *text = NULL;

	engine_status(l->engine, &status);
	if (asprintf(&text, "STATUS=focus %s, %lld held%s", status.is_focus_on ? "on" : "off",
		     (long long)status.n_held,
		     role_is_in_front(l->role) ? "" : ", not in front of the display server") < 0) {
		text = NULL;
		return;
	}
	if (l->status_told && strcmp(l->status_told, text) == 0)
		return;
	sd_notify(0, text);
	free(l->status_told);
	l->status_told = take(text);
}

static void port_changed(void *data)
{
	struct lulld *l = data;

	if (!l->control)
		return;
	control_changed(l->control);
	front_changed(l->front);
}

static void port_arm(void *data, struct wake next)
{
	waker_arm(((struct lulld *)data)->waker, next);
}

static void port_turn_again(void *data)
{
	struct timeval now = {0, 0};

	event_add(((struct lulld *)data)->again, &now);
}

static const struct engine_ports ports = {
	.reply_id = port_reply_id,
	.reply_done = port_reply_done,
	.reply_refusal = port_reply_refusal,
	.emit_closed = port_emit_closed,
	.emit_action = port_emit_action,
	.emit_replied = port_emit_replied,
	.is_here = port_is_here,
	.keep_files = port_keep_files,
	.drop_files = port_drop_files,
	.show = port_show,
	.close = port_close,
	.probe = port_probe,
	.need_display = port_need_display,
	.has_markup = port_has_markup,
	.present = port_present,
	.compose = port_compose,
	.changed = port_changed,
	.arm = port_arm,
	.turn_again = port_turn_again,
};

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

/* --- the display and the name --- */

static void on_display_capabilities(void *data, const char *names)
{
	front_set_capabilities(((struct lulld *)data)->front, names);
}

static void on_display_information(void *data, const char *const information[static 4])
{
	front_set_information(((struct lulld *)data)->front, information);
}

/* lull-shim and the words of the command, as a shell splits them. */
static int start_display(struct lulld *l, const char *command)
{
	autofree(str) char *shim = spawn_helper_path("lull-shim");
	wordexp_t words = {.we_offs = 1};
	int r;

	if (!shim)
		return -ENOENT;
	if (wordexp(command, &words, WRDE_DOOFFS | WRDE_NOCMD) != 0)
		return -EINVAL;
	words.we_wordv[0] = shim;
	r = words.we_wordc > 0 ? launch_start(l->launch, "display", command, words.we_wordv)
			       : -EINVAL;
	words.we_wordv[0] = NULL;
	wordfree(&words);
	return r;
}

static bool on_display_start(void *data)
{
	struct lulld *l = data;
	const char *command = l->settings->display_command;
	int r;

	if (!*command || !role_is_in_front(l->role))
		return false;
	r = start_display(l, command);
	if (r < 0) {
		log_error("cannot start '%s' ([display] command): %s", command,
			  r == -EINVAL ? "it can't be split into words" : strerror(-r));
		return false;
	}
	return true;
}

static void on_launched(void *data, const char *command, const char *unit, int error)
{
	(void)data;
	if (error < 0)
		log_error("cannot start '%s' ([display] command): %s", command, strerror(-error));
	else
		log_info("started the display server: %s%s%s", command, unit ? ", as " : "",
			 unit ? unit : "");
}

static const struct launch_ops launch_ops = {.done = on_launched};

static void on_display_changed(void *data)
{
	port_changed(data);
}

static const struct display_ops display_ops = {
	.capabilities = on_display_capabilities,
	.information = on_display_information,
	.start = on_display_start,
	.changed = on_display_changed,
};

static void on_role_changed(void *data, bool is_in_front)
{
	struct lulld *l = data;

	if (is_in_front)
		log_info("in front: notifications come to lull first");
	else
		log_warn("not in front: another notification server owns %s; lull waits behind it",
			 NOTIFICATIONS_NAME);
	display_look(l->display);
	tell_systemd(l);
	sd_notify(0, "READY=1");
	port_changed(l);
}

static void on_role_refused(void *data, const char *why)
{
	struct lulld *l = data;

	log_error("the bus doesn't let lull own %s: %s", NOTIFICATIONS_NAME, why);
	stop(l, EXIT_FAULT);
}

static const struct role_ops role_ops = {
	.changed = on_role_changed,
	.refused = on_role_refused,
};

/* Either connection may notice first. */
static void on_disconnected(struct lulld *l, DBusMessage *message)
{
	if (!dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		return;
	if (l->status == EXIT_DONE)
		log_error("lost the session bus");
	stop(l, EXIT_FAULT);
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
	[DISPLAY_NONE] = "none",
	[DISPLAY_QUEUED] = "queued",
	[DISPLAY_STARTED] = "started",
};

static void on_view(void *data, struct control_view *ret)
{
	struct lulld *l = data;
	const char *how = display_how_names[display_how(l->display)];

	/* Behind another server lull shows through that one. */
	if (!role_is_in_front(l->role) && display_how(l->display) == DISPLAY_QUEUED)
		how = "owner";
	*ret = (struct control_view){
		.is_in_front = role_is_in_front(l->role),
		.display_name = display_name(l->display),
		.display_how = how,
		.display_unique = display_unique(l->display),
		.config_errors = l->config_errors,
	};
}

static char **on_reload(void *data);

static const struct control_ops control_ops = {
	.view = on_view,
	.reload = on_reload,
	.told = tell_systemd,
};

/* --- starting and ending --- */

static void on_signal(evutil_socket_t fd, short what, void *data)
{
	(void)what;
	log_info("stopping (%s)", strsignal((int)fd));
	stop(data, EXIT_DONE);
}

static char *state_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *dir = NULL;
	int n;

	if (state && state[0] == '/')
		n = asprintf(&dir, "%s/lull", state);
	else
		n = asprintf(&dir, "%s/.local/state/lull", home ? home : "");
	return n < 0 ? NULL : dir;
}

/*
 * Read lull.conf. Return: new settings, or NULL with why not in @ret_lines (NULL-terminated; NULL when out of
 * memory).
 */
static struct settings *read_config(char ***ret_lines)
{
	autofree(str) char *path = load_path();
	struct load_errors errors = {0};
	struct settings *settings = NULL;
	size_t i;

	*ret_lines = NULL;
	if (!path)
		return settings_new();
	if (load_settings(path, &errors, &settings) == 0) {
		load_errors_done(&errors);
		return settings;
	}
	*ret_lines = calloc(errors.count + 1, sizeof(**ret_lines));
	for (i = 0; i < errors.count; i++) {
		log_error("%s", errors.lines[i]);
		if (*ret_lines)
			(*ret_lines)[i] = take(errors.lines[i]);
	}
	load_errors_done(&errors);
	return NULL;
}

static int load_config(struct lulld *l)
{
	l->settings = read_config(&l->config_errors);
	if (!l->settings) {
		log_warn("going on with the defaults");
		l->settings = settings_new();
	}
	return l->settings ? 0 : -ENOMEM;
}

static char **copy_lines(char *const *lines)
{
	size_t n = 0, i;
	char **copy;

	while (lines[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (i = 0; copy && i < n; i++) {
		copy[i] = strdup(lines[i]);
		if (!copy[i])
			break;
	}
	return copy;
}

/* The old settings stay until the new ones are complete. */
static char **on_reload(void *data)
{
	struct lulld *l = data;
	struct settings *old = l->settings, *settings;
	char **lines;

	settings = read_config(&lines);
	control_free_lines(l->config_errors);
	l->config_errors = lines;
	port_changed(l);
	if (!settings) {
		log_warn("the configuration wasn't reloaded; the old one stays");
		return lines ? copy_lines(lines) : NULL;
	}
	l->settings = settings;
	engine_set_settings(l->engine, settings);
	settings_free(old);
	log_info("the configuration was reloaded");
	return NULL;
}

static void on_hangup(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	wake(data);
	control_free_lines(on_reload(data));
	settle(data);
}

static int open_engine(struct lulld *l)
{
	autofree(str) char *dir = state_dir(), *guid = NULL, *pictures = NULL;
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
		log_error("another lulld is running already: pid %d", holder);
		return r;
	}
	if (r < 0)
		return r;
	if (notice && journal_place(journal) == JOURNAL_ON_DISK)
		log_warn("the journal was damaged; it is kept as %s", notice);
	guid = dbus_connection_get_server_id(l->name_connection);
	clock_boot_id(boot_id);
	l->engine =
		engine_new(journal, l->settings, &ports, l, guid ? guid : "", boot_id, clock_now());
	if (!l->engine)
		return -ENOMEM;
	if (asprintf(&pictures, "%s/pictures", dir) < 0) {
		pictures = NULL;
		return -ENOMEM;
	}
	l->files = files_new(pictures);
	l->front = front_new(l->name_connection, l->engine);
	l->display = display_new(l->name_connection, l->base, l->engine, l->files, guid ? guid : "",
				 &display_ops, l);
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

/* The name comes last: from then on pings come in. */
static int lulld_start(struct lulld *l)
{
	int r;

	l->base = event_base_new();
	if (!l->base)
		return -ENOMEM;
	r = watch_signals(l);
	if (r == 0)
		r = watch_callbacks(l);
	if (r == 0)
		r = load_config(l);
	if (r == 0)
		r = open_bus(l);
	if (r == 0)
		r = open_engine(l);
	if (r < 0)
		return r;
	l->waker = waker_new(l->base, on_waker, l);
	l->launch = launch_new(l->name_connection, &launch_ops, l);
	l->presenter = presenter_new(l->base, &presenter_ops, l);
	l->role = role_new(l->name_connection, &role_ops, l);
	l->control = control_new(l->control_connection, l->base, l->engine, &control_ops, l);
	if (!l->waker || !l->launch || !l->presenter || !l->role || !l->control ||
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

static void lulld_stop(struct lulld *l)
{
	sd_notify(0, "STOPPING=1");
	l->presenter = presenter_free(l->presenter);
	/* What is staged is committed and sent while the front still stands. */
	l->engine = engine_free(l->engine);
	l->control = control_free(l->control);
	l->role = role_free(l->role);
	l->display = display_free(l->display);
	l->launch = launch_free(l->launch);
	l->front = front_free(l->front);
	l->files = files_free(l->files);
	l->control_loop = bus_loop_free(l->control_loop);
	l->name_loop = bus_loop_free(l->name_loop);
	bus_close(l->control_connection);
	bus_close(l->name_connection);
	l->waker = waker_free(l->waker);
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
	fputs("Usage: lulld [--debug]\n"
	      "\n"
	      "Stands in front of your notification server: holds notifications while a focus block\n"
	      "runs and releases them afterwards. `lull` controls it; `lull --help` says how.\n"
	      "\n"
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
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	enum log_level level = LOG_LEVEL_INFO;
	struct lulld l = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd': level = LOG_LEVEL_DEBUG; break;
		case 'h': usage(stdout); return EXIT_DONE;
		case 'v': puts("lulld " LULL_VERSION); return EXIT_DONE;
		default: fputs("lulld: try `lulld --help`\n", stderr); return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "lulld: takes no arguments; try `lulld --help`\n");
		return EXIT_USAGE;
	}
	log_open(level);
	r = lulld_start(&l);
	if (r == 0)
		event_base_dispatch(l.base);
	else if (r == -ENOMEM)
		log_error("cannot start: out of memory");
	lulld_stop(&l);
	dbus_shutdown();
	return r < 0 ? EXIT_FAULT : (int)l.status;
}
