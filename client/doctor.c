#include "client/doctor.h"

#include "client/call.h"
#include "client/print.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	void (*run)(struct doctor *d);
} checks[] = {
	{"bus", doctor_check_bus},
	{"daemon", doctor_check_daemon},
	{"unit", doctor_check_unit},
	{"front", doctor_check_front},
	{"display", doctor_check_display},
	{"probe", doctor_check_probe},
	{"quarantine", doctor_check_quarantine},
	{"activation", doctor_check_activation},
	{"journal", doctor_check_journal},
	{"configuration", doctor_check_configuration},
	{"bypass", doctor_check_bypass},
};

static const struct {
	const char *name;
	const char *colour;
} states[] = {
	[DOCTOR_OK] = {"ok", "\033[32m"},
	[DOCTOR_ATTENTION] = {"attention", "\033[33m"},
	[DOCTOR_BROKEN] = {"broken", "\033[1;31m"},
};

char *doctor_text(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : text;
}

void doctor_find(struct doctor *d, enum doctor_state state, char *text, char *remedy)
{
	/* Escaped here, because JSON takes UTF-8 only, and paths and command lines may be anything. */
	autofree(str) char *safe_text = text ? print_escape(text, strlen(text)) : NULL;
	autofree(str) char *safe_remedy = remedy ? print_escape(remedy, strlen(remedy)) : NULL;
	json_t *one = NULL;

	if (safe_text && (safe_remedy || state == DOCTOR_OK))
		one = json_pack("{s:s, s:s, s:s, s:s?}", "check", d->check, "state",
				states[state].name, "text", safe_text, "remedy", safe_remedy);
	if (json_array_append_new(d->findings, one) < 0)
		d->is_out_of_memory = true;
	free(text);
	free(remedy);
}

const char *doctor_status_text(const struct doctor *d, const char *name)
{
	const char *text = json_string_value(json_object_get(d->status, name));

	return text ? text : "";
}

static size_t count(const struct doctor *d, enum doctor_state state)
{
	size_t i, n = 0;
	json_t *one;

	json_array_foreach(d->findings, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "state"));

		n += strcmp(name, states[state].name) == 0;
	}
	return n;
}

static void print_finding(const json_t *one)
{
	const char *state = json_string_value(json_object_get(one, "state"));
	const char *remedy = json_string_value(json_object_get(one, "remedy"));
	const char *colour = "";

	for (size_t i = 0; print_has_colour(stdout) && i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].name, state) == 0)
			colour = states[i].colour;
	printf("%s%-9s%s  %-13s  ", colour, state, colour[0] ? "\033[0m" : "",
	       json_string_value(json_object_get(one, "check")));
	print_text(stdout, json_string_value(json_object_get(one, "text")));
	if (remedy) {
		printf("\n%26s-> ", "");
		print_text(stdout, remedy);
	}
	putchar('\n');
}

static void print_for_people(const struct doctor *d)
{
	size_t n_broken = count(d, DOCTOR_BROKEN), n_attention = count(d, DOCTOR_ATTENTION);
	json_t *one;
	size_t i;

	json_array_foreach(d->findings, i, one)
	{
		print_finding(one);
	}
	if (n_broken + n_attention == 0)
		puts("\nAll is well.");
	else
		printf("\n%zu broken, %zu to look at.\n", n_broken, n_attention);
}

static enum outcome print_findings(const struct doctor *d, bool is_json)
{
	bool is_ok = count(d, DOCTOR_BROKEN) == 0;
	autofree(json) json_t *all = NULL;

	if (is_json) {
		all = json_pack("{s:b, s:O}", "ok", is_ok, "findings", d->findings);
		if (!all || print_json(stdout, all) < 0)
			return call_no_memory();
		putchar('\n');
	} else {
		print_for_people(d);
	}
	return is_ok ? OUTCOME_DONE : OUTCOME_REFUSED;
}

enum outcome doctor_run(const struct args *a)
{
	struct doctor d = {.findings = json_array(), .is_silent = a->has_no_probe};
	enum outcome r;

	if (call_open_quietly(&d.call, &d.bus_fault) != OUTCOME_DONE)
		d.call = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		d.check = checks[i].name;
		checks[i].run(&d);
	}
	r = d.is_out_of_memory ? call_no_memory() : print_findings(&d, a->is_json);
	call_free(d.call);
	free(d.bus_fault);
	json_decref(d.unit);
	json_decref(d.status);
	json_decref(d.findings);
	return r;
}
