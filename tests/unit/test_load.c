/*
 * Loading lull.conf: real files through inih.
 */
#include "config/load.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of our own; every test leaves it empty. */
static char dir[] = "/tmp/lull-load-XXXXXX";
static char path[sizeof(dir) + sizeof("/lull.conf")];

static int make_directory(void **state LULL_UNUSED)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/lull.conf", dir);
	return 0;
}

static int remove_directory(void **state LULL_UNUSED)
{
	return rmdir(dir);
}

/* Also after a test that failed in the middle. */
static int remove_file(void **state LULL_UNUSED)
{
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

static void write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int load_text(const char *text, size_t len, struct load_errors *errors,
		     struct settings **ret)
{
	write_file(text, len);
	return load_settings(path, errors, ret);
}

/* Loads what must be without a mistake. */
static struct settings *load_good(const char *text)
{
	struct load_errors errors = {0};
	struct settings *s = NULL;

	if (load_text(text, strlen(text), &errors, &s) != 0)
		fail_msg("in <<%s>>: %s", text, errors.count ? errors.lines[0] : "no error");
	assert_int_equal(errors.count, 0);
	assert_non_null(s);
	return s;
}

static void assert_defaults(const struct settings *s)
{
	assert_true(s->focus_default_us == INT64_C(50) * 60 * USEC_PER_SEC);
	assert_true(s->digest_above == 3);
	assert_string_equal(s->display_command, "");
	assert_int_equal(s->durability, DURABILITY_FULL);
}

static void missing_file_gives_the_defaults(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = NULL;
	struct load_errors errors = {0};

	assert_int_equal(load_settings(path, &errors, &s), 0);
	assert_int_equal(errors.count, 0);
	assert_defaults(s);
}

static void files_without_keys_give_the_defaults(void **state LULL_UNUSED)
{
	static const char *const cases[] = {
		"",
		"\n\n",
		"# only a comment",
		"\xef\xbb\xbf",
		"[focus]\n[release]\n",
		"   \t \r\n  ; an indented comment\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(settings) struct settings *s = load_good(cases[i]);

		assert_defaults(s);
	}
}

static void every_key_arrives(void **state LULL_UNUSED)
{
	static const char *const cases[] = {
		"[focus]\ndefault = 1h30\n[release]\ndigest_above = 7\n"
		"[display]\ncommand = /usr/bin/dunst -conf \"a b\"\n[journal]\ndurability = normal\n",
		/* Windows line ends, a byte order mark, no newline at the end */
		"\xef\xbb\xbf[focus]\r\ndefault=90m\r\n\r\n[release]\r\ndigest_above=7\r\n"
		"[display]\r\ncommand=/usr/bin/dunst -conf \"a b\"\r\n[journal]\r\ndurability=normal",
		/* sections in another order, reopened; colons; blanks at the end of lines */
		"[journal] \n[display]\t\ncommand : /usr/bin/dunst -conf \"a b\"  \n# why\n"
		"[release]\ndigest_above:7\n[journal]\ndurability \t=  normal \n[display]\n"
		"[focus]\n\n  # an indented comment\n\ndefault = 1 h 30 min\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(settings) struct settings *s = load_good(cases[i]);

		assert_true(s->focus_default_us == INT64_C(90) * 60 * USEC_PER_SEC);
		assert_true(s->digest_above == 7);
		assert_string_equal(s->display_command, "/usr/bin/dunst -conf \"a b\"");
		assert_int_equal(s->durability, DURABILITY_NORMAL);
	}
}

static void blocks_and_deliveries_arrive(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s =
		load_good("[block deep-work]\ndays = mon-fri\nstart = 9:00\nend = 11:30\n"
			  "lead = 10m\nexcept = 2026-12-24, 2026-12-25\n"
			  "[deliver]\nat = 12:30, 09:00\ndays = weekdays\n"
			  "[block Night_2]\nstart = 22:00\nend = 06:00\nfrom = 2026-01-01\n"
			  "until = 2026-12-31\nlead = 0\n");
	const struct block *work = &s->blocks[0], *night = &s->blocks[1];

	assert_int_equal(s->n_blocks, 2);
	assert_string_equal(work->name, "deep-work");
	assert_int_equal(work->days, 0x3e);
	assert_int_equal(work->start, 540);
	assert_int_equal(work->end, 690);
	assert_int_equal(work->from, CALENDAR_EVER);
	assert_int_equal(work->until, CALENDAR_FOREVER);
	assert_int_equal(work->except.n, 2);
	assert_int_equal(work->except.days[0], calendar_day(2026, 12, 24));
	assert_true(work->lead_us == 600 * USEC_PER_SEC);
	assert_string_equal(night->name, "Night_2");
	assert_int_equal(night->days, CALENDAR_DAILY);
	assert_int_equal(night->from, calendar_day(2026, 1, 1));
	assert_int_equal(night->until, calendar_day(2026, 12, 31));
	assert_true(night->lead_us == 0);
	assert_int_equal(s->deliver_at.n, 2);
	assert_int_equal(s->deliver_at.minutes[0], 540);
	assert_int_equal(s->deliver_days, 0x3e);
}

static void there_may_be_64_blocks_and_no_more(void **state LULL_UNUSED)
{
	autofree(str) char *text = NULL;
	autofree(settings) struct settings *s = NULL;
	struct load_errors errors = {0};
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (int i = 0; i < BLOCKS_MAX; i++)
		fprintf(out, "[block b%d]\nstart = 9:00\nend = 10:00\n", i);
	assert_int_equal(fflush(out), 0);
	assert_int_equal(load_text(text, size, &errors, &s), 0);
	assert_int_equal(s->n_blocks, BLOCKS_MAX);
	s = settings_free(s);
	fprintf(out, "[block one-more]\nstart = 9:00\nend = 10:00\n");
	assert_int_equal(fclose(out), 0);
	assert_int_equal(load_text(text, size, &errors, &s), -EINVAL);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.lines[0] + strlen(path), ":193: there are more than 64 blocks");
	load_errors_done(&errors);
}

