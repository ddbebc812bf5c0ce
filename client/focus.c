#include "client/call.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include "config/duration.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX_CHARS 200

static enum outcome read_duration(const char *text, int64_t *ret_us)
{
	int r = duration_parse(text, ret_us);

	if (r == -ERANGE)
		print_failure(
			"'%s' is zero or longer than 366 days; write a duration like 25m, 1h30m or 90",
			text);
	else if (r < 0)
		print_failure("'%s' isn't a duration; write it like 25m, 1h30m or 90 (minutes)",
			      text);
	return r < 0 ? OUTCOME_USAGE : OUTCOME_DONE;
}

static enum outcome read_until(const char *text, int64_t *ret_us)
{
	int r = when_parse(text, when_now(), ret_us);

	if (r == -ERANGE)
		print_failure("'%s' is over; give a time to come, like --until 'tomorrow 9:00'",
			      text);
	else if (r < 0)
		print_failure(
			"'%s' isn't a time; write it like --until 11:30 or --until 'tomorrow 9:00'",
			text);
	return r < 0 ? OUTCOME_USAGE : OUTCOME_DONE;
}

static enum outcome check_label(const char *text)
{
	size_t n_chars = 0;

	if (print_count(text, &n_chars) < 0) {
		print_failure("the label isn't UTF-8 text; write it in UTF-8");
		return OUTCOME_USAGE;
	}
	if (n_chars > LABEL_MAX_CHARS) {
		print_failure("the label has %zu characters; shorten it to %d", n_chars,
			      LABEL_MAX_CHARS);
		return OUTCOME_USAGE;
	}
	return OUTCOME_DONE;
}

static bool add(json_t *options, const char *name, json_t *value)
{
	return json_object_set_new(options, name, value) == 0;
}

/* The options of StartFocus and ToggleFocus, from the command line. */
static enum outcome focus_options(const struct args *a, json_t **ret_options)
{
	const char *duration = a->words.n_items > 0 ? a->words.items[0] : NULL;
	autofree(json) json_t *options = json_object();
	enum outcome r = OUTCOME_DONE;
	int64_t us = 0;
	bool ok = true;

	if (a->until && duration) {
		print_failure(
			strcasecmp(a->until, "tomorrow") == 0 || strcasecmp(a->until, "today") == 0
				? "write the day and the time as one: --until '%s %s'"
				: "both an end (%s) and a duration (%s) are given; leave one out",
			a->until, duration);
		return OUTCOME_USAGE;
	}
	if (a->label) {
		r = check_label(a->label);
		ok = r == OUTCOME_DONE && add(options, "label", json_string(a->label));
	}
	if (r == OUTCOME_DONE && a->until) {
		r = read_until(a->until, &us);
		ok = ok && add(options, "until", json_integer(us));
	}
	if (r == OUTCOME_DONE && duration) {
		r = read_duration(duration, &us);
		ok = ok && add(options, "duration", json_integer(us));
	}
	if (r != OUTCOME_DONE)
		return r;
	if (!ok)
		return call_no_memory();
	*ret_options = take(options);
	return OUTCOME_DONE;
}

/* Calls a method that answers with the resulting status, and prints that. */
static enum outcome change(const struct args *a, const char *member, const char *signature,
			   json_t *args, enum call_start start)
{
	autofree(json) json_t *owned = args;
	autofree(json) json_t *reply = NULL;
	autofree(json) json_t *status = NULL;
	autofree(call) struct call *c = NULL;
	autofree(str) char *text = NULL;
	enum outcome r;

	r = call_open(&c);
	if (r != OUTCOME_DONE)
		return r;
	r = call_method(c, member, signature, take(owned), start, &reply);
	if (r != OUTCOME_DONE)
		return r;
	status = status_json(json_array_get(reply, 0));
	if (!status)
		return call_not_understood();
	if (a->is_json) {
		if (print_json(stdout, status) < 0)
			return call_no_memory();
	} else {
		text = status_focus_text(status, when_now());
		if (!text)
			return call_no_memory();
		fputs("focus is ", stdout);
		print_text(stdout, text);
	}
	putchar('\n');
	return OUTCOME_DONE;
}

enum outcome focus_run(const struct args *a)
{
	json_t *options = NULL;
	enum outcome r = focus_options(a, &options);

	if (r != OUTCOME_DONE)
		return r;
	return change(a, "StartFocus", "a{sv}", json_pack("[o]", options), CALL_MAY_START);
}

enum outcome toggle_run(const struct args *a)
{
	json_t *options = NULL;
	enum outcome r = focus_options(a, &options);

	if (r != OUTCOME_DONE)
		return r;
	return change(a, "ToggleFocus", "a{sv}", json_pack("[o]", options), CALL_MAY_START);
}

enum outcome extend_run(const struct args *a)
{
	int64_t us = 0;
	enum outcome r = read_duration(a->words.items[0], &us);

	if (r != OUTCOME_DONE)
		return r;
	return change(a, "ExtendFocus", "x", json_pack("[I]", (json_int_t)us), CALL_RUNNING_ONLY);
}

enum outcome end_run(const struct args *a)
{
	return change(a, "EndFocus", "", json_array(), CALL_RUNNING_ONLY);
}
