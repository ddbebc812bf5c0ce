/*
 * One-time codes: two tables of texts, of which the second was never tuned to; and any bytes at all.
 *
 * The directory of the tables is an argument, or tests/cases from the top of the tree. Each wrong case is
 * printed; what fails is too low a precision or recall.
 */
#include "daemon/core/one_time_code.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/base.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *directory = "tests/cases";

/* --- the tables --- */

struct score {
	int n_yes, n_no;
	int n_missed, n_wrong; /* codes that weren't seen, and what isn't one but was */
};

/* "\n" is a line break. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] == 'n') {
			*to++ = '\n';
			s++;
		} else {
			*to++ = *s;
		}
	*to = '\0';
}

/* @see: gets each row, unescaped. */
static void read_table(const char *name, void *data,
		       void (*see)(void *data, int line, bool is_code, const char *summary,
				   const char *body))
{
	char path[4096];
	autofree(str) char *line = NULL;
	size_t size = 0;
	FILE *f;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: %s; run the test from the top of the tree", path, strerror(errno));
	while (getline(&line, &size, f) > 0) {
		char *rest = line, *verdict, *language, *summary, *body;

		n++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		verdict = strsep(&rest, "\t");
		language = strsep(&rest, "\t");
		summary = strsep(&rest, "\t");
		body = rest ? rest : strchr(summary ? summary : line, '\0');
		if (!summary || !language || (strcmp(verdict, "yes") && strcmp(verdict, "no")))
			fail_msg("%s:%d isn't a case", path, n);
		unescape(summary);
		unescape(body);
		see(data, n, strcmp(verdict, "yes") == 0, summary, body);
	}
	fclose(f);
}

static void judge(void *data, int line, bool is_code, const char *summary, const char *body)
{
	struct score *score = data;

	score->n_yes += is_code;
	score->n_no += !is_code;
	if (one_time_code_is(summary, body) == is_code)
		return;
	score->n_missed += is_code;
	score->n_wrong += !is_code;
	print_message("line %d, %s: '%s' '%s'\n", line, is_code ? "missed" : "no code", summary,
		      body);
}

static void check_table(const char *name, int min_rows, double min_precision, double min_recall)
{
	struct score s = {0};
	double precision, recall;
	int n_seen;

	read_table(name, &s, judge);
	n_seen = s.n_yes - s.n_missed;
	precision = n_seen > 0 ? (double)n_seen / (n_seen + s.n_wrong) : 0;
	recall = s.n_yes > 0 ? (double)n_seen / s.n_yes : 0;
	print_message("%s: %d codes, %d others; precision %.3f, recall %.3f\n", name, s.n_yes,
		      s.n_no, precision, recall);
	assert_true(s.n_yes + s.n_no >= min_rows);
	assert_true(precision >= min_precision);
	assert_true(recall >= min_recall);
}

static void texts_of_the_tuned_table_are_told_apart(void **state LULL_UNUSED)
{
	check_table("one-time-codes.txt", 300, 0.97, 0.97);
}

static void so_are_those_that_were_held_out(void **state LULL_UNUSED)
{
	check_table("one-time-codes-held-out.txt", 150, 0.95, 0.90);
}

/* --- how it may be written --- */

