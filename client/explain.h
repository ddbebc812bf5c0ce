/*
 * explain: a verdict in words, the same for what has happened and for what might.
 *
 * An explanation is a JSON value, as `lull why --json` prints it; the text is made from it.
 */
#pragma once
#include "client/verb.h"
#include "daemon/core/policy.h"

/**
 * explain_rules() - what each rule that was asked came to
 * @rules: from settings_rules_text(); there may be more rules than outcomes
 *
 * Return: an array of objects; NULL when out of memory, or when @rules are others.
 */
json_t *explain_rules(const char *rules, const unsigned char *outcomes, size_t n_outcomes);

/** explain_tokens() - "manual, schedule:work" as an array. Return: NULL when out of memory. */
json_t *explain_tokens(const char *tokens);

/** explain_verdict_name() - "deliver", "hold", "drop" */
const char *explain_verdict_name(enum verdict_kind kind);

/** explain_instant() - an instant for JSON. Return: null for none. */
json_t *explain_instant(int64_t us);

/**
 * explain_print() - the verdict and the rules, as text
 * @it: has verdict, breakthrough, rule, due, due_text, urgency, came, tokens, batching, rules
 * @path: of lull.conf
 */
void explain_print(const json_t *it, const char *path, int64_t now_us);