static void values_keep_their_special_characters(void **state LULL_UNUSED)
{
	static const char *const values[] = {
		"sh -c 'a;b'", "a = b : c", ";",          "#fff",
		"x # y",       "[x]",       "\"quoted\"", "d\xc3\xbcnst",
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		autofree(settings) struct settings *s = NULL;
		char text[64];

		snprintf(text, sizeof(text), "[display]\ncommand =%s\n", values[i]);
		s = load_good(text);
		assert_string_equal(s->display_command, values[i]);
	}
}

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define EXPECTED_SECTIONS                                                                                                     \
	"expected one of [focus], [pomodoro], [block NAME], [rule NAME], [hold], [deliver], [release], [digest], [display], " \
	"[journal]"
#define BLOCK "[block work]\nstart = 09:00\nend = 11:30\n"

static void longest_line_is_read_whole_and_a_comment_may_be_longer(void **state LULL_UNUSED)
{
	/* "command = " and 188 bytes, before blanks that don't count */
#define LONGEST FIFTY FIFTY FIFTY TEN TEN TEN "01234567"
	autofree(settings) struct settings *s =
		load_good("# " FIFTY FIFTY FIFTY FIFTY "durability = x\n"
			  "[display]\ncommand = " LONGEST "      \n");

	assert_string_equal(s->display_command, LONGEST);
}

