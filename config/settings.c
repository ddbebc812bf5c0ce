#include "config/settings.h"
#include "config/duration.h"
#include "config/settings_text.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TEMPLATE_COLUMNS 80

static const char *const durability_names[] = {
	[DURABILITY_FULL] = "full",
	[DURABILITY_NORMAL] = "normal",
	NULL,
};

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
		.is_named = true,
		.key = "days",
		.type = SETTING_DAYS,
		.offset = offsetof(struct block, days),
		.example = "mon-fri",
		.default_text = "daily",
		.help = "A focus block that comes back by itself, such as [block work]: notifications are "
			"held from its start to its end. NAME is up to you; it has letters, digits, - and "
			"_, and each block has another one. On which days of the week it begins.",
	},
	{
		.section = "block",
		.is_named = true,
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
		.is_named = true,
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
		.is_named = true,
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
		.is_named = true,
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
		.is_named = true,
		.key = "except",
		.type = SETTING_DATES,
		.offset = offsetof(struct block, except),
		.example = "2026-12-24, 2026-12-25",
		.default_text = "",
		.help = "Days on which it doesn't begin, such as holidays.",
	},
	{
		.section = "block",
		.is_named = true,
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

/* --- values ---------------------------------------------------------------------------------- */

/* Decimal digits with an optional minus; a number too large for int64_t is out of any range. */
static int parse_number(const char *text, int64_t *ret)
{
	bool is_negative = text[0] == '-';
	int64_t n = 0;

	text += is_negative;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, *text - '0', &n)) /* INT64_MIN has no positive twin */
			return -ERANGE;
	}
	if (!is_negative && n == INT64_MIN)
		return -ERANGE;
	*ret = is_negative ? n : -n;
	return 0;
}

static int parse_choice(const char *const *choices, const char *text, int *ret)
{
	for (int i = 0; choices[i]; i++) {
		if (strcmp(choices[i], text) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool text_is_allowed(const char *text)
{
	size_t len = strlen(text);

	return len <= SETTING_TEXT_MAX && settings_clean_length(text, len) == len;
}

static int set_text(char **target, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*target);
	*target = copy;
	return 0;
}

/* duration_parse() takes none for a mistake. */
static int parse_duration(const struct setting *row, const char *text, int64_t *ret)
{
	if (row->min == 0 && (strcmp(text, "0") == 0 || strcmp(text, "0s") == 0)) {
		*ret = 0;
		return 0;
	}
	return duration_parse(text, ret);
}

/* What calendar.c reads; @target is written only when it is right. */
static int parse_calendar(const struct setting *row, const char *text, void *target)
{
	const char *wrong;
	size_t wrong_len;

	switch (row->type) {
	case SETTING_DAYS: return calendar_parse_days(text, target, &wrong, &wrong_len);
	case SETTING_CLOCK:
		return row->is_end ? calendar_parse_end(text, target)
				   : calendar_parse_clock(text, target);
	case SETTING_CLOCKS: return calendar_parse_clocks(text, target);
	case SETTING_DATE:
		/* As its default says. */
		if (!*text) {
			memcpy(target, &row->none, sizeof(row->none));
			return 0;
		}
		return calendar_parse_date(text, target);
	case SETTING_DATES: return calendar_parse_dates(text, target);
	case SETTING_TEXT:
	case SETTING_NUMBER:
	case SETTING_DURATION:
	case SETTING_CHOICE: break;
	}
	return -EINVAL;
}

static int set_row(void *base, const char *section, const struct setting *row, const char *value,
		   char **ret_error)
{
	void *target = (char *)base + row->offset;
	int64_t n = 0;
	int choice, r = -EINVAL;

	switch (row->type) {
	case SETTING_TEXT:
		if (!text_is_allowed(value))
			return settings_explain_text(section, row, value, ret_error);
		return set_text(target, value);
	case SETTING_CHOICE:
		r = parse_choice(row->choices, value, &choice);
		if (r < 0)
			break;
		memcpy(target, &choice, sizeof(choice));
		return 0;
	case SETTING_NUMBER: r = parse_number(value, &n); break;
	case SETTING_DURATION: r = parse_duration(row, value, &n); break;
	case SETTING_DAYS:
	case SETTING_CLOCK:
	case SETTING_CLOCKS:
	case SETTING_DATE:
	case SETTING_DATES:
		if (parse_calendar(row, value, target) < 0)
			return settings_explain_value(section, row, value, ret_error);
		return 0;
	}
	if (r < 0 || n < row->min || n > row->max)
		return settings_explain_value(section, row, value, ret_error);
	memcpy(target, &n, sizeof(n));
	return 0;
}

/* A default that isn't text: nothing is given. Its own row must take any other. */
static int set_default(void *base, const struct setting *row)
{
	autofree(str) char *error = NULL;
	int r;

	if (row->type == SETTING_CLOCK && !*row->default_text) {
		memcpy((char *)base + row->offset, &row->none, sizeof(row->none));
		return 0;
	}
	r = set_row(base, row->section, row, row->default_text, &error);
	assert(r != -EINVAL);
	return r;
}

/* --- sections with a name -------------------------------------------------------------------- */

const char *settings_section_name(const char *section)
{
	size_t len = strcspn(section, " ");

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].is_named && strlen(table[i].section) == len &&
		    strncmp(table[i].section, section, len) == 0)
			return section + len + strspn(section + len, " ");
	}
	return NULL;
}

