#include "client/enable.h"

#include "client/autostart.h"
#include "client/call.h"
#include "client/enable_record.h"
#include "client/enable_steps.h"
#include "client/print.h"
#include "client/units.h"
#include "config/command.h"
#include "config/xdg.h"
#include "daemon/core/desktop.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 100
/* How long a display server may take to come up behind lulld. */
#define DISPLAY_PATIENCE_MS 6000

void enable_done(struct enable *e)
{
	call_free(e->call);
	record_free(e->record);
	json_decref(e->found);
	free(e->lulld);
	free(e->shim);
	services_done(&e->services);
	server_done(&e->server);
	free(e->adopted);
}

/* --- making it so --- */

static bool step_tell(struct enable *e)
{
	autofree(str) char *why = NULL;
	bool is_dry_run = e->report.is_dry_run;

	if (!record_is_there(e->record) || record_flag(e->record, RECORD_IS_TOLD))
		return true;
	if ((!is_dry_run && bus_reload(e->call, &why) < 0) ||
	    (!is_dry_run && e->has_systemd && units_reload(e->call, &why) < 0)) {
		report_failed(&e->report, "the changes aren't in force: %s; log in anew",
			      why ? why : "out of memory");
		return true;
	}
	report_did(&e->report, REPORT_TELL, "%s to read the changed files",
		   e->has_systemd ? "the bus and systemd" : "the bus");
	return record_set_flag(e->record, RECORD_IS_TOLD, true) == 0;
}

static int start_unit(struct enable *e, char **ret_why)
{
	unit_auto u = units_load(e->call, LULLD_UNIT);

	/* Where that doesn't help, the start says why. */
	if (strcmp(u.state, "failed") == 0)
		(void)!units_reset_failed(e->call, LULLD_UNIT, NULL);
	return units_start(e->call, LULLD_UNIT, ret_why);
}

static bool step_start(struct enable *e)
{
	json_int_t pid = bus_pid(e->call, LULL_NAME);
	autofree(str) char *why = NULL;
	int r = 0;

	if (pid > 0) {
		report_already(&e->report, "lulld runs already (pid %" JSON_INTEGER_FORMAT ")",
			       pid);
		return true;
	}
	if (!e->report.is_dry_run) {
		r = e->has_unit ? start_unit(e, &why) : bus_start(e->call, LULL_NAME, &why);
		if (r == 0 && !bus_wait(e->call, LULL_NAME, true))
			r = -ETIMEDOUT;
	}
	if (r < 0) {
		report_failed(&e->report, "lulld can't be started: %s; %s",
			      why ? why : strerror(-r),
			      e->has_unit ? "see 'journalctl --user -u lulld'"
					  : "run it in the session to see why");
		return false;
	}
	e->has_moved = true;
	report_did(&e->report, REPORT_START, "lulld");
	return true;
}

static void foresee_adoption(struct enable *e)
{
	const struct server *s = &e->server;

	if (s->pid == 0 || s->is_lulld)
		return;
	switch (s->known ? s->known->kind : DESKTOP_STANDALONE) {
	case DESKTOP_STANDALONE:
		report_did(&e->report, REPORT_PUT_IN_LINE,
			   "%s (pid %" JSON_INTEGER_FORMAT "), behind lulld", s->program, s->pid);
		break;
	case DESKTOP_TAKEOVER:
		report_note(&e->report,
			    "%s (pid %" JSON_INTEGER_FORMAT
			    ") has the notifications; lulld takes over from it while it runs",
			    server_title(s), s->pid);
		break;
	case DESKTOP_LINES_UP:
		report_note(&e->report, "%s was there before lulld; it lines up at the next login",
			    server_title(s));
		break;
	case DESKTOP_UNSUPPORTED: break;
	}
}

