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

static int set_row(struct settings *s, const struct setting *row, const char *value,
		   char **ret_error)
{
	void *target = (char *)s + row->offset;
	int64_t n = 0;
	int choice, r = -EINVAL;

	switch (row->type) {
	case SETTING_TEXT:
		if (!text_is_allowed(value))
			return settings_explain_text(row, value, ret_error);
		return set_text(target, value);
	case SETTING_CHOICE:
		r = parse_choice(row->choices, value, &choice);
		if (r < 0)
			break;
		memcpy(target, &choice, sizeof(choice));
		return 0;
	case SETTING_NUMBER: r = parse_number(value, &n); break;
	case SETTING_DURATION: r = duration_parse(value, &n); break;
	}
	if (r < 0 || n < row->min || n > row->max)
		return settings_explain_value(row, value, ret_error);
	memcpy(target, &n, sizeof(n));
	return 0;
}

int settings_set(struct settings *s, const char *section, const char *key, const char *value,
		 char **ret_error)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].key, key) == 0)
			return set_row(s, &table[i], value, ret_error);
	}
	if (!*section)
		return settings_explain_homeless(key, ret_error);
	r = settings_check_section(section, ret_error);
	if (r < 0)
		return r;
	return settings_explain_key(section, key, ret_error);
}

char *settings_value(const struct settings *s, const struct setting *row)
{
	const void *source = (const char *)s + row->offset;
	char duration[DURATION_TEXT_MAX];
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
	}
	return NULL;
}

struct settings *settings_new(void)
{
	autofree(settings) struct settings *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		autofree(str) char *error = NULL;
		int r = set_row(s, &table[i], table[i].default_text, &error);

		assert(r != -EINVAL); /* a default that its own row refuses */
		if (r < 0)
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
		"Each key stands here with its default; to change one, remove the # before it. "
		"A comment needs a line of its own. Check the file with `lull check-config`, and "
		"have it read again with `lull reload`.");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct setting *row = &table[i];

		if (is_section_start(i))
			fprintf(out, "\n[%s]", row->section);
		fputc('\n', out);
		write_comment(out, row->help);
		fputs("# Takes ", out);
		settings_write_allowed(out, row);
		fprintf(out, ".\n#%s =%s%s\n", row->key, *row->default_text ? " " : "",
			row->default_text);
	}
}
