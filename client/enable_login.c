#include "client/call.h"
#include "client/enable_files.h"
#include "client/enable_record.h"
#include "client/enable_steps.h"
#include "client/units.h"
#include "config/command.h"
#include "config/services.h"
#include "config/xdg.h"
#include "daemon/core/desktop.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SERVICES "dbus-1/services/"
#define DROP_IN ".d/lull.conf"
#define WANTED_LINK "systemd/user/default.target.wants/" LULLD_UNIT

/* --- files --- */

/* False when enable has to stop. @aside is taken. */
static bool report_written(struct enable *e, int outcome, const char *path, char *aside,
			   const char *purpose)
{
	autofree(str) char *taken = aside;

	if (outcome < 0) {
		report_failed(&e->report, "%s can't be written: %s; %s", path, strerror(-outcome),
			      files_remedy(outcome));
		return false;
	}
	switch ((enum files_outcome)outcome) {
	case FILES_SAME:
		report_already(&e->report, "%s is there already: %s", path, purpose);
		break;
	case FILES_REPLACED:
		report_did(&e->report, REPORT_SET_ASIDE, "%s, as %s", path, taken);
		report_did(&e->report, REPORT_WRITE, "%s: %s", path, purpose);
		break;
	case FILES_UPDATED: report_did(&e->report, REPORT_UPDATE, "%s: %s", path, purpose); break;
	case FILES_EDITED:
		report_note(&e->report, "%s was edited since, and is left as it is", path);
		break;
	default: report_did(&e->report, REPORT_WRITE, "%s: %s", path, purpose);
	}
	return true;
}

/* --- what a notification starts --- */

static bool is_below(const char *path, const char *dir)
{
	size_t n = dir ? strlen(dir) : 0;

	return n > 0 && strncmp(path, dir, n) == 0;
}

/* Does it start the lulld that is beside us? */
static bool starts_ours(const struct enable *e, const struct service *s)
{
	autofree(command) char **words = NULL;

	if (e->has_unit || *s->unit)
		return e->has_unit && strcmp(s->unit, LULLD_UNIT) == 0;
	return command_split(s->exec, &words) == 0 && strcmp(words[0], e->lulld) == 0;
}

static bool write_service(struct enable *e, const char *name, const char *purpose)
{
	char *words[] = {e->lulld, NULL};
	autofree(str) char *path = NULL, *text = NULL, *exec = command_join(words);
	autofree(str) char *dir = xdg_data(SERVICES);
	char *aside = NULL;
	int outcome;

	if (!dir || !exec || asprintf(&path, "%s%s.service", dir, name) < 0 ||
	    asprintf(&text, FILES_HEAD "\n[D-BUS Service]\nName=%s\nExec=%s\n%s", name, exec,
		     e->has_unit ? "SystemdService=" LULLD_UNIT "\n" : "") < 0) {
		e->report.is_out_of_memory = true;
		return false;
	}
	outcome = files_write(e->record, path, text, &aside);
	return report_written(e, outcome, path, aside, purpose);
}

/* Of two files for a name in one directory the bus takes the one that it happens to see first. */
static bool give_way(struct enable *e, const struct service *s)
{
	autofree(str) char *aside = NULL;
	int error = files_set_aside(e->record, s->path, &aside);

	if (error < 0)
		report_failed(&e->report, "%s can't be set aside: %s; %s", s->path,
			      strerror(-error), files_remedy(error));
	else
		report_did(&e->report, REPORT_SET_ASIDE, "%s, as %s", s->path, aside);
	return error == 0;
}

static bool is_repeated(const struct services *found, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(found->items[j].path, found->items[i].path) == 0)
			return true;
	return false;
}

/* 1: one of the user's files starts our lulld already, or does with ours; 0: there is none; -1: stop. */
static int look_at_services(struct enable *e, const struct services *found)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	autofree(str) char *dir = xdg_data(SERVICES), *own = NULL;
	int result = 0;

	if (!dir || asprintf(&own, "%s" NOTIFICATIONS_NAME ".service", dir) < 0) {
		own = NULL;
		return -1;
	}
	for (size_t i = 0; i < found->n_items; i++) {
		const struct service *s = &found->items[i];
		bool is_on_record = record_find(e->record, "file", s->path) != NULL;

		if (is_repeated(found, i))
			continue;
		if (is_below(s->path, runtime) && !services_is_lulld(s))
			report_note(&e->report,
				    "%s comes before your own, and starts %s instead of lulld; "
				    "remove it",
				    s->path, *s->unit ? s->unit : s->exec);
		if (!is_below(s->path, dir) || is_on_record)
			continue;
		if (starts_ours(e, s)) {
			report_already(&e->report,
				       "%s is there already: a notification starts lulld", s->path);
			result = 1;
		} else if (strcmp(s->path, own) != 0 && !give_way(e, s)) {
			return -1;
		}
	}
	return result;
}

