#include "client/call.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include "client/words.h"
#include "config/settings.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX_CHARS 200

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

/* The end from the words: "50m", "1h 30m", "until 11:30", "until tomorrow 9:00", or none. */
static enum outcome add_words(const struct args_list *words, json_t *options, bool *ok)
{
	bool is_time = words->n_items > 0 && strcasecmp(words->items[0], "until") == 0;
	autofree(str) char *text = words_join(words, is_time ? 1 : 0);
	enum outcome r;
	int64_t us = 0;

	if (!text)
		return call_no_memory();
	r = is_time ? words_time(text, &us) : words_duration(text, &us);
	*ok = *ok && add(options, is_time ? "until" : "duration", json_integer(us));
	return r;
}

/* The options of StartFocus and ToggleFocus, from the command line. */
static enum outcome focus_options(const struct args *a, json_t **ret_options)
{
	autofree(json) json_t *options = json_object();
	enum outcome r = OUTCOME_DONE;
	int64_t us = 0;
	bool ok = true;

	if (a->until && a->words.n_items > 0) {
		autofree(str) char *rest = words_join(&a->words, 0);
		autofree(str) char *time = NULL;

		if (!rest || asprintf(&time, "%s %s", a->until, rest) < 0) {
			time = NULL;
			return call_no_memory();
		}
		print_failure(
			when_parse(time, when_now(), &us) == 0
				? "write the day and the time as one: --until '%s %s'"
				: "both an end (%s) and a duration (%s) are given; leave one out",
			a->until, rest);
		return OUTCOME_USAGE;
	}
	if (a->label) {
		r = check_label(a->label);
		ok = r == OUTCOME_DONE && add(options, "label", json_string(a->label));
	}
	if (r == OUTCOME_DONE && a->until) {
		r = words_time(a->until, &us);
		ok = ok && add(options, "until", json_integer(us));
	}
	if (r == OUTCOME_DONE && a->words.n_items > 0)
		r = add_words(&a->words, options, &ok);
	if (r != OUTCOME_DONE)
		return r;
	if (!ok)
		return call_no_memory();
	*ret_options = take(options);
	return OUTCOME_DONE;
}

/* Focus is worth nothing while another server has the notifications. */
static void warn_if_behind(const json_t *status)
{
	const json_t *owner = json_object_get(status, "owner");

	/* While lulld doesn't know yet who is in front, it names nobody. */
	if (json_is_true(json_object_get(status, "focus")) &&
	    !json_is_true(json_object_get(status, "in_front")) && call_number(owner, "pid") > 0)
		print_failure(
			"another server is in front of lull, so nothing is held; 'lull doctor' "
			"says what to do");
}

/* "the pomodoro has ended in work 2 of 4; ": what else a call has done that answers with a status. */
static void print_ended(const json_t *reply, const json_t *status)
{
	const char *ended = call_text(reply, "ended_pomodoro");

	if (!ended[0])
		return;
	fputs(json_is_object(json_object_get(status, "pomodoro"))
		      ? "the pomodoro begins anew, it was in "
		      : "the pomodoro has ended in ",
	      stdout);
	print_text(stdout, ended);
	fputs("; ", stdout);
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
		print_ended(json_array_get(reply, 0), status);
		fputs("focus is ", stdout);
		print_text(stdout, text);
	}
	putchar('\n');
	warn_if_behind(status);
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

enum outcome pomodoro_run(const struct args *a)
{
	json_int_t n_rounds = 0;

	if (a->words.n_items > 0) {
		const char *text = a->words.items[0];

		for (const char *s = text; *s && n_rounds <= POMODORO_ROUNDS_MAX; s++)
			n_rounds = *s < '0' || *s > '9' ? POMODORO_ROUNDS_MAX + 1
							: n_rounds * 10 + (*s - '0');
		if (n_rounds < 1 || n_rounds > POMODORO_ROUNDS_MAX) {
			print_failure("'%s' isn't a number of rounds; write one from 1 to %d", text,
				      POMODORO_ROUNDS_MAX);
			return OUTCOME_USAGE;
		}
	}
	return change(a, "StartPomodoro", "u", json_pack("[I]", n_rounds), CALL_MAY_START);
}

enum outcome extend_run(const struct args *a)
{
	int64_t us = 0;
	autofree(str) char *text = words_join(&a->words, 0);
	enum outcome r = text ? words_duration(text, &us) : call_no_memory();

	if (r != OUTCOME_DONE)
		return r;
	return change(a, "ExtendFocus", "x", json_pack("[I]", (json_int_t)us), CALL_RUNNING_ONLY);
}

enum outcome end_run(const struct args *a)
{
	return change(a, "EndFocus", "", json_array(), CALL_RUNNING_ONLY);
}
