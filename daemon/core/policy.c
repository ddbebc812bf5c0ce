#include "daemon/core/policy.h"

#include "daemon/core/one_time_code.h"
#include "daemon/core/schedule.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- words --- */

static const struct {
	const char *name, *text;
} outcome_words[N_RULE_OUTCOMES] = {
	[RULE_DECIDED] = {"decided", "decided"},
	[RULE_CHANGED] = {"changed", "matched; it has no verdict"},
	[RULE_NOT_NOW] = {"when", "not in force then"},
	[RULE_NOT_APP] = {"app", "another app"},
	[RULE_NOT_DESKTOP_ENTRY] = {"desktop-entry", "another desktop-entry"},
	[RULE_NOT_CATEGORY] = {"category", "another category"},
	[RULE_NOT_URGENCY] = {"urgency", "another urgency"},
	[RULE_NOT_SUMMARY] = {"summary", "another summary"},
	[RULE_NOT_BODY] = {"body", "another body"},
	[RULE_NOT_HINT] = {"hint", "another hint"},
	[RULE_NOT_SANDBOXED] = {"sandboxed", "not what sandboxed asks for"},
	[RULE_NOT_OSD] = {"osd", "not what osd asks for"},
	[RULE_NOT_ONE_TIME_CODE] = {"one-time-code", "not what one-time-code asks for"},
	[RULE_NOT_INSISTED] = {"repeat", "matched; it hasn't insisted"},
	[RULE_SPENT] = {"budget", "matched; its budget is used up"},
	[RULE_GAVE_UP] = {"gave-up", "gave up: its patterns were too much work"},
	[RULE_INSISTED] = {"insisted", "decided: it insists"},
	[RULE_UNSURE] = {"unsure", "it wasn't known yet whose it is"},
};

const char *rule_outcome_text(enum rule_outcome outcome)
{
	return outcome < N_RULE_OUTCOMES ? outcome_words[outcome].text : "";
}

const char *rule_outcome_name(enum rule_outcome outcome)
{
	return outcome < N_RULE_OUTCOMES ? outcome_words[outcome].name : "";
}

static const struct {
	const char *name, *text;
} due_words[N_DUE_REASONS] = {
	[DUE_NONE] = {"", ""},
	[DUE_BLOCK_END] = {"block-end", "the end of focus"},
	[DUE_DELIVERY] = {"delivery", "the next delivery"},
	[DUE_LONGEST] = {"longest", "nothing is held longer"},
	[DUE_RULE] = {"rule", "the rule's due"},
	[DUE_HOURS] = {"hours", "the end of the rule's hours"},
	[DUE_ASKED] = {"asked", "you asked for it"},
	[DUE_SNOOZED] = {"snoozed", "snoozed until then"},
};

const char *due_reason_name(enum due_reason reason)
{
	return reason < N_DUE_REASONS ? due_words[reason].name : "";
}

const char *due_reason_text(enum due_reason reason)
{
	return reason < N_DUE_REASONS ? due_words[reason].text : "";
}

/* --- does a rule match? --- */

/* What all the patterns of one decision may cost together: some tens of milliseconds. */
#define DECISION_BUDGET (3 * PATTERN_BUDGET)
/* And what each field may cost when that is used up: names and categories are still told apart then. */
#define FIELD_BUDGET_MIN INT64_C(500)

/* One question about one notification. */
struct question {
	const struct notification *n;
	const struct policy_context *context;
	enum urgency urgency; /* what it is taken for by now */
	struct pattern_text app, desktop_entry, category, summary, body;
	struct regex_budget budget;
	enum { CODE_UNKNOWN, CODE_NO, CODE_YES } code; /* asked for once */
};

static bool is_on(const struct policy_context *c)
{
	return c->focus && focus_is_on(c->focus);
}

static bool holds_block(const struct policy_context *c, const char *name)
{
	for (size_t i = 0; c->focus && i < c->focus->n_tokens; i++) {
		const struct token *t = &c->focus->tokens[i];

		if (t->kind == TOKEN_SCHEDULE && strcmp(t->name, name) == 0)
			return true;
	}
	return false;
}

/* @ret_ends_us: of its hours. */
static bool is_in_hours(const struct rule_when *w, const struct policy_context *c,
			int64_t *ret_ends_us)
{
	const struct block hours = {
		.days = w->days,
		.start = w->start,
		.end = w->end,
		.from = CALENDAR_EVER,
		.until = CALENDAR_FOREVER,
	};

	return schedule_hours_at(c->zone, &hours, c->now.wall_us, ret_ends_us);
}

