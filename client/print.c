#include "client/print.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* An elastic column keeps at least this much, even when the terminal is narrower than the rest. */
#define ELASTIC_MIN_WIDTH 10
#define COLUMN_GAP "  "
#define ELLIPSIS "\xe2\x80\xa6"

struct print_table {
	const struct print_column *columns;
	size_t n_columns;
	char **cells; /* row by row, escaped */
	size_t n_cells;
	size_t max_cells;
};

/* Reads one code point. Returns how many bytes it has; 0 when they aren't UTF-8. */
static size_t decode(const char *text, size_t len, uint32_t *ret)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = s[0];
	size_t n;

	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
		c &= 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		c &= 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		c &= 0x07;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

/* What may move the cursor, end the line or reorder it. All of them lie below U+10000. */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Writes the escape for a harmful code point; at most 6 characters and a NUL. */
static size_t write_escape(char *out, uint32_t c)
{
	switch (c) {
	case '\n': return (size_t)sprintf(out, "\\n");
	case '\r': return (size_t)sprintf(out, "\\r");
	case '\t': return (size_t)sprintf(out, "\\t");
	}
	return (size_t)sprintf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned int)c);
}

char *print_escape(const char *text, size_t len)
{
	/* The longest escape is 4 characters for 1 byte; those of 6 stand for 2 or 3. */
	char *escaped = len <= (SIZE_MAX - 8) / 4 ? malloc(len * 4 + 8) : NULL;
	char *out = escaped;

	if (!escaped)
		return NULL;
	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		size_t n = decode(text + i, len - i, &c);

		if (n == 0) {
			out += sprintf(out, "\\x%02x", (unsigned int)(unsigned char)text[i]);
			n = 1;
		} else if (is_harmful(c)) {
			out += write_escape(out, c);
		} else {
			memcpy(out, text + i, n);
			out += n;
		}
		i += n;
	}
	*out = '\0';
	return escaped;
}

int print_count(const char *text, size_t *ret_chars)
{
	size_t n_chars = 0;

	for (size_t len = strlen(text); len > 0; n_chars++) {
		uint32_t c;
		size_t n = decode(text, len, &c);

		if (n == 0)
			return -EILSEQ;
		text += n;
		len -= n;
	}
	*ret_chars = n_chars;
	return 0;
}

/* The columns of the code point at @text; @ret_bytes are its bytes. */
static size_t step_width(const char *text, size_t len, size_t *ret_bytes)
{
	uint32_t c = 0;
	size_t n = decode(text, len, &c);
	int width = n > 0 ? wcwidth((wchar_t)c) : 1;

	*ret_bytes = n > 0 ? n : 1;
	return width < 0 ? 1 : (size_t)width;
}

size_t print_width(const char *text)
{
	size_t width = 0;
	size_t n;

	for (size_t len = strlen(text); len > 0; len -= n, text += n)
		width += step_width(text, len, &n);
	return width;
}

/* How many bytes of @text fit into @width columns. */
static size_t bytes_that_fit(const char *text, size_t width)
{
	size_t len = strlen(text);
	size_t used = 0;
	size_t at = 0;

	while (at < len) {
		size_t n;

		used += step_width(text + at, len - at, &n);
		if (used > width)
			break;
		at += n;
	}
	return at;
}

void print_failure(const char *fmt, ...)
{
	autofree(str) char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		text = NULL;
	fputs("lull: ", stderr);
	print_text(stderr, text ? text : "out of memory");
	fputc('\n', stderr);
}

bool print_has_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && no_color[0])
		return false;
	return term && term[0] && strcmp(term, "dumb") != 0 && isatty(fileno(out));
}

void print_text(FILE *out, const char *text)
{
	autofree(str) char *escaped = print_escape(text, strlen(text));

	fputs(escaped ? escaped : "(out of memory)", out);
}

json_t *print_json_text(const char *text)
{
	json_t *value = json_string(text);
	autofree(str) char *escaped = value ? NULL : print_escape(text, strlen(text));

	return value ? value : json_string(escaped);
}

