#include "client/call.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Instants are 0 on the bus when there is none, and null in JSON. */
static json_t *instant_of(const json_t *from, const char *name)
{
	json_int_t us = json_integer_value(json_object_get(from, name));

	return us > 0 ? json_integer(us) : json_null();
}

static json_t *tokens_of(const json_t *reply)
{
	const json_t *tokens = json_object_get(reply, "tokens");
	json_t *all = json_array();
	json_t *token;
	size_t i;

	json_array_foreach(tokens, i, token)
	{
		json_t *one =
			json_pack("{s:s, s:s, s:s, s:o, s:o}", "kind", call_text(token, "kind"),
				  "name", call_text(token, "name"), "label",
				  call_text(token, "label"), "since", instant_of(token, "since"),
				  "ends", instant_of(token, "ends"));

		if (json_array_append_new(all, one) < 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

/* null when none is on; an older lulld doesn't say. */
static json_t *pomodoro_of(const json_t *reply)
{
	const json_t *pomodoro = json_object_get(reply, "pomodoro");

	if (!call_text(pomodoro, "phase")[0])
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:o, s:o}", "phase", call_text(pomodoro, "phase"),
			 "round", call_number(pomodoro, "round"), "rounds",
			 call_number(pomodoro, "rounds"), "since", instant_of(pomodoro, "since"),
			 "ends", instant_of(pomodoro, "ends"));
}

/* Who has org.freedesktop.Notifications; an older lulld doesn't say. */
static json_t *owner_of(const json_t *reply)
{
	const json_t *owner = json_object_get(reply, "owner");

	if (!json_is_object(owner))
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:s}", "program", call_text(owner, "program"), "title",
			 call_text(owner, "title"), "pid", call_number(owner, "pid"), "kind",
			 call_text(owner, "kind"));
}

json_t *status_json(const json_t *reply)
{
	const json_t *display = json_object_get(reply, "display");
	json_t *errors = json_object_get(reply, "config_errors");

	if (!json_is_boolean(json_object_get(reply, "focus")))
		return NULL;
	return json_pack(
		"{s:b, s:o, s:o, s:I, s:o, s:b, s:{s:s, s:s, s:s}, s:s, s:s, s:I, s:I, s:I, s:I, s:o, "
		"s:o, s:o, s:s, s:o, s:o}",
		"focus", json_is_true(json_object_get(reply, "focus")), "until",
		instant_of(reply, "until"), "tokens", tokens_of(reply), "held",
		json_integer_value(json_object_get(reply, "held")), "next_release",
		instant_of(reply, "next_release"), "in_front",
		json_is_true(json_object_get(reply, "in_front")), "display", "name",
		call_text(display, "name"), "how", call_text(display, "how"), "unique",
		call_text(display, "unique"), "version", call_text(reply, "version"), "journal",
		call_text(reply, "journal"), "snoozed", call_number(reply, "snoozed"), "announced",
		call_number(reply, "announced"), "quarantined", call_number(reply, "quarantined"),
		"releasing", call_number(reply, "releasing"), "config_errors",
		json_is_array(errors) ? json_incref(errors) : json_array(), "owner",
		owner_of(reply), "next_change", instant_of(reply, "next_change"), "next_block",
		call_text(reply, "next_block"), "next_delivery", instant_of(reply, "next_delivery"),
		"pomodoro", pomodoro_of(reply));
}

/* The name of an application's token is for lulld alone. */
static bool has_name(const json_t *token)
{
	return strcmp(call_text(token, "kind"), "inhibit") != 0 && call_text(token, "name")[0];
}

/* "schedule deep-work", "pomodoro work 2 of 4", "manual", "inhibit" */
static void write_token(FILE *out, const json_t *token)
{
	fputs(call_text(token, "kind"), out);
	if (has_name(token))
		fprintf(out, " %s", call_text(token, "name"));
}

/* What begins at @at, the next change: a block, or, after the break that is on, "work 3 of 4". */
static bool write_start(FILE *out, const json_t *status, const json_t *at)
{
	const json_t *pomodoro = json_object_get(status, "pomodoro");
	const char *block = call_text(status, "next_block");

	if (block[0]) {
		fputs(block, out);
		return true;
	}
	if (strcmp(call_text(pomodoro, "phase"), "work") == 0 ||
	    !json_equal(json_object_get(pomodoro, "ends"), at))
		return false;
	fprintf(out, "work %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT,
		call_number(pomodoro, "round") + 1, call_number(pomodoro, "rounds"));
	return true;
}

/* Why focus is on, from every token that has more to say than "by hand". */
static void write_reasons(FILE *out, const json_t *tokens)
{
	json_t *token;
	size_t i;

	json_array_foreach(tokens, i, token)
	{
		const char *kind = call_text(token, "kind");
		const char *name = call_text(token, "name");
		const char *label = call_text(token, "label");

		if (label[0])
			fprintf(out, " · %s", label);
		else if (strcmp(kind, "manual") != 0)
			fprintf(out, " · %s%s%s", kind, name[0] ? " " : "", name);
	}
}