static bool is_in_force(const struct rule_when *w, const struct policy_context *c)
{
	int64_t ends_us;

	switch (w->kind) {
	case RULE_WHEN_FOCUS: return is_on(c) || c->is_batching;
	case RULE_WHEN_ALWAYS: return true;
	case RULE_WHEN_BLOCK: return holds_block(c, w->block);
	case RULE_WHEN_HOURS: return is_in_hours(w, c, &ends_us);
	}
	return false;
}

static bool asks_otherwise(enum rule_asks asks, bool is_so)
{
	return asks != RULE_ASKS_NOTHING && (asks == RULE_ASKS_YES) != is_so;
}

static bool is_code(struct question *q)
{
	if (q->code == CODE_UNKNOWN)
		q->code = one_time_code_is(q->n->summary, q->n->body) ? CODE_YES : CODE_NO;
	return q->code == CODE_YES;
}

static const char *urgency_name(enum urgency urgency)
{
	static const char *const names[] = {"low", "normal", "critical"};

	return urgency < ARRAY_SIZE(names) ? names[urgency] : names[URGENCY_NORMAL];
}

/* What the patterns of a field come to: RULE_DECIDED when it is as they say, or there are none. */
static enum rule_outcome ask(struct question *q, const struct patterns *p,
			     const struct pattern_text *text, enum rule_outcome otherwise)
{
	const int64_t given = MAX(MIN(q->budget.steps, PATTERN_BUDGET), FIELD_BUDGET_MIN);
	struct regex_budget own = {given};
	enum regex_result result;

	if (!p->source)
		return RULE_DECIDED;
	result = patterns_match(p, text, &own);
	/* One that is too much work mustn't keep the others, such as that of calls, from being asked. */
	q->budget.steps = MAX(q->budget.steps - (given - own.steps), 0);
	switch (result) {
	case REGEX_MATCH: return RULE_DECIDED;
	case REGEX_NO_MATCH: return otherwise;
	case REGEX_GAVE_UP: break;
	}
	return RULE_GAVE_UP;
}

static enum rule_outcome ask_text(struct question *q, const struct patterns *p, const char *s,
				  enum rule_outcome otherwise)
{
	struct pattern_text text = pattern_text_of(s);

	return ask(q, p, &text, otherwise);
}

/* One that isn't there is the empty text, as with the other fields. */
static enum rule_outcome ask_hint(struct question *q, const struct rule_hint *hint)
{
	for (size_t i = 0; i < q->n->n_hints; i++) {
		const struct hint *h = &q->n->hints[i];
		char number[24];

		if (strcmp(h->key, hint->key) != 0)
			continue;
		if (h->text)
			return ask_text(q, &hint->value, h->text, RULE_NOT_HINT);
		if (h->is_boolean)
			return ask_text(q, &hint->value, h->number ? "true" : "false",
					RULE_NOT_HINT);
		snprintf(number, sizeof(number), "%" PRId64, h->number);
		return ask_text(q, &hint->value, number, RULE_NOT_HINT);
	}
	return ask_text(q, &hint->value, "", RULE_NOT_HINT);
}

/* What only the bus knows may come a moment later; then what isn't said isn't an answer. */
static enum rule_outcome ask_sender(struct question *q, const struct patterns *p,
				    const struct pattern_text *text, enum rule_outcome otherwise,
				    bool *is_unsure)
{
	enum rule_outcome o = ask(q, p, text, otherwise);

	if (o != otherwise || !q->n->is_unidentified || *text->text)
		return o;
	*is_unsure = true;
	return RULE_DECIDED;
}

/* The cheap questions first; the body last. */
static enum rule_outcome match(struct question *q, const struct rule *r)
{
	const struct notification *n = q->n;
	enum rule_outcome o = RULE_DECIDED;
	bool is_unsure = false;

	if (!is_in_force(&r->when, q->context))
		return RULE_NOT_NOW;
	if (asks_otherwise(r->osd, n->is_osd))
		return RULE_NOT_OSD;
	if (r->urgency.source)
		o = ask_text(q, &r->urgency, urgency_name(q->urgency), RULE_NOT_URGENCY);
	if (o == RULE_DECIDED)
		o = ask_sender(q, &r->app, &q->app, RULE_NOT_APP, &is_unsure);
	if (o == RULE_DECIDED)
		o = ask_sender(q, &r->desktop_entry, &q->desktop_entry, RULE_NOT_DESKTOP_ENTRY,
			       &is_unsure);
	if (o == RULE_DECIDED)
		o = ask(q, &r->category, &q->category, RULE_NOT_CATEGORY);
	for (size_t i = 0; i < r->n_hints && o == RULE_DECIDED; i++)
		o = ask_hint(q, &r->hints[i]);
	if (o == RULE_DECIDED)
		o = ask(q, &r->summary, &q->summary, RULE_NOT_SUMMARY);
	if (o == RULE_DECIDED)
		o = ask(q, &r->body, &q->body, RULE_NOT_BODY);
	if (o == RULE_DECIDED && r->one_time_code != RULE_ASKS_NOTHING &&
	    asks_otherwise(r->one_time_code, is_code(q)))
		return RULE_NOT_ONE_TIME_CODE;
	if (o != RULE_DECIDED || r->sandboxed == RULE_ASKS_NOTHING)
		return o == RULE_DECIDED && is_unsure ? RULE_UNSURE : o;
	if (n->sandboxed == SANDBOXED_UNKNOWN && n->is_unidentified)
		return RULE_UNSURE;
	/* One that nobody can tell of isn't known to be in a sandbox. */
	if (asks_otherwise(r->sandboxed, n->sandboxed == SANDBOXED_YES))
		return RULE_NOT_SANDBOXED;
	return is_unsure ? RULE_UNSURE : o;
}