static bool step_adopt(struct enable *e)
{
	autofree(str) char *command = NULL, *why = NULL;
	int r;

	if (e->report.is_dry_run) {
		foresee_adoption(e);
		return true;
	}
	r = lulld_adopt(e->call, &command, &why);
	if (r == -ENOSYS)
		report_failed(&e->report,
			      "the lulld that runs is of another version; restart it, then: lull "
			      "enable");
	else if (r < 0)
		report_failed(&e->report, "%s", why ? why : "out of memory");
	else if (command[0])
		report_did(&e->report, REPORT_PUT_IN_LINE, "%s, behind lulld; it was started anew",
			   command);
	else
		report_already(&e->report, "lulld stands in front already");
	if (r == 0 && command[0]) {
		e->adopted = take(command);
		e->has_moved = true;
	}
	return true;
}

/* What starts the server at login is the user's: lulld puts it in line each time. */
static bool step_autostart(struct enable *e)
{
	autofree(command) char **words = NULL;
	const struct desktop_server *known = e->server.known;
	bool is_standalone = !e->server.is_lulld && (!known || known->kind == DESKTOP_STANDALONE);
	const char *program = is_standalone ? e->server.program : "";
	autofree(str) char *path = NULL;

	if (e->adopted && command_split(e->adopted, &words) == 0)
		program = command_base(words[0]);
	path = program[0] ? autostart_find(program) : NULL;
	if (path)
		report_note(&e->report,
			    "%s starts %s at login, and stays as it is; lulld puts it in line each "
			    "time",
			    path, program);
	return true;
}

/* --- the end --- */

/* Until a server has said what it is called, lulld calls it by its unique name. */
static bool is_named(const json_t *status)
{
	const char *name = call_text(json_object_get(status, "display"), "name");

	return name[0] && name[0] != ':';
}

/* lulld's status once it knows who displays, or else as it is after some seconds. */
static json_t *wait_for_display(struct enable *e)
{
	json_t *status = lulld_status(e->call);

	for (int waited = 0; waited < DISPLAY_PATIENCE_MS && e->has_moved && !e->report.is_dry_run;
	     waited += LOOK_AGAIN_MS) {
		if (!status || !json_is_true(json_object_get(status, "in_front")) ||
		    is_named(status))
			break;
		json_decref(status);
		usleep(LOOK_AGAIN_MS * 1000);
		status = lulld_status(e->call);
	}
	return status;
}

static enum outcome finish(struct enable *e)
{
	autofree(json) json_t *status = wait_for_display(e);
	const json_t *display = json_object_get(status, "display");
	bool is_in_front = json_is_true(json_object_get(status, "in_front"));
	const char *name = is_in_front ? call_text(display, "name") : "";

	if (!is_named(status) && name[0])
		name = "a display server";
	e->report.step = "result";
	if (e->report.is_dry_run)
		report_note(&e->report, "lull %s in front now; nothing was changed",
			    is_in_front ? "is" : "isn't");
	else if (!is_in_front)
		report_note(&e->report, "lull isn't in front; 'lull doctor' says why");
	else if (!name[0])
		report_note(&e->report,
			    "lull is in front; nothing displays yet, see 'lull doctor'");
	else
		report_note(&e->report, "lull is in front, %s displays", name);
	if (!e->has_systemd)
		report_note(
			&e->report,
			"at login the session has to start lulld: an autostart entry, or a line "
			"in the window manager's configuration: %s",
			e->lulld);
	return report_finish(&e->report, is_in_front || e->report.is_dry_run,
			     json_pack("{s:b, s:s}", "in_front", is_in_front, "display", name));
}

/* A step has failed without which the others make no sense. */
static enum outcome give_up(struct enable *e)
{
	if (!e->report.has_failed)
		return call_no_memory();
	e->report.step = "result";
	if (record_is_there(e->record))
		report_note(&e->report, "not finished; 'lull disable' puts back what was done");
	return report_finish(&e->report, false, NULL);
}

/* --- the beginning --- */

