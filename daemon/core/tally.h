/*
 * tally: how often something has happened, for rules with a budget and rules that give way to one who insists.
 *
 * Pure. Counts are of a rule and an application together, known by their names: they outlast a reload. There is
 * room for some hundred; the ones that weren't asked for the longest give way, so that made-up names of
 * applications can't take the memory.
 */
#pragma once
#include "config/rule.h"
#include "daemon/core/instant.h"

#define TALLY_ROOM 128
/** Room for what tally_write() makes. */
#define TALLY_TEXT_MAX (TALLY_ROOM * 48 + 1)

struct tally_spent {
	uint64_t key; /* 0: free */
	int64_t n;
	uint64_t asked;
};

struct tally_recent {
	uint64_t key;
	int64_t at_boot_us[RULE_REPEAT_MAX]; /* the last ones, anywhere in it */
	size_t next;                         /* where the next one goes */
	size_t n;
	uint64_t asked;
};

struct tally {
	struct tally_spent spent[TALLY_ROOM];
	struct tally_recent recent[TALLY_ROOM];
	uint64_t n_asked;
	bool is_changed; /* what tally_write() makes; whoever has written it down resets this */
};

/** tally_insists() - one more has come; is it the @repeat->n-th within its time? */
bool tally_insists(struct tally *t, const char *rule, const char *app,
		   const struct rule_repeat *repeat, struct instant now);

/** tally_spend() - take one of a budget. Return: false when there is none left. */
bool tally_spend(struct tally *t, const char *rule, const char *app, int64_t budget);

/** tally_refill() - a block begins or ends: budgets are whole again */
void tally_refill(struct tally *t);

/** tally_write() - the budgets, for tally_read() after a restart */
void tally_write(const struct tally *t, char buf[static TALLY_TEXT_MAX]);

/** tally_read() - what can't be read is left out */
void tally_read(struct tally *t, const char *text);
