/*
 * What the engine asks of the world, and what the world keeps of it.
 */
#include "tests/unit/world.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define ANSWER_US (20 * USEC_PER_MSEC)
#define SLOW_US (3 * SECOND)

void world_note(struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->log || w->is_muted)
		return;
	va_start(args, format);
	vfprintf(w->log, format, args);
	va_end(args);
}

static uint32_t wire_of(const struct ping *p)
{
	uint32_t wire = 0;

	if (p->wire_bytes == sizeof(wire))
		memcpy(&wire, p->wire, sizeof(wire));
	return wire;
}

static struct sent *sent_of(struct world *w, const struct ping *p)
{
	uint32_t wire = wire_of(p);

	return wire > 0 && wire <= w->n_sent ? &w->sent[wire - 1] : NULL;
}

static void *grow(void *array, size_t *capacity, size_t n, size_t size)
{
	if (n < *capacity)
		return array;
	*capacity = MAX(2 * *capacity, 64);
	array = realloc(array, *capacity * size);
	if (!array)
		abort();
	return array;
}

struct item *world_item(struct world *w, uint32_t id)
{
	for (size_t i = w->n_items; i-- > 0;)
		if (w->items[i].id == id)
			return &w->items[i];
	return NULL;
}

/* One that is new, or a newer version of it. */
void world_take_item(struct world *w, uint32_t id, size_t sent)
{
	struct item *item = world_item(w, id);

	if (!item) {
		w->items = grow(w->items, &w->item_capacity, w->n_items, sizeof(*w->items));
		item = &w->items[w->n_items++];
		*item = (struct item){0};
	}
	/* One that has silently followed it in the same turn isn't answered. */
	if (item->sent <= sent)
		*item = (struct item){.id = id, .sent = sent, .ended_at = item->ended_at};
}

void world_ended(struct world *w, uint32_t id)
{
	struct item *item = world_item(w, id);

	if (item)
		item->ended_at = w->n_sent;
}

bool world_is_ended(const struct item *item)
{
	return item->ended_at > item->sent;
}

/* Its serial is that of the Notify. */
static void reply_id(void *data, const struct ticket *to, uint32_t id)
{
	struct world *w = data;
	size_t at = to->serial;

	world_note(w, "reply %u %s: %u\n", to->serial, to->sender, id);
	if (w->is_muted)
		return;
	if (at >= w->n_sent || w->sent[at].n_answers++ > 0)
		world_fail(w, "an answer to nobody, or the second one to %u", to->serial);
	w->sent[at].id = id;
	world_take_item(w, id, at);
}

static void reply_done(void *data, const struct ticket *to)
{
	world_note(data, "done %s\n", to->sender);
}

static void reply_refusal(void *data, const struct ticket *to, enum refusal why)
{
	world_note(data, "refused %s: %d\n", to->sender, (int)why);
	if (why == REFUSAL_OUT_OF_MEMORY)
		world_fail(data, "a notification was refused");
}

static void emit_closed(void *data, const char *to, uint32_t id, uint32_t reason)
{
	world_note(data, "closed %s %u %u\n", to ? to : "-", id, reason);
}

static void emit_action(void *data, const char *to, uint32_t id, const char *key,
			const char *token LULL_UNUSED)
{
	world_note(data, "action %s %u %s\n", to ? to : "-", id, key);
}

static void emit_replied(void *data, const char *to, uint32_t id, const char *text)
{
	world_note(data, "replied %s %u %s\n", to ? to : "-", id, text);
}

static int read_wire(void *data, const struct ping *p,
		     void (*fn)(void *context, const struct notification *n), void *context)
{
	struct sent *sent = sent_of(data, p);

	if (!sent)
		return -EBADMSG;
	fn(context, &sent->n);
	return 0;
}

static bool is_here(void *data, const char *sender)
{
	struct world *w = data;

	for (size_t i = 0; i < WORLD_SENDERS; i++)
		if (w->is_here[i] && strcmp(w->senders[i], sender) == 0)
			return true;
	return false;
}

static void files(void *data LULL_UNUSED, uint32_t id LULL_UNUSED)
{
}

static void no_files(void *data LULL_UNUSED)
{
}

