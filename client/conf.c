/*
 * lull.conf: look for mistakes, show what is in force, have it read again.
 */
#include "client/ask.h"
#include "client/call.h"
#include "client/print.h"
#include "client/verb.h"
#include "config/load.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void load_errors_autofree(struct load_errors *errors)
{
	load_errors_done(errors);
}

/* Mistakes begin with FILE:LINE, so that editors find the place. */
static void print_mistake(const char *line)
{
	print_text(stderr, line);
	fputc('\n', stderr);
}

static enum outcome no_home(void)
{
	print_failure("neither XDG_CONFIG_HOME nor HOME says where lull.conf is; set one of them");
	return OUTCOME_REFUSED;
}

static enum outcome put_json(const json_t *value)
{
	if (!value || print_json(stdout, value) < 0)
		return call_no_memory();
	putchar('\n');
	return OUTCOME_DONE;
}

/* --- check-config --- */

static enum outcome check_json(const char *path, const struct load_errors *errors)
{
	autofree(json) json_t *out = NULL;
	json_t *lines = json_array(), *warnings = json_array();

	for (size_t i = 0; i < errors->count; i++)
		json_array_append_new(lines, print_json_text(errors->lines[i]));
	for (size_t i = 0; i < errors->n_warnings; i++)
		json_array_append_new(warnings, print_json_text(errors->warnings[i]));
	out = json_pack("{s:o, s:o, s:o}", "file", print_json_text(path), "mistakes", lines,
			"warnings", warnings);
	return put_json(out);
}

enum outcome check_config_run(const struct args *a)
{
	autofree(load_errors) struct load_errors errors = {0};
	autofree(settings) struct settings *settings = NULL;
	bool is_given = a->words.n_items > 0;
	autofree(str) char *path = is_given ? strdup(a->words.items[0]) : load_path();
	bool is_there;
	enum outcome r;

	if (!path)
		return is_given ? call_no_memory() : no_home();
	is_there = access(path, F_OK) == 0 || errno != ENOENT;
	if (is_given && !is_there) {
		print_failure("there is no file '%s'", path);
		return OUTCOME_REFUSED;
	}
	if (!a->explain && (a->at || a->is_focus)) {
		print_failure("--at and --focus are for --explain; say which notification, as in "
			      "--explain 'app=Slack'");
		return OUTCOME_USAGE;
	}
	if (load_settings(path, &errors, &settings) < 0 && errors.count == 0)
		return call_no_memory();
	if (a->is_json && !(a->explain && settings)) {
		r = check_json(path, &errors);
		if (r != OUTCOME_DONE)
			return r;
	}
	for (size_t i = 0; i < errors.count; i++)
		print_mistake(errors.lines[i]);
	for (size_t i = 0; i < errors.n_warnings; i++)
		print_mistake(errors.warnings[i]);
	if (errors.count > 0)
		return OUTCOME_REFUSED;
	if (a->explain)
		return ask_run(settings, path, a->explain, a->at, a->is_focus, a->is_json);
	if (!a->is_json) {
		print_text(stdout, path);
		puts(is_there ? ": no mistakes" : ": not there, so every setting has its default");
	}
	return OUTCOME_DONE;
}

/* --- config --- */

static json_t *value_json(const struct settings_entry *e)
{
	const struct setting *row = e->row;
	autofree(str) char *text = NULL;
	int64_t n = 0;

	switch (row->type) {
	case SETTING_NUMBER:
	case SETTING_DURATION:
		memcpy(&n, (const char *)e->base + row->offset, sizeof(n));
		return json_integer(n);
	case SETTING_TEXT:
	case SETTING_CHOICE:
	case SETTING_DAYS:
	case SETTING_CLOCK:
	case SETTING_CLOCKS:
	case SETTING_DATE:
	case SETTING_DATES:
	case SETTING_PATTERNS:
	case SETTING_HINTS:
	case SETTING_WHEN:
	case SETTING_DUE:
	case SETTING_REPEAT:
	case SETTING_BUDGET: break;
	}
	text = settings_value(e);
	return text ? print_json_text(text) : NULL;
}

/* "focus.default", "block.work.start", "rule.chat.hint x-kde-origin-name" */
static char *entry_name(const struct settings_entry *e)
{
	char *text;

	if (asprintf(&text, "%s.%s%s%s%s%s", e->row->section, e->name ? e->name : "",
		     e->name ? "." : "", e->row->key, e->hint ? " " : "",
		     e->hint ? e->hint : "") < 0)
		return NULL;
	return text;
}

static const char *source_name(const struct settings_entry *e)
{
	return e->line > 0 ? "file" : e->is_built_in ? "built-in" : "default";
}

