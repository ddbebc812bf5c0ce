#include "daemon/core/code_forms.h"
#include "config/base.h"

#include <string.h>

#define MIN_CODE 4
#define MAX_CODE 8

/* Bytes of ASCII. */
enum { IS_DIGIT = 1, IS_UPPER = 2, IS_LOWER = 4 };

static const uint8_t classes[256] = {
	['0' ... '9'] = IS_DIGIT,
	['A' ... 'Z'] = IS_UPPER,
	['a' ... 'z'] = IS_LOWER,
};

static unsigned class_of(char c)
{
	return classes[(unsigned char)c];
}

static bool is_digit(char c)
{
	return class_of(c) == IS_DIGIT;
}

static bool is_alnum(char c)
{
	return class_of(c) != 0;
}

/* --- a first look at the bytes as they came --- */

/* Is a digit of another script at @s? */
static bool is_foreign_digit(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;

	return (b[0] == 0xef && b[1] == 0xbc && b[2] >= 0x90 && b[2] <= 0x99) ||
	       (b[0] == 0xd9 && b[1] >= 0xa0 && b[1] <= 0xa9) ||
	       (b[0] == 0xdb && b[1] >= 0xb0 && b[1] <= 0xb9) ||
	       (b[0] == 0xe0 && (b[1] == 0xa5 || b[1] == 0xa7 || b[1] == 0xb9));
}

/* May the run from @start to @end, with bytes of the classes @seen, be a code, or the first part of one? */
static bool may_be_code(const char *start, const char *end, unsigned seen)
{
	size_t digits = 0, letters = 0;

	for (const char *s = start; s < end; s++) {
		digits += is_digit(*s);
		letters += class_of(*s) > IS_DIGIT;
	}
	if (digits == 0)
		return letters > MIN_CODE && !(seen & IS_LOWER);
	if (digits + letters > MIN_CODE || (digits + letters == MIN_CODE && !(seen & IS_LOWER)))
		return true;
	/* "12 34 56" and the like, also with a blank that isn't ASCII's, an entity or a tag. */
	return letters == 0 && ((*end == ' ' && is_digit(end[1])) || *end == '&' || *end == '<' ||
				(unsigned char)*end >= 0x80);
}

bool code_forms_maybe(const char *s, size_t max)
{
	const char *end = s + strnlen(s, max);

	while (s < end) {
		const char *start = s;
		unsigned seen = 0;

		for (; s < end && (is_alnum(*s) || *s == '-'); s++)
			seen |= class_of(*s);
		if (s == start) {
			if ((unsigned char)*s >= 0x80 && is_foreign_digit(s))
				return true;
			s++;
		} else if ((seen & IS_DIGIT || seen == IS_UPPER) && may_be_code(start, s, seen)) {
			return true;
		}
	}
	return false;
}

/* --- codes --- */

struct scan {
	const char *text;
	size_t length;
	struct code *codes;
	size_t n_codes, max;
};

/* What isn't in the text is a NUL. */
static char byte_before(const struct scan *m, size_t at)
{
	return at > 0 ? m->text[at - 1] : '\0';
}

static char byte_at(const struct scan *m, size_t at)
{
	return at < m->length ? m->text[at] : '\0';
}

static bool is_one_of(char c, const char *marks)
{
	return c != '\0' && strchr(marks, c);
}

/* "20190412", "1999": unlikely as a code, unless it is called one. */
static bool is_date(const char *s, size_t length)
{
	bool is_year =
		length >= 4 && ((s[0] == '1' && s[1] == '9') || (s[0] == '2' && s[1] == '0'));

	if (length == 8)
		return is_year && s[4] <= '1' && s[6] <= '3';
	return is_year && length == 4;
}

static void add_code(struct scan *m, enum code_form form, size_t start, size_t end)
{
	if (m->n_codes < m->max)
		m->codes[m->n_codes++] = (struct code){form, (uint16_t)start, (uint16_t)end};
}

