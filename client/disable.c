#include "client/call.h"
#include "client/disk.h"
#include "client/doctor_peer.h"
#include "client/enable.h"
#include "client/enable_files.h"
#include "client/enable_found.h"
#include "client/enable_record.h"
#include "client/enable_steps.h"
#include "client/units.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 50
/* How long what was just released may take to the display. */
#define RELEASE_PATIENCE_MS 3000

/* --- files --- */

static bool is_dir(const json_t *change)
{
	return strcmp(call_text(change, "kind"), "dir") == 0;
}

static void report_undone(struct enable *e, int outcome, const json_t *change)
{
	const char *path = call_text(change, "path"), *to = call_text(change, "to");

	if (outcome < 0) {
		report_failed(&e->report, "%s can't be put back: %s; %s, then: lull disable", path,
			      strerror(-outcome), files_remedy(outcome));
		return;
	}
	switch ((enum files_outcome)outcome) {
	case FILES_REMOVED:
		if (!is_dir(change))
			report_did(&e->report, REPORT_REMOVE, "%s", path);
		else
			report_did(&e->report, REPORT_REMOVE, "%s, %s", path,
				   e->report.is_dry_run ? "if it is empty then"
							: "which was empty again");
		break;
	case FILES_RESTORED: report_did(&e->report, REPORT_PUT_BACK, "%s", path); break;
	case FILES_EDITED:
		report_note(&e->report, "%s was edited since, and is left as it is", path);
		break;
	case FILES_OCCUPIED:
		report_note(&e->report,
			    "there is another %s now; what was there before stays beside it as %s",
			    path, to);
		break;
	case FILES_SAME:
	case FILES_WROTE:
	case FILES_UPDATED:
	case FILES_REPLACED: break;
	}
}

/* What could not be put back stays on record, for the next time; so do directories. */
static bool put_back_files(struct enable *e)
{
	json_t *changes = record_changes(e->record);
	size_t i;
	bool is_all = true;

	for (i = json_array_size(changes); i > 0; i--) {
		const json_t *change = json_array_get(changes, i - 1);
		int outcome;

		if (is_dir(change))
			continue;
		outcome = files_undo(e->record, change);
		report_undone(e, outcome, change);
		if (outcome < 0)
			is_all = false;
		else if (!e->report.is_dry_run)
			json_array_remove(changes, i - 1);
	}
	return is_all;
}

static void put_back_dirs(struct enable *e, const json_t *changes)
{
	for (size_t i = json_array_size(changes); i > 0; i--) {
		const json_t *change = json_array_get(changes, i - 1);

		if (is_dir(change))
			report_undone(e, files_undo(e->record, change), change);
	}
}

/* lulld's own list of the servers that it has adopted. */
static void forget_adopted(struct enable *e)
{
	autofree(str) char *path = NULL;

	if (asprintf(&path, "%s/adopted", record_dir(e->record)) < 0) {
		path = NULL;
		e->report.is_out_of_memory = true;
		return;
	}
	if (!disk_has(path))
		return;
	if (!e->report.is_dry_run && unlink(path) < 0)
		report_failed(&e->report, "%s can't be removed: %s; %s", path, strerror(errno),
			      files_remedy(-errno));
	else
		report_did(&e->report, REPORT_REMOVE, "%s", path);
}

/* --- the bus, systemd and lulld --- */

static void tell(struct enable *e)
{
	autofree(str) char *why = NULL;

	if (!e->report.is_dry_run &&
	    (bus_reload(e->call, &why) < 0 || (e->has_systemd && units_reload(e->call, &why) < 0)))
		report_failed(&e->report, "the changes aren't in force: %s; log in anew",
			      why ? why : "out of memory");
	else
		report_did(&e->report, REPORT_TELL, "%s to read the changed files",
			   e->has_systemd ? "the bus and systemd" : "the bus");
}

static bool is_process_of_unit(struct enable *e, json_int_t pid)
{
	if (!e->has_systemd)
		return false;
	unit_auto u = units_load(e->call, LULLD_UNIT);

	return u.main_pid == pid;
}

