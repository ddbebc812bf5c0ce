/*
 * The doctor's checks of who is in front and who shows.
 */
#include "client/call.h"
#include "client/doctor.h"
#include "client/doctor_peer.h"
#include "client/enable_record.h"
#include "daemon/core/desktop.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define GNOME_NAME "org.gnome.Shell.Notifications"

/* --- who is in front --- */

/* GNOME Shell has the name by way of a helper process, which gjs runs. */
static const struct desktop_server *find_server(struct doctor *d, const struct peer *owner)
{
	json_int_t gnome_pid = peer_pid(d, GNOME_NAME);

	if (gnome_pid > 0 && gnome_pid == owner->pid)
		return desktop_find("gnome-shell");
	return owner->program ? desktop_find(owner->program) : NULL;
}

bool doctor_wants_enable(struct doctor *d)
{
	peer_auto owner = peer_of(d, NOTIFICATIONS_NAME);
	const struct desktop_server *server = find_server(d, &owner);

	return !record_exists() && (!server || server->kind != DESKTOP_UNSUPPORTED);
}

static bool is_adopted(const struct peer *p)
{
	return p->program &&
	       (strstr(p->program, " under lull-shim") || strcmp(p->program, "lull console") == 0);
}

static char *text_of_other_owner(struct doctor *d, const struct peer *owner)
{
	const struct desktop_server *server = find_server(d, owner);
	const char *program = owner->program ? owner->program : "a program";
	const char *title = server ? server->title : program;
	bool runs = d->lulld_pid > 0;

	if (is_adopted(owner))
		return doctor_text("%s has the notifications (pid %" JSON_INTEGER_FORMAT
				   "): nothing is held",
				   program, owner->pid);
	switch (server ? server->kind : DESKTOP_STANDALONE) {
	case DESKTOP_STANDALONE: break;
	case DESKTOP_TAKEOVER:
		return doctor_text("%s owns " NOTIFICATIONS_NAME " (pid %" JSON_INTEGER_FORMAT
				   ")%s: nothing is held",
				   title, owner->pid,
				   runs ? ", though lulld takes it over while it runs" : "");
	case DESKTOP_LINES_UP:
		return doctor_text("%s owns " NOTIFICATIONS_NAME " (pid %" JSON_INTEGER_FORMAT
				   "), because it was there before lulld: nothing is held",
				   title, owner->pid);
	case DESKTOP_UNSUPPORTED:
		return doctor_text("%s shows notifications itself (pid %" JSON_INTEGER_FORMAT
				   "), and lull can't stand in front of it yet: lulld %s in line, "
				   "touches nothing and holds nothing",
				   title, owner->pid, runs ? "stays" : "would stay");
	}
	return doctor_text("%s owns " NOTIFICATIONS_NAME " (pid %" JSON_INTEGER_FORMAT
			   ") and wasn't started under lull-shim: %s",
			   program, owner->pid,
			   runs ? "lulld waits behind it, nothing is held"
				: "lulld would have to wait behind it");
}

char *doctor_how_to_get_in_front(struct doctor *d, const struct peer *owner)
{
	const struct desktop_server *server = find_server(d, owner);
	const char *command = owner->command ? owner->command : "NAME";

	if (is_adopted(owner))
		return d->lulld_pid > 0 ? doctor_how_to_restart(d) : doctor_how_to_start(d);
	if (!server)
		return doctor_text("stop it and start it as: lull-shim %s", command);
	switch (server->kind) {
	case DESKTOP_STANDALONE:
		if (doctor_wants_enable(d))
			return strdup("lull enable");
		return doctor_text("lull enable; or by hand: stop it and start it as: lull-shim %s",
				   command);
	case DESKTOP_TAKEOVER:
		if (d->lulld_pid == 0)
			return doctor_how_to_start(d);
		return peer_is_owned(d, SYSTEMD_NAME)
			       ? strdup("journalctl --user -u lulld says why; then: systemctl "
					"--user restart lulld")
			       : doctor_text("lulld's messages say why; then: kill "
					     "%" JSON_INTEGER_FORMAT "; lulld",
					     d->lulld_pid);
	case DESKTOP_LINES_UP:
		return doctor_text("start lulld before it: %s, then log in anew",
				   doctor_wants_enable(d) ? "lull enable"
							  : "systemctl --user enable lulld");
	case DESKTOP_UNSUPPORTED: break;
	}
	return strdup("none yet; lull works on GNOME, and in a session with dunst, mako, swaync or "
		      "another stand-alone server");
}

