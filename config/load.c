#include "config/load.h"
#include "config/xdg.h"
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX ((size_t)1024 * 1024)

/* inih's own limits: 200 bytes for a line with "\n" and NUL, 50 for a section's name with NUL. */
#define LINE_LEN_MAX 198
#define SECTION_LEN_MAX 49

/* A file that isn't a configuration at all shouldn't fill the log. */
#define MISTAKES_MAX 100

/*
 * The file, as it goes through inih: next_line() checks a line and hands it over, or hands over an
 * empty one in its place; assign() gets the key that inih found in it. One call of next_line() is one
 * line.
 */
struct reader {
	const char *path;
	const char *text;
	size_t len, pos;
	size_t line;            /* counts from 1; 0 before the first */
	bool section_is_usable; /* false passes over what stands in a section that is a mistake itself */
	struct settings *settings;
	struct load_errors *errors;
	size_t n_mistakes;
	bool is_read; /* each line is right, so that more can be said about the whole */
	size_t n_warnings;
	int fault; /* ends the parsing */
};

LULL_PRINTF(3, 4)
static int append_line(char ***lines, size_t *count, const char *fmt, ...)
{
	autofree(str) char *line = NULL;
	char **more;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	if (n < 0) {
		line = NULL;
		return -ENOMEM;
	}
	more = realloc(*lines, (*count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	*lines = more;
	more[(*count)++] = take(line);
	return 0;
}

#define append_error(errors, ...) append_line(&(errors)->lines, &(errors)->count, __VA_ARGS__)

/* Notes a mistake in the current line. Parsing goes on: the writer shall learn of all of them. */
static void mistake(struct reader *r, const char *what)
{
	r->n_mistakes++;
	if (r->n_mistakes <= MISTAKES_MAX && r->fault == 0)
		r->fault = append_error(r->errors, "%s:%zu: %s", r->path, r->line, what);
}

LULL_PRINTF(2, 3)
static void mistakef(struct reader *r, const char *fmt, ...)
{
	autofree(str) char *what = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&what, fmt, args);
	va_end(args);
	if (n < 0) {
		what = NULL;
		r->fault = -ENOMEM;
		return;
	}
	mistake(r, what);
}

/* What settings.c says about a line: a mistake, or no memory. */
static void mistake_or_fault(struct reader *r, int result, const char *what)
{
	if (result == -EINVAL)
		mistake(r, what);
	else if (result < 0)
		r->fault = result;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Tabs may stand between words; a value that has one is settings.c's to judge. */
static bool check_characters(struct reader *r, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		i += settings_clean_length(s + i, len - i);
		if (i == len)
			break;
		if (s[i] == '\t')
			continue;
		if (s[i] == '\0')
			mistake(r, "there is a NUL byte in this line; this isn't a text file");
		else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			mistakef(r, "there is a control character (0x%02x) in this line; remove it",
				 (unsigned char)s[i]);
		else if ((unsigned char)s[i] == 0xc2 && i + 1 < len &&
			 ((unsigned char)s[i + 1] & 0xe0) == 0x80)
			mistakef(r, "there is a control character (U+%04X) in this line; remove it",
				 (unsigned char)s[i + 1]);
		else
			mistakef(r, "byte %zu of this line (0x%02x) isn't valid UTF-8", i + 1,
				 (unsigned char)s[i]);
		return false;
	}
	return true;
}

static bool check_section(struct reader *r, const char *s, size_t len)
{
	autofree(str) char *name = NULL, *error = NULL;
	const char *end = memchr(s, ']', len);
	size_t name_len;
	int result;

	if (!end) {
		mistake(r, "the section's name isn't closed; a ']' is missing");
		return false;
	}
	name_len = (size_t)(end - s) - 1;
	if (name_len > SECTION_LEN_MAX) {
		mistakef(r, "the section's name has %zu bytes; no section has more than %d",
			 name_len, SECTION_LEN_MAX);
		return false;
	}
	name = strndup(s + 1, name_len);
	if (!name) {
		r->fault = -ENOMEM;
		return false;
	}
	result = settings_check_section(name, &error);
	if (result < 0) {
		mistake_or_fault(r, result, error);
		return false;
	}
	if (end + 1 < s + len) {
		mistakef(
			r,
			"there is something after [%s]; keys and comments need a line of their own",
			name);
		return false;
	}
	result = settings_open_section(r->settings, name, (unsigned)r->line, &error);
	mistake_or_fault(r, result, error);
	return result == 0;
}

static bool check_key(struct reader *r, const char *s, size_t len)
{
	size_t separator = 0;

	while (separator < len && s[separator] != '=' && s[separator] != ':')
		separator++;
	if (separator == len) {
		mistake(r, "expected 'key = value' or '[section]'");
		return false;
	}
	if (separator == 0) {
		mistakef(r, "there is no key before the '%c'", s[0]);
		return false;
	}
	/* In "hint x:y = z" the y would belong to the value, and nobody would notice. */
	if (s[separator] == ':' && memchr(s + separator, '=', len - separator) && len > 5 &&
	    memcmp(s, "hint ", 5) == 0) {
		mistake(r, "a hint whose name has a ':' can't be asked for");
		return false;
	}
	for (size_t i = 1; i < len; i++) {
		if (s[i] == ';' && is_blank(s[i - 1])) {
			mistake(r,
				"a ';' after a blank would cut the value short; put comments on a line of "
				"their own");
			return false;
		}
	}
	return true;
}

/* Return: whether inih shall see the line. */
static bool check_line(struct reader *r, const char *s, size_t len, size_t len_max)
{
	size_t indent = 0;
	bool is_section;

	while (len > 0 && is_blank(s[len - 1]))
		len--;
	while (indent < len && is_blank(s[indent]))
		indent++;
	is_section = indent < len && s[indent] == '[';

	/* Whatever else is wrong with a section line, the keys after it aren't the previous section's. */
	if (is_section)
		r->section_is_usable = false;
	if (!check_characters(r, s, len))
		return false;
	if (indent == len || s[indent] == '#' || s[indent] == ';')
		return false;
	if (indent > 0) {
		mistake(r, "indented lines would continue the key above; remove the indentation");
		return false;
	}
	if (is_section) {
		r->section_is_usable = check_section(r, s, len);
		return r->section_is_usable;
	}
	if (len > len_max) {
		mistakef(r,
			 "the line has %zu bytes; at most %zu are allowed. Two rules, or a regular "
			 "expression, may say the same",
			 len, len_max);
		return false;
	}
	return check_key(r, s, len) && r->section_is_usable;
}

/* What inih calls instead of fgets(). */
static char *next_line(char *str, int num, void *stream)
{
	struct reader *r = stream;
	const char *s = r->text + r->pos, *newline;
	size_t len = r->len - r->pos, len_max = MIN((size_t)num - 2, (size_t)LINE_LEN_MAX);

	if (r->fault < 0 || len == 0)
		return NULL;
	newline = memchr(s, '\n', len);
	if (newline)
		len = (size_t)(newline - s);
	r->pos += len + (newline ? 1 : 0);
	r->line++;

	if (r->line == 1 && len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		len -= 3;
	}
	if (len > 0 && s[len - 1] == '\r')
		len--;
	if (!check_line(r, s, len, len_max))
		len = 0;
	/* What follows an accepted line's limit is blanks. */
	len = MIN(len, len_max);
	memcpy(str, s, len);
	memcpy(str + len, "\n", 2);
	return str;
}

/* inih's handler. Always 1: we keep the mistakes, and some builds of inih would stop at the first. */
static int assign(void *user, const char *section, const char *key, const char *value)
{
	struct reader *r = user;
	autofree(str) char *error = NULL;
	unsigned *set_before;
	int result;

	/* Some builds announce sections in this way. */
	if (!key || !value || r->fault < 0)
		return 1;
	set_before = settings_line(r->settings, section, key);
	if (set_before && *set_before > 0 && *set_before != SETTING_BUILT_IN) {
		mistakef(r, "'%s' in [%s] is set twice, in line %u and here%s", key, section,
			 *set_before,
			 settings_takes_several(section, key)
				 ? "; several go into one line, with commas"
				 : "");
		return 1;
	}
	if (set_before)
		*set_before = (unsigned)r->line;
	result = settings_set(r->settings, section, key, value, &error);
	mistake_or_fault(r, result, error);
	return 1;
}

/* What settings_check() finds. */
static void found_in_line(void *data, enum settings_finding kind, unsigned line, const char *what)
{
	struct reader *r = data;
	struct load_errors *errors = r->errors;

	r->line = line;
	if (kind == SETTINGS_MISTAKE)
		mistake(r, what);
	else if (!r->is_read)
		return; /* a rule that lacks one of its lines isn't what was meant */
	else if (r->n_warnings++ < MISTAKES_MAX && r->fault == 0)
		r->fault = append_line(&errors->warnings, &errors->n_warnings, "%s:%u: warning: %s",
				       r->path, line, what);
}

static int parse(const char *path, const char *text, size_t len, struct load_errors *errors,
		 struct settings **ret)
{
	autofree(settings) struct settings *settings = settings_new(regex_pcre2());
	struct reader r = {
		.path = path,
		.text = text,
		.len = len,
		.section_is_usable = true,
		.settings = settings,
		.errors = errors,
	};
	int result;

	if (!settings)
		return -ENOMEM;
	result = ini_parse_stream(next_line, &r, assign, &r);
	if (r.fault < 0)
		return r.fault;
	if (result < 0)
		return -ENOMEM;
	/* next_line() lets nothing through that inih refuses; should it, the line must not be lost. */
	if (result > 0 && r.n_mistakes == 0) {
		r.line = (size_t)result;
		mistake(&r, "expected 'key = value' or '[section]'");
	}
	r.is_read = r.n_mistakes == 0;
	result = settings_check(settings, found_in_line, &r);
	if (r.fault == 0)
		r.fault = result;
	if (r.fault == 0 && r.n_mistakes > MISTAKES_MAX)
		r.fault = append_error(errors, "%s: and %zu more mistakes", path,
				       r.n_mistakes - MISTAKES_MAX);
	if (r.fault == 0 && r.n_warnings > MISTAKES_MAX)
		r.fault =
			append_line(&errors->warnings, &errors->n_warnings,
				    "%s: and %zu more warnings", path, r.n_warnings - MISTAKES_MAX);
	if (r.fault < 0)
		return r.fault;
	if (r.n_mistakes > 0)
		return -EINVAL;
	*ret = take(settings);
	return 0;
}

/* Return: the number of bytes, or a negative errno; one byte more than @max is asked for. */
static ssize_t read_all(int fd, char *buf, size_t max)
{
	size_t len = 0;

	while (len <= max) {
		ssize_t n = read(fd, buf + len, max + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int read_and_parse(int fd, const char *path, struct load_errors *errors,
			  struct settings **ret)
{
	autofree(str) char *text = NULL;
	struct stat st;
	ssize_t len;
	int r;

	if (fstat(fd, &st) < 0) {
		len = -errno;
	} else if (S_ISDIR(st.st_mode)) {
		len = -EISDIR;
	} else if (!S_ISREG(st.st_mode)) {
		r = append_error(errors, "%s: expected a regular file", path);
		return r < 0 ? r : -EINVAL;
	} else {
		text = malloc(FILE_SIZE_MAX + 1);
		len = text ? read_all(fd, text, FILE_SIZE_MAX) : -ENOMEM;
	}
	if (len < 0) {
		r = append_error(errors, "%s: cannot read it: %s", path, strerror((int)-len));
		return r < 0 ? r : (int)len;
	}
	if ((size_t)len > FILE_SIZE_MAX) {
		r = append_error(errors, "%s: the file is over 1 MiB; this isn't a lull.conf",
				 path);
		return r < 0 ? r : -EFBIG;
	}
	return parse(path, text, (size_t)len, errors, ret);
}

int load_settings(const char *path, struct load_errors *errors, struct settings **ret)
{
	/* O_NONBLOCK: a FIFO in its place must not stop the daemon. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0 && errno == ENOENT)
		return parse(path, "", 0, errors, ret);
	if (fd < 0) {
		int fault = -errno;

		r = append_error(errors, "%s: cannot open it: %s", path, strerror(-fault));
		return r < 0 ? r : fault;
	}
	r = read_and_parse(fd, path, errors, ret);
	close(fd);
	return r;
}

void load_errors_done(struct load_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->lines[i]);
	free(errors->lines);
	for (size_t i = 0; i < errors->n_warnings; i++)
		free(errors->warnings[i]);
	free(errors->warnings);
	*errors = (struct load_errors){0};
}

char *load_path(void)
{
	return xdg_config("lull/lull.conf");
}