static int end_process(json_int_t pid)
{
	autofree(str) char *program = peer_program(pid);

	/* The number may mean another process here than on the bus, as in a container. */
	if (!program || strcmp(program, "lulld") != 0)
		return -ESRCH;
	return kill((pid_t)pid, SIGTERM) < 0 ? -errno : 0;
}

/* False when there is none. */
static bool stop_lulld(struct enable *e)
{
	json_int_t pid = bus_pid(e->call, LULL_NAME);
	autofree(str) char *why = NULL;
	int r = 0;

	if (pid == 0) {
		report_already(&e->report, "lulld isn't running");
		return false;
	}
	if (!e->report.is_dry_run) {
		r = is_process_of_unit(e, pid) ? units_stop(e->call, LULLD_UNIT, &why)
					       : end_process(pid);
		if (r == 0 && !bus_wait(e->call, LULL_NAME, false))
			r = -ETIMEDOUT;
	}
	if (r < 0)
		report_failed(&e->report,
			      "lulld (pid %" JSON_INTEGER_FORMAT ") can't be stopped: %s; end it "
			      "yourself",
			      pid, why ? why : strerror(-r));
	else
		report_did(&e->report, REPORT_STOP, "lulld (pid %" JSON_INTEGER_FORMAT ")", pid);
	return true;
}

static void tell_who_shows(struct enable *e)
{
	server_auto s = {0};

	if (e->report.is_dry_run || server_find(e->call, &s) < 0)
		return;
	if (s.pid == 0)
		report_note(&e->report,
			    "nothing shows notifications now; start your display server again");
	else if (s.is_shimmed)
		report_note(&e->report,
			    "%s has the notifications now; it runs under lull-shim until it is "
			    "started anew, which is harmless",
			    s.program);
	else if (!s.is_lulld)
		report_note(&e->report, "%s has the notifications now", server_title(&s));
}

/* --- all of it --- */

static void find_bus(struct enable *e)
{
	autofree(str) char *why = NULL;

	if (call_open_quietly(&e->call, &why) != OUTCOME_DONE) {
		e->call = NULL;
		report_note(&e->report, "there is no session bus to tell: only files are put back");
	} else {
		e->has_systemd = units_are_there(e->call);
	}
}

static void finish_record(struct enable *e, bool is_all)
{
	autofree(json) json_t *changes = json_incref(record_changes(e->record));
	int error = is_all ? record_remove(e->record) : record_save(e->record);

	if (error < 0)
		report_failed(&e->report, "what is on record in %s can't be written: %s; %s",
			      record_dir(e->record), strerror(-error), files_remedy(error));
	else if (is_all)
		put_back_dirs(e, changes);
}