static void broken_files_are_explained_with_the_line(void **state LULL_UNUSED)
{
	static const struct {
		const char *text, *error;
		size_t len; /* 0: up to the NUL */
	} cases[] = {
		{"[focus]\ndefault = soon\n",
		 ":2: [focus] default = soon: expected a duration from 1 s to 1 d", 0},
		{"# c\n\n[release]\n\ndigest_above = 9999\n",
		 ":5: [release] digest_above = 9999: expected a number from 0 to 1000", 0},
		{"[release]\r\n\r\ndigest_above\r\n", ":3: expected 'key = value' or '[section]'",
		 0},
		{"[release]\ndigest_abov = 3\n",
		 ":2: unknown key 'digest_abov' in [release]; did you", 0},
		{"[release]\ndurability = full\n", ":2: 'durability' belongs in [journal]", 0},
		{"durability = full\n", ":1: 'durability' stands before the first section", 0},
		{"\xef\xbb\xbf= 3\n", ":1: there is no key before the '='", 0},
		{"[relese]\n", ":1: unknown section [relese]; did you mean [release]?", 0},
		{"\n[]\n", ":2: unknown section []; " EXPECTED_SECTIONS, 0},
		{"[ focus ]\n", ":1: unknown section [ focus ]; did you mean [focus]?", 0},
		{"[focus\ndefault = 5m\n", ":1: the section's name isn't closed; a ']' is missing",
		 0},
		{"[focus] default = 5m\n", ":1: there is something after [focus]", 0},
		{"[focus] ; comment\n", ":1: there is something after [focus]", 0},
		{"[" FIFTY "]\nx = 1\n",
		 ":1: the section's name has 50 bytes; no section has more than 49", 0},
		{"[focus]\ndefault = 5m\n  default = 6m\n",
		 ":3: indented lines would continue the key above; remove the indentation", 0},
		{"[focus]\ndefault = 5m\n\t[release]\n",
		 ":3: indented lines would continue the key", 0},
		{"[focus]\ndefault = 5m\n\ndefault = 5m\n",
		 ":4: 'default' in [focus] is set twice, in line 2 and here", 0},
		{"[focus]\ndefault = 5m\n[release]\n[focus]\ndefault: 6m",
		 ":5: 'default' in [focus] is set twice, in line 2 and here", 0},
		{"[display]\ncommand = " LONGEST "8\n",
		 ":2: the line has 199 bytes; at most 198 are allowed", 0},
		{"[display]\ncommand = sh -c \"a ; b\"\n",
		 ":2: a ';' after a blank would cut the value short", 0},
		{"[display]\ncommand = x\t;y\n", ":2: a ';' after a blank would cut", 0},
		{"[display]\ncommand ;x = y\n", ":2: a ';' after a blank would cut", 0},
		{"[display]\ncommand = x\0y\n", ":2: there is a NUL byte in this line", 24},
		{"# \0\n", ":1: there is a NUL byte in this line", 4},
		{"[display]\ncommand = \xff\n", ":2: byte 11 of this line (0xff) isn't valid UTF-8",
		 0},
		{"# d\xfcnst\n", ":1: byte 4 of this line (0xfc) isn't valid UTF-8", 0},
		{"# x\xc3", ":1: byte 4 of this line (0xc3) isn't valid UTF-8", 0},
		{"[display]\ncommand = \x1b[31m\n",
		 ":2: there is a control character (0x1b) in this line; remove it", 0},
		{"[display]\ncommand = x\xc2\x9b\n",
		 ":2: there is a control character (U+009B) in this line; remove it", 0},
		{"[focus]\rdefault = 5m\r", ":1: there is a control character (0x0d)", 0},
		{"[display]\ncommand = a\tb\n",
		 ":2: [display] command has the control character \\u{9}: expected plain text", 0},
		{"[journal]\ndurability =\n",
		 ":2: [journal] durability is empty: expected full or normal", 0},
		{"\n[block work]\nend = 11:30\n",
		 ":2: [block work] has no start; add a line such as start = 09:00", 0},
		{"[block work]\nstart = 09:00\n",
		 ":1: [block work] has no end; add a line such as end = 11:30", 0},
		{"[block work]\nstart = 25:00\nend = 11:30\n",
		 ":2: [block work] start = 25:00: expected a time of day, such as 09:00", 0},
		{"[block work]\nstart = 09:00\nend =\n",
		 ":3: [block work] end is empty: expected a time of day, such as 09:00", 0},
		{"[block work]\nstart = 9\nend = 24:00\n",
		 ":2: [block work] start = 9: expected a time of day, such as 09:00; did you mean "
		 "'09:00'?",
		 0},
		{BLOCK "days = mon-fry\n",
		 ":4: [block work] days = mon-fry: expected days such as mon-fri, or "
		 "mon, wed, or daily, weekdays, weekend; did you mean 'fri'?",
		 0},
		{BLOCK "days = workdays\n",
		 ":4: [block work] days = workdays: expected days such as mon-fri, or "
		 "mon, wed, or daily, weekdays, weekend; did you mean 'weekdays'?",
		 0},
		{BLOCK "from = 2026-02-30\n",
		 ":4: [block work] from = 2026-02-30: expected a date, such as 2026-12-24", 0},
		{BLOCK "except = 2026-12-24, xmas\n",
		 ":4: [block work] except = 2026-12-24, xmas: expected dates, such as", 0},
		{BLOCK "lead = 13h\n",
		 ":4: [block work] lead = 13h: expected a duration from 0 s to 12 h", 0},
		{BLOCK "until = 2026-01-01\nfrom = 2026-05-01\n",
		 ":5: [block work] from = 2026-05-01 is after until = 2026-01-01, so it never begins",
		 0},
		{BLOCK "\n" BLOCK,
		 ":5: there are two blocks with the name 'work', in line 1 and here; give one", 0},
		{BLOCK "start = 10:00\n",
		 ":4: 'start' in [block work] is set twice, in line 2 and here", 0},
		{BLOCK "strat = 10:00\n",
		 ":4: unknown key 'strat' in [block work]; did you mean 'start'?", 0},
		{BLOCK "at = 10:00\n", ":4: 'at' belongs in [deliver], not in [block work]", 0},
		{"[focus]\nlead = 5m\n", ":2: 'lead' belongs in [block NAME], not in [focus]", 0},
		{"[block]\n", ":1: [block] has no name; expected one, as in [block work]", 0},
		{"[block my work]\n",
		 ":1: [block my work]: a name has 1 to 32 letters, digits, - and _; did you mean "
		 "[block my-work]?",
		 0},
		{"[block \"work\"]\n",
		 ":1: [block \"work\"]: a name has 1 to 32 letters, digits, - and _; did you mean "
		 "[block work]?",
		 0},
		{"[block w\xc3\xb6rk]\n", ":1: [block w\xc3\xb6rk]: a name has 1 to 32 letters", 0},
		{"[block " TEN TEN TEN "012]\n", ":1: [block " TEN TEN TEN "012]: a name has", 0},
		{"[blok work]\n", ":1: unknown section [blok work]; did you mean [block NAME]?", 0},
		{"[deliver]\nat = 9:00 12:30\n",
		 ":2: [deliver] at = 9:00 12:30: expected times of day, such as 09:00, 12:30, 17:00",
		 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		struct load_errors errors = {0};
		struct settings *s = NULL;

		assert_int_equal(load_text(cases[i].text, len, &errors, &s), -EINVAL);
		assert_null(s);
		if (errors.count != 1)
			fail_msg("%zu errors instead of '%s'; the first: %s", errors.count,
				 cases[i].error, errors.count ? errors.lines[0] : "-");
		if (strncmp(errors.lines[0], path, strlen(path)) != 0 ||
		    strncmp(errors.lines[0] + strlen(path), cases[i].error,
			    strlen(cases[i].error)) != 0)
			fail_msg("'%s' instead of '%s'", errors.lines[0], cases[i].error);
		load_errors_done(&errors);
	}
}

static void all_mistakes_are_reported_in_order(void **state LULL_UNUSED)
{
	static const char text[] = "x = 1\n"
				   "[focus]\n"
				   "default = soon\n"
				   "what\n"
				   "[jurnal]\n"
				   "durability = sideways\n" /* passed over: its section is wrong */
				   "neither\n"
				   "[release\n"
				   "default = 6m\n" /* passed over, and not a second one */
				   "[journal]\n"
				   "durability = normal\n"
				   "durability = sideways\n";
	static const int expected[] = {1, 3, 4, 5, 7, 8, 12};
	struct load_errors errors = {0};
	struct settings *s = NULL;

	assert_int_equal(load_text(text, sizeof(text) - 1, &errors, &s), -EINVAL);
	assert_null(s);
	assert_int_equal(errors.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < errors.count; i++)
		assert_int_equal(strtol(errors.lines[i] + strlen(path) + 1, NULL, 10), expected[i]);
	load_errors_done(&errors);
	assert_null(errors.lines);
	assert_int_equal(errors.count, 0);
}

static void flood_of_mistakes_is_counted_not_listed(void **state LULL_UNUSED)
{
	static char text[2 * 150];
	struct load_errors errors = {0};
	struct settings *s = NULL;
	const char *last;

	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	assert_int_equal(load_text(text, sizeof(text), &errors, &s), -EINVAL);
	assert_int_equal(errors.count, 101);
	last = errors.lines[100];
	assert_string_equal(last + strlen(path), ": and 50 more mistakes");
	load_errors_done(&errors);
}

static void file_may_have_one_mebibyte_and_no_more(void **state LULL_UNUSED)
{
	const size_t max = (size_t)1024 * 1024;
	autofree(str) char *text = malloc(max + 1);
	autofree(settings) struct settings *s = NULL;
	struct load_errors errors = {0};

	assert_non_null(text);
	memset(text, '\n', max + 1);
	assert_int_equal(load_text(text, max, &errors, &s), 0);
	s = settings_free(s);

	assert_int_equal(load_text(text, max + 1, &errors, &s), -EFBIG);
	assert_null(s);
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(errors.lines[0], "the file is over 1 MiB"));
	load_errors_done(&errors);
}

