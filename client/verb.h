/*
 * verb: what the verbs of the client share.
 *
 * A verb is a row of the table in main.c and a function here. It gets its arguments parsed, writes its answer
 * to stdout or one line to stderr, and returns the exit status.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The exit status of every verb. Scripts depend on the numbers. */
enum outcome {
	OUTCOME_DONE = 0,
	OUTCOME_REFUSED = 1,     /* the daemon refused, or nothing matched */
	OUTCOME_USAGE = 2,       /* the command line is wrong */
	OUTCOME_NOT_RUNNING = 3, /* no daemon, or no session bus */
};

struct args_list {
	const char **items;
	size_t n_items;
};

/** A parsed command line; every string is borrowed from argv. NULL: not given. */
struct args {
	bool is_json;
	bool has_no_probe;
	bool is_dry_run;
	bool is_focus;
	const char *until;
	const char *label;
	const char *app;
	const char *since;
	const char *grep;
	const char *limit;
	const char *explain;
	const char *at;
	struct args_list press;
	struct args_list words; /* what isn't an option */
};

enum option_type {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char *; given twice, the last one counts */
	OPTION_LIST, /* struct args_list; may be repeated */
};

struct option_row {
	const char *name;
	const char *value; /* what it is called in help; NULL for a flag */
	enum option_type type;
	size_t offset; /* in struct args */
	const char *help;
};

struct verb {
	const char *name;
	const char *synopsis; /* after the name */
	const char *summary;
	const char *details; /* more sentences and examples */
	size_t min_words, max_words;
	const struct option_row *options[6]; /* NULL after the last */
	enum outcome (*run)(const struct args *a);
};

/** verb_table() - the rows, in the order of help; the first one runs when no verb is given */
const struct verb *verb_table(size_t *ret_count);

enum outcome status_run(const struct args *a);
enum outcome focus_run(const struct args *a);
enum outcome extend_run(const struct args *a);
enum outcome end_run(const struct args *a);
enum outcome toggle_run(const struct args *a);
enum outcome pomodoro_run(const struct args *a);
enum outcome list_run(const struct args *a);
enum outcome show_run(const struct args *a);
enum outcome why_run(const struct args *a);
enum outcome audit_run(const struct args *a);
enum outcome release_run(const struct args *a);
enum outcome dismiss_run(const struct args *a);
enum outcome snooze_run(const struct args *a);
enum outcome act_run(const struct args *a);
enum outcome history_run(const struct args *a);
enum outcome config_run(const struct args *a);
enum outcome check_config_run(const struct args *a);
enum outcome reload_run(const struct args *a);
enum outcome help_run(const struct args *a);

/**
 * status_json() - a status as lull prints it with --json
 * @reply: the daemon's answer to GetStatus and to the verbs that change focus: one a{sv}
 *
 * Return: a new value in which every key is there and has its type; NULL when @reply isn't a status.
 */
json_t *status_json(const json_t *reply);

/**
 * status_focus_text() - focus in words
 * @status: from status_json()
 *
 * Return: "off", "off until 13:00 (deep-work), holding until 12:30 (delivery)", "on until 11:30 (22 min left)
 * · writing"; not yet escaped; the caller frees it. NULL when
 * out of memory.
 */
char *status_focus_text(const json_t *status, int64_t now_us);
