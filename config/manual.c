#include "config/manual.h"

#include "config/settings.h"
#include <stdbool.h>
#include <string.h>

#define MANUAL_COLUMNS 80

/* A word with what means something to scdoc escaped; `code` is *bold*, and @in_code lasts over words. */
static size_t put_word(FILE *out, const char *word, size_t len, bool *in_code)
{
	size_t written = 0;

	for (size_t i = 0; i < len; i++) {
		char c = word[i];

		if (c == '`') {
			*in_code = !*in_code;
			c = '*';
		} else if (strchr("*_\\[", c)) {
			written++;
			fputc('\\', out);
		}
		written++;
		fputc(c, out);
	}
	return written;
}

/* A paragraph, filled; every line begins with @indent. */
static void write_paragraph(FILE *out, const char *indent, const char *text)
{
	bool in_code = false;
	size_t column = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		if (column > 0 && column + 1 + n > MANUAL_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		fputs(column == 0 ? indent : " ", out);
		column += column == 0 ? 8 : 1;
		column += put_word(out, text, n, &in_code);
		text += n;
	}
	fputc('\n', out);
}

/* A manual that lacks it is seen by its test. */
static void write_allowed(FILE *out, const struct setting *row)
{
	autofree(str) char *text = NULL;
	bool in_code = false;
	size_t size = 0;
	FILE *allowed = open_memstream(&text, &size);

	if (!allowed)
		return;
	settings_write_allowed(allowed, row);
	if (fclose(allowed) == 0)
		put_word(out, text, size, &in_code);
}

static void write_setting(FILE *out, const struct setting *row)
{
	bool in_code = false;

	fputs("\n*", out);
	put_word(out, setting_key(row), strlen(setting_key(row)), &in_code);
	fputs("*\n", out);
	write_paragraph(out, "\t", row->help);
	fputs("\n\tTakes ", out);
	write_allowed(out, row);
	if (row->is_required) {
		fputs(". Must be given\n", out);
	} else if (*row->default_text) {
		fputs(". Default: *", out);
		put_word(out, row->default_text, strlen(row->default_text), &in_code);
		fputs("*\n", out);
	} else {
		fputs(". Default: empty\n", out);
	}
}

/* Its paragraphs. */
static void write_intro(FILE *out, const char *intro)
{
	while (intro && *intro) {
		size_t n = strcspn(intro, "\n");
		autofree(str) char *paragraph = strndup(intro, n);

		if (!paragraph)
			return;
		fputc('\n', out);
		write_paragraph(out, "", paragraph);
		intro += n;
		intro += *intro == '\n';
	}
}

void manual_write(FILE *out)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	fputs("lull.conf(5)\n\n# NAME\n\nlull.conf - the settings of lull\n\n# SYNOPSIS\n\n"
	      "_$XDG\\_CONFIG\\_HOME/lull/lull.conf_, else _~/.config/lull/lull.conf_\n\n"
	      "# DESCRIPTION\n\n",
	      out);
	write_paragraph(out, "",
			"Every setting has a default, so the file may be empty or missing. It has "
			"sections, keys and comments:");
	fputs("\n```\n[focus]\n# my usual stretch\ndefault = 1h30\n```\n\n", out);
	write_paragraph(
		out, "",
		"A comment starts with # and needs a line of its own. A key stands in its section, once, and "
		"isn't indented. A line has at most 198 bytes. `lull check-config` says what is wrong with a "
		"file, `lull reload` has lulld read it again, and `lull config` shows what is in force and "
		"which line says so. With a mistake in the file, lulld starts with the defaults, or goes on "
		"with the settings that it has, and says so in its log and in `lull status`.");
	fputc('\n', out);
	write_paragraph(
		out, "",
		"A duration is a number with a unit (s, m or min, h, d), or several, the largest "
		"first: 50m, 1h30m, 1h30, 90s. A bare number is minutes.");
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(table[i - 1].section, table[i].section) != 0)
			fprintf(out,
				table[i].scope != SETTING_IN_FILE ? "\n# [%s NAME]\n"
								  : "\n# [%s]\n",
				table[i].section);
		write_intro(out, table[i].intro);
		write_setting(out, &table[i]);
	}
	fputs("\n# SEE ALSO\n\n*lull*(1), *lulld*(1)\n", out);
}
