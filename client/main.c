/*
 * lull: the command line client.
 *
 * The tables below are the whole command line: parsing, messages and every help text come from them.
 */
#include "client/call.h"
#include "client/console.h"
#include "client/print.h"
#include "client/verb.h"
#include <locale.h>
#include <stdio.h>
#include <string.h>

enum option_type {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char *; given twice, the last one counts */
	OPTION_LIST, /* struct args_list; may be repeated */
};

struct option_row {
	const char *name;
	const char *value; /* what it is called in help; NULL for a flag */
	enum option_type type;
	size_t offset; /* in struct args */
	const char *help;
};

struct verb {
	const char *name;
	const char *synopsis; /* after the name */
	const char *summary;
	const char *details; /* more sentences and examples */
	size_t min_words, max_words;
	const struct option_row *options[4]; /* NULL after the last */
	enum outcome (*run)(const struct args *a);
};

static const struct option_row opt_json = {
	.name = "json",
	.type = OPTION_FLAG,
	.offset = offsetof(struct args, is_json),
	.help = "print JSON for scripts; instants are microseconds since 1970",
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

static const struct option_row opt_press = {
	.name = "press",
	.value = "KEY",
	.type = OPTION_LIST,
	.offset = offsetof(struct args, press),
	.help = "press this button of every notification that has it, after half a second",
};

static enum outcome help_run(const struct args *a);

static const struct verb verbs[] = {
	{
		.name = "status",
		.synopsis = "[--json]",
		.summary = "what lull is doing now; also without a verb",
		.details =
			"Is focus on, until when and why; how many notifications are held and when they\n"
			"are released; does lull stand in front of the display server, and which one.\n"
			"\n"
			"  lull                    the same as 'lull status'\n"
			"  lull status --json | jq .held\n",
		.options = {&opt_json},
		.run = status_run,
	},
	{
		.name = "focus",
		.synopsis = "[DURATION | --until TIME] [--label TEXT] [--json]",
		.summary = "start a focus block, or move the end of the one that is on",
		.details =
			"Notifications are held until the block ends, then released together. Without a\n"
			"duration the block is as long as lull.conf says. Starts lulld if need be.\n"
			"\n"
			"  lull focus 50m          also 1h30m, 90 (minutes), 2d\n"
			"  lull focus --until 11:30 --label writing\n"
			"  lull focus --until 'tomorrow 9:00'\n",
		.max_words = 1,
		.options = {&opt_until, &opt_label, &opt_json},
		.run = focus_run,
	},
	{
		.name = "extend",
		.synopsis = "DURATION [--json]",
		.summary = "make the focus block that is on longer",
		.details = "  lull extend 10m\n",
		.min_words = 1,
		.max_words = 1,
		.options = {&opt_json},
		.run = extend_run,
	},
	{
		.name = "end",
		.synopsis = "[--json]",
		.summary = "end focus now; what was held is released",
		.details = "  lull end\n",
		.options = {&opt_json},
		.run = end_run,
	},
	{
		.name = "toggle",
		.synopsis = "[DURATION] [--json]",
		.summary = "end focus if it is on, else start it",
		.details =
			"For a key binding or a button in a status bar. Starts lulld if need be.\n"
			"\n"
			"  lull toggle\n"
			"  lull toggle 50m         50 minutes, if it starts\n",
		.max_words = 1,
		.options = {&opt_json},
		.run = toggle_run,
	},
	{
		.name = "list",
		.synopsis = "[--json]",
		.summary = "what is held, the newest last",
		.details = "Long texts are cut in the table; --json has them whole.\n"
			   "\n"
			   "  lull list\n"
			   "  lull list --json | jq -r '.[].summary'\n",
		.options = {&opt_json},
		.run = list_run,
	},
	{
		.name = "release",
		.synopsis = "[ID...] [--json]",
		.summary = "let held notifications go now",
		.details = "These, or without an ID everything that is held. Focus stays on.\n"
			   "\n"
			   "  lull release\n"
			   "  lull release 1073741825\n",
		.max_words = SIZE_MAX,
		.options = {&opt_json},
		.run = release_run,
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

/* How many letters to insert, remove or change to get from @a to @b; long words count as far away. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32];
	size_t len = strlen(b);

	if (len >= ARRAY_SIZE(row) || strlen(a) >= ARRAY_SIZE(row))
		return ARRAY_SIZE(row);
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t change = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = MIN(change, MIN(row[j], row[j + 1]) + 1);
		}
	}
	return row[len];
}

/* Near enough to be a slip of the fingers, or the beginning of the word. */
static bool is_like(const char *typed, const char *name)
{
	return distance(typed, name) <= 2 || (typed[0] && strncmp(typed, name, strlen(typed)) == 0);
}

static const struct verb *find_verb(const char *name)
{
	const struct verb *like = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (is_like(name, verbs[i].name) &&
		    (!like || distance(name, verbs[i].name) < distance(name, like->name)))
			like = &verbs[i];
	if (like)
		print_failure("there is no verb '%s'; did you mean '%s'?", name, like->name);
	else
		print_failure("there is no verb '%s'; 'lull --help' lists them", name);
	return NULL;
}

/* --- help --- */

static void print_overview(void)
{
	puts("lull protects your focus: it holds notifications back and releases them together.\n"
	     "\n"
	     "Usage: lull [VERB] [ARGUMENT...]\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-9s %s\n", verbs[i].name, verbs[i].summary);
	puts("\n"
	     "  --help, --version\n"
	     "\n"
	     "'lull VERB --help' tells more. Exit status: 0 done, 1 refused or nothing matched,\n"
	     "2 the command line is wrong, 3 lulld isn't running.");
}

static void print_verb_help(const struct verb *v)
{
	printf("Usage: lull %s %s\n\n%s.\n\n%s", v->name, v->synopsis, v->summary, v->details);
	for (size_t i = 0; i < ARRAY_SIZE(v->options) && v->options[i]; i++) {
		const struct option_row *o = v->options[i];

		printf("%s  --%s %-*s  %s\n", i == 0 ? "\n" : "", o->name,
		       (int)(11 - strlen(o->name)), o->value ? o->value : "", o->help);
	}
}

static enum outcome help_run(const struct args *a)
{
	const struct verb *v;

	if (a->words.n_items == 0) {
		print_overview();
		return OUTCOME_DONE;
	}
	v = find_verb(a->words.items[0]);
	if (!v)
		return OUTCOME_USAGE;
	print_verb_help(v);
	return OUTCOME_DONE;
}

/* --- the command line --- */

static const struct option_row *find_option(const struct verb *v, const char *name, size_t len)
{
	autofree(str) char *typed = strndup(name, len);
	const struct option_row *like = NULL;

	for (size_t i = 0; typed && i < ARRAY_SIZE(v->options) && v->options[i]; i++) {
		if (strcmp(v->options[i]->name, typed) == 0)
			return v->options[i];
		if (!like && is_like(typed, v->options[i]->name))
			like = v->options[i];
	}
	if (like)
		print_failure("'%s' has no option '--%s'; did you mean '--%s'?", v->name,
			      typed ? typed : name, like->name);
	else
		print_failure("'%s' has no option '--%s'; write: lull %s %s", v->name,
			      typed ? typed : name, v->name, v->synopsis);
	return NULL;
}

static void store(struct args *a, const struct option_row *o, const char *value)
{
	void *field = (char *)a + o->offset;
	struct args_list *list = field;

	switch (o->type) {
	case OPTION_FLAG: *(bool *)field = true; break;
	case OPTION_TEXT: *(const char **)field = value; break;
	case OPTION_LIST: list->items[list->n_items++] = value; break;
	}
}

/* One option, "--name", "--name=value" or "--name value". @i is moved past what it takes. */
static enum outcome parse_option(const struct verb *v, struct args *a, char **argv, int argc,
				 int *i)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option_row *o = find_option(v, name, len);

	if (!o)
		return OUTCOME_USAGE;
	if (!o->value && value) {
		print_failure("'--%s' takes no value; write just '--%s'", o->name, o->name);
		return OUTCOME_USAGE;
	}
	if (o->value && !value) {
		if (*i + 1 >= argc) {
			print_failure("'--%s' needs a value; write '--%s %s'", o->name, o->name,
				      o->value);
			return OUTCOME_USAGE;
		}
		value = argv[++*i];
	}
	store(a, o, value);
	return OUTCOME_DONE;
}

static enum outcome check_words(const struct verb *v, const struct args *a)
{
	if (a->words.n_items < v->min_words) {
		print_failure("'%s' needs more; write: lull %s %s", v->name, v->name, v->synopsis);
		return OUTCOME_USAGE;
	}
	if (a->words.n_items > v->max_words) {
		print_failure("'%s' is too much; write: lull %s %s", a->words.items[v->max_words],
			      v->name, v->synopsis);
		return OUTCOME_USAGE;
	}
	return OUTCOME_DONE;
}

/* Options and words come in any order; "--" ends the options. */
static enum outcome parse(const struct verb *v, struct args *a, char **argv, int argc,
			  bool *ret_wants_help)
{
	bool may_be_option = true;

	for (int i = 0; i < argc; i++) {
		enum outcome r = OUTCOME_DONE;

		if (!may_be_option || argv[i][0] != '-' || argv[i][1] == '\0') {
			a->words.items[a->words.n_items++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			may_be_option = false;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			*ret_wants_help = true;
			return OUTCOME_DONE;
		} else if (argv[i][1] != '-') {
			print_failure("there is no option '%s'; write: lull %s %s", argv[i],
				      v->name, v->synopsis);
			r = OUTCOME_USAGE;
		} else {
			r = parse_option(v, a, argv, argc, &i);
		}
		if (r != OUTCOME_DONE)
			return r;
	}
	return check_words(v, a);
}

static enum outcome run_verb(const struct verb *v, char **argv, int argc)
{
	struct args a = {0};
	bool wants_help = false;
	enum outcome r;

	a.words.items = calloc((size_t)argc + 1, sizeof(*a.words.items));
	a.press.items = calloc((size_t)argc + 1, sizeof(*a.press.items));
	if (!a.words.items || !a.press.items)
		r = call_no_memory();
	else
		r = parse(v, &a, argv, argc, &wants_help);
	if (r == OUTCOME_DONE) {
		if (wants_help)
			print_verb_help(v);
		else
			r = v->run(&a);
	}
	free(a.words.items);
	free(a.press.items);
	return r;
}

static enum outcome run(char **argv, int argc)
{
	const struct verb *v;

	if (argc == 0)
		return run_verb(&verbs[0], argv, argc);
	if (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0) {
		puts("lull " LULL_VERSION);
		return OUTCOME_DONE;
	}
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		print_overview();
		return OUTCOME_DONE;
	}
	if (argv[0][0] == '-')
		return run_verb(&verbs[0], argv, argc);
	v = find_verb(argv[0]);
	return v ? run_verb(v, argv + 1, argc - 1) : OUTCOME_USAGE;
}

int main(int argc, char **argv)
{
	enum outcome r;

	/* For the width of characters only; messages and dates stay as they are. */
	setlocale(LC_CTYPE, "C.UTF-8");
	r = run(argv + 1, argc > 0 ? argc - 1 : 0);
	if ((fflush(stdout) != 0 || ferror(stdout)) && r == OUTCOME_DONE) {
		print_failure("the answer can't be written; check where the output goes");
		r = OUTCOME_REFUSED;
	}
	return (int)r;
}