static char *beside_us(const char *program)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
	char *found;

	if (!slash || asprintf(&found, "%.*s/%s", (int)(slash - path), path, program) < 0)
		return NULL;
	return found;
}

static enum outcome find_programs(struct enable *e)
{
	e->lulld = beside_us("lulld");
	e->shim = beside_us("lull-shim");
	if (!e->lulld || !e->shim)
		return call_no_memory();
	if (access(e->lulld, X_OK) == 0 && access(e->shim, X_OK) == 0)
		return OUTCOME_DONE;
	print_failure("%s can't be run; install lull whole ('make install')",
		      access(e->lulld, X_OK) == 0 ? e->shim : e->lulld);
	return OUTCOME_REFUSED;
}

static enum outcome find_desktop(struct enable *e)
{
	if (server_find(e->call, &e->server) < 0)
		return call_no_memory();
	if (!e->server.known || e->server.known->kind != DESKTOP_UNSUPPORTED)
		return OUTCOME_DONE;
	print_failure("%s shows notifications itself, and lull can't stand in front of it yet; "
		      "nothing was changed",
		      e->server.known->title);
	return OUTCOME_REFUSED;
}

/* systemd may not have looked since lull was installed. */
static enum outcome find_unit(struct enable *e)
{
	e->has_systemd = units_are_there(e->call);
	if (!e->has_systemd)
		return OUTCOME_DONE;
	unit_auto u = units_load(e->call, LULLD_UNIT);

	if (u.is_masked) {
		print_failure(LULLD_UNIT
			      " is masked; systemctl --user unmask lulld, then: lull enable");
		return OUTCOME_REFUSED;
	}
	if (!u.is_loaded && !e->report.is_dry_run && units_reload(e->call, NULL) == 0) {
		unit_auto again = units_load(e->call, LULLD_UNIT);

		e->has_unit = again.is_loaded;
	} else {
		e->has_unit = u.is_loaded;
	}
	return OUTCOME_DONE;
}

enum outcome enable_open_record(struct enable *e)
{
	autofree(str) char *path = xdg_state("lull/enabled.json");
	int error = record_open(e->report.is_dry_run, &e->record);

	if (error == 0)
		return OUTCOME_DONE;
	if (error == -ENOMEM)
		return call_no_memory();
	if (error == -ENXIO || !path)
		print_failure("there is no home directory; set HOME");
	else if (error == -EBADMSG)
		print_failure(
			"%s, what 'lull enable' has changed, isn't understood; mend it, or move it "
			"away and put the changes back yourself",
			path);
	else
		print_failure("%s can't be read: %s; make it readable for you", path,
			      strerror(-error));
	return OUTCOME_REFUSED;
}

static enum outcome begin(struct enable *e)
{
	enum outcome r = find_programs(e);

	if (r == OUTCOME_DONE)
		r = call_open(&e->call);
	if (r == OUTCOME_DONE)
		r = find_desktop(e);
	if (r == OUTCOME_DONE)
		r = enable_open_record(e);
	if (r == OUTCOME_DONE && services_find(NOTIFICATIONS_NAME, &e->services) < 0)
		r = call_no_memory();
	if (r == OUTCOME_DONE)
		r = find_unit(e);
	return r;
}

enum outcome enable_run(const struct args *a)
{
	static const struct {
		const char *name;
		bool (*run)(struct enable *e);
	} steps[] = {
		{"activation", enable_activation},
		{"service", enable_service},
		{"display", enable_display},
		{"files", step_tell},
		{"lulld", step_start},
		{"adoption", step_adopt},
		{"autostart", step_autostart},
	};
	enable_auto e = {
		.report = {.is_json = a->is_json, .is_dry_run = a->is_dry_run},
	};
	enum outcome r = begin(&e);

	if (r != OUTCOME_DONE)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		e.report.step = steps[i].name;
		if (!steps[i].run(&e))
			return give_up(&e);
	}
	return finish(&e);
}
