#include "client/call.h"
#include "client/doctor.h"
#include "client/doctor_peer.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define LULL_NAME "org.lull.Lull1"
#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define GNOME_NAME "org.gnome.Shell.Notifications"

static bool has_systemd(struct doctor *d)
{
	return peer_is_owned(d, SYSTEMD_NAME);
}

static char *how_to_start(struct doctor *d)
{
	return strdup(has_systemd(d) ? "systemctl --user start lulld" : "run lulld in the session");
}

static char *how_to_restart(struct doctor *d)
{
	if (has_systemd(d))
		return strdup("systemctl --user restart lulld");
	return doctor_text("kill %" JSON_INTEGER_FORMAT "; lulld", d->lulld_pid);
}

/* --- the bus, the daemon and its unit --- */

void doctor_check_bus(struct doctor *d)
{
	char *remedy = d->bus_fault ? strstr(d->bus_fault, "; ") : NULL;

	if (d->call) {
		doctor_find(d, DOCTOR_OK, doctor_text("the session bus answers"), NULL);
		return;
	}
	doctor_find(d, DOCTOR_BROKEN,
		    remedy ? strndup(d->bus_fault, (size_t)(remedy - d->bus_fault)) : NULL,
		    remedy ? strdup(remedy + 2) : NULL);
}

static void check_version(struct doctor *d)
{
	const char *version = doctor_status_text(d, "version");

	if (strcmp(version, LULL_VERSION) == 0)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("lulld " LULL_VERSION " runs (pid %" JSON_INTEGER_FORMAT
					"), the same version as this client",
					d->lulld_pid),
			    NULL);
	else
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("lulld is version %s, this client " LULL_VERSION,
					version[0] ? version : "unknown"),
			    how_to_restart(d));
}

void doctor_check_daemon(struct doctor *d)
{
	static const struct call_target to = {LULL_NAME, "/org/lull/Lull1", LULL_NAME, "GetStatus"};
	autofree(json) json_t *reply = NULL;
	int r;

	if (!d->call)
		return;
	if (!peer_is_owned(d, LULL_NAME)) {
		doctor_find(d, DOCTOR_BROKEN, doctor_text("lulld isn't running; nothing is held"),
			    how_to_start(d));
		return;
	}
	d->lulld_pid = peer_pid(d, LULL_NAME);
	r = call_other(d->call, &to, NULL, PEER_PATIENCE_MS, &reply);
	if (r == 0 && json_is_object(json_array_get(reply, 0))) {
		d->status = json_incref(json_array_get(reply, 0));
		check_version(d);
	} else {
		doctor_find(d, DOCTOR_BROKEN,
			    r == -ETIMEDOUT
				    ? doctor_text("lulld (pid %" JSON_INTEGER_FORMAT
						  ") doesn't answer: it hangs",
						  d->lulld_pid)
				    : doctor_text("lulld's answer isn't understood; it may be of "
						  "another version"),
			    r == -ETIMEDOUT ? doctor_text("kill -9 %" JSON_INTEGER_FORMAT
							  ", then start it again",
							  d->lulld_pid)
					    : how_to_restart(d));
	}
}

/* Who started lulld, where it wasn't systemd. */
static char *parent_text(const struct doctor *d)
{
	size_t len = 0;
	autofree(str) char *text = peer_read_proc(d->lulld_pid, "status", &len);
	const char *line = text ? strstr(text, "\nPPid:") : NULL;
	json_int_t parent = line ? atoll(line + 6) : 0;
	autofree(str) char *program = NULL;

	if (parent <= 1)
		return strdup("something that has ended");
	program = peer_program(parent);
	return doctor_text("%s (pid %" JSON_INTEGER_FORMAT ")", program ? program : "a program",
			   parent);
}

/* All properties of lulld.service; NULL when systemd doesn't tell. */
static json_t *read_unit(struct doctor *d)
{
	struct call_target to = {SYSTEMD_NAME, "/org/freedesktop/systemd1",
				 "org.freedesktop.systemd1.Manager", "LoadUnit"};
	autofree(json) json_t *path = NULL;
	autofree(json) json_t *reply = NULL;

	if (call_other(d->call, &to, "lulld.service", PEER_PATIENCE_MS, &path) < 0 ||
	    !json_is_string(json_array_get(path, 0)))
		return NULL;
	to = (struct call_target){SYSTEMD_NAME, json_string_value(json_array_get(path, 0)),
				  "org.freedesktop.DBus.Properties", "GetAll"};
	if (call_other(d->call, &to, "org.freedesktop.systemd1.Unit", PEER_PATIENCE_MS, &reply) < 0)
		return NULL;
	return json_incref(json_array_get(reply, 0));
}