int print_json(FILE *out, const json_t *value)
{
	/* jansson escapes C0, quotes and backslashes. The rest can only be inside strings, where \u is right. */
	autofree(str) char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	size_t len = dump ? strlen(dump) : 0;
	size_t written = 0;

	if (!dump)
		return -ENOMEM;
	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		size_t n = decode(dump + i, len - i, &c);

		if (n > 0 && is_harmful(c)) {
			fwrite(dump + written, 1, i - written, out);
			fprintf(out, "\\u%04x", (unsigned int)c);
			written = i + n;
		}
		i += n > 0 ? n : 1;
	}
	fwrite(dump + written, 1, len - written, out);
	return 0;
}

struct print_table *print_table_new(const struct print_column *columns, size_t n_columns)
{
	struct print_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->columns = columns;
	t->n_columns = n_columns;
	return t;
}

struct print_table *print_table_free(struct print_table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
	return NULL;
}

int print_table_add(struct print_table *t, const char *const *cells)
{
	if (t->n_cells + t->n_columns > t->max_cells) {
		size_t max_cells = MAX(t->max_cells * 2, t->n_columns * 16);
		char **grown = reallocarray(t->cells, max_cells, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->cells = grown;
		t->max_cells = max_cells;
	}
	for (size_t i = 0; i < t->n_columns; i++) {
		char *cell = print_escape(cells[i], strlen(cells[i]));

		if (!cell) {
			while (i-- > 0)
				free(t->cells[--t->n_cells]);
			return -ENOMEM;
		}
		t->cells[t->n_cells++] = cell;
	}
	return 0;
}

/* Columns of the terminal behind @out; 0 when it isn't one. */
static size_t terminal_width(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* The widest cell of a column, before any limit. */
static size_t column_width(const struct print_table *t, size_t column)
{
	size_t width = print_width(t->columns[column].title);

	for (size_t i = column; i < t->n_cells; i += t->n_columns)
		width = MAX(width, print_width(t->cells[i]));
	return width;
}

static void choose_widths(const struct print_table *t, FILE *out, size_t *widths)
{
	size_t terminal = terminal_width(out);
	size_t elastic = t->n_columns;
	size_t rest = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		const struct print_column *column = &t->columns[i];

		widths[i] = column_width(t, i);
		if (column->is_elastic && terminal > 0) {
			elastic = i;
			continue;
		}
		if (column->max_width > 0)
			widths[i] = MIN(widths[i], column->max_width);
		rest += widths[i] + strlen(COLUMN_GAP);
	}
	if (elastic < t->n_columns) {
		size_t left = terminal > rest ? terminal - rest : 0;

		widths[elastic] = MIN(widths[elastic], MAX(left, (size_t)ELASTIC_MIN_WIDTH));
	}
}

static void write_blanks(FILE *out, size_t n)
{
	while (n-- > 0)
		fputc(' ', out);
}

static void write_cell(const struct print_column *column, const char *cell, size_t width,
		       bool is_last, FILE *out)
{
	size_t used = print_width(cell);
	size_t blanks = used < width ? width - used : 0;

	if (column->is_number)
		write_blanks(out, blanks);
	if (used > width) {
		size_t n = bytes_that_fit(cell, width - 1);

		/* A wide character may not fit into the last column but one. */
		fwrite(cell, 1, n, out);
		fputs(ELLIPSIS, out);
		if (!is_last) {
			size_t i = 0, cut = 0, bytes;

			for (; i < n; i += bytes)
				cut += step_width(cell + i, n - i, &bytes);
			write_blanks(out, width - 1 - cut);
		}
	} else {
		fputs(cell, out);
	}
	if (!column->is_number && !is_last)
		write_blanks(out, blanks);
	fputs(is_last ? "\n" : COLUMN_GAP, out);
}

void print_table_write(const struct print_table *t, FILE *out)
{
	size_t *widths = calloc(t->n_columns, sizeof(*widths));
	bool has_colour = print_has_colour(out);

	if (!widths) {
		print_failure("out of memory");
		return;
	}
	choose_widths(t, out, widths);
	if (has_colour)
		fputs("\033[1m", out);
	for (size_t i = 0; i < t->n_columns; i++)
		write_cell(&t->columns[i], t->columns[i].title, widths[i], i + 1 == t->n_columns,
			   out);
	if (has_colour)
		fputs("\033[0m", out);
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t column = i % t->n_columns;

		write_cell(&t->columns[column], t->cells[i], widths[column],
			   column + 1 == t->n_columns, out);
	}
	free(widths);
}