/* --- until when? --- */

static struct due earlier(struct due a, struct due b)
{
	if (a.wall_us == 0 || b.wall_us == 0)
		return a.wall_us ? a : b;
	return b.wall_us < a.wall_us ? b : a;
}

static struct due later(struct due a, struct due b)
{
	return b.wall_us > a.wall_us ? b : a;
}

struct due policy_due(enum hold_until until, struct due bound, const struct policy_context *c)
{
	const struct due block_end = {c->focus_ends_us, DUE_BLOCK_END};
	const struct due delivery = {c->delivery_us, DUE_DELIVERY};

	switch (until) {
	case HOLD_BLOCK:
		/* Without focus it's on its way out. */
		if (!is_on(c))
			return earlier(bound, delivery);
		return earlier(bound, block_end);
	case HOLD_NEXT:
		if (is_on(c))
			return earlier(bound, block_end);
		return earlier(bound, delivery);
	case HOLD_DELIVERY:
		/* Without deliveries any more, the end of focus releases it, too. */
		if (!c->is_batching && is_on(c))
			return earlier(bound, block_end);
		return earlier(bound, delivery);
	case HOLD_DUE:
	case N_HOLD_UNTIL: break;
	}
	return bound;
}

/* What releases, when no rule says otherwise. */
static enum hold_until usual_end(const struct policy_context *c)
{
	if (c->is_batching)
		return HOLD_DELIVERY;
	return is_on(c) ? HOLD_BLOCK : HOLD_NEXT;
}

struct due policy_hold(const struct policy *p, const struct policy_context *c,
		       enum hold_until *ret_until)
{
	int64_t from_us = c->now.wall_us;

	*ret_until = usual_end(c);
	/*
	 * The times of deliveries are the user's own; between them there may be more than that. But focus that
	 * has no end when one is to be mustn't hold for ever.
	 */
	if (*ret_until == HOLD_DELIVERY)
		from_us = MAX(from_us, MAX(c->planned_us, c->delivery_us));
	return (struct due){usec_add(from_us, p->longest_us), DUE_LONGEST};
}

/* @hours: the rule that holds it, when that has hours. @owed: it was promised for then already. */
static void set_due(const struct policy *p, const struct rule_due *due, const struct rule *hours,
		    struct due owed, const struct policy_context *c, struct verdict *ret)
{
	int64_t ends_us = 0;

	ret->bound = policy_hold(p, c, &ret->until);
	if (is_on(c) && (due->kind == RULE_DUE_BLOCK_END || due->kind == RULE_DUE_NEXT)) {
		ret->until = HOLD_BLOCK;
		ret->bound =
			later((struct due){c->focus_ends_us, DUE_BLOCK_END},
			      (struct due){usec_add(c->now.wall_us, p->longest_us), DUE_LONGEST});
	} else if (hours && !(c->is_batching && due->kind == RULE_DUE_NEXT) &&
		   is_in_hours(&hours->when, c, &ends_us) &&
		   (ret->until == HOLD_NEXT ||
		    policy_due(ret->until, ret->bound, c).wall_us <= ends_us)) {
		/* A rule that holds lets nothing go sooner than it would without it. */
		ret->until = HOLD_DUE;
		ret->bound = (struct due){ends_us, DUE_HOURS};
	}
	/* What the user says himself is in place of the longest, but not of the end of hours. */
	if (due->kind == RULE_DUE_AFTER) {
		struct due after = {usec_add(c->now.wall_us, due->after_us), DUE_RULE};

		ret->bound = ret->until == HOLD_DUE ? earlier(ret->bound, after) : after;
	}
	/* One that is brought up to date again and again isn't held for ever. */
	ret->bound = earlier(ret->bound, owed);
	ret->due = policy_due(ret->until, ret->bound, c);
}

/* --- deciding --- */

static bool delivers(const struct rule *r, bool insists)
{
	return insists || (r->verdict == RULE_DELIVER && r->repeat.n == 0);
}

