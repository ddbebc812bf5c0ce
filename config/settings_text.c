#include "config/settings_text.h"

#include "config/duration.h"
#include "config/guess.h"
#include "config/utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* How much of a found text a message repeats, and how long a reason may be that it gives, in characters. */
#define SHOWN_CHARS 60
#define REASON_CHARS 400

/* Names longer than this aren't misspelt, they are something else. */
#define NAME_MAX_GUESS 48

/* --- text from outside ----------------------------------------------------------------------- */

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* What a reader couldn't see, or what turns the text around it. */
static bool is_invisible(uint32_t c)
{
	return c == 0xa0 || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

size_t settings_clean_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint32_t c;
		size_t n = utf8_decode(text + i, len - i, &c);

		if (n == 0 || is_control(c))
			break;
		i += n;
	}
	return i;
}

/* Escaped for a terminal, and no longer than @max characters. */
static void put_text(FILE *out, const char *text, size_t max)
{
	size_t len = strlen(text), i = 0;

	for (size_t shown = 0; i < len; shown++) {
		uint32_t c;
		size_t n;

		if (shown == max) {
			fputs("...", out);
			return;
		}
		n = utf8_decode(text + i, len - i, &c);
		if (n == 0) {
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
			n = 1;
		} else if (is_control(c) || is_invisible(c)) {
			fprintf(out, "\\u{%" PRIx32 "}", c);
		} else {
			fwrite(text + i, 1, n, out);
		}
		i += n;
	}
}

/* Repeats what was found, no longer than a message can bear. */
static void put_found(FILE *out, const char *text)
{
	put_text(out, text, SHOWN_CHARS);
}

/* --- messages -------------------------------------------------------------------------------- */

struct message {
	FILE *out;
	char *text;
	size_t size;
};

static int message_open(struct message *m)
{
	*m = (struct message){0};
	m->out = open_memstream(&m->text, &m->size);
	return m->out ? 0 : -ENOMEM;
}

/* Return: what the caller reports: -EINVAL with the message, or -ENOMEM. */
static int message_finish(struct message *m, char **ret_error)
{
	bool failed = ferror(m->out) != 0;

	if (fclose(m->out) != 0 || failed) {
		free(m->text);
		return -ENOMEM;
	}
	*ret_error = m->text;
	return -EINVAL;
}

void settings_write_allowed(FILE *out, const struct setting *row)
{
	char low[DURATION_TEXT_MAX], high[DURATION_TEXT_MAX];

	switch (row->type) {
	case SETTING_TEXT: fputs("text", out); break;
	case SETTING_NUMBER:
		fprintf(out, "a number from %" PRId64 " to %" PRId64, row->min, row->max);
		break;
	case SETTING_DURATION:
		duration_format(row->min, low);
		duration_format(row->max, high);
		fprintf(out, "a duration from %s to %s", low, high);
		break;
	case SETTING_DAYS:
		fputs("days such as mon-fri, or mon, wed, or daily, weekdays, weekend", out);
		break;
	case SETTING_CLOCK: fputs("a time of day, such as 09:00", out); break;
	case SETTING_CLOCKS: fputs("times of day, such as 09:00, 12:30, 17:00", out); break;
	case SETTING_DATE: fputs("a date, such as 2026-12-24", out); break;
	case SETTING_DATES: fputs("dates, such as 2026-12-24, 2026-12-31", out); break;
	case SETTING_CHOICE:
		for (size_t i = 0, n = 0; row->choices[i]; i++) {
			/* Nothing at all is no choice to speak of. */
			if (!row->choices[i][0])
				continue;
			if (n++ > 0)
				fputs(row->choices[i + 1] ? ", " : " or ", out);
			fputs(row->choices[i], out);
		}
		break;
	case SETTING_PATTERNS:
	case SETTING_HINTS:
		fputs("names such as Slack, Teams*, !Chess, or /regular expressions/", out);
		break;
	case SETTING_WHEN:
		fputs("focus, always, block NAME, or hours such as 22:00-07:00 mon-fri", out);
		break;
	case SETTING_DUE: fputs("a duration such as 15m, block-end or next", out); break;
	case SETTING_REPEAT:
		fprintf(out, "how often and within how long, from 2 to %d, such as 2 in 3m",
			RULE_REPEAT_MAX);
		break;
	case SETTING_BUDGET: fputs("a number such as 3 per block, or none", out); break;
	}
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/*
 * The number of letters to add, remove, change or swap with a neighbour, to get from one name to the
 * other; case doesn't count. Three rows of the matrix are enough.
 */
static size_t name_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_GUESS + 1];
	size_t *before = rows[0], *above = rows[1], *here = rows[2];
	size_t n_a = strlen(a), n_b = strlen(b);

	if (n_a > NAME_MAX_GUESS || n_b > NAME_MAX_GUESS)
		return SIZE_MAX;
	for (size_t j = 0; j <= n_b; j++)
		here[j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *oldest = before;

		before = above;
		above = here;
		here = oldest;
		here[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);
			size_t d = MIN(above[j], here[j - 1]) + 1;

			d = MIN(d, above[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				d = MIN(d, before[j - 2] + 1);
			here[j] = d;
		}
	}
	return here[n_b];
}