bool settings_section_has(const char *section, const struct setting *row)
{
	size_t len = strlen(row->section);

	if (!row->is_named)
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

static int new_block(const char *name, struct block *ret)
{
	*ret = (struct block){0};
	memcpy(ret->name, name, strnlen(name, BLOCK_NAME_MAX));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].is_named && set_default(ret, &table[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_block(struct settings *s, const struct block *b, unsigned line, char **ret_error)
{
	struct section_lines *lines;
	struct block *blocks;

	if (s->n_blocks == BLOCKS_MAX) {
		if (asprintf(ret_error, "there are more than %d blocks", BLOCKS_MAX) < 0)
			return -ENOMEM;
		return -EINVAL;
	}
	blocks = realloc(s->blocks, (s->n_blocks + 1) * sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	s->blocks = blocks;
	lines = realloc(s->block_lines, (s->n_blocks + 1) * sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	s->block_lines = lines;
	lines[s->n_blocks] = (struct section_lines){.section = line};
	blocks[s->n_blocks++] = *b;
	return 0;
}

int settings_open_section(struct settings *s, const char *section, unsigned line, char **ret_error)
{
	const char *name = settings_section_name(section);
	int r = settings_check_section(section, ret_error);
	struct block b;
	size_t i;

	if (r < 0 || !name)
		return r;
	i = find_block(s, name);
	if (i < s->n_blocks) {
		if (asprintf(
			    ret_error,
			    "there are two blocks with the name '%s', in line %u and here; give one "
			    "of them another name",
			    name, s->block_lines[i].section) < 0)
			return -ENOMEM;
		return -EINVAL;
	}
	r = new_block(name, &b);
	return r < 0 ? r : add_block(s, &b, line, ret_error);
}

static int set_in_block(struct settings *s, const char *section, const struct setting *row,
			const char *value, char **ret_error)
{
	const char *name = settings_section_name(section);
	size_t i = find_block(s, name);
	struct block b;
	int r;

	if (i < s->n_blocks)
		return set_row(&s->blocks[i], section, row, value, ret_error);
	r = new_block(name, &b);
	if (r == 0)
		r = set_row(&b, section, row, value, ret_error);
	return r < 0 ? r : add_block(s, &b, 0, ret_error);
}

static const struct setting *find_row(const char *section, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (settings_section_has(section, &table[i]) && strcmp(table[i].key, key) == 0)
			return &table[i];
	}
	return NULL;
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
	if (row->is_named)
		return set_in_block(s, section, row, value, ret_error);
	return set_row(s, section, row, value, ret_error);
}

unsigned *settings_line(struct settings *s, const char *section, const char *key)
{
	const struct setting *row = find_row(section, key);
	size_t i;

	if (!row)
		return NULL;
	if (!row->is_named)
		return &s->lines[row - table];
	i = find_block(s, settings_section_name(section));
	return i < s->n_blocks ? &s->block_lines[i].keys[row - table] : NULL;
}

struct check {
	const struct settings *settings;
	void (*mistake)(void *data, unsigned line, const char *what);
	void *data;
};

static int check_block(const struct check *c, size_t at)
{
	const struct block *b = &c->settings->blocks[at];
	const struct section_lines *lines = &c->settings->block_lines[at];
	unsigned latest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		autofree(str) char *what = NULL;

		if (!table[i].is_named)
			continue;
		if (table[i].type == SETTING_DATE)
			latest = MAX(latest, lines->keys[i]);
		/* A wrong one has been told already. */
		if (!table[i].is_required || lines->keys[i] > 0)
			continue;
		if (asprintf(&what, "[block %s] has no %s; add a line such as %s = %s", b->name,
			     table[i].key, table[i].key, table[i].example) < 0) {
			what = NULL;
			return -ENOMEM;
		}
		c->mistake(c->data, lines->section, what);
	}
	if (b->from > b->until) {
		char from[CALENDAR_TEXT_MAX], until[CALENDAR_TEXT_MAX];
		autofree(str) char *what = NULL;

		calendar_write_date(b->from, from);
		calendar_write_date(b->until, until);
		if (asprintf(&what, "[block %s] from = %s is after until = %s, so it never begins",
			     b->name, from, until) < 0) {
			what = NULL;
			return -ENOMEM;
		}
		c->mistake(c->data, latest, what);
	}
	return 0;
}

int settings_check(const struct settings *s,
		   void (*mistake)(void *data, unsigned line, const char *what), void *data)
{
	const struct check c = {s, mistake, data};
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_blocks; i++)
		r = check_block(&c, i);
	return r;
}

/* --- what is in force ------------------------------------------------------------------------ */

bool settings_entry(const struct settings *s, size_t i, struct settings_entry *ret)
{
	for (size_t row = 0; row < ARRAY_SIZE(table); row++) {
		size_t n_keys = 1, at;

		if (!table[row].is_named) {
			if (i-- > 0)
				continue;
			*ret = (struct settings_entry){
				.row = &table[row],
				.base = s,
				.line = s->lines[row],
			};
			return true;
		}
		while (row + n_keys < ARRAY_SIZE(table) && table[row + n_keys].is_named)
			n_keys++;
		if (i < n_keys * s->n_blocks) {
			at = i / n_keys;
			row += i % n_keys;
			*ret = (struct settings_entry){
				.row = &table[row],
				.name = s->blocks[at].name,
				.base = &s->blocks[at],
				.line = s->block_lines[at].keys[row],
			};
			return true;
		}
		i -= n_keys * s->n_blocks;
		row += n_keys - 1;
	}
	return false;
}

char *settings_value(const struct settings_entry *e)
{
	const struct setting *row = e->row;
	const void *source = (const char *)e->base + row->offset;
	char duration[DURATION_TEXT_MAX], calendar[CALENDAR_TEXT_MAX];
	char *text = NULL;
	int64_t n = 0;
	int choice = 0;

	switch (row->type) {
	case SETTING_TEXT: return strdup(*(char *const *)source);
	case SETTING_CHOICE:
		memcpy(&choice, source, sizeof(choice));
		return strdup(row->choices[choice]);
	case SETTING_NUMBER:
		memcpy(&n, source, sizeof(n));
		return asprintf(&text, "%" PRId64, n) < 0 ? NULL : text;
	case SETTING_DURATION:
		memcpy(&n, source, sizeof(n));
		duration_write(n, duration);
		return strdup(duration);
	case SETTING_DAYS: calendar_write_days(*(const unsigned *)source, calendar); break;
	case SETTING_CLOCK: calendar_write_clock(*(const int32_t *)source, calendar); break;
	case SETTING_CLOCKS: calendar_write_clocks(source, calendar); break;
	case SETTING_DATE: calendar_write_date(*(const int32_t *)source, calendar); break;
	case SETTING_DATES: calendar_write_dates(source, calendar); break;
	}
	return strdup(calendar);
}

struct settings *settings_new(void)
{
	autofree(settings) struct settings *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!table[i].is_named && set_default(s, &table[i]) < 0)
			return NULL;
	}
	return take(s);
}

