/*
 * The whole command line, as tables. docs/lull.1.scd has the same verbs and options; a test compares them.
 */
#include "client/console.h"
#include "client/doctor.h"
#include "client/enable.h"
#include "client/verb.h"

static const struct option_row opt_json = {
	.name = "json",
	.type = OPTION_FLAG,
	.offset = offsetof(struct args, is_json),
	.help = "print JSON for scripts; instants are microseconds since 1970",
};

static const struct option_row opt_no_probe = {
	.name = "no-probe",
	.type = OPTION_FLAG,
	.offset = offsetof(struct args, has_no_probe),
	.help = "send no test notification",
};

static const struct option_row opt_dry_run = {
	.name = "dry-run",
	.type = OPTION_FLAG,
	.offset = offsetof(struct args, is_dry_run),
	.help = "only say what would be done",
};

static const struct option_row opt_until = {
	.name = "until",
	.value = "TIME",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, until),
	.help = "end at this time of the clock: 11:30, 'tomorrow 9:00'",
};

static const struct option_row opt_label = {
	.name = "label",
	.value = "TEXT",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, label),
	.help = "what you are doing, shown by 'lull status'; at most 200 characters",
};

static const struct option_row opt_explain = {
	.name = "explain",
	.value = "NOTIFICATION",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, explain),
	.help = "what would become of it: 'app=Slack urgency=critical summary=Hello'",
};

static const struct option_row opt_at = {
	.name = "at",
	.value = "TIME",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, at),
	.help = "with --explain: when it comes; 'tue 10:15', '2026-12-24 18:00', @SECONDS since 1970",
};

static const struct option_row opt_focus = {
	.name = "focus",
	.type = OPTION_FLAG,
	.offset = offsetof(struct args, is_focus),
	.help = "with --explain: as if 'lull focus' had just been said",
};

static const struct option_row opt_press = {
	.name = "press",
	.value = "KEY",
	.type = OPTION_LIST,
	.offset = offsetof(struct args, press),
	.help = "press this button of every notification that has it, after half a second",
};

static const struct option_row opt_app = {
	.name = "app",
	.value = "NAME",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, app),
	.help = "only those of this application, as 'lull list' names it; case doesn't matter",
};

static const struct option_row opt_since = {
	.name = "since",
	.value = "WHEN",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, since),
	.help = "only what came since: 2h (ago), 9:00, yesterday, monday, 2025-06-22",
};

static const struct option_row opt_grep = {
	.name = "grep",
	.value = "TEXT",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, grep),
	.help = "only those with this text in summary or body; case doesn't matter",
};

static const struct option_row opt_limit = {
	.name = "limit",
	.value = "N",
	.type = OPTION_TEXT,
	.offset = offsetof(struct args, limit),
	.help = "at most so many; 50 when not given",
};