/* One typing mistake in four letters, and one more. */
static bool is_nearer(const char *found, const char *name, size_t *best)
{
	size_t d = name_distance(found, name);

	if (d >= *best || d > 1 + strlen(name) / 4 || d >= strlen(name))
		return false;
	*best = d;
	return true;
}

bool settings_is_nearer(const char *found, const char *name, size_t *best)
{
	return is_nearer(found, name, best);
}

/* "[focus]", "[block NAME]" */
static void put_section(FILE *out, const struct setting *row)
{
	fprintf(out, "[%s%s]", row->section, row->scope == SETTING_IN_FILE ? "" : " NAME");
}

static bool name_is_right(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= BLOCK_NAME_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		       len;
}

static bool section_is_known(const char *section)
{
	const char *name = settings_section_name(section);
	size_t count;
	const struct setting *table = settings_table(&count);

	if (name)
		return name_is_right(name);
	for (size_t i = 0; i < count; i++) {
		if (settings_section_has(section, &table[i]))
			return true;
	}
	return false;
}

/* What is wrong with the name of a section that has one. */
static int explain_name(const char *section, const char *name, char **ret_error)
{
	char meant[BLOCK_NAME_MAX + 1];
	struct message m;
	int r = message_open(&m);

	if (r < 0)
		return r;
	fputs("[", m.out);
	put_found(m.out, section);
	if (!*name)
		fprintf(m.out, "] has no name; expected one, as in [%.*s work]",
			(int)strcspn(section, " "), section);
	else
		fprintf(m.out, "]: a name has 1 to %d letters, digits, - and _", BLOCK_NAME_MAX);
	if (guess_name(name, meant))
		fprintf(m.out, "; did you mean [%.*s %s]?", (int)strcspn(section, " "), section,
			meant);
	return message_finish(&m, ret_error);
}

int settings_check_section(const char *section, char **ret_error)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	const char *name = settings_section_name(section);
	const struct setting *meant = NULL;
	autofree(str) char *word = NULL;
	size_t best = SIZE_MAX;
	struct message m;
	int r;

	if (section_is_known(section))
		return 0;
	if (name)
		return explain_name(section, name, ret_error);
	word = strndup(section, strcspn(section, " "));
	r = word ? message_open(&m) : -ENOMEM;
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (is_nearer(table[i].scope == SETTING_IN_FILE ? section : word, table[i].section,
			      &best))
			meant = &table[i];
	}
	fputs("unknown section [", m.out);
	put_found(m.out, section);
	fputs("]; ", m.out);
	if (meant) {
		fputs("did you mean ", m.out);
		put_section(m.out, meant);
		fputs("?", m.out);
	} else {
		fputs("expected one of", m.out);
		for (size_t i = 0; i < count; i++) {
			if (i > 0 && strcmp(table[i - 1].section, table[i].section) == 0)
				continue;
			fputs(i == 0 ? " " : ", ", m.out);
			put_section(m.out, &table[i]);
		}
	}
	return message_finish(&m, ret_error);
}

/* A key before the first section: inih and settings_set() know its section as "". */
int settings_explain_homeless(const char *key, char **ret_error)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	struct message m;
	int r;

	r = message_open(&m);
	if (r < 0)
		return r;
	fputs("'", m.out);
	put_found(m.out, key);
	fputs("' stands before the first section", m.out);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].key, key) == 0) {
			fputs("; it belongs in ", m.out);
			put_section(m.out, &table[i]);
			break;
		}
	}
	return message_finish(&m, ret_error);
}