static const char *unit_text(const json_t *unit, const char *name)
{
	const char *text = json_string_value(json_object_get(unit, name));

	return text && text[0] ? text : "unknown";
}

static void check_loaded_unit(struct doctor *d, const json_t *unit)
{
	const char *active = unit_text(unit, "active_state");
	const char *enabled = unit_text(unit, "unit_file_state");
	bool is_active = strcmp(active, "active") == 0 || strcmp(active, "reloading") == 0;

	if (strcmp(active, "failed") == 0)
		doctor_find(d, DOCTOR_BROKEN, doctor_text("lulld.service has failed"),
			    doctor_text(
				    "journalctl --user -u lulld; then: systemctl --user restart "
				    "lulld"));
	else if (d->lulld_pid > 0 && !is_active) {
		autofree(str) char *parent = parent_text(d);

		doctor_find(
			d, DOCTOR_ATTENTION,
			doctor_text("lulld was started by %s, not as lulld.service, which is %s: "
				    "nobody restarts it",
				    parent ? parent : "a program", active),
			doctor_text("kill %" JSON_INTEGER_FORMAT "; systemctl --user start lulld",
				    d->lulld_pid));
	}
	if (strcmp(enabled, "masked") == 0 || strcmp(enabled, "masked-runtime") == 0)
		doctor_find(d, DOCTOR_ATTENTION, doctor_text("lulld.service is masked"),
			    doctor_text("systemctl --user unmask lulld"));
	else if (strncmp(enabled, "enabled", 7) != 0)
		doctor_find(
			d, DOCTOR_ATTENTION,
			doctor_text("lulld.service is %s and %s: the next login doesn't start it",
				    active, enabled),
			doctor_text("systemctl --user enable lulld"));
	else if (is_active || d->lulld_pid == 0)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("lulld.service is %s and %s", active, enabled), NULL);
}

void doctor_check_unit(struct doctor *d)
{
	autofree(json) json_t *unit = NULL;

	if (!d->call)
		return;
	if (!has_systemd(d)) {
		autofree(str) char *parent = d->lulld_pid > 0 ? parent_text(d) : NULL;

		doctor_find(
			d, DOCTOR_OK,
			parent ? doctor_text("there is no systemd on this bus; lulld was started "
					     "by %s",
					     parent)
			       : doctor_text("there is no systemd on this bus; the session has to "
					     "start lulld"),
			NULL);
		return;
	}
	unit = read_unit(d);
	if (!unit)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("systemd doesn't tell about lulld.service"),
			    doctor_text("systemctl --user status lulld"));
	else if (strcmp(unit_text(unit, "load_state"), "not-found") == 0)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text(
				    "systemd has no lulld.service: the next login doesn't start "
				    "it"),
			    doctor_text("install lull ('make install'), then: systemctl --user "
					"daemon-reload; systemctl --user enable lulld"));
	else
		check_loaded_unit(d, unit);
}

/* --- who is in front --- */

enum desktop_advice {
	ADVICE_UNSUPPORTED,
	ADVICE_COME_FIRST,
};

/* What owns the name as a part of a desktop, so that it can't be run under lull-shim. */
static const struct desktop {
	const char *program; /* NULL: it owns the name GNOME_NAME */
	const char *title;
	enum desktop_advice advice;
} desktops[] = {
	{NULL, "GNOME Shell", ADVICE_UNSUPPORTED},
	{"gnome-shell", "GNOME Shell", ADVICE_UNSUPPORTED},
	{"plasmashell", "Plasma", ADVICE_UNSUPPORTED},
	{"cinnamon", "Cinnamon", ADVICE_COME_FIRST},
	{"awesome", "awesome", ADVICE_COME_FIRST},
};

static const struct desktop *find_desktop(struct doctor *d, const struct peer *owner)
{
	json_int_t gnome_pid = peer_pid(d, GNOME_NAME);

	for (size_t i = 0; i < ARRAY_SIZE(desktops); i++)
		if (desktops[i].program
			    ? owner->program && strcmp(owner->program, desktops[i].program) == 0
			    : gnome_pid > 0 && gnome_pid == owner->pid)
			return &desktops[i];
	return NULL;
}

static bool is_adopted(const struct peer *p)
{
	return p->program &&
	       (strstr(p->program, " under lull-shim") || strcmp(p->program, "lull console") == 0);
}