static void directory_is_an_error(void **state LULL_UNUSED)
{
	struct load_errors errors = {0};
	struct settings *s = NULL;

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(load_settings(path, &errors, &s), -EISDIR);
	assert_null(s);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.lines[0] + strlen(path), ": cannot read it: Is a directory");
	load_errors_done(&errors);
}

static void fifo_is_an_error_and_is_not_waited_for(void **state LULL_UNUSED)
{
	struct load_errors errors = {0};
	struct settings *s = NULL;

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load_settings(path, &errors, &s), -EINVAL);
	assert_null(s);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.lines[0] + strlen(path), ": expected a regular file");
	load_errors_done(&errors);
}

static void unreadable_file_is_an_error(void **state LULL_UNUSED)
{
	struct load_errors errors = {0};
	struct settings *s = NULL;
	uid_t user = geteuid();

	write_file("[focus]\n", 8);
	assert_int_equal(chmod(path, 0000), 0);
	/* root may read anything: be somebody else for a moment, who may enter the directory. */
	if (user == 0) {
		assert_int_equal(chmod(dir, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(load_settings(path, &errors, &s), -EACCES);
	if (user == 0)
		assert_int_equal(seteuid(user), 0);
	assert_null(s);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.lines[0] + strlen(path), ": cannot open it: Permission denied");
	load_errors_done(&errors);
}

static void a_loop_of_links_is_an_error_and_no_missing_file(void **state LULL_UNUSED)
{
	struct load_errors errors = {0};
	struct settings *s = NULL;

	assert_int_equal(symlink(path, path), 0);
	assert_int_equal(load_settings(path, &errors, &s), -ELOOP);
	assert_int_equal(errors.count, 1);
	load_errors_done(&errors);
}

/* Copies the shipped file; with the # before each key removed when @is_live. */
static void copy_shipped(bool is_live)
{
	autofree(str) char *line = NULL;
	FILE *out = fopen(path, "we");
	FILE *in = fopen("config/lull.conf", "re");
	size_t size = 0;

	assert_non_null(out);
	if (!in)
		fail_msg("config/lull.conf: %s; run the test from the top of the tree",
			 strerror(errno));
	while (getline(&line, &size, in) >= 0) {
		bool is_key =
			line[0] == '#' && (line[1] == '[' || (line[1] >= 'a' && line[1] <= 'z'));

		assert_true(fputs(line + (is_live && is_key ? 1 : 0), out) >= 0);
	}
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void shipped_lull_conf_is_the_defaults_with_and_without_comment_marks(
	void **state LULL_UNUSED)
{
	for (int is_live = 0; is_live <= 1; is_live++) {
		autofree(settings) struct settings *s = NULL;
		struct load_errors errors = {0};

		copy_shipped(is_live);
		if (load_settings(path, &errors, &s) != 0)
			fail_msg("%s", errors.count ? errors.lines[0] : "no error");
		assert_defaults(s);
		/* A block is an example. */
		assert_int_equal(s->n_blocks, is_live);
	}
}

static void path_follows_the_xdg_specification(void **state LULL_UNUSED)
{
	static const struct {
		const char *config_home, *home, *expected;
	} cases[] = {
		{"/c", "/h", "/c/lull/lull.conf"},
		{NULL, "/h", "/h/.config/lull/lull.conf"},
		{"", "/h", "/h/.config/lull/lull.conf"},
		{"relative", "/h", "/h/.config/lull/lull.conf"},
		{"/c", NULL, "/c/lull/lull.conf"},
		{NULL, NULL, NULL},
		{NULL, "", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(str) char *found = NULL;

		unsetenv("XDG_CONFIG_HOME");
		unsetenv("HOME");
		if (cases[i].config_home)
			setenv("XDG_CONFIG_HOME", cases[i].config_home, 1);
		if (cases[i].home)
			setenv("HOME", cases[i].home, 1);
		found = load_path();
		if (cases[i].expected)
			assert_string_equal(found, cases[i].expected);
		else
			assert_null(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(missing_file_gives_the_defaults, remove_file),
		cmocka_unit_test_teardown(files_without_keys_give_the_defaults, remove_file),
		cmocka_unit_test_teardown(every_key_arrives, remove_file),
		cmocka_unit_test_teardown(blocks_and_deliveries_arrive, remove_file),
		cmocka_unit_test_teardown(there_may_be_64_blocks_and_no_more, remove_file),
		cmocka_unit_test_teardown(values_keep_their_special_characters, remove_file),
		cmocka_unit_test_teardown(longest_line_is_read_whole_and_a_comment_may_be_longer,
					  remove_file),
		cmocka_unit_test_teardown(broken_files_are_explained_with_the_line, remove_file),
		cmocka_unit_test_teardown(all_mistakes_are_reported_in_order, remove_file),
		cmocka_unit_test_teardown(flood_of_mistakes_is_counted_not_listed, remove_file),
		cmocka_unit_test_teardown(file_may_have_one_mebibyte_and_no_more, remove_file),
		cmocka_unit_test_teardown(directory_is_an_error, remove_file),
		cmocka_unit_test_teardown(fifo_is_an_error_and_is_not_waited_for, remove_file),
		cmocka_unit_test_teardown(unreadable_file_is_an_error, remove_file),
		cmocka_unit_test_teardown(a_loop_of_links_is_an_error_and_no_missing_file,
					  remove_file),
		cmocka_unit_test_teardown(
			shipped_lull_conf_is_the_defaults_with_and_without_comment_marks,
			remove_file),
		cmocka_unit_test(path_follows_the_xdg_specification),
	};

	return cmocka_run_group_tests_name("load", tests, make_directory, remove_directory);
}