struct settings *settings_free(struct settings *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].type == SETTING_TEXT)
			free(*(char **)((char *)s + table[i].offset));
	}
	free(s->blocks);
	free(s->block_lines);
	free(s);
	return NULL;
}

/* --- lull.conf ------------------------------------------------------------------------------- */

static bool is_section_start(size_t row)
{
	return row == 0 || strcmp(table[row - 1].section, table[row].section) != 0;
}

static void write_comment(FILE *out, const char *text)
{
	size_t column = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		if (column > 0 && column + 1 + n > TEMPLATE_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s %.*s", column == 0 ? "#" : "", (int)n, text);
		column += (column == 0 ? 2 : 1) + n;
		text += n;
	}
	fputc('\n', out);
}

void settings_write_template(FILE *out)
{
	write_comment(out,
		      "lull.conf: the settings of lull. It belongs in ~/.config/lull/lull.conf.");
	fputs("#\n", out);
	write_comment(
		out,
		"Each key stands here with its default, or, where a section has a name, with an "
		"example; to use or change one, remove the # before it. "
		"A comment needs a line of its own. Check the file with `lull check-config`, and "
		"have it read again with `lull reload`.");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct setting *row = &table[i];

		const char *text = row->is_named ? row->example : row->default_text;

		/* A section with a name is an example, which begins with its own comment mark. */
		if (is_section_start(i))
			fprintf(out, "\n%s[%s%s]", row->is_named ? "#" : "", row->section,
				row->is_named ? " work" : "");
		fputc('\n', out);
		write_comment(out, row->help);
		fputs("# Takes ", out);
		settings_write_allowed(out, row);
		fprintf(out, ".\n#%s =%s%s\n", row->key, *text ? " " : "", text);
	}
}