static bool activate_own_name(struct enable *e)
{
	__attribute__((cleanup(services_done))) struct services found = {0};
	bool is_found;

	if (services_find(LULL_NAME, &found) < 0)
		return false;
	is_found = found.n_items > 0 && services_is_lulld(&found.items[0]);
	if (is_found && !record_find(e->record, "file", found.items[0].path)) {
		report_already(&e->report, "%s is there already: 'lull focus' starts lulld",
			       found.items[0].path);
		return true;
	}
	return write_service(e, LULL_NAME, "'lull focus' starts lulld");
}

bool enable_activation(struct enable *e)
{
	int r = look_at_services(e, &e->services);

	if (r < 0 ||
	    (r == 0 && !write_service(e, NOTIFICATIONS_NAME, "a notification starts lulld")))
		return false;
	return activate_own_name(e);
}

/* --- what the next login starts --- */

static int record_link(struct enable *e, const char *path)
{
	if (record_find(e->record, "link", path))
		return 0;
	return record_add(e->record, json_pack("{s:s, s:s}", "kind", "link", "path", path));
}

/* The link that systemd is going to make, and its directory, are on record before it does. */
static int prepare_link(struct enable *e)
{
	autofree(str) char *path = xdg_config(WANTED_LINK);
	autofree(str) char *dir =
		path ? strndup(path, strlen(path) - strlen("/" LULLD_UNIT)) : NULL;
	int error = dir ? record_make_dir(e->record, dir) : -ENOMEM;

	return error < 0 ? error : record_link(e, path);
}

static bool enable_unit(struct enable *e)
{
	autofree(str) char *why = NULL;
	autofree(json) json_t *links = NULL;
	int error = prepare_link(e);
	json_t *link;
	size_t i;

	if (error == 0 && record_flag(e->record, RECORD_WAS_ENABLED))
		error = record_set_flag(e->record, RECORD_WAS_ENABLED, false);
	if (error < 0) {
		report_failed(&e->report, LULLD_UNIT " can't be enabled: %s; %s", strerror(-error),
			      files_remedy(error));
		return false;
	}
	if (!e->report.is_dry_run) {
		error = units_enable(e->call, LULLD_UNIT, &links, &why);
		json_array_foreach(links, i, link)
		{
			if (error == 0)
				error = record_link(e, json_string_value(link));
		}
	}
	if (error < 0)
		report_failed(&e->report,
			      LULLD_UNIT
			      " can't be enabled: %s; see 'systemctl --user status lulld'",
			      why ? why : strerror(-error));
	else
		report_did(&e->report, REPORT_ENABLE, LULLD_UNIT ": it starts with the session");
	return true;
}

/* Enabled by somebody else, it stays so when the rest is put back. */
static bool must_remember_enabled(const struct enable *e)
{
	json_t *change;
	size_t i;

	json_array_foreach(record_changes(e->record), i, change)
	{
		if (strcmp(call_text(change, "kind"), "link") == 0)
			return false;
	}
	return record_is_there(e->record) && !record_flag(e->record, RECORD_WAS_ENABLED);
}

bool enable_service(struct enable *e)
{
	autofree(str) char *state = NULL;

	if (!e->has_systemd) {
		report_note(&e->report,
			    "there is no systemd on this bus: only a notification or the session "
			    "starts lulld");
		return true;
	}
	state = units_file_state(e->call, LULLD_UNIT);
	if (!state)
		return false;
	if (!e->has_unit) {
		report_note(&e->report, "systemd has no " LULLD_UNIT
					"; install lull ('make install'), then: lull enable");
	} else if (strcmp(state, "enabled") == 0) {
		report_already(&e->report, LULLD_UNIT " is enabled already");
		if (must_remember_enabled(e) &&
		    record_set_flag(e->record, RECORD_WAS_ENABLED, true) < 0)
			return false;
	} else {
		return enable_unit(e);
	}
	return true;
}

/* --- the unit of the display server --- */

static char *drop_in_path(const struct unit *u)
{
	autofree(str) char *rest = NULL;

	if (asprintf(&rest, "systemd/user/%s" DROP_IN, u->name) < 0) {
		rest = NULL;
		return NULL;
	}
	return xdg_config(rest);
}

