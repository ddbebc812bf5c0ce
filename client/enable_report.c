#include "client/enable_report.h"

#include "client/call.h"
#include "client/print.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *done;
	const char *would_be;
} verbs[] = {
	[REPORT_WRITE] = {"wrote", "would write"},
	[REPORT_UPDATE] = {"updated", "would update"},
	[REPORT_SET_ASIDE] = {"set aside", "would set aside"},
	[REPORT_PUT_BACK] = {"put back", "would put back"},
	[REPORT_REMOVE] = {"removed", "would remove"},
	[REPORT_ENABLE] = {"enabled", "would enable"},
	[REPORT_TELL] = {"told", "would tell"},
	[REPORT_START] = {"started", "would start"},
	[REPORT_STOP] = {"stopped", "would stop"},
	[REPORT_PUT_IN_LINE] = {"put in line", "would put in line"},
};

/* @text: NULL: out of memory */
static void add(struct report *r, const char *state, const char *verb, const char *text)
{
	/* Escaped here, because JSON takes UTF-8 only, and a path may be anything. */
	autofree(str) char *safe = text ? print_escape(text, strlen(text)) : NULL;
	json_t *step = NULL;

	if (!safe) {
		r->is_out_of_memory = true;
		return;
	}
	if (!r->is_json && strcmp(state, "failed") == 0) {
		fflush(stdout);
		print_failure("%s", text);
	} else if (!r->is_json) {
		printf("%-10s  %s%s%s\n", r->step, verb, verb[0] ? " " : "", safe);
	}
	if (!r->steps)
		r->steps = json_array();
	step = json_pack("{s:s, s:s, s:s++}", "step", r->step, "state", state, "text", verb,
			 verb[0] ? " " : "", safe);
	if (json_array_append_new(r->steps, step) < 0)
		r->is_out_of_memory = true;
}

static LULL_PRINTF(1, 0) char *format(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

void report_did(struct report *r, enum report_verb verb, const char *fmt, ...)
{
	autofree(str) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	add(r, r->is_dry_run ? "would" : "done",
	    r->is_dry_run ? verbs[verb].would_be : verbs[verb].done, text);
}

void report_already(struct report *r, const char *fmt, ...)
{
	autofree(str) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	add(r, "already", "", text);
}

void report_note(struct report *r, const char *fmt, ...)
{
	autofree(str) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	add(r, "note", "", text);
}

void report_failed(struct report *r, const char *fmt, ...)
{
	autofree(str) char *text = NULL;
	va_list ap;

	r->has_failed = true;
	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	add(r, "failed", "", text);
}

enum outcome report_finish(struct report *r, bool is_ok, json_t *more)
{
	autofree(json) json_t *all = more ? more : json_object();
	autofree(json) json_t *steps = take(r->steps);
	bool is_fine = is_ok && !r->has_failed;

	if (!steps)
		steps = json_array();
	if (r->is_out_of_memory || !all)
		return call_no_memory();
	if (r->is_json) {
		autofree(json) json_t *begin = json_pack("{s:b, s:b, s:O}", "ok", is_fine,
							 "dry_run", r->is_dry_run, "steps", steps);

		if (!begin || json_object_update(begin, all) < 0 || print_json(stdout, begin) < 0)
			return call_no_memory();
		putchar('\n');
	}
	return is_fine ? OUTCOME_DONE : OUTCOME_REFUSED;
}