/* Somebody else has the name while lulld runs, or lulld doesn't run. */
static void find_other_owner(struct doctor *d, const struct peer *owner)
{
	const struct desktop *desktop = find_desktop(d, owner);
	enum doctor_state state = d->lulld_pid > 0 ? DOCTOR_BROKEN : DOCTOR_ATTENTION;

	if (desktop && desktop->advice == ADVICE_UNSUPPORTED)
		doctor_find(d, DOCTOR_BROKEN,
			    doctor_text("%s shows notifications itself; standing in front of it "
					"isn't supported yet: nothing is held",
					desktop->title),
			    doctor_text(
				    "none yet; lull works in a session with dunst, mako, swaync "
				    "or another stand-alone server"));
	else if (desktop)
		doctor_find(d, state,
			    doctor_text("%s owns " NOTIFICATIONS_NAME " (pid %" JSON_INTEGER_FORMAT
					"), because it was there before lulld: nothing is held",
					desktop->title, owner->pid),
			    doctor_text(
				    "start lulld before it: systemctl --user enable lulld, then "
				    "log in anew"));
	else if (is_adopted(owner))
		doctor_find(d, state,
			    doctor_text("%s has the notifications (pid %" JSON_INTEGER_FORMAT
					"): nothing is held",
					owner->program, owner->pid),
			    d->lulld_pid > 0 ? how_to_restart(d) : how_to_start(d));
	else
		doctor_find(d, state,
			    doctor_text("%s owns " NOTIFICATIONS_NAME " (pid %" JSON_INTEGER_FORMAT
					") and wasn't started under lull-shim: %s",
					owner->program ? owner->program : "a program", owner->pid,
					d->lulld_pid > 0 ? "lulld waits behind it, nothing is held"
							 : "lulld would have to wait behind it"),
			    doctor_text("stop it and start it as: lull-shim %s",
					owner->command ? owner->command : "NAME"));
}

/* "dunst under lull-shim (pid 12, :1.5), ..." of the queue without its first; NULL when out of memory. */
static char *queue_text(struct doctor *d, const json_t *queue)
{
	char *text = strdup("");

	for (size_t i = 1; text && i < json_array_size(queue); i++) {
		const char *unique = json_string_value(json_array_get(queue, i));
		peer_auto p = peer_of(d, unique ? unique : "");
		bool is_lulld = p.pid > 0 && p.pid == d->lulld_pid;
		char *longer =
			doctor_text("%s%s%s (pid %" JSON_INTEGER_FORMAT ", %s)", text,
				    i > 1 ? ", " : "", is_lulld || !p.program ? "lulld" : p.program,
				    p.pid, unique ? unique : "?");

		free(text);
		text = longer;
	}
	return text;
}

void doctor_check_front(struct doctor *d)
{
	autofree(json) json_t *queue = peer_ask_bus(d, "ListQueuedOwners", NOTIFICATIONS_NAME);
	const char *unique = json_string_value(json_array_get(queue, 0));
	autofree(str) char *behind = NULL;

	if (!d->call)
		return;
	if (!unique) {
		doctor_find(d, d->lulld_pid > 0 ? DOCTOR_BROKEN : DOCTOR_ATTENTION,
			    doctor_text("nobody owns " NOTIFICATIONS_NAME
					": notifications are lost, or start what D-Bus knows"),
			    d->lulld_pid > 0 ? how_to_restart(d) : how_to_start(d));
		return;
	}
	peer_auto owner = peer_of(d, unique);
	behind = queue_text(d, queue);
	if (d->lulld_pid > 0 && owner.pid == d->lulld_pid)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("lulld is in front (%s)%s%s", unique,
					behind && behind[0] ? "; behind it: " : "",
					behind ? behind : ""),
			    NULL);
	else
		find_other_owner(d, &owner);
}

/* --- who shows --- */

