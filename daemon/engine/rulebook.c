#include "daemon/engine/rulebook.h"

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

static int put_set(struct rulebook *b, struct pass *pass, const char *text, int64_t number)
{
	char key[SET_KEY_MAX], value[24];
	int r;

	snprintf(key, sizeof(key), SET_KEY ":%" PRId64, number);
	snprintf(value, sizeof(value), "%" PRId64, number);
	r = journal_put_meta(pass->journal, key, text);
	if (r == 0)
		r = journal_put_meta(pass->journal, SET_KEY, value);
	if (r == 0)
		b->set = number;
	return r;
}

void rulebook_changed(struct rulebook *b, struct pass *pass)
{
	autofree(str) char *text = settings_rules_text(pass->settings);
	autofree(str) char *number = journal_meta(pass->journal, SET_KEY);
	autofree(str) char *last = NULL;
	int64_t n = number ? strtoll(number, NULL, 10) : 0;
	char key[SET_KEY_MAX];

	snprintf(key, sizeof(key), SET_KEY ":%" PRId64, n);
	last = journal_meta(pass->journal, key);
	b->set = 0;
	if (text && last && strcmp(last, text) == 0)
		b->set = n;
	else if (!text || put_set(b, pass, text, n + 1) < 0)
		log_error("out of memory: `lull why` won't know the rules of now");
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

bool rulebook_asks(const struct pass *pass, const struct rulebook_news *news)
{
	const struct settings *s = pass->settings;

	for (size_t i = 0; i < s->n_rules; i++) {
		const struct rule *r = &s->rules[i];

		if ((r->sandboxed != RULE_ASKS_NOTHING && news->sandboxed != SANDBOXED_UNKNOWN) ||
		    (r->desktop_entry.source && news->has_desktop_entry) ||
		    (r->app.source && news->has_app))
			return true;
	}
	return false;
}