static enum outcome config_json(const char *path, bool is_there, const struct settings *s,
				json_t *daemon_errors)
{
	autofree(json) json_t *out = NULL;
	json_t *all = json_object();
	struct settings_entry e;

	for (size_t i = 0; settings_entry(s, i, &e); i++) {
		autofree(str) char *name = entry_name(&e);
		json_t *one = json_pack("{s:o, s:o, s:s}", "value", value_json(&e), "line",
					e.line > 0 ? json_integer(e.line) : json_null(), "from",
					source_name(&e));

		if (!name || json_object_set_new(all, name, one) < 0) {
			json_decref(all);
			return call_no_memory();
		}
	}
	out = json_pack("{s:o, s:b, s:o, s:O}", "file", print_json_text(path), "exists",
			(int)is_there, "settings", all, "config_errors", daemon_errors);
	return put_json(out);
}

/* "focus.default = 50m" */
static char *entry_text(const struct settings_entry *e)
{
	autofree(str) char *value = settings_value(e), *name = entry_name(e);
	autofree(str) char *escaped = value ? print_escape(value, strlen(value)) : NULL;
	char *text;

	if (!escaped || !name ||
	    asprintf(&text, "%s =%s%s", name, *escaped ? " " : "", escaped) < 0)
		return NULL;
	return text;
}

/* Longer ones, such as lists of categories, don't push the column to the right. */
#define VALUE_WIDTH_MAX 48

/* Each setting, and where it comes from, in a column. */
static enum outcome config_text(const char *path, bool is_there, const struct settings *s)
{
	struct settings_entry e;
	size_t width = 0;

	for (size_t i = 0; settings_entry(s, i, &e); i++) {
		autofree(str) char *text = entry_text(&e);

		if (!text)
			return call_no_memory();
		width = MAX(width, MIN(print_width(text), VALUE_WIDTH_MAX));
	}
	print_text(stdout, path);
	puts(is_there ? "" : " (not there: every setting has its default)");
	for (size_t i = 0; settings_entry(s, i, &e); i++) {
		autofree(str) char *text = entry_text(&e);

		if (!text)
			return call_no_memory();
		printf("%s%*s", text,
		       (int)(width > print_width(text) ? width - print_width(text) : 0) + 2, "");
		if (e.line > 0) {
			print_text(stdout, path);
			printf(":%u\n", e.line);
		} else {
			puts(e.is_built_in ? "built in" : "default");
		}
	}
	return OUTCOME_DONE;
}

enum outcome config_run(const struct args *a)
{
	autofree(load_errors) struct load_errors errors = {0};
	autofree(settings) struct settings *settings = NULL;
	autofree(str) char *path = load_path();
	autofree(json) json_t *status = NULL;
	autofree(json) json_t *daemon_errors = NULL;
	bool is_there;
	enum outcome r;

	if (!path)
		return no_home();
	is_there = access(path, F_OK) == 0;
	if (load_settings(path, &errors, &settings) < 0) {
		if (errors.count == 0)
			return call_no_memory();
		if (errors.count > 1)
			print_failure("%s (and %zu more; 'lull check-config' lists them)",
				      errors.lines[0], errors.count - 1);
		else
			print_failure("%s", errors.lines[0]);
		return OUTCOME_REFUSED;
	}
	status = call_peek_status();
	daemon_errors = json_incref(json_object_get(status, "config_errors"));
	if (!json_is_array(daemon_errors)) {
		json_decref(daemon_errors);
		daemon_errors = json_array();
	}
	r = a->is_json ? config_json(path, is_there, settings, daemon_errors)
		       : config_text(path, is_there, settings);
	if (r == OUTCOME_DONE && json_array_size(daemon_errors) > 0)
		print_failure("lulld doesn't use this: the file had mistakes when it was read; "
			      "'lull reload' has it read again");
	return r;
}

/* --- reload --- */

enum outcome reload_run(const struct args *a)
{
	autofree(call) struct call *c = NULL;
	autofree(json) json_t *reply = NULL;
	const json_t *errors;
	json_t *line;
	enum outcome r;
	size_t i;

	r = call_open(&c);
	if (r == OUTCOME_DONE)
		r = call_method(c, "Reload", "", json_array(), CALL_RUNNING_ONLY, &reply);
	if (r != OUTCOME_DONE)
		return r;
	errors = json_array_get(reply, 0);
	if (!json_is_array(errors))
		return call_not_understood();
	if (a->is_json) {
		autofree(json) json_t *out = json_pack("{s:O}", "errors", errors);

		r = put_json(out);
		if (r != OUTCOME_DONE)
			return r;
	}
	json_array_foreach(errors, i, line)
	{
		if (json_is_string(line))
			print_mistake(json_string_value(line));
	}
	if (json_array_size(errors) > 0)
		return OUTCOME_REFUSED;
	if (!a->is_json)
		puts("configuration reloaded");
	return OUTCOME_DONE;
}
