#include "config/settings.h"

#include "config/default_rules.h"
#include "config/settings_text.h"
#include "config/settings_value.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

/* --- sections with a name -------------------------------------------------------------------- */

static const struct setting *first_row_of(const char *word, size_t len)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].scope != SETTING_IN_FILE && strlen(table[i].section) == len &&
		    strncmp(table[i].section, word, len) == 0)
			return &table[i];
	}
	return NULL;
}

const char *settings_section_name(const char *section)
{
	size_t len = strcspn(section, " ");

	return first_row_of(section, len) ? section + len + strspn(section + len, " ") : NULL;
}

static enum setting_scope scope_of(const char *section)
{
	const struct setting *row = first_row_of(section, strcspn(section, " "));

	return row ? row->scope : SETTING_IN_FILE;
}

bool settings_section_has(const char *section, const struct setting *row)
{
	size_t len = strlen(row->section);

	if (row->scope == SETTING_IN_FILE)
		return strcmp(row->section, section) == 0;
	return strncmp(row->section, section, len) == 0 &&
	       (section[len] == ' ' || section[len] == '\0');
}

static size_t find_block(const struct settings *s, const char *name)
{
	size_t i = 0;

	while (i < s->n_blocks && strcmp(s->blocks[i].name, name) != 0)
		i++;
	return i;
}

static size_t find_rule(const struct settings *s, const char *name)
{
	size_t i = 0;

	while (i < s->n_rules && strcmp(s->rules[i].name, name) != 0)
		i++;
	return i;
}