static void check_alive(struct doctor *d, const char *name, const char *unique, const char *how)
{
	const struct call_target to = {unique, NOTIFICATIONS_PATH, NOTIFICATIONS_NAME,
				       "GetServerInformation"};
	peer_auto p = peer_of(d, unique);
	autofree(json) json_t *reply = NULL;
	int r = call_other(d->call, &to, NULL, PEER_PATIENCE_MS, &reply);

	if (r == 0)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("%s shows (%s, pid %" JSON_INTEGER_FORMAT
					", %s) and answers",
					name,
					strcmp(how, "started") == 0  ? "started by lulld"
					: strcmp(how, "queued") != 0 ? how
								     : "found in the queue",
					p.pid, unique),
			    NULL);
	else if (r == -ETIMEDOUT)
		doctor_find(d, DOCTOR_BROKEN,
			    doctor_text("%s (pid %" JSON_INTEGER_FORMAT
					", %s) doesn't answer: it hangs",
					name, peer_pid_to_end(&p), unique),
			    doctor_text("restart it: kill -9 %" JSON_INTEGER_FORMAT
					"; lull-shim %s",
					peer_pid_to_end(&p), p.command ? p.command : "NAME"));
	else
		doctor_find(d, DOCTOR_ATTENTION,
			    r == -ENOENT
				    ? doctor_text("%s (%s) has just left the bus", name, unique)
				    : doctor_text("%s (%s) answers with an error", name, unique),
			    doctor_text("lull doctor, once more; then restart %s", name));
}

void doctor_check_display(struct doctor *d)
{
	const json_t *display = json_object_get(d->status, "display");
	const char *unique = json_string_value(json_object_get(display, "unique"));
	const char *name = json_string_value(json_object_get(display, "name"));
	const char *how = json_string_value(json_object_get(display, "how"));

	/* Without lulld, or behind another server, lulld shows nothing; that has been told. */
	if (!d->call || !json_is_true(json_object_get(d->status, "in_front")))
		return;
	if (!unique || !unique[0])
		doctor_find(d, DOCTOR_BROKEN,
			    doctor_text("there is no display server: nothing shows what lull lets "
					"through"),
			    doctor_text(
				    "start one, as: lull-shim dunst; or set [display] command in "
				    "lull.conf, then: lull reload"));
	else
		check_alive(d, name && name[0] ? name : "the display server", unique,
			    how ? how : "");
}

void doctor_check_quarantine(struct doctor *d)
{
	json_int_t n = json_integer_value(json_object_get(d->status, "quarantined"));

	if (n > 0)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%" JSON_INTEGER_FORMAT " notification%s kept aside: the "
					"display refused it twice, or died of it twice",
					n, n == 1 ? " is" : "s are"),
			    doctor_text("lull list; lull release ID tries one again, without its "
					"hints"));
}

/* --- what doesn't come to lull at all --- */

static bool is_desktop(const char *name)
{
	const char *current = getenv("XDG_CURRENT_DESKTOP");

	return current && strcasestr(current, name);
}

static const struct {
	const char *prefix;      /* of a name on the bus */
	const char *desktop;     /* only there; NULL: anywhere */
	enum doctor_state state; /* DOCTOR_OK: it can't be seen from here whether it does */
	const char *text;
	const char *remedy;
} bypasses[] = {
	{"org.gtk.Notifications", NULL, DOCTOR_ATTENTION,
	 "applications that use GNotification talk to org.gtk.Notifications and bypass lull",
	 "none yet; turn off notifications in those applications that disturb"},
	{"org.freedesktop.portal.Desktop", "GNOME", DOCTOR_ATTENTION,
	 "sandboxed applications' notifications go by the portal to GNOME Shell and bypass lull",
	 "none yet; turn them off in GNOME's settings for those applications that disturb"},
	{"org.mozilla.thunderbird", NULL, DOCTOR_OK,
	 "Thunderbird bypasses lull if mail.biff.use_system_alert is off in its configuration editor",
	 NULL},
	{"org.telegram.desktop", NULL, DOCTOR_OK,
	 "Telegram bypasses lull if Settings > Notifications > Use native notifications is off",
	 NULL},
};

static bool has_prefix(const json_t *names, const char *prefix)
{
	size_t i, len = strlen(prefix);
	json_t *name;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);

		if (text && strncmp(text, prefix, len) == 0 && (!text[len] || text[len] == '.'))
			return true;
	}
	return false;
}

void doctor_check_bypass(struct doctor *d)
{
	autofree(json) json_t *names = peer_ask_bus(d, "ListNames", NULL);
	size_t n_found = 0;

	if (!d->call)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(bypasses); i++) {
		if (!has_prefix(names, bypasses[i].prefix) ||
		    (bypasses[i].desktop && !is_desktop(bypasses[i].desktop)))
			continue;
		n_found++;
		doctor_find(d, bypasses[i].state, strdup(bypasses[i].text),
			    bypasses[i].remedy ? strdup(bypasses[i].remedy) : NULL);
	}
	if (n_found == 0)
		doctor_find(d, DOCTOR_OK, doctor_text("nothing that bypasses lull is known here"),
			    NULL);
}
