/*
 * enable_report: what `lull enable` and `lull disable` say, step by step.
 *
 * For people each step is a line as soon as it is done, for scripts there is one JSON value at the end.
 */
#pragma once
#include "client/verb.h"
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>

/** What was done, or would be in a dry run. */
enum report_verb {
	REPORT_WRITE,
	REPORT_UPDATE,
	REPORT_SET_ASIDE,
	REPORT_PUT_BACK,
	REPORT_REMOVE,
	REPORT_ENABLE,
	REPORT_TELL,
	REPORT_START,
	REPORT_STOP,
	REPORT_PUT_IN_LINE,
};

struct report {
	const char *step; /* the one that is at work; its word in the output */
	bool is_json;
	bool is_dry_run;
	bool has_failed;
	bool is_out_of_memory;
	json_t *steps;
};

/** report_did() - "wrote " or "would write ", and the rest */
void report_did(struct report *r, enum report_verb verb, const char *fmt, ...) LULL_PRINTF(3, 4);

/** report_already() - there is nothing to do, it is so */
void report_already(struct report *r, const char *fmt, ...) LULL_PRINTF(2, 3);

/** report_note() - what the user should know */
void report_note(struct report *r, const char *fmt, ...) LULL_PRINTF(2, 3);

/** report_failed() - what is wrong, and what to do; a line on stderr */
void report_failed(struct report *r, const char *fmt, ...) LULL_PRINTF(2, 3);

/**
 * report_finish() - print what --json prints, and forget the steps
 * @more: more keys for it, always taken; NULL: none
 *
 * Return: OUTCOME_DONE if @is_ok and nothing has failed.
 */
enum outcome report_finish(struct report *r, bool is_ok, json_t *more);