static int show(void *data, const struct ping *p, bool is_minimal, bool is_silent)
{
	struct world *w = data;
	struct sent *sent = sent_of(w, p);

	world_note(w, "show %u '%s' %d%d\n", p->id, p->summary, is_minimal, is_silent);
	if (!w->has_display || w->asked_wire > 0)
		world_fail(w, "%u is shown while %s", p->id,
			   w->has_display ? "another one is in flight" : "there is no display");
	if (!sent) {
		world_fail(w, "%u is shown, and nobody has sent it", p->id);
		return -EBADMSG;
	}
	sent->was_shown = true;
	w->asked_wire = sent->wire;
	w->answers_boot_us = INSTANT_NEVER;
	w->alive_boot_us = INSTANT_NEVER;
	if (w->mode <= DISPLAY_REFUSES)
		w->answers_boot_us =
			w->now.boot_us + (w->mode == DISPLAY_SLOW ? SLOW_US : ANSWER_US);
	return 0;
}

void world_forget_open(struct world *w, size_t i)
{
	w->open[i] = w->open[--w->n_open];
}

/* It says so as if somebody had clicked: CloseNotification has a signal of its own as its answer. */
static void close_shown(void *data, uint32_t display_id)
{
	struct world *w = data;

	world_note(w, "close %u\n", display_id);
	for (size_t i = 0; i < w->n_open; i++)
		if (w->open[i].display_id == display_id)
			w->open[i].closes_boot_us = w->now.boot_us + ANSWER_US;
}

static void probe(void *data)
{
	struct world *w = data;

	if (w->has_display && w->mode != DISPLAY_DEAD)
		w->alive_boot_us = w->now.boot_us + ANSWER_US;
}

static bool has_markup(void *data LULL_UNUSED)
{
	return false;
}

static bool has_actions(void *data LULL_UNUSED)
{
	return true;
}

static int present(void *data, const struct own_notice *notice)
{
	struct world *w = data;

	world_note(w, "present '%s' '%s'\n", notice->summary, notice->body);
	if (w->presenter == PRESENTER_IS_MISSING)
		return -ENOENT;
	w->presents_boot_us = w->now.boot_us + SECOND;
	return 0;
}

struct sent *world_add_sent(struct world *w, const struct notification *n)
{
	struct sent *sent;

	w->sent = grow(w->sent, &w->sent_capacity, w->n_sent, sizeof(*w->sent));
	sent = &w->sent[w->n_sent++];
	*sent = (struct sent){.n = *n, .wire = (uint32_t)w->n_sent};
	snprintf(sent->summary, sizeof(sent->summary), "n%zu", w->n_sent - 1);
	/* They may have moved. */
	for (size_t i = 0; i < w->n_sent; i++) {
		struct sent *s = &w->sent[i];

		s->n.summary = s->summary;
		s->n.wire = &s->wire;
		s->n.wire_bytes = sizeof(s->wire);
	}
	return sent;
}

const struct notification world_plain = {
	.app = "",
	.desktop_entry = "",
	.category = "",
	.tag = "",
	.summary = "",
	.body = "",
	.urgency = URGENCY_NORMAL,
};

static int compose(void *data, const struct own_notice *notice, int64_t announces)
{
	struct world *w = data;

	world_note(w, "compose '%s' '%s' %lld\n", notice->summary, notice->body,
		   (long long)announces);
	engine_own(w->engine, &world_add_sent(w, &world_plain)->n, announces);
	return 0;
}

static void nothing(void *data LULL_UNUSED)
{
}

static void arm(void *data, struct wake next)
{
	((struct world *)data)->armed = next;
}

static void turn_again(void *data)
{
	((struct world *)data)->wants_turn = true;
}

const struct engine_ports world_ports = {
	.reply_id = reply_id,
	.reply_done = reply_done,
	.reply_refusal = reply_refusal,
	.emit_closed = emit_closed,
	.emit_action = emit_action,
	.emit_replied = emit_replied,
	.read = read_wire,
	.is_here = is_here,
	.keep_files = files,
	.copy_files = no_files,
	.drop_files = files,
	.show = show,
	.close = close_shown,
	.probe = probe,
	.need_display = nothing,
	.has_markup = has_markup,
	.has_actions = has_actions,
	.present = present,
	.compose = compose,
	.changed = nothing,
	.arm = arm,
	.turn_again = turn_again,
};