/* Is what is before it one of these, or are these and one blank? */
static bool follows(const struct scan *m, size_t start, const char *marks)
{
	char c = byte_before(m, start);

	if (c == ' ' && start > 1)
		c = m->text[start - 2];
	return is_one_of(c, marks);
}

static bool precedes(const struct scan *m, size_t end, const char *marks)
{
	char c = byte_at(m, end);

	if (c == ' ')
		c = byte_at(m, end + 1);
	return is_one_of(c, marks);
}

/* "#482913", "$4829", "48%", "a/4829", "**4829", "+4829" */
static bool is_of_another_kind(const struct scan *m, size_t start, size_t end)
{
	char before = byte_before(m, start), after = byte_at(m, end);

	if (follows(m, start, "$%+~") || precedes(m, end, "$%"))
		return true;
	if (is_one_of(before, "#!/\\=_@^&.,-"))
		return true;
	/* "> 4829", but not "<#> 482913" */
	if (start > 2 && before == ' ' && is_one_of(m->text[start - 2], "<>") &&
	    m->text[start - 3] == ' ')
		return true;
	/* One star makes it bold; what was masked has more, or no star after it. */
	if (before == '*' && (after != '*' || byte_before(m, start - 1) == '*'))
		return true;
	if (is_one_of(after, "#/\\=_@^&+"))
		return true;
	return after == '-' && is_alnum(byte_at(m, end + 1));
}

/* One run of letters and digits, in which hyphens join. */
struct run {
	size_t start, end;
	size_t digits, uppers, lowers, hyphens;
	size_t part[4]; /* lengths of what is between the first hyphens */
};

static void read_run(const struct scan *m, size_t start, struct run *ret)
{
	size_t i = start;

	*ret = (struct run){.start = start};
	for (;; i++) {
		char c = byte_at(m, i);

		if (c == '-' && i > start && is_alnum(byte_at(m, i + 1))) {
			ret->hyphens++;
			continue;
		}
		if (!is_alnum(c))
			break;
		ret->digits += is_digit(c);
		ret->uppers += class_of(c) == IS_UPPER;
		ret->lowers += class_of(c) == IS_LOWER;
		if (ret->hyphens < ARRAY_SIZE(ret->part))
			ret->part[ret->hyphens]++;
	}
	ret->end = i;
}

/* Are its parts of one length, which is 2 or more? */
static bool has_equal_parts(const struct run *r)
{
	if (r->hyphens == 0 || r->hyphens >= ARRAY_SIZE(r->part) || r->part[0] < 2)
		return false;
	for (size_t i = 1; i <= r->hyphens; i++)
		if (r->part[i] != r->part[0])
			return false;
	return true;
}

/* Four or five consonants and digits have no word among them. */
static bool has_vowel(const struct scan *m, const struct run *r)
{
	for (size_t i = r->start; i < r->end; i++)
		if (strchr("AEIOU", m->text[i]))
			return true;
	return false;
}

static bool form_of_run(const struct scan *m, const struct run *r, enum code_form *ret)
{
	const char *s = m->text + r->start;
	size_t n = r->digits + r->uppers + r->lowers, letters = r->uppers + r->lowers;
	bool is_prefixed = r->hyphens == 1 && letters == r->part[0] && r->lowers == 0;

	if (letters == 0) {
		if (r->hyphens > 0 && !has_equal_parts(r))
			return false;
		*ret = r->hyphens == 0 && is_date(s, n) ? CODE_DATE : CODE_DIGITS;
		return n >= MIN_CODE && n <= MAX_CODE;
	}
	if (is_prefixed && r->digits >= MIN_CODE && r->digits <= MAX_CODE) {
		*ret = letters == 1 || (letters == 2 && memcmp(s, "FB", 2) == 0) ? CODE_PREFIXED
										 : CODE_LABELLED;
		return letters <= 4 && is_digit(s[r->end - r->start - 1]);
	}
	if (n < MIN_CODE || n > (r->hyphens == 1 ? 10 : MAX_CODE) ||
	    (r->hyphens > 0 && !has_equal_parts(r)))
		return false;
	if (r->digits == 0) {
		*ret = CODE_LETTERS;
		return r->lowers == 0 && n >= 5 && (r->hyphens > 0 || !has_vowel(m, r));
	}
	*ret = r->lowers > 0 ? CODE_LOWER : CODE_MIXED;
	return n > MIN_CODE || r->lowers == 0;
}