static int set_defaults(void *base, enum setting_scope scope)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].scope == scope && setting_read_default(base, &table[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int refuse_too_many(const char *what, int max, char **ret_error)
{
	if (asprintf(ret_error, "there are more than %d %s", max, what) < 0) {
		*ret_error = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

/* Room for one more in two arrays that go together. */
static int grow(void **items, size_t item_bytes, struct section_lines **lines, size_t n)
{
	void *more = realloc(*items, (n + 1) * item_bytes);
	struct section_lines *more_lines;

	if (!more)
		return -ENOMEM;
	*items = more;
	more_lines = realloc(*lines, (n + 1) * sizeof(**lines));
	if (!more_lines)
		return -ENOMEM;
	*lines = more_lines;
	return 0;
}

static int add_block(struct settings *s, const char *name, unsigned line, char **ret_error)
{
	struct block b = {0};
	int r;

	if (s->n_blocks == BLOCKS_MAX)
		return refuse_too_many("blocks", BLOCKS_MAX, ret_error);
	memcpy(b.name, name, strnlen(name, BLOCK_NAME_MAX));
	r = set_defaults(&b, SETTING_IN_BLOCK);
	if (r == 0)
		r = grow((void **)&s->blocks, sizeof(b), &s->block_lines, s->n_blocks);
	if (r < 0)
		return r;
	s->block_lines[s->n_blocks] = (struct section_lines){.section = line};
	s->blocks[s->n_blocks++] = b;
	return 0;
}

/* A new one, which is the last, to behind those of the file and before those that are built in. */
static void place_rule(struct settings *s)
{
	size_t at = s->n_rules - 1, to = s->n_file_rules++;
	struct rule rule = s->rules[at];
	struct section_lines lines = s->rule_lines[at];

	rule.is_built_in = false;
	memmove(&s->rules[to + 1], &s->rules[to], (at - to) * sizeof(rule));
	memmove(&s->rule_lines[to + 1], &s->rule_lines[to], (at - to) * sizeof(lines));
	s->rules[to] = rule;
	s->rule_lines[to] = lines;
}

static int add_rule(struct settings *s, const char *name, char **ret_error)
{
	struct rule rule = {.is_built_in = true};
	int r;

	if (s->n_rules == RULES_MAX)
		return refuse_too_many("rules", RULES_MAX, ret_error);
	memcpy(rule.name, name, strnlen(name, BLOCK_NAME_MAX));
	r = set_defaults(&rule, SETTING_IN_RULE);
	if (r == 0)
		r = grow((void **)&s->rules, sizeof(rule), &s->rule_lines, s->n_rules);
	if (r < 0)
		return r;
	s->rule_lines[s->n_rules] = (struct section_lines){0};
	s->rules[s->n_rules++] = rule;
	return 0;
}

/* Twice the same name: the second would silently change the first. */
static int refuse_second(const char *kind, const char *name, unsigned line, char **ret_error)
{
	if (asprintf(ret_error,
		     "there are two %ss with the name '%s', in line %u and here; give one "
		     "of them another name",
		     kind, name, line) < 0) {
		*ret_error = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

static int open_rule(struct settings *s, const char *name, unsigned line, char **ret_error)
{
	size_t i = find_rule(s, name);
	int r;

	if (i < s->n_rules && s->rule_lines[i].section > 0)
		return refuse_second("rule", name, s->rule_lines[i].section, ret_error);
	if (i == s->n_rules) {
		r = add_rule(s, name, ret_error);
		if (r < 0)
			return r;
		place_rule(s);
		i = s->n_file_rules - 1;
	}
	/* One that is built in stays in its place: a call is still asked about before what is critical. */
	s->rule_lines[i].section = line;
	return 0;
}

int settings_open_section(struct settings *s, const char *section, unsigned line, char **ret_error)
{
	const char *name = settings_section_name(section);
	int r = settings_check_section(section, ret_error);
	size_t i;

	if (r < 0 || !name)
		return r;
	if (scope_of(section) == SETTING_IN_RULE)
		return open_rule(s, name, line, ret_error);
	i = find_block(s, name);
	if (i < s->n_blocks)
		return refuse_second("block", name, s->block_lines[i].section, ret_error);
	return add_block(s, name, line, ret_error);
}

/* --- keys ------------------------------------------------------------------------------------ */

#define HINT_PREFIX "hint "

/* KEY of "hint KEY"; NULL when it isn't that. */
static const char *hint_of(const char *key)
{
	if (strncmp(key, HINT_PREFIX, strlen(HINT_PREFIX)) != 0)
		return NULL;
	key += strlen(HINT_PREFIX);
	key += strspn(key, " ");
	return *key && key[strcspn(key, " \t")] == '\0' ? key : NULL;
}

static const struct setting *find_row(const char *section, const char *key)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (!settings_section_has(section, &table[i]))
			continue;
		if (table[i].type == SETTING_HINTS ? hint_of(key) != NULL
						   : strcmp(table[i].key, key) == 0)
			return &table[i];
	}
	return NULL;
}

/* The one with this key, or a new one. Return: 0, -ENOSPC or -ENOMEM. */
static int get_hint(struct rule *rule, const char *key, struct rule_hint **ret)
{
	struct rule_hint *hint = rule->hints;

	for (; hint < rule->hints + rule->n_hints; hint++) {
		if (strcmp(hint->key, key) == 0) {
			*ret = hint;
			return 0;
		}
	}
	if (rule->n_hints == RULE_HINTS_MAX)
		return -ENOSPC;
	*hint = (struct rule_hint){.key = strdup(key)};
	if (!hint->key)
		return -ENOMEM;
	rule->n_hints++;
	*ret = hint;
	return 0;
}

static int set_key_of_rule(struct settings *s, struct rule *rule, const char *section,
			   const struct setting *row, const char *key, const char *value,
			   char **ret_error)
{
	struct rule_hint *hint;
	int r;

	if (row->type != SETTING_HINTS)
		return setting_read(rule, section, row, value, s->regex, ret_error);
	r = get_hint(rule, hint_of(key), &hint);
	if (r == -ENOSPC)
		return refuse_too_many("hints in a rule", RULE_HINTS_MAX, ret_error);
	if (r < 0)
		return r;
	return setting_read_patterns(&hint->value, section, row, value, s->regex, ret_error);
}

static int set_in_rule(struct settings *s, const char *section, const struct setting *row,
		       const char *key, const char *value, char **ret_error)
{
	const char *name = settings_section_name(section);
	size_t i = find_rule(s, name);
	bool is_new = i == s->n_rules;
	/* Without a word that its section begins: one that is built in, or a test's. */
	int r = is_new ? add_rule(s, name, ret_error) : 0;

	if (r < 0)
		return r;
	r = set_key_of_rule(s, &s->rules[i], section, row, key, value, ret_error);
	if (r < 0 && is_new) {
		rule_done(&s->rules[i]);
		s->n_rules--;
	}
	return r;
}

static int set_in_block(struct settings *s, const char *section, const struct setting *row,
			const char *value, char **ret_error)
{
	const char *name = settings_section_name(section);
	size_t i = find_block(s, name);
	bool is_new = i == s->n_blocks;
	int r = is_new ? add_block(s, name, 0, ret_error) : 0;

	if (r < 0)
		return r;
	r = setting_read(&s->blocks[i], section, row, value, NULL, ret_error);
	/* A mistake changes nothing. */
	if (r < 0 && is_new)
		s->n_blocks--;
	return r;
}

int settings_set(struct settings *s, const char *section, const char *key, const char *value,
		 char **ret_error)
{
	const struct setting *row = find_row(section, key);
	int r;

	if (!*section)
		return settings_explain_homeless(key, ret_error);
	r = settings_check_section(section, ret_error);
	if (r < 0)
		return r;
	if (!row)
		return settings_explain_key(section, key, ret_error);
	switch (row->scope) {
	case SETTING_IN_FILE: return setting_read(s, section, row, value, s->regex, ret_error);
	case SETTING_IN_BLOCK: return set_in_block(s, section, row, value, ret_error);
	case SETTING_IN_RULE: return set_in_rule(s, section, row, key, value, ret_error);
	}
	return -EINVAL;
}

bool settings_takes_several(const char *section, const char *key)
{
	const struct setting *row = find_row(section, key);

	return row && (row->type == SETTING_PATTERNS || row->type == SETTING_HINTS ||
		       row->type == SETTING_CLOCKS || row->type == SETTING_DATES ||
		       row->type == SETTING_DAYS);
}

unsigned *settings_line(struct settings *s, const char *section, const char *key)
{
	const struct setting *row = find_row(section, key);
	const char *name = settings_section_name(section);
	struct rule_hint *hint;
	size_t count, i, at;

	if (!row)
		return NULL;
	at = (size_t)(row - settings_table(&count));
	switch (row->scope) {
	case SETTING_IN_FILE: return &s->lines[at];
	case SETTING_IN_BLOCK:
		i = find_block(s, name);
		return i < s->n_blocks ? &s->block_lines[i].keys[at] : NULL;
	case SETTING_IN_RULE:
		i = find_rule(s, name);
		if (i == s->n_rules)
			return NULL;
		if (row->type != SETTING_HINTS)
			return &s->rule_lines[i].keys[at];
		return get_hint(&s->rules[i], hint_of(key), &hint) == 0 ? &hint->line : NULL;
	}
	return NULL;
}

/* --- what is in force ------------------------------------------------------------------------ */

/* The rows of a scope stand together: how many there are from @row on. */
static size_t rows_of_scope(const struct setting *table, size_t count, size_t row)
{
	size_t n = 1;

	while (row + n < count && table[row + n].scope == table[row].scope)
		n++;
	return n;
}

static void put_line(struct settings_entry *e, unsigned line)
{
	e->is_built_in = line == SETTING_BUILT_IN;
	e->line = e->is_built_in ? 0 : line;
}

/* The *i-th of those that @rule sets; what it doesn't set is as if it weren't there. */
static bool rule_entry(const struct settings *s, size_t rule_at, const struct setting *row,
		       size_t *i, struct settings_entry *ret)
{
	const struct rule *rule = &s->rules[rule_at];
	size_t count, n = row->type == SETTING_HINTS ? rule->n_hints : 1;
	const size_t at = (size_t)(row - settings_table(&count));

	for (size_t k = 0; k < n; k++) {
		bool is_hint = row->type == SETTING_HINTS;
		unsigned line = is_hint ? rule->hints[k].line : s->rule_lines[rule_at].keys[at];

		if (line == 0 || (*i)-- > 0)
			continue;
		*ret = (struct settings_entry){
			.row = row,
			.name = rule->name,
			.hint = is_hint ? rule->hints[k].key : NULL,
			.base = is_hint ? (const void *)&rule->hints[k].value : rule,
		};
		put_line(ret, line);
		return true;
	}
	return false;
}

bool settings_entry(const struct settings *s, size_t i, struct settings_entry *ret)
{
	size_t count, n;
	const struct setting *table = settings_table(&count);

	for (size_t row = 0; row < count; row += n) {
		n = 1;
		switch (table[row].scope) {
		case SETTING_IN_FILE:
			if (i-- > 0)
				continue;
			*ret = (struct settings_entry){.row = &table[row], .base = s};
			put_line(ret, s->lines[row]);
			return true;
		case SETTING_IN_BLOCK:
			n = rows_of_scope(table, count, row);
			if (i >= n * s->n_blocks) {
				i -= n * s->n_blocks;
				continue;
			}
			*ret = (struct settings_entry){
				.row = &table[row + i % n],
				.name = s->blocks[i / n].name,
				.base = &s->blocks[i / n],
			};
			put_line(ret, s->block_lines[i / n].keys[row + i % n]);
			return true;
		case SETTING_IN_RULE:
			n = rows_of_scope(table, count, row);
			for (size_t at = 0; at < s->n_rules * n; at++) {
				if (rule_entry(s, at / n, &table[row + at % n], &i, ret))
					return true;
			}
			break;
		}
	}
	return false;
}

/* Its own section and keys must be such as the table takes. */
static int add_default_rules(struct settings *s)
{
	const struct default_setting *d = default_settings();

	for (; d->section; d++) {
		autofree(str) char *error = NULL;
		int r = settings_set(s, d->section, d->key, d->value, &error);
		unsigned *line;

		assert(r != -EINVAL);
		line = r == 0 ? settings_line(s, d->section, d->key) : NULL;
		if (!line)
			return -ENOMEM;
		*line = SETTING_BUILT_IN;
	}
	return 0;
}

struct settings *settings_new(const struct regex_engine *regex)
{
	autofree(settings) struct settings *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->regex = regex;
	if (set_defaults(s, SETTING_IN_FILE) < 0 || add_default_rules(s) < 0)
		return NULL;
	return take(s);
}

struct settings *settings_free(struct settings *s)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	if (!s)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (table[i].type == SETTING_TEXT && table[i].scope == SETTING_IN_FILE)
			free(*(char **)((char *)s + table[i].offset));
	}
	free(s->blocks);
	free(s->block_lines);
	for (size_t i = 0; i < s->n_rules; i++)
		rule_done(&s->rules[i]);
	free(s->rules);
	free(s->rule_lines);
	free(s);
	return NULL;
}
