#include "daemon/engine/rulebook.h"

#include "config/hash.h"
#include "daemon/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPENT_KEY "budgets"
#define SET_KEY "ruleset"
/* "ruleset:12" */
#define SET_KEY_MAX 32

static void save_spent(struct rulebook *b, struct pass *pass)
{
	char text[TALLY_TEXT_MAX];

	if (!b->tally.is_changed)
		return;
	b->tally.is_changed = false;
	tally_write(&b->tally, text);
	if (journal_put_meta(pass->journal, SPENT_KEY, text) < 0)
		log_error("out of memory: budgets of rules are whole again after a restart");
}

/* Above 0. */
static int64_t number_of(const char *text)
{
	return (int64_t)(hash_text(HASH_START, text) >> 1) | 1;
}

/* Those of before are known by their text, so that going back to them adds nothing. */
static int find_set(const struct pass *pass, const char *text, int64_t *ret)
{
	int64_t n = number_of(text);

	for (;; n = n < INT64_MAX ? n + 1 : 1) {
		autofree(str) char *there = NULL;
		char key[SET_KEY_MAX];

		snprintf(key, sizeof(key), SET_KEY ":%" PRId64, n);
		there = journal_meta(pass->journal, key);
		if (there && strcmp(there, text) != 0)
			continue;
		*ret = n;
		return there ? 0 : journal_put_meta(pass->journal, key, text);
	}
}

void rulebook_changed(struct rulebook *b, struct pass *pass)
{
	autofree(str) char *text = settings_rules_text(pass->settings);

	b->set = 0;
	if (!text || find_set(pass, text, &b->set) < 0) {
		b->set = 0;
		log_error("out of memory: `lull why` won't know the rules of now");
	}
}

void rulebook_load(struct rulebook *b, struct pass *pass)
{
	autofree(str) char *spent = journal_meta(pass->journal, SPENT_KEY);

	if (spent)
		tally_read(&b->tally, spent);
	rulebook_changed(b, pass);
}

struct policy rulebook_policy(const struct pass *pass)
{
	return (struct policy){
		.rules = pass->settings->rules,
		.n_rules = pass->settings->n_rules,
		.longest_us = pass->settings->hold_longest_us,
	};
}

const struct verdict *rulebook_decide(struct rulebook *b, struct pass *pass,
				      const struct notification *n,
				      const struct policy_context *context)
{
	const struct policy policy = rulebook_policy(pass);

	policy_decide(&policy, &b->tally, n, context, &b->verdict);
	save_spent(b, pass);
	return &b->verdict;
}

void rulebook_refill(struct rulebook *b, struct pass *pass)
{
	tally_refill(&b->tally);
	save_spent(b, pass);
}