/* What waits but isn't held stays in the journal all the same; only lulld shows it. */
static void note_waiting(struct enable *e, const json_t *status)
{
	static const struct {
		const char *key;
		const char *word;
	} rows[] = {
		{"snoozed", "snoozed"},
		{"announced", "announced"},
		{"releasing", "on the way to the display"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_int_t n = call_number(status, rows[i].key);

		if (n > 0)
			report_note(&e->report,
				    "%" JSON_INTEGER_FORMAT " notification%s %s; %s in the "
				    "journal, and %s shown",
				    n, n == 1 ? " is" : "s are", rows[i].word,
				    n == 1 ? "it stays" : "they stay", n == 1 ? "isn't" : "aren't");
	}
}

/* After a release, what is on its way is given some time; more than the display takes at once waits longer. */
static json_t *settled_status(struct enable *e)
{
	json_t *status = lulld_status(e->call);

	for (int waited = 0;
	     waited < RELEASE_PATIENCE_MS && !e->report.is_dry_run &&
	     call_number(status, "held") == 0 && call_number(status, "releasing") > 0;
	     waited += LOOK_AGAIN_MS) {
		json_decref(status);
		usleep(LOOK_AGAIN_MS * 1000);
		status = lulld_status(e->call);
	}
	return status;
}

/* Without lulld nothing shows what it holds. False when it has to be let go first. */
static bool may_stop_lulld(struct enable *e)
{
	autofree(json) json_t *status = e->call ? settled_status(e) : NULL;
	json_int_t n = call_number(status, "held");
	autofree(str) char *text = NULL;

	e->report.step = "lulld";
	if (n > 0 && asprintf(&text,
			      "%" JSON_INTEGER_FORMAT " notification%s held; 'lull end' or 'lull "
			      "release' lets %s go, then: lull disable",
			      n, n == 1 ? " is" : "s are", n == 1 ? "it" : "them") < 0) {
		text = NULL;
		e->report.is_out_of_memory = true;
		return false;
	}
	if (text && !e->report.is_dry_run)
		report_failed(&e->report, "%s", text);
	else if (text)
		report_note(&e->report, "%s", text);
	if (!e->report.has_failed)
		note_waiting(e, status);
	return !e->report.has_failed;
}

/* From here on it is as if it had been on record. False when it can't be put there. */
static bool record_found(struct enable *e)
{
	json_t *change;
	int error = 0;
	size_t i;

	json_array_foreach(e->found, i, change)
	{
		if (error == 0)
			error = record_add(e->record, json_incref(change));
	}
	if (error < 0)
		report_failed(&e->report, "what is found can't be put on record in %s: %s; %s",
			      record_dir(e->record), strerror(-error), files_remedy(error));
	else if (e->found)
		report_note(
			&e->report,
			"the record of 'lull enable' is lost; the files that name it are put back");
	return error == 0;
}

/* Only the record knew who had enabled it. */
static void note_enabled_unit(struct enable *e)
{
	autofree(str) char *state = NULL;

	if (record_flag(e->record, RECORD_WAS_ENABLED)) {
		report_note(&e->report,
			    LULLD_UNIT " was enabled before, and stays so; to change that: "
				       "systemctl --user disable lulld");
		return;
	}
	state = e->found && e->has_systemd ? units_file_state(e->call, LULLD_UNIT) : NULL;
	if (state && strcmp(state, "enabled") == 0)
		report_note(&e->report,
			    LULLD_UNIT " is enabled still; to have it no longer start "
				       "with the session: systemctl --user disable lulld");
}

static enum outcome put_everything_back(struct enable *e)
{
	bool is_all, was_running = false;

	e->report.step = "files";
	find_bus(e);
	if (!may_stop_lulld(e))
		return report_finish(&e->report, false, NULL);
	e->report.step = "files";
	if (!record_found(e))
		return report_finish(&e->report, false, NULL);
	is_all = put_back_files(e);
	forget_adopted(e);
	if (e->call) {
		tell(e);
		e->report.step = "lulld";
		was_running = stop_lulld(e);
	}
	e->report.step = "files";
	note_enabled_unit(e);
	finish_record(e, is_all);
	e->report.step = "result";
	if (was_running)
		tell_who_shows(e);
	if (disk_has(record_dir(e->record)))
		report_note(&e->report, "what lull has kept of your notifications stays in %s",
			    record_dir(e->record));
	return report_finish(&e->report, true, NULL);
}

enum outcome disable_run(const struct args *a)
{
	enable_auto e = {
		.report = {.is_json = a->is_json, .is_dry_run = a->is_dry_run},
	};
	enum outcome r = enable_open_record(&e);

	if (r != OUTCOME_DONE)
		return r;
	if (!record_is_there(e.record)) {
		e.found = found_changes();
		if (!e.found)
			return call_no_memory();
	}
	if (record_is_there(e.record) || json_array_size(e.found) > 0)
		return put_everything_back(&e);
	/* Where enable was killed before the record was there, it had made the directory for it at the most. */
	if (record_remove(e.record) > 0)
		(void)rmdir(record_dir(e.record));
	e.report.step = "result";
	report_note(&e.report,
		    "there is nothing to put back: 'lull enable' has changed nothing here");
	return report_finish(&e.report, true, NULL);
}
