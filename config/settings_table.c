/*
 * settings_table: the rows.
 */
#include "config/settings.h"

static const char *const digest_open_names[] = {
	[DIGEST_OPEN_SHOW_ALL] = "show-all", [DIGEST_OPEN_NOTHING] = "nothing", NULL};

static const char *const durability_names[] = {
	[DURABILITY_FULL] = "full",
	[DURABILITY_NORMAL] = "normal",
	NULL,
};

static const char *const yes_no_names[] = {"", "yes", "no", NULL};
static const char *const verdict_names[] = {"", "deliver", "hold", "drop", NULL};
static const char *const urgency_names[] = {"", "low", "normal", "critical", NULL};
static const char *const digest_names[] = {"", "each", "count", "hide", NULL};

/* Rows of one section stand together: the template writes a header whenever the section changes. */
static const struct setting table[] = {
	{
		.section = "focus",
		.key = "default",
		.type = SETTING_DURATION,
		.offset = offsetof(struct settings, focus_default_us),
		.min = USEC_PER_SEC,
		.max = INT64_C(24) * 3600 * USEC_PER_SEC,
		.default_text = "50m",
		.help = "How long a focus block lasts when none is given, as in `lull focus` and "
			"`lull toggle`. Change it to the length of your usual stretch of work. A bare number "
			"is minutes; 1h30 and 90s are understood, too.",
	},
	{
		.section = "pomodoro",
		.key = "work",
		.type = SETTING_DURATION,
		.offset = offsetof(struct settings, pomodoro.work_us),
		.min = USEC_PER_SEC,
		.max = INT64_C(24) * 3600 * USEC_PER_SEC,
		.default_text = "25m",
		.help = "How long a round of work lasts in a pomodoro, which `lull pomodoro` starts: "
			"notifications are held in each round and released in the break after it. A change "
			"counts from the next round on.",
	},
	{
		.section = "pomodoro",
		.key = "break",
		.type = SETTING_DURATION,
		.offset = offsetof(struct settings, pomodoro.break_us),
		.min = USEC_PER_SEC,
		.max = INT64_C(24) * 3600 * USEC_PER_SEC,
		.default_text = "5m",
		.help = "How long the break between two rounds lasts.",
	},
	{
		.section = "pomodoro",
		.key = "long",
		.type = SETTING_DURATION,
		.offset = offsetof(struct settings, pomodoro.long_us),
		.min = USEC_PER_SEC,
		.max = INT64_C(24) * 3600 * USEC_PER_SEC,
		.default_text = "15m",
		.help = "How long the long break lasts, which takes the place of some of the others.",
	},
	{
		.section = "pomodoro",
		.key = "every",
		.type = SETTING_NUMBER,
		.offset = offsetof(struct settings, pomodoro.every),
		.min = 1,
		.max = POMODORO_ROUNDS_MAX,
		.default_text = "4",
		.help = "After every so many rounds the break is the long one. It is also how many rounds "
			"a pomodoro has when `lull pomodoro` isn't told; after the last one it is over.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "days",
		.type = SETTING_DAYS,
		.offset = offsetof(struct block, days),
		.example = "mon-fri",
		.default_text = "daily",
		.intro =
			"A focus block that comes back by itself, such as [block work]: notifications are "
			"held from its start to its end. NAME is up to you; it has letters, digits, - and "
			"_, and each block has another one.",
		.help = "On which days of the week it begins.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "start",
		.type = SETTING_CLOCK,
		.offset = offsetof(struct block, start),
		.example = "09:00",
		.none = CALENDAR_NONE,
		.is_required = true,
		.default_text = "",
		.help = "When it begins. A block needs a start and an end. Times are those of the clock on "
			"the wall: where daylight saving leaves one out, the moment of the change counts; "
			"where one comes twice, a block begins at the first and ends at the second.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "end",
		.type = SETTING_CLOCK,
		.offset = offsetof(struct block, end),
		.example = "11:30",
		.none = CALENDAR_NONE,
		.is_end = true,
		.is_required = true,
		.default_text = "",
		.help = "When it ends; 24:00 is midnight. An end that isn't after the start is on the day "
			"after; the block still belongs to the day on which it begins. Where blocks overlap, "
			"or one follows another at once, nothing is released in between.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "from",
		.type = SETTING_DATE,
		.offset = offsetof(struct block, from),
		.example = "2026-01-01",
		.none = CALENDAR_EVER,
		.default_text = "",
		.help = "The first day on which it begins, for a block that isn't for ever.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "until",
		.type = SETTING_DATE,
		.offset = offsetof(struct block, until),
		.example = "2026-12-31",
		.none = CALENDAR_FOREVER,
		.default_text = "",
		.help = "The last day on which it begins.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "except",
		.type = SETTING_DATES,
		.offset = offsetof(struct block, except),
		.example = "2026-12-24, 2026-12-25",
		.default_text = "",
		.help = "Days on which it doesn't begin, such as holidays.",
	},
	{
		.section = "block",
		.scope = SETTING_IN_BLOCK,
		.key = "lead",
		.type = SETTING_DURATION,
		.offset = offsetof(struct block, lead_us),
		.example = "10m",
		.min = 0,
		.max = INT64_C(12) * 3600 * USEC_PER_SEC,
		.default_text = "0s",
		.help = "Notifications are held that much earlier already, so that nothing lands just "
			"before you begin.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "app",
		.type = SETTING_PATTERNS,
		.offset = offsetof(struct rule, app),
		.example = "Slack, Teams*",
		.default_text = "",
		.intro =
			"Which notifications a rule is about, and what becomes of them. NAME is up to "
			"you, as for blocks. A rule matches when all that it asks for is so. Rules "
			"are asked in the order of the file, and the first one that matches and has a "
			"verdict decides. One without a verdict changes what its keys say and leaves "
			"the rest to the next ones; what an earlier rule has set stays. After those "
			"of the file come the ones that are built in, which `lull config` shows; a "
			"section with the name of one, such as [rule critical], changes it, key by "
			"key, where it stands, and with an empty verdict it is switched off. What is held "
			"already keeps what was decided about it."
			"\n"
			"A glob is about the whole text, and case doesn't matter: Anna* is what "
			"begins with Anna, *Anna* what has it anywhere; ? is one character, [ab] one "
			"of these. A /regular expression/ is found anywhere in the text; an i behind "
			"it ignores case. Several are separated by commas, a ! before one means all "
			"but that, and quotes keep a text with commas together. What isn't there is "
			"the empty text.",
		.help = "The name of the application, as `lull list` shows it.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "desktop-entry",
		.type = SETTING_PATTERNS,
		.offset = offsetof(struct rule, desktop_entry),
		.example = "org.kde.*",
		.default_text = "",
		.help = "The name of its desktop file, without .desktop.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "category",
		.type = SETTING_PATTERNS,
		.offset = offsetof(struct rule, category),
		.example = "im, im.*",
		.default_text = "",
		.help = "The category that the application gives it, such as email.arrived or "
			"im.received.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "urgency",
		.type = SETTING_PATTERNS,
		.offset = offsetof(struct rule, urgency),
		.example = "critical",
		.default_text = "",
		.help = "How urgent the application says it is: low, normal or critical; !low is both "
			"others.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "summary",
		.type = SETTING_PATTERNS,
		.offset = offsetof(struct rule, summary),
		.example = "*deploy*, /build \\d+ failed/i",
		.default_text = "",
		.help = "Its title. Of this and of the body the first 4 KiB are looked at.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "body",
		.type = SETTING_PATTERNS,
		.offset = offsetof(struct rule, body),
		.example = "/@(anna|everyone)\\b/",
		.default_text = "",
		.help = "Its text, below the title.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "hint",
		.type = SETTING_HINTS,
		.offset = offsetof(struct rule, hints),
		.example = "im.*",
		.default_text = "",
		.help = "A hint of the notification, as in `hint x-kde-origin-name = GitLab`: the KEY "
			"stands behind the word hint, and a rule may have several. Numbers are "
			"compared as they are written, switches as true or false.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "sandboxed",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct rule, sandboxed),
		.choices = yes_no_names,
		.example = "yes",
		.default_text = "",
		.help = "Whether the application runs in a Flatpak or Snap.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "osd",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct rule, osd),
		.choices = yes_no_names,
		.example = "yes",
		.default_text = "",
		.help = "Whether it answers a key that was just pressed, such as those for volume and "
			"brightness.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "one-time-code",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct rule, one_time_code),
		.choices = yes_no_names,
		.example = "yes",
		.default_text = "",
		.help = "Whether it brings a code to sign in or to confirm something with.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "when",
		.type = SETTING_WHEN,
		.offset = offsetof(struct rule, when),
		.example = "22:00-07:00 mon-fri",
		.default_text = "focus",
		.help = "When the rule is in force. With focus, while notifications are held, in a "
			"focus block or until the next delivery; with block NAME, while [block NAME] "
			"is on. Hours may have days, on which they begin; what such a rule holds goes "
			"at their end, or with the focus block that is on, whichever is later.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "verdict",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct rule, verdict),
		.choices = verdict_names,
		.example = "deliver",
		.default_text = "",
		.help = "What becomes of it. What is dropped is never shown; `lull history` has it.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "due",
		.type = SETTING_DUE,
		.offset = offsetof(struct rule, due),
		.example = "15m",
		.default_text = "",
		.help = "When it is released at the latest, if it is held: so long after it came in, "
			"at the end of the focus block, or with the next release, be that the end of "
			"a block or a delivery. What is nearly due goes with what is, so that one "
			"batch comes instead of one after the other.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "as",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct rule, as),
		.choices = urgency_names,
		.example = "normal",
		.default_text = "",
		.help = "Take it for one of this urgency, in the rules that follow and on the display.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "repeat",
		.type = SETTING_REPEAT,
		.offset = offsetof(struct rule, repeat),
		.example = "2 in 3m",
		.default_text = "",
		.help = "Deliver it all the same when the application insists: with 2 in 3m, the "
			"second one within three minutes that this rule matches comes through, "
			"whatever the verdict is. With verdict = deliver it comes through only then.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "budget",
		.type = SETTING_BUDGET,
		.offset = offsetof(struct rule, budget),
		.example = "3 per block",
		.default_text = "",
		.help = "How many the rule lets through, of each application in each focus block or "
			"between two deliveries. When they are used up it no longer matches.",
	},
	{
		.section = "rule",
		.scope = SETTING_IN_RULE,
		.key = "digest",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct rule, digest),
		.choices = digest_names,
		.example = "count",
		.default_text = "",
		.help = "What becomes of it when so many are released together that a digest "
			"announces them. With each it is shown by itself, with count its title isn't "
			"told, with hide it isn't told of; `lull list` has it all the same.",
	},
	{
		.section = "hold",
		.key = "longest",
		.type = SETTING_DURATION,
		.offset = offsetof(struct settings, hold_longest_us),
		.min = 60 * USEC_PER_SEC,
		.max = INT64_C(7) * 24 * 3600 * USEC_PER_SEC,
		.default_text = "4h",
		.help = "How long a notification is held at most. Then it is released, also in the middle "
			"of a focus block. Only what you say yourself may be later: the due of a rule, the "
			"end of its hours, and the times of [deliver]; of a delivery that focus doesn't let "
			"happen it is counted from its time.",
	},
	{
		.section = "deliver",
		.key = "at",
		.type = SETTING_CLOCKS,
		.offset = offsetof(struct settings, deliver_at),
		.default_text = "",
		.help = "When it isn't empty, notifications are held all day, outside of blocks, too, and "
			"released together at these times; what must not wait comes through as ever. A time "
			"that falls into a block, its start and its lead included, comes at its end. Where "
			"daylight saving leaves a time out, the moment of the change counts; where one comes "
			"twice, the first.",
	},
	{
		.section = "deliver",
		.key = "days",
		.type = SETTING_DAYS,
		.offset = offsetof(struct settings, deliver_days),
		.default_text = "daily",
		.help = "On which days of the week there are deliveries. What comes in on another day "
			"waits for the next one.",
	},
	{
		.section = "release",
		.key = "digest_above",
		.type = SETTING_NUMBER,
		.offset = offsetof(struct settings, digest_above),
		.min = 0,
		.max = 1000,
		.default_text = "3",
		.help = "When more than this many held notifications are released together, one digest "
			"announces them instead of each being shown by itself. Raise it to see more of them "
			"one by one; with 0 there is always a digest.",
	},
	{
		.section = "digest",
		.key = "open",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct settings, digest_open),
		.choices = digest_open_names,
		.default_text = "show-all",
		.intro =
			"The one notification that announces many which were held. It has buttons where "
			"the display server has any: Show all delivers them, three at a time; Later holds "
			"them until the next break, which is the end of focus, or half an hour from now when "
			"focus is off; Dismiss closes them, and their applications hear of it as if each had "
			"been clicked away.",
		.help = "What a click on the digest itself does. With show-all it is the same as that "
			"button. With nothing only the buttons count; what it announces stays in `lull "
			"list`.",
	},
	{
		.section = "display",
		.key = "command",
		.type = SETTING_TEXT,
		.offset = offsetof(struct settings, display_command),
		.default_text = "",
		.help = "The command that starts your display server, the program that really shows "
			"notifications, such as /usr/bin/dunst. lulld runs it behind lull-shim when no "
			"display server is on the bus. When it is empty and none comes, lulld starts the one "
			"that `lull enable` has put behind lull, or else the one that D-Bus would have "
			"started, whichever suits the desktop best.",
	},
	{
		.section = "journal",
		.key = "durability",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct settings, durability),
		.choices = durability_names,
		.default_text = "full",
		.help = "What a notification survives once its application has been answered. With full "
			"it is on the disk by then and survives a power cut. With normal it survives a crash "
			"of lulld, but a power cut may cost the last seconds. Choose normal when the disk is "
			"slow or must be spared.",
	},
};

_Static_assert(ARRAY_SIZE(table) <= SETTINGS_MAX, "struct settings has a line for each row");

const struct setting *settings_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(table);
	return table;
}

const char *setting_key(const struct setting *row)
{
	return row->type == SETTING_HINTS ? "hint KEY" : row->key;
}