static void case_accents_and_markup_do_not_matter(void **state LULL_UNUSED)
{
	static const char *const bodies[] = {
		"YOUR VERIFICATION CODE IS 482913",
		"<p>Your <b>verification</b> code is <a href=\"https://a.example/1\">482913</a></p>",
		"Your&#32;verification&nbsp;code&#x20;is 482913",
		"Your verification code is 482\xc2\xa0"
		"913",
		"Your veri\xc2\xad"
		"fication code is \xe2\x80\xaa"
		"482913\xe2\x80\xac",
		"C\xc3\x93"
		"DIGO DE VERIFICACI\xc3\x93N: 482913",
		"Co\xcc\x81"
		"digo de verificacio\xcc\x81n: 482913",
		"КОД ПОДТВЕРЖДЕНИЯ 482913",
		"Ваш КОД ДЛЯ ВХОДА: 482913",
		"DOĞRULAMA KODU: 482913",
		"ЄДИНИЙ ОДНОРАЗОВИЙ ПАРОЛЬ 482913",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		if (!one_time_code_is("", bodies[i]))
			fail_msg("missed: %s", bodies[i]);
}

static void either_field_may_be_empty(void **state LULL_UNUSED)
{
	assert_false(one_time_code_is("", ""));
	assert_true(one_time_code_is("Your verification code is 482913", ""));
	assert_true(one_time_code_is("", "Your verification code is 482913"));
}

static void a_code_is_4_to_8_digits(void **state LULL_UNUSED)
{
	char body[64];

	for (int n = 1; n <= 12; n++) {
		snprintf(body, sizeof(body), "Your verification code is %.*s", n, "482913776512");
		assert_int_equal(one_time_code_is("", body), n >= 4 && n <= 8);
	}
}

/* --- any bytes --- */

static unsigned random_below(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* On the heap, to the byte: a sanitizer sees a read past the end. */
static bool judge_copy(const char *summary, size_t summary_length, const char *body,
		       size_t body_length)
{
	autofree(str) char *s = strndup(summary, summary_length);
	autofree(str) char *b = strndup(body, body_length);

	assert_non_null(s);
	assert_non_null(b);
	return one_time_code_is(s, b);
}

static void random_bytes_are_safe(void **state LULL_UNUSED)
{
	static const char *const pieces[] = {
		"code ",    "Verification code",
		"482913",   "G-",
		"-",        " ",
		"<b>",      "</b>",
		"&#",       "&amp;",
		"&nbsp;",   "\xd0",
		"код",      "验证码",
		"１２３",   "\xe0\xa5",
		"#",        "@a.b ",
		"\n",       ". ",
		"\xf4\x8f", "otp",
		"0x",       "12 34 56",
		"*",        "$",
		"-code",
	};
	unsigned seed = 7;

	for (int round = 0; round < 5000; round++) {
		char text[2][3000];
		size_t n[2] = {0, 0};

		for (int k = 0; k < 2; k++) {
			size_t max = random_below(&seed, round % 10 ? 120 : 2900);

			while (n[k] < max) {
				const char *piece = pieces[random_below(&seed, ARRAY_SIZE(pieces))];

				if (random_below(&seed, 3) == 0) {
					text[k][n[k]++] = (char)(random_below(&seed, 255) + 1);
					continue;
				}
				memcpy(text[k] + n[k], piece, strlen(piece));
				n[k] += strlen(piece);
			}
		}
		judge_copy(text[0], n[0], text[1], n[1]);
	}
}

static void try_prefixes(void *data LULL_UNUSED, int line, bool is_code LULL_UNUSED,
			 const char *summary, const char *body)
{
	size_t i;

	if (line % 4)
		return;
	for (i = 0; i <= strlen(body); i++)
		judge_copy(summary, strlen(summary), body, i);
	for (i = 0; i <= strlen(summary); i++)
		judge_copy(summary, i, body, strlen(body));
}

static void every_prefix_of_a_text_is_safe(void **state LULL_UNUSED)
{
	read_table("one-time-codes.txt", NULL, try_prefixes);
}

static void long_texts_are_safe(void **state LULL_UNUSED)
{
	static const char *const pieces[] = {"4",    "48 ",   "A1",    "<",     "<b>",
					     "&",    "code ", "确",    "1234 ", "4829 ",
					     "otp ", "\x80",  "@a.b ", "-",     ".1"};
	enum { SIZE = 65536 };
	autofree(str) char *text = malloc(SIZE + 1);

	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t length = strlen(pieces[i]);

		for (size_t n = 0; n < SIZE; n++)
			text[n] = pieces[i][n % length];
		text[SIZE] = '\0';
		one_time_code_is(text, text);
		one_time_code_is("Verification code", text);
	}
	/* What is beyond the limit isn't looked at, and what is cut there is no code. */
	memset(text, 'x', SIZE);
	memcpy(text, "Your verification code ", 23);
	memcpy(text + 1016, " 482913776512 ", 14);
	assert_false(one_time_code_is("", text));
	memcpy(text + 1012, "\n4829\n", 6);
	assert_true(one_time_code_is("Verification code", text));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_the_tuned_table_are_told_apart),
		cmocka_unit_test(so_are_those_that_were_held_out),
		cmocka_unit_test(case_accents_and_markup_do_not_matter),
		cmocka_unit_test(either_field_may_be_empty),
		cmocka_unit_test(a_code_is_4_to_8_digits),
		cmocka_unit_test(random_bytes_are_safe),
		cmocka_unit_test(every_prefix_of_a_text_is_safe),
		cmocka_unit_test(long_texts_are_safe),
	};

	if (argc > 1)
		directory = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
