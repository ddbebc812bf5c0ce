/*
 * lull.conf: look for mistakes, show what is in force, have it read again.
 */
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

/* A path needn't be UTF-8. */
static json_t *path_json(const char *path)
{
	json_t *value = json_string(path);
	autofree(str) char *escaped = value ? NULL : print_escape(path, strlen(path));

	return value ? value : json_string(escaped);
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
	json_t *lines = json_array();

	for (size_t i = 0; i < errors->count; i++)
		json_array_append_new(lines, path_json(errors->lines[i]));
	out = json_pack("{s:o, s:o}", "file", path_json(path), "mistakes", lines);
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
	if (load_settings(path, &errors, &settings) < 0 && errors.count == 0)
		return call_no_memory();
	if (a->is_json) {
		r = check_json(path, &errors);
		if (r != OUTCOME_DONE)
			return r;
	}
	for (size_t i = 0; i < errors.count; i++)
		print_mistake(errors.lines[i]);
	if (errors.count > 0)
		return OUTCOME_REFUSED;
	if (!a->is_json) {
		print_text(stdout, path);
		puts(is_there ? ": no mistakes" : ": not there, so every setting has its default");
	}
	return OUTCOME_DONE;
}

/* --- config --- */

static json_t *value_json(const struct settings *s, const struct setting *row)
{
	autofree(str) char *text = NULL;
	int64_t n = 0;

	switch (row->type) {
	case SETTING_NUMBER:
	case SETTING_DURATION:
		memcpy(&n, (const char *)s + row->offset, sizeof(n));
		return json_integer(n);
	case SETTING_TEXT:
	case SETTING_CHOICE: break;
	}
	text = settings_value(s, row);
	return text ? path_json(text) : NULL;
}

static enum outcome config_json(const char *path, bool is_there, const struct settings *s,
				json_t *daemon_errors)
{
	autofree(json) json_t *out = NULL;
	json_t *all = json_object();
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		autofree(str) char *name = NULL;
		json_t *one = json_pack("{s:o, s:o}", "value", value_json(s, &table[i]), "line",
					s->lines[i] > 0 ? json_integer(s->lines[i]) : json_null());

		if (asprintf(&name, "%s.%s", table[i].section, table[i].key) < 0)
			name = NULL;
		if (!name || json_object_set_new(all, name, one) < 0) {
			json_decref(all);
			return call_no_memory();
		}
	}
	out = json_pack("{s:o, s:b, s:o, s:O}", "file", path_json(path), "exists", (int)is_there,
			"settings", all, "config_errors", daemon_errors);
	return put_json(out);
}

/* "focus.default = 50m", and where it comes from, in a column. */
static enum outcome config_text(const char *path, bool is_there, const struct settings *s)
{
	char *lines[SETTINGS_MAX] = {NULL};
	size_t count, width = 0;
	const struct setting *table = settings_table(&count);
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		autofree(str) char *value = settings_value(s, &table[i]);
		autofree(str) char *escaped = value ? print_escape(value, strlen(value)) : NULL;

		if (!escaped || asprintf(&lines[i], "%s.%s =%s%s", table[i].section, table[i].key,
					 *escaped ? " " : "", escaped) < 0) {
			lines[i] = NULL;
			ok = false;
			break;
		}
		width = MAX(width, print_width(lines[i]));
	}
	if (ok) {
		print_text(stdout, path);
		puts(is_there ? "" : " (not there: every setting has its default)");
	}
	for (size_t i = 0; i < count; i++) {
		if (ok) {
			printf("%s%*s", lines[i], (int)(width - print_width(lines[i]) + 2), "");
			if (s->lines[i] > 0) {
				print_text(stdout, path);
				printf(":%u\n", s->lines[i]);
			} else {
				puts("default");
			}
		}
		free(lines[i]);
	}
	return ok ? OUTCOME_DONE : call_no_memory();
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