/* What a rule that matches comes to; budgets are counted while others are held, only. */
static enum rule_outcome weigh(const struct rule *r, struct tally *tally,
			       const struct notification *n, const struct policy_context *c)
{
	bool insists = !n->is_again && r->repeat.n > 0 &&
		       tally_insists(tally, r->name, n->app, &r->repeat, c->now);

	if (delivers(r, insists) && r->budget != RULE_BUDGET_NONE && (is_on(c) || c->is_batching) &&
	    !tally_spend(tally, r->name, n->app, r->budget))
		return RULE_SPENT;
	if (insists)
		return RULE_INSISTED;
	if (r->verdict == RULE_DELIVER && r->repeat.n > 0)
		return RULE_NOT_INSISTED;
	return r->verdict == RULE_NO_VERDICT ? RULE_CHANGED : RULE_DECIDED;
}

static void decide(struct verdict *v, const struct rule *r, enum rule_outcome o,
		   const struct policy_context *c)
{
	bool is_held_back = is_on(c) || c->is_batching;

	v->rule = r->name;
	if (o == RULE_INSISTED || r->verdict == RULE_DELIVER) {
		v->kind = VERDICT_DELIVER;
		v->is_breakthrough = is_held_back;
	} else {
		v->kind = r->verdict == RULE_DROP ? VERDICT_DROP : VERDICT_HOLD;
	}
}

/* A rule such as "app = !Mail" matches whoever hasn't said a name, and it may be that one all the same. */
static bool may_be_another(const struct rule *r, const struct notification *n)
{
	return n->is_unidentified &&
	       ((r->app.source && !*n->app) || (r->desktop_entry.source && !*n->desktop_entry));
}

void policy_decide(const struct policy *p, struct tally *tally, const struct notification *n,
		   const struct policy_context *c, struct verdict *ret)
{
	struct question q = {
		.n = n,
		.context = c,
		.urgency = n->urgency,
		.app = pattern_text_of(n->app),
		.desktop_entry = pattern_text_of(n->desktop_entry),
		.category = pattern_text_of(n->category),
		.summary = pattern_text_of(n->summary),
		.body = pattern_text_of(n->body),
		.budget = {DECISION_BUDGET},
	};
	struct rule_due due = {.kind = RULE_DUE_DEFAULT};
	const struct rule *decider = NULL;
	bool is_unsure = false;

	ret->kind = VERDICT_DELIVER;
	ret->rule = "no-focus";
	ret->is_breakthrough = false;
	ret->digest = RULE_DIGEST_DEFAULT;
	ret->until = HOLD_BLOCK;
	ret->due = ret->bound = (struct due){0};
	ret->n_asked = 0;
	ret->urgency = n->urgency;
	/* It tests the way of every ping: named whether focus is on or not, and no breakthrough. */
	if (n->is_probe) {
		ret->rule = "probe";
		return;
	}
	for (size_t i = 0; i < p->n_rules && i < RULES_MAX && !decider; i++) {
		const struct rule *r = &p->rules[i];
		enum rule_outcome o = match(&q, r);

		if (o == RULE_DECIDED)
			o = weigh(r, tally, n, c);
		ret->outcomes[ret->n_asked++] = (unsigned char)o;
		is_unsure |= o == RULE_UNSURE;
		if (o != RULE_DECIDED && o != RULE_INSISTED && o != RULE_CHANGED)
			continue;
		/* The first rule that says something is the one that counts. */
		if (r->as != RULE_AS_IS && q.urgency == n->urgency)
			q.urgency = (enum urgency)(r->as - RULE_AS_LOW);
		if (due.kind == RULE_DUE_DEFAULT)
			due = r->due;
		if (ret->digest == RULE_DIGEST_DEFAULT)
			ret->digest = r->digest;
		if (o != RULE_CHANGED) {
			decider = r;
			decide(ret, r, o, c);
		}
	}
	ret->urgency = q.urgency;
	if (!decider && (is_on(c) || c->is_batching)) {
		ret->kind = VERDICT_HOLD;
		ret->rule = is_on(c) ? "focus" : "delivery";
	}
	if (ret->kind == VERDICT_DROP && may_be_another(decider, n)) {
		ret->outcomes[ret->n_asked - 1] = RULE_UNSURE;
		is_unsure = true;
	}
	/* Dropped is dropped; so that waits until it is known whether an earlier rule saves it. */
	if (ret->kind == VERDICT_DROP && is_unsure)
		ret->kind = VERDICT_HOLD;
	if (ret->kind == VERDICT_HOLD)
		set_due(p, &due, decider && decider->when.kind == RULE_WHEN_HOURS ? decider : NULL,
			n->owed, c, ret);
}
