#include "daemon/core/digest.h"

#include "config/duration.h"
#include "daemon/core/civil.h"
#include "daemon/core/text.h"
#include <errno.h>
#include <string.h>

/* A digest of more applications than this names the busiest and counts the rest; with meanwhile one fewer. */
#define LINES_MAX 6
#define APP_BYTES_MAX 40
/* What it said last: one thing alone, or several. */
#define SUMMARY_BYTES_MAX 80
#define TOPIC_BYTES_MAX 40
#define TOPICS_SHOWN 3
/* So many are told apart, so that ten thousand of one application take no time to speak of. */
#define TOPICS_MAX 32

/* Those with the same summary. */
struct digest_topic {
	char *summary;
	size_t n_items;
	bool is_conversation;
};

struct digest_app {
	char *name;
	struct digest_topic topics[TOPICS_MAX]; /* the latest first */
	size_t n_topics;
	bool has_forgotten; /* there were more: how many of each isn't known */
	size_t n_items;
};

struct digest {
	struct digest_app *apps; /* in the order of their first item */
	size_t n_apps;
	size_t n_items;
	int64_t oldest_us;
	struct digest *through; /* what came through meanwhile; NULL: nothing */
	size_t n_withdrawn;
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
	size_t i, j;

	if (!d)
		return NULL;
	for (i = 0; i < d->n_apps; i++) {
		free(d->apps[i].name);
		for (j = 0; j < d->apps[i].n_topics; j++)
			free(d->apps[i].topics[j].summary);
	}
	free(d->apps);
	digest_free(d->through);
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

/* The topic of @summary becomes the latest one. */
static int touch_topic(struct digest_app *a, const struct digest_item *item)
{
	struct digest_topic topic = {
		.is_conversation =
			strcmp(item->category, "im") == 0 || strncmp(item->category, "im.", 3) == 0,
	};
	size_t i;

	for (i = 0; i < a->n_topics; i++)
		if (a->topics[i].is_conversation == topic.is_conversation &&
		    strcmp(a->topics[i].summary, item->summary) == 0)
			break;
	if (i < a->n_topics) {
		topic = a->topics[i];
	} else {
		topic.summary = strdup(item->summary);
		if (!topic.summary)
			return -ENOMEM;
		if (i == TOPICS_MAX) {
			free(a->topics[--i].summary);
			a->has_forgotten = true;
		} else {
			a->n_topics++;
		}
	}
	topic.n_items++;
	memmove(&a->topics[1], &a->topics[0], i * sizeof(topic));
	a->topics[0] = topic;
	return 0;
}

int digest_add(struct digest *d, const struct digest_item *item)
{
	struct digest_app *a = find_or_add(d, *item->app ? item->app : "an application");

	if (!a)
		return -ENOMEM;
	/* One without a title doesn't hide that of another one. */
	if (*item->summary && touch_topic(a, item) < 0)
		return -ENOMEM;
	a->n_items++;
	if (d->n_items++ == 0 || item->arrived_us < d->oldest_us)
		d->oldest_us = item->arrived_us;
	return 0;
}

int digest_add_through(struct digest *d, const char *app)
{
	if (!d->through)
		d->through = digest_new();
	if (!d->through)
		return -ENOMEM;
	return digest_add(d->through, &(struct digest_item){app, "", "", 0});
}

void digest_add_withdrawn(struct digest *d)
{
	d->n_withdrawn++;
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

/* "Chat (5): Anna (3) · Bob (2)", "Mail (4): Invoice · Minutes · Lunch?" */
static void add_line(struct text *t, const struct digest_app *a, bool is_markup)
{
	void (*add)(struct text *, const char *, size_t) =
		is_markup ? text_add_markup : text_add_cut;
	size_t n = MIN(a->n_topics, (size_t)TOPICS_SHOWN), i;

	add(t, a->name, APP_BYTES_MAX);
	text_addf(t, " (%zu)", a->n_items);
	for (i = 0; i < n; i++) {
		const struct digest_topic *topic = &a->topics[i];

		text_add(t, i == 0 ? ": " : " · ");
		add(t, topic->summary, n > 1 ? TOPIC_BYTES_MAX : SUMMARY_BYTES_MAX);
		/* The only one has them all. */
		if (topic->is_conversation && topic->n_items > 1 && !a->has_forgotten &&
		    topic->n_items < a->n_items)
			text_addf(t, " (%zu)", topic->n_items);
	}
	text_add(t, "\n");
}

/* "17:00", "tomorrow 09:00", "Monday 09:00" */
static void add_clock(struct text *t, const struct digest_view *view)
{
	static const char *const days[] = {"Thursday", "Friday",  "Saturday", "Sunday",
					   "Monday",   "Tuesday", "Wednesday"};
	struct civil_time now = civil_local(view->zone, view->now_us);
	struct civil_time next = civil_local(view->zone, view->next_us);

	if (next.day == now.day + 1)
		text_add(t, "tomorrow ");
	else if (next.day != now.day)
		text_addf(t, "%s ", days[(unsigned)next.day % ARRAY_SIZE(days)]);
	text_addf(t, "%02d:%02d", next.second / 3600, next.second / 60 % 60);
}

/* The applications, the busiest first; the caller frees it. */
static const struct digest_app **by_number(const struct digest *d)
{
	const struct digest_app **order = calloc(d->n_apps + 1, sizeof(*order));
	size_t i;

	if (!order)
		return NULL;
	for (i = 0; i < d->n_apps; i++)
		order[i] = &d->apps[i];
	qsort(order, d->n_apps, sizeof(*order), busier);
	return order;
}

/* "3 came through: Chat (2), Mail. 1 was withdrawn." Return: false when out of memory. */
static bool add_meanwhile(struct text *t, const struct digest *d, bool is_markup)
{
	void (*add)(struct text *, const char *, size_t) =
		is_markup ? text_add_markup : text_add_cut;

	if (d->through) {
		const struct digest_app **order = by_number(d->through);
		size_t n = MIN(d->through->n_apps, (size_t)TOPICS_SHOWN), i;

		if (!order) {
			text_done(t);
			return false;
		}
		text_addf(t, "%zu came through: ", d->through->n_items);
		for (i = 0; i < n; i++) {
			text_add(t, i == 0 ? "" : ", ");
			add(t, order[i]->name, APP_BYTES_MAX);
			if (order[i]->n_items > 1 && d->through->n_apps > 1)
				text_addf(t, " (%zu)", order[i]->n_items);
		}
		text_add(t, n < d->through->n_apps ? ", ..." : ".");
		free(order);
	}
	if (d->n_withdrawn > 0) {
		text_add(t, d->through ? " " : "");
		add_count(t, d->n_withdrawn, "was withdrawn.", "were withdrawn.");
	}
	if (d->through || d->n_withdrawn > 0)
		text_add(t, "\n");
	return true;
}

char *digest_body(const struct digest *d, const struct digest_view *view)
{
	size_t n_max = d->through || d->n_withdrawn > 0 ? LINES_MAX - 1 : LINES_MAX;
	const struct digest_app **order = by_number(d);
	size_t n_lines, i, n_rest = 0;
	char age[DURATION_TEXT_MAX];
	struct text t = {0};

	if (!order)
		return NULL;
	/* No "and 1 more app" where that app's own line fits as well. */
	n_lines = d->n_apps <= n_max + 1 ? d->n_apps : n_max;
	for (i = 0; i < n_lines; i++)
		add_line(&t, order[i], view->is_markup);
	for (i = n_lines; i < d->n_apps; i++)
		n_rest += order[i]->n_items;
	if (n_rest > 0) {
		text_add(&t, "and ");
		add_count(&t, n_rest, "more", "more");
		text_addf(&t, " from %zu other apps\n", d->n_apps - n_lines);
	}
	free(order);
	if (!add_meanwhile(&t, d, view->is_markup))
		return NULL;
	duration_format(view->now_us - d->oldest_us, age);
	text_addf(&t, "The oldest waited %s.", age);
	if (view->next_us > view->now_us) {
		text_add(&t, " Next delivery: ");
		add_clock(&t, view);
		text_add(&t, ".");
	}
	return text_take(&t);
}