static const struct verb verbs[] = {
	{
		.name = "status",
		.synopsis = "[--json]",
		.summary = "what lull is doing now; also without a verb",
		.details =
			"Is focus on, until when and why; what changes next by itself; how many notifications\n"
			"are held and when they are released; does lull stand in front of the display server,\n"
			"and which one.\n"
			"\n"
			"  lull                    the same as 'lull status'\n"
			"  lull status --json | jq .held\n",
		.options = {&opt_json},
		.run = status_run,
	},
	{
		.name = "focus",
		.synopsis = "[DURATION | until TIME] [--label TEXT] [--json]",
		.summary = "start a focus block, or move the end of the one that is on",
		.details =
			"Notifications are held until the block ends, then released together. Without a\n"
			"duration the block is as long as lull.conf says. Starts lulld if need be, once\n"
			"lull is installed or enabled.\n"
			"\n"
			"  lull focus 50m          also 1h30m, 90 (minutes), 2d\n"
			"  lull focus until 11:30 --label writing\n"
			"  lull focus until tomorrow 9:00\n"
			"  lull focus --until monday\n",
		.max_words = SIZE_MAX,
		.options = {&opt_until, &opt_label, &opt_json},
		.run = focus_run,
	},
	{
		.name = "extend",
		.synopsis = "DURATION [--json]",
		.summary = "make the focus block that is on longer",
		.details = "After a block of lull.conf it goes on by hand for that long.\n"
			   "\n"
			   "  lull extend 10m\n"
			   "  lull extend 1h 30m\n",
		.min_words = 1,
		.max_words = SIZE_MAX,
		.options = {&opt_json},
		.run = extend_run,
	},
	{
		.name = "end",
		.synopsis = "[--json]",
		.summary = "end focus now; what was held is released",
		.details =
			"Everything that is on ends, and of a block of lull.conf the rest of today's; the next\n"
			"one comes as ever. A pomodoro ends as a whole, also in a break.\n"
			"\n"
			"  lull end\n",
		.options = {&opt_json},
		.run = end_run,
	},
	{
		.name = "toggle",
		.synopsis = "[DURATION | until TIME] [--json]",
		.summary = "end focus if it is on, else start it",
		.details =
			"For a key binding or a button in a status bar. Starts lulld if need be, once\n"
			"lull is installed or enabled.\n"
			"\n"
			"  lull toggle\n"
			"  lull toggle 50m         50 minutes, if it starts\n",
		.max_words = SIZE_MAX,
		.options = {&opt_json},
		.run = toggle_run,
	},
	{
		.name = "pomodoro",
		.synopsis = "[N] [--json]",
		.summary = "work in N rounds, with a break between each two",
		.details =
			"Notifications are held in each round and released in the break after it. How long\n"
			"they are, and how many rounds there are without N, lull.conf says. After the last\n"
			"round it is over; 'lull end' ends it before, also in a break; to start it while one\n"
			"is on is to start anew. Starts lulld if need be, once\n"
			"lull is installed or enabled.\n"
			"\n"
			"  lull pomodoro\n"
			"  lull pomodoro 8         eight rounds; some breaks are longer\n",
		.max_words = 1,
		.options = {&opt_json},
		.run = pomodoro_run,
	},
	{
		.name = "list",
		.synopsis = "[--json]",
		.summary = "what waits: what is held, the newest last, then what is snoozed",
		.details =
			"DUE says when it is released, or what it waits for. Long texts are cut in the table; --json has them whole.\n"
			"\n"
			"  lull list\n"
			"  lull list --json | jq -r '.[].summary'\n",
		.options = {&opt_json},
		.run = list_run,
	},
	{
		.name = "show",
		.synopsis = "ID [--json]",
		.summary = "one notification whole, also one that is over",
		.details =
			"Its text, its buttons, what became of it and when, and the rule that decided.\n"
			"\n"
			"  lull show 1073741825\n",
		.min_words = 1,
		.max_words = 1,
		.options = {&opt_json},
		.run = show_run,
	},
	{
		.name = "why",
		.synopsis = "ID [--json]",
		.summary = "why one was held, delivered or dropped",
		.details =
			"The rule that decided and its line in lull.conf, what each rule before it came to, the\n"
			"reasons for focus then, and when it was due and why. Read from the journal: lulld\n"
			"needn't run, and it is the same weeks later, whatever lull.conf says by then.\n"
			"\n"
			"  lull why 1073741824\n"
			"  lull why 1073741824 --json | jq -r .rule\n",
		.min_words = 1,
		.max_words = 1,
		.options = {&opt_json},
		.run = why_run,
	},
	{
		.name = "audit",
		.synopsis = "[--json]",
		.summary = "whether anything was held longer than it was to be",
		.details =
			"Compares, for all that is on record, when each was due and when it was released. Exit\n"
			"status 0 when none was late by more than a second, else 1, and which were.\n"
			"\n"
			"  lull audit\n"
			"  lull audit --json | jq .late\n",
		.options = {&opt_json},
		.run = audit_run,
	},
	{
		.name = "release",
		.synopsis = "[ID... | --app NAME] [--json]",
		.summary = "let held notifications go now",
		.details =
			"These, or those of an application, or else everything that is held or was announced\n"
			"by a digest. Focus stays on.\n"
			"\n"
			"  lull release\n"
			"  lull release 1073741825\n"
			"  lull release --app Mail\n",
		.max_words = SIZE_MAX,
		.options = {&opt_app, &opt_json},
		.run = release_run,
	},
	{
		.name = "dismiss",
		.synopsis = "ID... [--json]",
		.summary = "close notifications as if they had been clicked away",
		.details = "What is held is never shown; what is on the display goes away.\n"
			   "\n"
			   "  lull dismiss 1073741825 1073741826\n",
		.min_words = 1,
		.max_words = SIZE_MAX,
		.options = {&opt_json},
		.run = dismiss_run,
	},
	{
		.name = "snooze",
		.synopsis = "ID... WHEN [--json]",
		.summary = "hold notifications until then, whatever focus does",
		.details = "WHEN is a duration or a time; a day without a time means 9:00.\n"
			   "\n"
			   "  lull snooze 1073741825 20m\n"
			   "  lull snooze 1073741825 1073741826 17:00\n"
			   "  lull snooze 1073741825 tomorrow 8:30\n"
			   "  lull snooze 1073741825 monday\n",
		.min_words = 2,
		.max_words = SIZE_MAX,
		.options = {&opt_json},
		.run = snooze_run,
	},
	{
		.name = "act",
		.synopsis = "ID [KEY] [--json]",
		.summary = "press a button of a notification, then close it",
		.details =
			"Without KEY: the default action, or else the only button. 'lull show ID' lists\n"
			"the keys.\n"
			"\n"
			"  lull act 1073741825\n"
			"  lull act 1073741825 reply\n",
		.min_words = 1,
		.max_words = 2,
		.options = {&opt_json},
		.run = act_run,
	},
	{
		.name = "history",
		.synopsis = "[--since WHEN] [--app NAME] [--grep TEXT] [--limit N] [--json]",
		.summary = "everything on record, the newest first",
		.details =
			"What waits and what is over, read from the journal; lulld needn't run.\n"
			"\n"
			"  lull history\n"
			"  lull history --since yesterday --app Mail\n"
			"  lull history --since 2h --grep invoice --json\n",
		.options = {&opt_since, &opt_app, &opt_grep, &opt_limit, &opt_json},
		.run = history_run,
	},
	{
		.name = "config",
		.synopsis = "[--json]",
		.summary = "the settings, and where each comes from",
		.details = "Reads lull.conf itself; lulld needn't run.\n"
			   "\n"
			   "  lull config\n"
			   "  lull config --json | jq '.settings[\"focus.default\"].value'\n",
		.options = {&opt_json},
		.run = config_run,
	},
	{
		.name = "check-config",
		.synopsis = "[FILE] [--explain NOTIFICATION [--at TIME] [--focus]] [--json]",
		.summary = "look for mistakes in lull.conf, or in another file",
		.details =
			"Each mistake is a line on stderr, FILE:LINE: what is wrong. What can be in force, but\n"
			"hardly as it was meant, is a warning. lulld needn't run. With --explain it also says\n"
			"what would become of a notification, by which rule, and why not by the others; budgets\n"
			"are whole then, and the blocks of that time are on. Its parts are app=, desktop-entry=,\n"
			"category=, urgency=, summary=, body=, sandboxed=, osd= and hint KEY=.\n"
			"\n"
			"  lull check-config\n"
			"  lull check-config new.conf\n"
			"  lull check-config --explain 'app=Slack summary=Anna wrote' --at 'tue 10:15'\n"
			"  lull check-config --explain 'app=Web urgency=critical' --focus\n",
		.max_words = 1,
		.options = {&opt_explain, &opt_at, &opt_focus, &opt_json},
		.run = check_config_run,
	},
	{
		.name = "reload",
		.synopsis = "[--json]",
		.summary = "have lulld read lull.conf again",
		.details =
			"With a mistake in the file the old settings stay; the mistakes are on stderr.\n"
			"\n"
			"  lull reload\n",
		.options = {&opt_json},
		.run = reload_run,
	},
	{
		.name = "doctor",
		.synopsis = "[--json] [--no-probe]",
		.summary = "is lull well? what isn't, and what to do about it",
		.details =
			"Is lull really in front, who shows, what starts lulld, is the journal on disk, is\n"
			"the configuration right, what bypasses lull. Changes and starts nothing. A test\n"
			"notification, quiet and taken back at once, is followed all the way to the screen; it\n"
			"may blink there. Exit status 0 when it got there and nothing is broken, else 1.\n"
			"\n"
			"  lull doctor\n"
			"  lull doctor --no-probe\n"
			"  lull doctor --json | jq -r '.findings[] | select(.state != \"ok\") | .remedy'\n",
		.options = {&opt_json, &opt_no_probe},
		.run = doctor_run,
	},
	{
		.name = "enable",
		.synopsis = "[--dry-run] [--json]",
		.summary = "put lull in front of your display server, now and at every login",
		.details =
			"Has D-Bus start lulld for notifications and systemd start it with the session, puts\n"
			"the server that runs in line behind it, and the unit of that server, too. Says each\n"
			"step; what is so already isn't done again. Exit status 1 when lull isn't in front then.\n"
			"\n"
			"  lull enable --dry-run\n"
			"  lull enable\n",
		.options = {&opt_dry_run, &opt_json},
		.run = enable_run,
	},
	{
		.name = "disable",
		.synopsis = "[--dry-run] [--json]",
		.summary = "put everything back that 'lull enable' has changed, and stop lulld",
		.details =
			"Files that were set aside are there again, byte for byte; what you have edited since\n"
			"is left as it is. What lull has kept of your notifications stays. While notifications\n"
			"are held it changes nothing: 'lull end' or 'lull release' lets them go first.\n"
			"\n"
			"  lull disable --dry-run\n"
			"  lull disable\n",
		.options = {&opt_dry_run, &opt_json},
		.run = disable_run,
	},
	{
		.name = "console",
		.synopsis = "[--json] [--press KEY]...",
		.summary = "be a display server: print notifications on this terminal",
		.details =
			"For a machine without a desktop, and for trying lull out. It stands in line behind\n"
			"lulld and prints what is delivered, until Ctrl-C. Commands on its standard input:\n"
			"'press N [KEY]', 'close N', 'list', 'help'.\n"
			"\n"
			"  lull console\n"
			"  lull console --json --press default\n",
		.options = {&opt_json, &opt_press},
		.run = console_run,
	},
	{
		.name = "help",
		.synopsis = "[VERB]",
		.summary = "this list, or all about one verb",
		.details = "  lull help focus         the same as 'lull focus --help'\n",
		.max_words = 1,
		.run = help_run,
	},
};

const struct verb *verb_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
