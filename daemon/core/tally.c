#include "daemon/core/tally.h"

#include "config/hash.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Two that collide share a count; nobody is harmed by that. */
static uint64_t key_of(const char *rule, const char *app)
{
	uint64_t key = hash_text(hash_text(HASH_START, rule), app);

	return key ? key : 1;
}

static struct tally_spent *find_spent(struct tally *t, uint64_t key)
{
	struct tally_spent *oldest = &t->spent[0];

	for (size_t i = 0; i < TALLY_ROOM; i++) {
		if (t->spent[i].key == key)
			return &t->spent[i];
		if (t->spent[i].asked < oldest->asked)
			oldest = &t->spent[i];
	}
	*oldest = (struct tally_spent){.key = key};
	return oldest;
}

static struct tally_recent *find_recent(struct tally *t, uint64_t key)
{
	struct tally_recent *oldest = &t->recent[0];

	for (size_t i = 0; i < TALLY_ROOM; i++) {
		if (t->recent[i].key == key)
			return &t->recent[i];
		if (t->recent[i].asked < oldest->asked)
			oldest = &t->recent[i];
	}
	*oldest = (struct tally_recent){.key = key};
	return oldest;
}

bool tally_insists(struct tally *t, const char *rule, const char *app,
		   const struct rule_repeat *repeat, struct instant now)
{
	struct tally_recent *r = find_recent(t, key_of(rule, app));
	int64_t n_within = 0;

	r->asked = ++t->n_asked;
	r->at_boot_us[r->next] = now.boot_us;
	r->next = (r->next + 1) % RULE_REPEAT_MAX;
	r->n = MIN(r->n + 1, (size_t)RULE_REPEAT_MAX);
	for (size_t i = 0; i < r->n; i++)
		n_within += usec_sub(now.boot_us, r->at_boot_us[i]) <= repeat->within_us;
	return n_within >= repeat->n;
}

bool tally_spend(struct tally *t, const char *rule, const char *app, int64_t budget)
{
	struct tally_spent *s;

	if (budget <= 0)
		return false;
	s = find_spent(t, key_of(rule, app));
	s->asked = ++t->n_asked;
	if (s->n >= budget)
		return false;
	s->n++;
	t->is_changed = true;
	return true;
}

void tally_refill(struct tally *t)
{
	for (size_t i = 0; i < TALLY_ROOM; i++) {
		t->is_changed |= t->spent[i].key != 0;
		t->spent[i] = (struct tally_spent){0};
	}
}

void tally_write(const struct tally *t, char buf[static TALLY_TEXT_MAX])
{
	size_t length = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < TALLY_ROOM; i++) {
		if (t->spent[i].key == 0)
			continue;
		length += (size_t)snprintf(buf + length, TALLY_TEXT_MAX - length,
					   "%" PRIx64 " %" PRId64 "\n", t->spent[i].key,
					   t->spent[i].n);
	}
}

void tally_read(struct tally *t, const char *text)
{
	uint64_t key;
	int64_t n;
	int length = 0;

	for (; sscanf(text, "%" SCNx64 " %" SCNd64 "\n%n", &key, &n, &length) == 2;
	     text += length) {
		struct tally_spent *s;

		if (key == 0 || n < 0)
			continue;
		s = find_spent(t, key);
		s->n = n;
		s->asked = ++t->n_asked;
	}
}
