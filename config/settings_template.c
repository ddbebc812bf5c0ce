/*
 * settings_template: lull.conf as it is shipped.
 */
#include "config/settings.h"
#include <string.h>

#define TEMPLATE_COLUMNS 80

static bool is_section_start(const struct setting *table, size_t row)
{
	return row == 0 || strcmp(table[row - 1].section, table[row].section) != 0;
}

/* A section with a name is an example. */
static const char *example_name(const struct setting *row)
{
	switch (row->scope) {
	case SETTING_IN_FILE: return "";
	case SETTING_IN_BLOCK: return " work";
	case SETTING_IN_RULE: return " chat";
	}
	return "";
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

static void write_intro(FILE *out, const char *intro)
{
	while (intro && *intro) {
		size_t n = strcspn(intro, "\n");
		autofree(str) char *paragraph = strndup(intro, n);

		if (!paragraph)
			return;
		write_comment(out, paragraph);
		fputs("#\n", out);
		intro += n;
		intro += *intro == '\n';
	}
}

void settings_write_template(FILE *out)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	write_comment(out,
		      "lull.conf: the settings of lull. It belongs in ~/.config/lull/lull.conf.");
	fputs("#\n", out);
	write_comment(
		out,
		"Each key stands here with its default, or, where a section has a name, with an "
		"example; to use or change one, remove the # before it. "
		"A comment needs a line of its own. Check the file with `lull check-config`, and "
		"have it read again with `lull reload`.");
	for (size_t i = 0; i < count; i++) {
		const struct setting *row = &table[i];
		const bool is_named = row->scope != SETTING_IN_FILE;
		const char *text = is_named ? row->example : row->default_text;

		/* An example begins with its own comment mark. */
		if (is_section_start(table, i))
			fprintf(out, "\n%s[%s%s]", is_named ? "#" : "", row->section,
				example_name(row));
		fputc('\n', out);
		write_intro(out, row->intro);
		write_comment(out, row->help);
		fputs("# Takes ", out);
		settings_write_allowed(out, row);
		fprintf(out, ".\n#%s =%s%s\n", setting_key(row), *text ? " " : "", text);
	}
}