char *status_focus_text(const json_t *status, int64_t now_us)
{
	const json_t *until = json_object_get(status, "until");
	char end[WHEN_TEXT_MAX];
	char left[WHEN_TEXT_MAX];
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (!json_is_true(json_object_get(status, "focus"))) {
		const json_t *delivery = json_object_get(status, "next_delivery");
		const json_t *change = json_object_get(status, "next_change");

		fputs("off", out);
		if (json_is_integer(change)) {
			when_format(json_integer_value(change), now_us, end);
			fprintf(out, " until %s (", end);
			write_start(out, status, change);
			fputc(')', out);
		}
		if (json_is_integer(delivery)) {
			when_format(json_integer_value(delivery), now_us, end);
			fprintf(out, ", holding until %s (delivery)", end);
		}
	} else {
		if (json_is_integer(until)) {
			when_format(json_integer_value(until), now_us, end);
			when_format_left(json_integer_value(until), now_us, left);
			fprintf(out, "on until %s (%s left)", end, left);
		} else {
			fputs("on, without an end", out);
		}
		write_reasons(out, json_object_get(status, "tokens"));
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void print_line(const char *label, const char *text)
{
	bool has_colour = print_has_colour(stdout);

	printf("%s%-10s%s", has_colour ? "\033[1m" : "", label, has_colour ? "\033[0m" : "");
	print_text(stdout, text);
	putchar('\n');
}

static char *held_text(const json_t *status, int64_t now_us)
{
	const json_t *next = json_object_get(status, "next_release");
	const json_t *delivery = json_object_get(status, "next_delivery");
	json_int_t held = json_integer_value(json_object_get(status, "held"));
	char when[WHEN_TEXT_MAX];
	char *text;
	int r;

	if (json_is_integer(next) && json_integer_value(next) <= now_us) {
		r = asprintf(&text, "%" JSON_INTEGER_FORMAT ", being released", held);
	} else if (json_is_integer(next)) {
		when_format(json_integer_value(next), now_us, when);
		r = asprintf(&text, "%" JSON_INTEGER_FORMAT ", next release %s%s", held, when,
			     json_is_integer(delivery) && json_equal(next, delivery) ? " (delivery)"
										     : "");
	} else {
		r = asprintf(&text, "%" JSON_INTEGER_FORMAT, held);
	}
	return r < 0 ? NULL : text;
}

/* Every reason for focus, and until when. */
static char *tokens_text(const json_t *status, int64_t now_us)
{
	const json_t *tokens = json_object_get(status, "tokens");
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);
	json_t *token;

	if (!out)
		return NULL;
	if (json_array_size(tokens) == 0)
		fputs("none", out);
	json_array_foreach(tokens, i, token)
	{
		const json_t *ends = json_object_get(token, "ends");
		const char *label = call_text(token, "label");
		char when[WHEN_TEXT_MAX];

		fputs(i > 0 ? ", " : "", out);
		write_token(out, token);
		if (json_is_integer(ends)) {
			when_format(json_integer_value(ends), now_us, when);
			fprintf(out, " until %s", when);
		}
		if (label[0])
			fprintf(out, " (%s)", label);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* What changes next by itself: a block or a round begins, or a token ends. */
static char *next_text(const json_t *status, int64_t now_us)
{
	const json_t *next = json_object_get(status, "next_change");
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);
	char when[WHEN_TEXT_MAX];
	bool is_start;
	json_t *token;

	if (!out)
		return NULL;
	if (json_is_integer(next)) {
		when_format(json_integer_value(next), now_us, when);
		fprintf(out, "%s, ", when);
		is_start = write_start(out, status, next);
		if (is_start)
			fputs(" begins", out);
		json_array_foreach(json_object_get(status, "tokens"), i, token)
		{
			if (is_start || !json_equal(json_object_get(token, "ends"), next))
				continue;
			write_token(out, token);
			fputs(" ends", out);
			break;
		}
	} else {
		fputs("nothing changes by itself", out);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* "work 2 of 4, until 10:25", "break until 10:30"; nothing while there is none. */
static void print_pomodoro(const json_t *pomodoro, int64_t now_us)
{
	bool is_work = strcmp(call_text(pomodoro, "phase"), "work") == 0;
	char rounds[48] = "", when[WHEN_TEXT_MAX];
	autofree(str) char *text = NULL;

	if (!json_is_object(pomodoro))
		return;
	if (is_work)
		snprintf(rounds, sizeof(rounds),
			 " %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT ",",
			 call_number(pomodoro, "round"), call_number(pomodoro, "rounds"));
	when_format(call_number(pomodoro, "ends"), now_us, when);
	if (asprintf(&text, "%s%s until %s", call_text(pomodoro, "phase"), rounds, when) < 0)
		text = NULL;
	print_line("Pomodoro", text ? text : call_text(pomodoro, "phase"));
}

/* Why lull isn't in front, by the kind of who is: what comes after its title and its pid. */
static const struct {
	const char *kind;
	const char *text;
} other_owners[] = {
	{"standalone", "was there first, so notifications bypass lull and nothing is held; 'lull "
		       "enable' puts it behind lull"},
	{"takeover", "has the notifications and lulld hasn't taken it over, so nothing is held; "
		     "'lull doctor' says what to do"},
	{"lines-up",
	 "was there before lulld, so notifications bypass lull and nothing is held; log "
	 "in anew with lulld enabled"},
	{"unsupported", "shows notifications itself and lull can't stand in front of it yet; lulld "
			"stays in line, touches nothing and holds nothing"},
	{"unknown", "owns org.freedesktop.Notifications, so notifications bypass lull and nothing "
		    "is held; 'lull doctor' says what to do"},
};

/* NULL when the owner isn't known, or memory ran out. */
static char *other_owner_text(const json_t *owner)
{
	const char *kind = call_text(owner, "kind"), *name = call_text(owner, "title");
	char *text;

	if (!name[0])
		name = call_text(owner, "program");
	for (size_t i = 0; i < ARRAY_SIZE(other_owners); i++) {
		if (strcmp(other_owners[i].kind, kind) != 0)
			continue;
		return asprintf(&text, "no, %s (pid %" JSON_INTEGER_FORMAT ") %s",
				name[0] ? name : "a program", call_number(owner, "pid"),
				other_owners[i].text) < 0
			       ? NULL
			       : text;
	}
	return NULL;
}

static char *front_text(const json_t *status)
{
	const json_t *display = json_object_get(status, "display");
	const char *name = call_text(display, "name");
	char *text;

	if (!json_is_true(json_object_get(status, "in_front"))) {
		text = other_owner_text(json_object_get(status, "owner"));
		return text ? text
			    : strdup("no, notifications bypass lull and nothing is held: another "
				     "program owns org.freedesktop.Notifications");
	}
	if (!name[0])
		return strdup("yes, but there is no display server to show what is released");
	if (asprintf(&text, "yes, display: %s (%s)", name, call_text(display, "how")) < 0)
		return NULL;
	return text;
}

/* What waits, but not for the end of the block. */
static void print_waiting(const json_t *status)
{
	json_int_t announced = call_number(status, "announced");
	json_int_t snoozed = call_number(status, "snoozed");
	json_int_t releasing = call_number(status, "releasing");
	char text[96];

	if (releasing > 0) {
		snprintf(text, sizeof(text),
			 "%" JSON_INTEGER_FORMAT " released, shown as others are closed",
			 releasing);
		print_line("Waiting", text);
	}
	if (announced > 0) {
		snprintf(text, sizeof(text),
			 "%" JSON_INTEGER_FORMAT ", not shown yet: 'lull release' shows them",
			 announced);
		print_line("Announced", text);
	}
	if (snoozed > 0) {
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, snoozed);
		print_line("Snoozed", text);
	}
}

static void print_journal(const char *journal)
{
	static const char memory[] = "memory";
	const char *why = journal + sizeof(memory) - 1;
	autofree(str) char *text = NULL;

	if (strncmp(journal, memory, sizeof(memory) - 1) != 0)
		return;
	why += strspn(why, ": ");
	if (asprintf(&text, "in memory only, and what is held is lost if lulld stops%s%s",
		     *why ? ": " : "", why) < 0)
		text = NULL;
	print_line("Journal", text ? text : "in memory only");
}

static enum outcome print_for_people(const json_t *status)
{
	int64_t now = when_now();
	autofree(str) char *focus = status_focus_text(status, now);
	autofree(str) char *tokens = tokens_text(status, now);
	autofree(str) char *next = next_text(status, now);
	autofree(str) char *held = held_text(status, now);
	autofree(str) char *front = front_text(status);

	if (!focus || !tokens || !next || !held || !front)
		return call_no_memory();
	print_line("Focus", focus);
	print_pomodoro(json_object_get(status, "pomodoro"), now);
	print_line("Tokens", tokens);
	print_line("Next", next);
	print_line("Held", held);
	print_waiting(status);
	print_line("In front", front);
	print_journal(call_text(status, "journal"));
	if (json_array_size(json_object_get(status, "config_errors")) > 0)
		print_line("Settings", "lull.conf has mistakes; see `lull check-config`");
	return OUTCOME_DONE;
}

enum outcome status_run(const struct args *a)
{
	autofree(call) struct call *c = NULL;
	autofree(json) json_t *reply = NULL;
	autofree(json) json_t *status = NULL;
	enum outcome r;

	r = call_open(&c);
	if (r != OUTCOME_DONE)
		return r;
	r = call_method(c, "GetStatus", "", json_array(), CALL_RUNNING_ONLY, &reply);
	if (r != OUTCOME_DONE)
		return r;
	status = status_json(json_array_get(reply, 0));
	if (!status)
		return call_not_understood();
	if (!a->is_json)
		return print_for_people(status);
	if (print_json(stdout, status) < 0)
		return call_no_memory();
	putchar('\n');
	return OUTCOME_DONE;
}
