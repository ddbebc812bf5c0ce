/*
 * lull: the command line client.
 *
 * The tables in verbs.c are the whole command line: parsing, messages and every help text come from them.
 */
#include "client/call.h"
#include "client/print.h"
#include "client/suggest.h"
#include "client/verb.h"
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct verb *find_verb(const char *name)
{
	const struct verb *like = NULL;
	size_t count;
	const struct verb *verbs = verb_table(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	for (size_t i = 0; i < count; i++)
		if (suggest_is_like(name, verbs[i].name) &&
		    (!like ||
		     suggest_distance(name, verbs[i].name) < suggest_distance(name, like->name)))
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
	size_t count;
	const struct verb *verbs = verb_table(&count);

	puts("lull protects your focus: it holds notifications back and releases them together.\n"
	     "\n"
	     "Usage: lull [VERB] [ARGUMENT...]\n");
	for (size_t i = 0; i < count; i++)
		printf("  %-12s %s\n", verbs[i].name, verbs[i].summary);
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

enum outcome help_run(const struct args *a)
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
		if (!like && suggest_is_like(typed, v->options[i]->name))
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
	size_t count;
	const struct verb *verbs = verb_table(&count);
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