/* Somebody else has the name while lulld runs, or lulld doesn't run. */
static void find_other_owner(struct doctor *d, const struct peer *owner)
{
	const struct desktop_server *server = find_server(d, owner);
	bool is_hopeless = server && server->kind == DESKTOP_UNSUPPORTED;

	doctor_find(d, d->lulld_pid > 0 || is_hopeless ? DOCTOR_BROKEN : DOCTOR_ATTENTION,
		    text_of_other_owner(d, owner), doctor_how_to_get_in_front(d, owner));
}

/* "dunst under lull-shim (pid 12, :1.5), ..." of the queue without its first; NULL when out of memory. */
static char *queue_text(struct doctor *d, const json_t *queue)
{
	json_int_t gnome_pid = peer_pid(d, GNOME_NAME);
	char *text = strdup("");

	for (size_t i = 1; text && i < json_array_size(queue); i++) {
		const char *unique = json_string_value(json_array_get(queue, i));
		peer_auto p = peer_of(d, unique ? unique : "");
		bool is_lulld = p.pid > 0 && p.pid == d->lulld_pid;
		const char *program = is_lulld || !p.program            ? "lulld"
				      : p.pid > 0 && p.pid == gnome_pid ? "GNOME Shell's own"
									: p.program;
		char *longer =
			doctor_text("%s%s%s (pid %" JSON_INTEGER_FORMAT ", %s)", text,
				    i > 1 ? ", " : "", program, p.pid, unique ? unique : "?");

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
			    d->lulld_pid > 0 ? doctor_how_to_restart(d) : doctor_how_to_start(d));
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

char *doctor_how_to_get_a_display(void)
{
	return strdup(
		"start one, as: lull-shim dunst; one that is installed is started by lulld once it "
		"knows the screen: dbus-update-activation-environment --systemd DISPLAY "
		"WAYLAND_DISPLAY XDG_CURRENT_DESKTOP");
}

char *doctor_how_to_restart_display(const struct peer *display)
{
	const struct desktop_server *server =
		display->program ? desktop_find(display->program) : NULL;

	/* A desktop isn't killed for its notifications. */
	if (server && server->kind != DESKTOP_STANDALONE)
		return strdup("log out and in again");
	return doctor_text("restart it: kill -9 %" JSON_INTEGER_FORMAT "; lull-shim %s",
			   peer_pid_to_end(display), display->command ? display->command : "NAME");
}

static const char *how_text(const char *how)
{
	static const struct {
		const char *how;
		const char *text;
	} rows[] = {
		{"started", "started by lulld"},
		{"queued", "found in the queue"},
		{"unqueued", "found beside the queue"},
		{"gnome", "taken over from while it runs"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].how, how) == 0)
			return rows[i].text;
	return how;
}

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
					name, how_text(how), p.pid, unique),
			    NULL);
	else if (r == -ETIMEDOUT)
		doctor_find(d, DOCTOR_BROKEN,
			    doctor_text("%s (pid %" JSON_INTEGER_FORMAT
					", %s) doesn't answer: it hangs",
					name, peer_pid_to_end(&p), unique),
			    doctor_how_to_restart_display(&p));
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
			    doctor_how_to_get_a_display());
	else
		check_alive(d, name && name[0] ? name : "the display server", unique,
			    how ? how : "");
	if (how && strcmp(how, "unqueued") == 0)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%s isn't in line for " NOTIFICATIONS_NAME
					": if lulld died, notifications would be lost",
					name && name[0] ? name : "the display server"),
			    doctor_text("lull enable puts it in line"));
}
