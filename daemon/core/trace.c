#include "daemon/core/trace.h"

#include "daemon/core/text.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The form of the text; outcomes are letters from here on. */
#define VERSION 1
#define FIRST_LETTER 'a'

/* "manual, schedule:work" */
static void add_tokens(struct text *t, const struct focus *f)
{
	text_add(t, "");
	for (size_t i = 0; f && i < f->n_tokens; i++) {
		const struct token *token = &f->tokens[i];

		text_add(t, i > 0 ? ", " : "");
		text_add(t, token_kind_name(token->kind));
		if (*token->name) {
			/* Of an application's, the cookie: the rest says whose it is on the bus. */
			text_addf(t, ":%.*s", (int)strcspn(token->name, " "), token->name);
		}
	}
}

char *trace_write(const struct verdict *v, const struct notification *n,
		  const struct policy_context *c)
{
	bool is_on = c->focus && focus_is_on(c->focus);
	char letters[RULES_MAX + 1];
	struct text t = {0};

	for (size_t i = 0; i < v->n_asked; i++)
		letters[i] = (char)(FIRST_LETTER + v->outcomes[i]);
	letters[v->n_asked] = '\0';
	text_addf(&t, "%d;%d%d%d%d;%" PRId64 ";%d;%d;%s;", VERSION, is_on, c->is_batching,
		  (int)v->kind, v->is_breakthrough, v->due.wall_us, (int)v->due.reason,
		  (int)n->urgency, letters);
	add_tokens(&t, c->focus);
	return text_take(&t);
}

int trace_read(const char *text, struct trace *ret)
{
	struct trace t = {0};
	int version, is_on, is_batching, kind, breaks, reason, came, length = 0;
	size_t n;

	if (sscanf(text, "%d;%1d%1d%1d%1d;%" SCNd64 ";%d;%d;%n", &version, &is_on, &is_batching,
		   &kind, &breaks, &t.due.wall_us, &reason, &came, &length) != 8 ||
	    kind < 0 || kind > VERDICT_DROP || length == 0 || version != VERSION || reason < 0 ||
	    reason >= N_DUE_REASONS || came < URGENCY_LOW || came > URGENCY_CRITICAL)
		return -EINVAL;
	text += length;
	n = strcspn(text, ";");
	if (text[n] != ';' || n > RULES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int outcome = text[i] - FIRST_LETTER;

		if (outcome < 0 || outcome >= N_RULE_OUTCOMES)
			return -EINVAL;
		t.outcomes[i] = (unsigned char)outcome;
	}
	t.n_asked = n;
	t.is_focus_on = is_on;
	t.is_batching = is_batching;
	t.kind = (enum verdict_kind)kind;
	t.is_breakthrough = breaks;
	t.due.reason = (enum due_reason)reason;
	t.came = (enum urgency)came;
	t.tokens = strdup(text + n + 1);
	if (!t.tokens)
		return -ENOMEM;
	*ret = t;
	return 0;
}

bool trace_is_unsure(const char *text)
{
	struct trace t;
	bool is_unsure;

	if (trace_read(text, &t) < 0)
		return false;
	is_unsure = memchr(t.outcomes, RULE_UNSURE, t.n_asked) != NULL;
	free(t.tokens);
	return is_unsure;
}