/* @text: NULL: out of memory */
static void write_drop_in(struct enable *e, const char *path, const char *text, const char *purpose)
{
	char *aside = NULL;
	int outcome;

	if (!text) {
		e->report.is_out_of_memory = true;
		return;
	}
	outcome = files_write(e->record, path, text, &aside);
	report_written(e, outcome, path, aside, purpose);
}

/* A unit that runs lull-shim already: ours may be from an older time, with another path of the shim. */
static void renew_drop_in(struct enable *e, const struct unit *u, struct dropin_command *c,
			  const char *path)
{
	autofree(str) char *text = NULL;

	if (!record_find(e->record, "file", path) || !c->args[0]) {
		report_already(&e->report, "%s runs its server behind lull-shim already", u->name);
		return;
	}
	c->path = c->args[0];
	c->args++;
	text = dropin_text(u->name, e->shim, c);
	write_drop_in(e, path, text, "the server is behind lull-shim");
}

/* A directory that can't be written is no reason to leave the rest: lulld remembers the server, too. */
static void drop_in(struct enable *e, const struct unit *u)
{
	autofree(str) char *path = drop_in_path(u), *text = NULL;
	const struct desktop_server *known;
	struct dropin_command c;
	const char **args = NULL;
	int r = unit_command(u, &c, &args);

	if (r == -ENOENT) {
		report_note(&e->report, "%s hasn't one command of its own; it is left as it is",
			    u->name);
		return;
	}
	if (r < 0 || !path) {
		e->report.is_out_of_memory = true;
		return;
	}
	known = desktop_find(command_base(c.path));
	if (strcmp(command_base(c.path), "lull-shim") == 0) {
		renew_drop_in(e, u, &c, path);
	} else if (!known || known->kind == DESKTOP_STANDALONE) {
		text = dropin_text(u->name, e->shim, &c);
		write_drop_in(e, path, text, "the server starts behind lull-shim");
	}
	free(args);
}

/*
 * Where two servers are installed whose units have the same BusName=, each reload of systemd leaves one of them
 * unusable, be it the one that runs. With our drop-ins they no longer have one.
 */
static bool is_usable(const struct unit *u)
{
	return u->service && (u->is_loaded || u->is_in_conflict);
}

/* A process may be in a unit that isn't its own: a session, a terminal, the bus. */
static bool is_own_unit(const struct unit *u, json_int_t pid)
{
	return is_usable(u) && !u->is_transient &&
	       (u->main_pid == pid || unit_has_bus_name(u, NOTIFICATIONS_NAME));
}

/* @seen: names of units, which are given a drop-in once. False when it was there already. */
static bool add_name(json_t *seen, const char *name)
{
	if (json_object_get(seen, name))
		return false;
	return json_object_set_new(seen, name, json_true()) == 0;
}

static void drop_in_for(struct enable *e, json_t *seen, const char *name)
{
	unit_auto u = units_load(e->call, name);

	if (is_usable(&u) && add_name(seen, u.name))
		drop_in(e, &u);
}

/* The unit whose drop-in of ours that is; NULL when it is something else. */
static char *unit_of_drop_in(const char *path)
{
	autofree(str) char *units = xdg_config("systemd/user/");
	const char *name = units && is_below(path, units) ? path + strlen(units) : "";
	size_t n = strlen(name), n_end = strlen(DROP_IN);

	return n > n_end && strcmp(name + n - n_end, DROP_IN) == 0 ? strndup(name, n - n_end)
								   : NULL;
}

/* By a service file that has been set aside the bus no longer knows the unit. */
static void renew_drop_ins(struct enable *e, json_t *seen)
{
	const json_t *changes = record_changes(e->record);

	for (size_t i = 0; i < json_array_size(changes); i++) {
		autofree(str) char *name =
			unit_of_drop_in(call_text(json_array_get(changes, i), "path"));

		if (name)
			drop_in_for(e, seen, name);
	}
}

bool enable_display(struct enable *e)
{
	autofree(json) json_t *seen = json_object();
	bool is_standalone = e->server.pid > 0 && !e->server.is_lulld &&
			     (!e->server.known || e->server.known->kind == DESKTOP_STANDALONE);

	if (!e->has_systemd || !seen)
		return seen != NULL;
	if (is_standalone) {
		unit_auto u = units_of_pid(e->call, e->server.pid);

		if (is_own_unit(&u, e->server.pid) && add_name(seen, u.name))
			drop_in(e, &u);
	}
	for (size_t i = 0; i < e->services.n_items; i++) {
		const struct service *s = &e->services.items[i];

		if (*s->unit && !services_is_lulld(s))
			drop_in_for(e, seen, s->unit);
	}
	renew_drop_ins(e, seen);
	return true;
}
