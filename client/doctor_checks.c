#include "client/call.h"
#include "client/doctor.h"
#include "client/doctor_peer.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LULL_NAME "org.lull.Lull1"
#define SYSTEMD_NAME "org.freedesktop.systemd1"

static bool has_systemd(struct doctor *d)
{
	return peer_is_owned(d, SYSTEMD_NAME);
}

static const char *unit_text(const json_t *unit, const char *name)
{
	const char *text = call_text(unit, name);

	return text[0] ? text : "unknown";
}

bool doctor_unit_is_masked(const struct doctor *d)
{
	return strcmp(unit_text(d->unit, "load_state"), "masked") == 0 ||
	       strncmp(unit_text(d->unit, "unit_file_state"), "masked", 6) == 0;
}

static bool unit_has_failed(const struct doctor *d)
{
	return strcmp(unit_text(d->unit, "active_state"), "failed") == 0;
}

char *doctor_how_to_start(struct doctor *d)
{
	if (doctor_unit_is_masked(d))
		return strdup(doctor_wants_enable(d)
				      ? "systemctl --user unmask lulld, then: lull enable"
				      : "systemctl --user unmask lulld; systemctl --user start "
					"lulld");
	/* It may have reached its limit, after which a start alone is refused. */
	if (unit_has_failed(d))
		return strdup("systemctl --user reset-failed lulld; systemctl --user start lulld");
	if (doctor_wants_enable(d))
		return strdup("lull enable");
	return strdup(has_systemd(d) ? "systemctl --user start lulld" : "run lulld in the session");
}

char *doctor_how_to_restart(struct doctor *d)
{
	if (has_systemd(d))
		return strdup("systemctl --user restart lulld");
	return doctor_text("kill %" JSON_INTEGER_FORMAT "; lulld", d->lulld_pid);
}

/* --- the bus, the daemon and its unit --- */

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

void doctor_check_bus(struct doctor *d)
{
	char *remedy = d->bus_fault ? strstr(d->bus_fault, "; ") : NULL;

	if (d->call) {
		d->unit = read_unit(d);
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
			    doctor_how_to_restart(d));
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
			    doctor_how_to_start(d));
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
					    : doctor_how_to_restart(d));
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

static char *how_to_enable_unit(struct doctor *d)
{
	if (doctor_unit_is_masked(d))
		return strdup(doctor_wants_enable(d)
				      ? "systemctl --user unmask lulld, then: lull enable"
				      : "systemctl --user unmask lulld");
	return strdup(doctor_wants_enable(d) ? "lull enable" : "systemctl --user enable lulld");
}

static void check_loaded_unit(struct doctor *d)
{
	const char *active = unit_text(d->unit, "active_state");
	const char *enabled = unit_text(d->unit, "unit_file_state");
	bool is_active = strcmp(active, "active") == 0 || strcmp(active, "reloading") == 0;

	if (unit_has_failed(d))
		doctor_find(d, DOCTOR_BROKEN, doctor_text("lulld.service has failed"),
			    doctor_text(
				    "journalctl --user -u lulld says why; then: systemctl --user "
				    "reset-failed lulld; systemctl --user start lulld"));
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
	if (doctor_unit_is_masked(d))
		doctor_find(d, DOCTOR_ATTENTION, doctor_text("lulld.service is masked"),
			    how_to_enable_unit(d));
	else if (strncmp(enabled, "enabled", 7) != 0)
		doctor_find(
			d, DOCTOR_ATTENTION,
			doctor_text("lulld.service is %s and %s: the next login doesn't start it",
				    active, enabled),
			how_to_enable_unit(d));
	else if (!unit_has_failed(d) && (is_active || d->lulld_pid == 0))
		doctor_find(d, DOCTOR_OK,
			    doctor_text("lulld.service is %s and %s", active, enabled), NULL);
}

void doctor_check_unit(struct doctor *d)
{
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
	if (!d->unit)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("systemd doesn't tell about lulld.service"),
			    doctor_text("systemctl --user status lulld"));
	else if (strcmp(unit_text(d->unit, "load_state"), "not-found") == 0)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text(
				    "systemd has no lulld.service: the next login doesn't start "
				    "it"),
			    doctor_wants_enable(d)
				    ? strdup("install lull ('make install'), then: lull enable")
				    : strdup("install lull ('make install'), then: systemctl "
					     "--user daemon-reload; systemctl --user enable "
					     "lulld"));
	else
		check_loaded_unit(d);
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

#define GNOME_SHELL "org.gnome.Shell"

enum bypass_where {
	BYPASS_ON_GNOME,     /* the shell shows it by itself */
	BYPASS_NOT_ON_GNOME, /* where somebody has the name */
	BYPASS_ANYWHERE,
};

static const struct bypass {
	const char *prefix; /* of a name on the bus */
	enum bypass_where where;
	bool counts_activatable; /* also while nobody has the name, but the bus would start somebody */
	enum doctor_state state; /* DOCTOR_OK: it can't be seen from here whether it does */
	const char *text;
	const char *remedy;
} bypasses[] = {
	{GNOME_SHELL, BYPASS_ON_GNOME, false, DOCTOR_ATTENTION,
	 "applications that use GNotification (org.gtk.Notifications) talk to GNOME Shell itself and "
	 "bypass lull",
	 "none yet; turn them off in Settings > Notifications for those applications that disturb"},
	{"org.freedesktop.portal.Desktop", BYPASS_ON_GNOME, true, DOCTOR_ATTENTION,
	 "sandboxed applications' notifications go by the portal to GNOME Shell and bypass lull",
	 "none yet; turn them off in Settings > Notifications for those applications that disturb"},
	{"org.gtk.Notifications", BYPASS_NOT_ON_GNOME, false, DOCTOR_ATTENTION,
	 "applications that use GNotification talk to org.gtk.Notifications and bypass lull",
	 "none yet; turn off notifications in those applications that disturb"},
	{"org.mozilla.thunderbird", BYPASS_ANYWHERE, false, DOCTOR_OK,
	 "Thunderbird bypasses lull if mail.biff.use_system_alert is off in its configuration editor",
	 NULL},
	{"org.telegram.desktop", BYPASS_ANYWHERE, false, DOCTOR_OK,
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

static bool is_here(const struct bypass *b, bool is_on_gnome, const json_t *owned,
		    const json_t *activatable)
{
	if ((b->where == BYPASS_ON_GNOME && !is_on_gnome) ||
	    (b->where == BYPASS_NOT_ON_GNOME && is_on_gnome))
		return false;
	return has_prefix(owned, b->prefix) ||
	       (b->counts_activatable && has_prefix(activatable, b->prefix));
}

void doctor_check_bypass(struct doctor *d)
{
	autofree(json) json_t *owned = peer_ask_bus(d, "ListNames", NULL);
	autofree(json) json_t *activatable = peer_ask_bus(d, "ListActivatableNames", NULL);
	bool is_on_gnome = peer_is_owned(d, GNOME_SHELL);
	size_t n_found = 0;

	if (!d->call)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(bypasses); i++) {
		const struct bypass *b = &bypasses[i];

		if (!is_here(b, is_on_gnome, owned, activatable))
			continue;
		n_found++;
		doctor_find(d, b->state, strdup(b->text), b->remedy ? strdup(b->remedy) : NULL);
	}
	if (n_found == 0)
		doctor_find(d, DOCTOR_OK, doctor_text("nothing that bypasses lull is known here"),
			    NULL);
}
