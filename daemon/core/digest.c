#include "daemon/core/digest.h"

#include "config/duration.h"
#include "daemon/core/text.h"
#include <errno.h>
#include <string.h>

/* A digest of more applications than this names the busiest and counts the rest. */
#define LINES_MAX 6
#define APP_BYTES_MAX 40
#define SUMMARY_BYTES_MAX 80

struct digest_app {
	char *name;
	char *latest;
	size_t n_items;
};

struct digest {
	struct digest_app *apps; /* in the order of their first item */
	size_t n_apps;
	size_t n_items;
	int64_t oldest_us;
};

#define BUTTONS \
	DIGEST_KEY_SHOW_ALL, "Show all", DIGEST_KEY_LATER, "Later", DIGEST_KEY_DISMISS, "Dismiss"

const char *const *digest_actions(enum digest_open open)
{
	static const char *const all[] = {DIGEST_KEY_OPEN, "Open", BUTTONS, NULL};
	static const char *const buttons[] = {BUTTONS, NULL};

	switch (open) {
	case DIGEST_OPEN_SHOW_ALL: return all;
	case DIGEST_OPEN_NOTHING: break;
	}
	return buttons;
}

enum digest_answer digest_answer(const char *key, enum digest_open open)
{
	static const struct {
		const char *key;
		enum digest_answer answer;
	} answers[] = {
		{DIGEST_KEY_SHOW_ALL, DIGEST_SHOW_ALL},
		{DIGEST_KEY_LATER, DIGEST_LATER},
		{DIGEST_KEY_DISMISS, DIGEST_DISMISS},
	};
	size_t i;

	/* Also of one that was shown before the setting was changed. */
	if (strcmp(key, DIGEST_KEY_OPEN) == 0)
		return open == DIGEST_OPEN_SHOW_ALL ? DIGEST_SHOW_ALL : DIGEST_NO_ANSWER;
	for (i = 0; i < ARRAY_SIZE(answers); i++)
		if (strcmp(key, answers[i].key) == 0)
			return answers[i].answer;
	return DIGEST_NO_ANSWER;
}

struct digest *digest_new(void)
{
	return calloc(1, sizeof(struct digest));
}

struct digest *digest_free(struct digest *d)
{
	size_t i;

	if (!d)
		return NULL;
	for (i = 0; i < d->n_apps; i++) {
		free(d->apps[i].name);
		free(d->apps[i].latest);
	}
	free(d->apps);
	free(d);
	return NULL;
}

static struct digest_app *find_or_add(struct digest *d, const char *name)
{
	struct digest_app *apps;
	size_t i;

	for (i = 0; i < d->n_apps; i++)
		if (strcmp(d->apps[i].name, name) == 0)
			return &d->apps[i];
	apps = realloc(d->apps, (d->n_apps + 1) * sizeof(*apps));
	if (!apps)
		return NULL;
	d->apps = apps;
	apps[d->n_apps] = (struct digest_app){.name = strdup(name)};
	if (!apps[d->n_apps].name)
		return NULL;
	return &apps[d->n_apps++];
}

int digest_add(struct digest *d, const char *app, const char *summary, int64_t arrived_us)
{
	struct digest_app *a = find_or_add(d, *app ? app : "an application");
	char *latest;

	if (!a)
		return -ENOMEM;
	/* One without a title doesn't hide that of another one. */
	if (*summary || !a->latest) {
		latest = strdup(summary);
		if (!latest)
			return -ENOMEM;
		free(a->latest);
		a->latest = latest;
	}
	a->n_items++;
	if (d->n_items++ == 0 || arrived_us < d->oldest_us)
		d->oldest_us = arrived_us;
	return 0;
}

size_t digest_count(const struct digest *d)
{
	return d->n_items;
}

static void add_count(struct text *t, size_t n, const char *one, const char *many)
{
	text_addf(t, "%zu %s", n, n == 1 ? one : many);
}

char *digest_summary(const struct digest *d, int64_t block_us)
{
	char duration[DURATION_TEXT_MAX];
	struct text t = {0};

	add_count(&t, d->n_items, "notification", "notifications");
	text_add(&t, " from ");
	add_count(&t, d->n_apps, "app", "apps");
	if (block_us > 0) {
		duration_format(block_us, duration);
		text_addf(&t, " while you focused for %s", duration);
	}
	return text_take(&t);
}

/* The busiest first; equals in the order of their first item. */
static int busier(const void *a, const void *b)
{
	const struct digest_app *const *x = a, *const *y = b;

	if ((*x)->n_items != (*y)->n_items)
		return (*x)->n_items > (*y)->n_items ? -1 : 1;
	return *x < *y ? -1 : 1;
}

char *digest_body(const struct digest *d, int64_t now_us, bool is_markup)
{
	void (*add)(struct text *, const char *, size_t) =
		is_markup ? text_add_markup : text_add_cut;
	autofree(str) char *order_bytes = malloc((d->n_apps + 1) * sizeof(void *));
	const struct digest_app **order = (const struct digest_app **)(void *)order_bytes;
	size_t n_lines, i, n_rest = 0;
	char age[DURATION_TEXT_MAX];
	struct text t = {0};

	if (!order)
		return NULL;
	for (i = 0; i < d->n_apps; i++)
		order[i] = &d->apps[i];
	qsort(order, d->n_apps, sizeof(*order), busier);
	/* No "and 1 more app" where that app's own line fits as well. */
	n_lines = d->n_apps <= LINES_MAX + 1 ? d->n_apps : LINES_MAX;
	for (i = 0; i < n_lines; i++) {
		add(&t, order[i]->name, APP_BYTES_MAX);
		text_addf(&t, " (%zu)", order[i]->n_items);
		if (*order[i]->latest) {
			text_add(&t, ": ");
			add(&t, order[i]->latest, SUMMARY_BYTES_MAX);
		}
		text_add(&t, "\n");
	}
	for (i = n_lines; i < d->n_apps; i++)
		n_rest += order[i]->n_items;
	if (n_rest > 0) {
		text_add(&t, "and ");
		add_count(&t, n_rest, "more", "more");
		text_addf(&t, " from %zu other apps\n", d->n_apps - n_lines);
	}
	duration_format(now_us - d->oldest_us, age);
	text_addf(&t, "The oldest waited %s.", age);
	return text_take(&t);
}