/* "1.234", "12:30", "1/2", "example.com": what goes on isn't by itself. */
static size_t end_of_chain(const struct scan *m, size_t end)
{
	char c = byte_at(m, end), next = byte_at(m, end + 1);
	bool is_after_digit = is_digit(byte_before(m, end));

	if (!is_one_of(c, ".,:/@_=") || !is_alnum(next))
		return 0;
	if (c == ':' || c == ',')
		return is_after_digit && is_digit(next) ? end + 1 : 0;
	if (c == '.')
		return is_digit(next) || class_of(next) == IS_LOWER ? end + 1 : 0;
	return end + 1;
}

/* Groups of digits with one blank between them. */
struct groups {
	struct run runs[8];
	size_t n;
	size_t digits;
	bool are_equal;
};

static void read_groups(const struct scan *m, const struct run *first, struct groups *ret)
{
	struct run next = *first;

	*ret = (struct groups){.are_equal = true};
	while (ret->n < ARRAY_SIZE(ret->runs) && next.digits > 0 &&
	       next.uppers + next.lowers + next.hyphens == 0 && end_of_chain(m, next.end) == 0) {
		ret->runs[ret->n++] = next;
		ret->digits += next.digits;
		ret->are_equal &= next.digits == first->digits;
		if (byte_at(m, next.end) != ' ' || !is_digit(byte_at(m, next.end + 1)))
			break;
		read_run(m, next.end + 1, &next);
	}
}

/* Return: where to go on, when the groups belong together; else 0. */
static size_t add_groups(struct scan *m, const struct groups *g)
{
	size_t start = g->runs[0].start, end, each = g->runs[0].digits;
	char before = byte_before(m, start);

	if (g->n < 2)
		return 0;
	end = g->runs[g->n - 1].end;
	if (g->digits > MAX_CODE) {
		/* A phone, a card, an account. */
		if (g->n >= 3 || m->text[start] == '0' || before == '+' || before == '(')
			return end;
		return 0;
	}
	if (!g->are_equal || g->digits < MIN_CODE || each > 4 || (each == 2 && g->n == 2))
		return 0;
	if (!is_of_another_kind(m, start, end))
		add_code(m, CODE_DIGITS, start, end);
	return end;
}

/* Return: where to go on. */
static size_t find_code_at(struct scan *m, size_t at)
{
	struct run r;
	struct groups g;
	enum code_form form;
	size_t chain, end;
	char before = byte_before(m, at);

	read_run(m, at, &r);
	chain = end_of_chain(m, r.end);
	if (chain > 0) {
		while (chain > 0) {
			read_run(m, chain, &r);
			chain = end_of_chain(m, r.end);
		}
		return r.end;
	}
	read_groups(m, &r, &g);
	end = add_groups(m, &g);
	if (end > 0)
		return end;
	/* A letter that isn't ASCII, but no Han, kana or Hangul: it is a part of a word. */
	if ((unsigned char)before >= 0x80 && r.uppers + r.lowers > 0)
		return r.end;
	if (form_of_run(m, &r, &form) && !is_of_another_kind(m, r.start, r.end))
		add_code(m, form, r.start, r.end);
	return r.end;
}

size_t code_forms_find(const char *text, size_t length, struct code *ret, size_t max)
{
	struct scan m = {.text = text, .length = length, .codes = ret, .max = max};
	size_t i = 0;

	while (i < length && m.n_codes < max)
		if (is_alnum(text[i]))
			i = find_code_at(&m, i);
		else
			i++;
	return m.n_codes;
}
