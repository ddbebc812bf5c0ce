#include "daemon/core/policy.h"

#include <string.h>

/* "call.incoming" is in the class "call"; so is "call", but not "caller". */
static bool in_class(const char *category, const char *class)
{
	size_t length = strlen(class);

	return strncmp(category, class, length) == 0 &&
	       (category[length] == '\0' || category[length] == '.');
}

static bool is_osd(const struct notification *n)
{
	return n->is_osd;
}

/* A call that has ended or was missed can wait; one that rings can't. */
static bool is_call(const struct notification *n)
{
	return strcmp(n->category, "call") == 0 || in_class(n->category, "call.incoming") ||
	       in_class(n->category, "x-kde.call") || in_class(n->category, "x-gnome.call");
}

static bool is_alarm(const struct notification *n)
{
	return in_class(n->category, "alarm") || in_class(n->category, "x-gnome.alarm") ||
	       in_class(n->category, "x-kde.alarm");
}

static bool is_critical(const struct notification *n)
{
	return n->urgency == URGENCY_CRITICAL;
}

/* What breaks through while others are held (design.md, "What holds, what breaks through"). */
static const struct {
	const char *name;
	bool (*matches)(const struct notification *n);
} breakthrough_rules[] = {
	{"osd", is_osd},
	{"call", is_call},
	{"alarm", is_alarm},
	{"critical", is_critical},
};

struct verdict policy_decide(const struct notification *n, const struct policy_context *context)
{
	size_t i;

	/* It tests the way of every ping: named whether focus is on or not, and no breakthrough. */
	if (n->is_probe)
		return (struct verdict){.kind = VERDICT_DELIVER, .rule = "probe"};
	if (!context->is_focus_on && !context->is_batching)
		return (struct verdict){.kind = VERDICT_DELIVER, .rule = "no-focus"};
	for (i = 0; i < ARRAY_SIZE(breakthrough_rules); i++)
		if (breakthrough_rules[i].matches(n))
			return (struct verdict){
				.kind = VERDICT_DELIVER,
				.rule = breakthrough_rules[i].name,
				.is_breakthrough = true,
			};
	return (struct verdict){.kind = VERDICT_HOLD,
				.rule = context->is_focus_on ? "focus" : "delivery"};
}