/* What others call it. */
static const struct {
	const char *section, *key, *meant;
} synonyms[] = {
	{"rule", "action", "verdict"},    {"rule", "title", "summary"},
	{"rule", "appname", "app"},       {"rule", "app_name", "app"},
	{"rule", "application", "app"},   {"rule", "text", "body"},
	{"rule", "message", "body"},      {"rule", "desktop_entry", "desktop-entry"},
	{"rule", "priority", "urgency"},  {"rule", "time", "when"},
	{"rule", "otp", "one-time-code"}, {"block", "time", "start"},
	{"block", "begin", "start"},
};

/* Says what the writer may have meant: the key's own section, a similar name, or what there is. */
int settings_explain_key(const char *section, const char *key, char **ret_error)
{
	const char *synonym = NULL;
	size_t count;
	const struct setting *table = settings_table(&count);
	const struct setting *meant = NULL;
	size_t best = SIZE_MAX;
	struct message m;
	int r;

	r = message_open(&m);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].key, key) == 0) {
			/* In its own section it lacks what comes behind it. */
			if (settings_section_has(section, &table[i])) {
				fprintf(m.out, "[%s] %s: write it as '%s = ...'", section, key,
					setting_key(&table[i]));
				return message_finish(&m, ret_error);
			}
			fprintf(m.out, "'%s' belongs in ", key);
			put_section(m.out, &table[i]);
			fprintf(m.out, ", not in [%s]", section);
			return message_finish(&m, ret_error);
		}
	}

	for (size_t i = 0; !meant && i < ARRAY_SIZE(synonyms); i++) {
		if (strncmp(section, synonyms[i].section, strlen(synonyms[i].section)) == 0 &&
		    strcmp(key, synonyms[i].key) == 0)
			synonym = synonyms[i].meant;
	}
	fputs("unknown key '", m.out);
	put_found(m.out, key);
	fprintf(m.out, "' in [%s]; ", section);
	for (size_t i = 0; i < count; i++) {
		if (settings_section_has(section, &table[i]) && is_nearer(key, table[i].key, &best))
			meant = &table[i];
	}
	for (size_t i = 0; !meant && i < count; i++) {
		if (is_nearer(key, table[i].key, &best))
			meant = &table[i];
	}
	if (synonym) {
		fprintf(m.out, "did you mean '%s'?", synonym);
	} else if (meant && settings_section_has(section, meant)) {
		fprintf(m.out, "did you mean '%s'?", setting_key(meant));
	} else if (meant) {
		fprintf(m.out, "did you mean '%s' in ", meant->key);
		put_section(m.out, meant);
		fputs("?", m.out);
	} else {
		const char *comma = "";

		fputs("it has ", m.out);
		for (size_t i = 0; i < count; i++) {
			if (settings_section_has(section, &table[i])) {
				fprintf(m.out, "%s'%s'", comma, setting_key(&table[i]));
				comma = ", ";
			}
		}
	}
	return message_finish(&m, ret_error);
}

/* The word for days that the first wrong one may be meant for. */
static const char *nearest_day(const char *value)
{
	const char *wrong = "", *meant = NULL;
	autofree(str) char *word = NULL;
	size_t len = 0, best = SIZE_MAX;
	unsigned days;

	if (calendar_parse_days(value, &days, &wrong, &len) == 0)
		return NULL;
	word = strndup(wrong, len);
	for (size_t i = 0; word && calendar_day_word(i); i++) {
		if (is_nearer(word, calendar_day_word(i), &best))
			meant = calendar_day_word(i);
	}
	return meant;
}

/* "Always", "9-17", "9am-5pm mon-fri" */
static bool guess_when(const char *value, char buf[static CALENDAR_TEXT_MAX])
{
	static const char *const words[] = {"focus", "always"};
	char start[CALENDAR_TEXT_MAX], end[CALENDAR_TEXT_MAX];
	const char *dash = strchr(value, '-');
	size_t best = SIZE_MAX;
	struct rule_when when;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_nearer(value, words[i], &best))
			snprintf(buf, CALENDAR_TEXT_MAX, "%s", words[i]);
	}
	if (dash) {
		autofree(str) char *left = strndup(value, (size_t)(dash - value));
		autofree(str) char *right = strndup(dash + 1, strcspn(dash + 1, " \t"));

		if (left && right && guess_clock(left, start) && guess_clock(right, end))
			snprintf(buf, CALENDAR_TEXT_MAX, "%.8s-%.8s%.40s", start, end,
				 dash + 1 + strlen(right));
	}
	return *buf && rule_parse_when(buf, &when) == 0;
}

