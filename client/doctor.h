/*
 * doctor: what stands between lull and doing its work, and what to do about it.
 *
 * A check looks at one subject and adds findings. It changes and starts nothing; one of them sends a test
 * notification and takes it back.
 */
#pragma once
#include "client/verb.h"

struct call;

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_ATTENTION, /* lull works, but not in every case, or it could be better */
	DOCTOR_BROKEN,    /* pings aren't held, or aren't shown */
};

/** What the checks know, and what they have found. */
struct doctor {
	struct call *call;    /* NULL: there is no session bus */
	char *bus_fault;      /* why; NULL when @call is there, or memory ran out */
	json_t *unit;         /* lulld.service, as systemd has it; NULL: it isn't known */
	json_t *status;       /* lulld's; NULL: it doesn't run, or doesn't answer */
	json_int_t lulld_pid; /* 0: it doesn't run */
	bool is_silent;       /* no test notification is wanted */
	const char *check;    /* the one that is at work */
	json_t *findings;
	bool is_out_of_memory;
};

/** doctor_text() - printf; Return: the text, which the caller frees; NULL when out of memory */
char *doctor_text(const char *fmt, ...) LULL_PRINTF(1, 2);

/**
 * doctor_find() - add a finding
 * @text: one line, unescaped; always taken; NULL counts as out of memory
 * @remedy: what to type or do; always taken; with DOCTOR_OK it may be NULL
 */
void doctor_find(struct doctor *d, enum doctor_state state, char *text, char *remedy);

struct peer;

/** doctor_wants_enable() - is 'lull enable' what would help? So that 'lull disable' can put all back. */
bool doctor_wants_enable(struct doctor *d);

bool doctor_unit_is_masked(const struct doctor *d);

/* What several checks advise. Return: a text, which the caller frees; NULL when out of memory. */
char *doctor_how_to_start(struct doctor *d);
char *doctor_how_to_restart(struct doctor *d);
char *doctor_how_to_get_in_front(struct doctor *d, const struct peer *owner);
char *doctor_how_to_get_a_display(void);
char *doctor_how_to_restart_display(const struct peer *display);

/** doctor_status_text() - Return: a text of lulld's status, "" when it isn't there */
const char *doctor_status_text(const struct doctor *d, const char *name);

enum outcome doctor_run(const struct args *a);

/* What asks the bus; doctor_checks.c, doctor_front.c and doctor_probe.c. */
void doctor_check_bus(struct doctor *d);
void doctor_check_daemon(struct doctor *d);
void doctor_check_unit(struct doctor *d);
void doctor_check_front(struct doctor *d);
void doctor_check_display(struct doctor *d);
void doctor_check_probe(struct doctor *d);
void doctor_check_quarantine(struct doctor *d);
void doctor_check_bypass(struct doctor *d);

/* What looks at files; doctor_files.c. */
void doctor_check_activation(struct doctor *d);
void doctor_check_journal(struct doctor *d);
void doctor_check_configuration(struct doctor *d);