/* "block end" */
static bool guess_due(const char *value, char buf[static CALENDAR_TEXT_MAX])
{
	static const char *const words[] = {"block-end", "next"};
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_nearer(value, words[i], &best))
			snprintf(buf, CALENDAR_TEXT_MAX, "%s", words[i]);
	}
	return best != SIZE_MAX;
}

/* What @value may be meant for as a whole. */
static bool guess_value(const struct setting *row, const char *value,
			char buf[static CALENDAR_TEXT_MAX])
{
	switch (row->type) {
	case SETTING_DAYS: return guess_days(value, buf);
	case SETTING_CLOCK: return guess_clock(value, buf);
	case SETTING_CLOCKS: return guess_clocks(value, buf);
	case SETTING_DATE: return guess_date(value, buf);
	case SETTING_DATES: return guess_dates(value, buf);
	case SETTING_WHEN: return guess_when(value, buf);
	case SETTING_DUE: return guess_due(value, buf);
	case SETTING_TEXT:
	case SETTING_NUMBER:
	case SETTING_DURATION:
	case SETTING_CHOICE:
	case SETTING_PATTERNS:
	case SETTING_HINTS:
	case SETTING_REPEAT:
	case SETTING_BUDGET: break;
	}
	return false;
}

int settings_explain_value(const char *section, const struct setting *row, const char *value,
			   char **ret_error)
{
	char guessed[CALENDAR_TEXT_MAX];
	const char *meant = NULL;
	size_t best = SIZE_MAX;
	struct message m;
	int r;

	r = message_open(&m);
	if (r < 0)
		return r;
	fprintf(m.out, "[%s] %s", section, row->key);
	if (*value) {
		fputs(" = ", m.out);
		put_found(m.out, value);
	} else {
		fputs(" is empty", m.out);
	}
	fputs(": expected ", m.out);
	settings_write_allowed(m.out, row);
	for (size_t i = 0; *value && row->type == SETTING_CHOICE && row->choices[i]; i++) {
		if (is_nearer(value, row->choices[i], &best))
			meant = row->choices[i];
	}
	if (guess_value(row, value, guessed))
		meant = guessed;
	else if (row->type == SETTING_DAYS)
		meant = nearest_day(value);
	if (meant)
		fprintf(m.out, "; did you mean '%s'?", meant);
	return message_finish(&m, ret_error);
}

int settings_explain_because(const char *section, const struct setting *row, const char *value,
			     const char *why, char **ret_error)
{
	struct message m;
	int r = message_open(&m);

	if (r < 0)
		return r;
	fprintf(m.out, "[%s] %s", section, setting_key(row));
	if (*value) {
		fputs(" = ", m.out);
		put_found(m.out, value);
		fputs(": expected ", m.out);
		put_text(m.out, why, REASON_CHARS);
	} else {
		fputs(" is empty: expected ", m.out);
		settings_write_allowed(m.out, row);
		fputs("; * is any", m.out);
	}
	return message_finish(&m, ret_error);
}

int settings_explain_text(const char *section, const struct setting *row, const char *value,
			  char **ret_error)
{
	size_t len = strlen(value), clean = settings_clean_length(value, len);
	struct message m;
	uint32_t c;
	int r;

	r = message_open(&m);
	if (r < 0)
		return r;
	fprintf(m.out, "[%s] %s ", section, row->key);
	if (clean == len)
		fprintf(m.out, "has %zu bytes: expected at most %d", len, SETTING_TEXT_MAX);
	else if (utf8_decode(value + clean, len - clean, &c) == 0)
		fprintf(m.out, "has the byte 0x%02x: expected valid UTF-8",
			(unsigned char)value[clean]);
	else
		fprintf(m.out, "has the control character \\u{%" PRIx32 "}: expected plain text",
			c);
	return message_finish(&m, ret_error);
}
