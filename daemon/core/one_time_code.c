#include "daemon/core/one_time_code.h"
#include "config/base.h"
#include "daemon/core/code_forms.h"
#include "daemon/core/code_words.h"
#include "daemon/core/plain.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FIELD_BYTES 1024 /* of the summary, and of the body */
#define MAX_WORDS 192
#define MAX_NOUNS 48
#define MAX_CODES 24
#define MIN_CODE 4
#define MAX_CODE 8

/* Between the two fields: no part of a word, no blank. */
#define FIELD_END '\x1e'

/* How sure a noun is that a code near it is a one-time code. */
enum noun_strength {
	NOUN_DEAD,   /* it is another one's: "discount code" */
	NOUN_WEAK,   /* "code" */
	NOUN_FAIR,   /* "security code" */
	NOUN_STRONG, /* "verification code" */
};

struct noun {
	uint16_t start, end;
	enum noun_strength strength;
	bool is_yours;   /* "your Uber code" */
	bool is_entered; /* "enter the code" */
	bool is_guarded; /* "never share your code": it isn't there for a number further away */
};

struct message {
	char text[2 * FIELD_BYTES + 2]; /* summary, FIELD_END, body */
	size_t length;
	size_t body; /* where it begins */
	bool is_summary_cut, is_body_cut;
	struct code codes[MAX_CODES];
	size_t n_codes;
	struct code_word words[MAX_WORDS];
	size_t n_words;
	struct noun nouns[MAX_NOUNS];
	size_t n_nouns;
	bool is_spoiled, has_support;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_ascii_alnum(char c)
{
	return is_digit(c) || is_lower((char)(c | 0x20));
}

static char byte_before(const struct message *m, size_t at)
{
	return at > 0 ? m->text[at - 1] : FIELD_END;
}

/* The text ends with a NUL. */
static char byte_at(const struct message *m, size_t at)
{
	return m->text[MIN(at, m->length)];
}

static bool is_field_end(char c)
{
	return c == FIELD_END || c == '\0';
}

/* --- nouns --- */

/* Does a sentence end between the two, or a field? */
static bool is_joined(const struct message *m, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		char c = m->text[i];

		if (c == FIELD_END || c == '\n' || c == '!' || c == '?' || c == ';')
			return false;
		if (c == '.' && (i + 1 >= to || !is_ascii_alnum(byte_at(m, i + 1))))
			return false;
	}
	return true;
}

static bool are_near(const struct message *m, size_t from, size_t to, size_t max)
{
	return from > to || (to - from <= max && is_joined(m, from, to));
}

static bool is_noun(const struct code_word *w)
{
	return w->kind == CODE_WORD_NOUN || w->kind == CODE_WORD_CODE;
}

/* How far from a noun are what it is a noun of, and whose it is? In bytes: " de ", " for ", " для ". */
#define NEAR 12
#define OWNER_NEAR 40
/* As many words before it and after it are looked at. */
#define WINDOW 6

/* What the word @w, in the same sentence and @gap bytes away, says about the noun. */
static void learn(struct noun *noun, bool is_named_code, const struct code_word *w, bool is_before,
		  size_t gap)
{
	if (w->kind == CODE_WORD_YOUR && gap <= OWNER_NEAR)
		noun->is_yours = true;
	if (w->kind == CODE_WORD_ENTER && is_before && gap <= NEAR)
		noun->is_entered = true;
	if (w->kind == CODE_WORD_WARN && is_before && gap <= OWNER_NEAR)
		noun->is_guarded = true;
	if (w->kind == CODE_WORD_SPENT && !is_before && gap <= NEAR)
		noun->strength = NOUN_DEAD;
	if (is_named_code || gap > NEAR || noun->strength == NOUN_DEAD)
		return;
	if (w->kind == CODE_WORD_SPOIL ||
	    (w->kind == CODE_WORD_OTHER && gap <= (is_before ? 2U : 4U)))
		noun->strength = NOUN_DEAD;
	else if (w->kind == CODE_WORD_SIGN)
		noun->strength = NOUN_STRONG;
	else if (w->kind == CODE_WORD_CARE)
		noun->strength = MAX(noun->strength, NOUN_FAIR);
}

static void read_noun(const struct message *m, size_t at, struct noun *ret)
{
	const struct code_word *word = &m->words[at];
	bool is_named_code = word->kind == CODE_WORD_CODE;
	size_t i;

	*ret = (struct noun){
		.start = word->start,
		.end = word->end,
		.strength = is_named_code ? NOUN_STRONG : NOUN_WEAK,
	};
	for (i = at - MIN(at, WINDOW); i < m->n_words && i <= at + WINDOW; i++) {
		const struct code_word *w = &m->words[i];
		size_t from = i < at ? w->end : word->end, to = i < at ? word->start : w->start;

		if (i != at && are_near(m, from, to, OWNER_NEAR))
			learn(ret, is_named_code, w, i < at, to - MIN(from, to));
	}
}

static void read_words(struct message *m)
{
	m->n_words = code_words_find(m->text, m->length, m->words, MAX_WORDS);
	m->n_nouns = 0;
	m->is_spoiled = m->has_support = false;
	for (size_t i = 0; i < m->n_words; i++) {
		enum code_word_kind kind = m->words[i].kind;

		m->is_spoiled |= kind == CODE_WORD_SPOIL;
		m->has_support |=
			kind == CODE_WORD_SIGN || kind == CODE_WORD_CARE || kind == CODE_WORD_WARN;
		if (is_noun(&m->words[i]) && m->n_nouns < MAX_NOUNS)
			read_noun(m, i, &m->nouns[m->n_nouns++]);
	}
}

/* --- do they belong together? --- */

/* Is there nothing else in its line? */
static bool is_alone(const struct message *m, const struct code *c)
{
	size_t start = c->start, end = c->end;

	while (start > 0 && strchr(" \"'*[(<", m->text[start - 1]))
		start--;
	while (!is_field_end(byte_at(m, end)) && strchr(" \"'*])>.,!", m->text[end]))
		end++;
	return (byte_before(m, start) == FIELD_END || byte_before(m, start) == '\n') &&
	       (is_field_end(byte_at(m, end)) || m->text[end] == '\n');
}

static bool is_line_end(const struct message *m, size_t at)
{
	char c = byte_at(m, at + (byte_at(m, at) == '.'));

	return is_field_end(c) || c == '\n';
}

static size_t line_start(const struct message *m, const struct code *c)
{
	size_t i = c->start;

	while (i > 0 && m->text[i - 1] != '\n' && m->text[i - 1] != FIELD_END)
		i--;
	return i;
}

static bool is_whole_field(const struct message *m, const struct code *c)
{
	size_t start = c->start < m->body ? 0 : m->body;
	size_t end = c->start < m->body ? m->body - 1 : m->length;

	return is_alone(m, c) && c->start - start <= 3 && end - c->end <= 3;
}

static bool has_digit(const struct message *m, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (is_digit(m->text[i]))
			return true;
	return false;
}

/* "4829 reasons", but not "482913 is", nor what is known as another word. */
static bool is_plural(const struct message *m, size_t start)
{
	size_t i = start;

	for (size_t k = 0; k < m->n_words; k++)
		if (m->words[k].start == start)
			return false;
	while (is_lower(byte_at(m, i)))
		i++;
	return i - start >= 4 && m->text[i - 1] == 's' && !strchr("aisu", m->text[i - 2]) &&
	       (unsigned char)byte_at(m, i) < 0x80;
}

/* Is it a quantity, or of no use any more, by the word @w after it? */
static bool is_ruled_out_after(const struct message *m, const struct code *c,
			       const struct code_word *w)
{
	if (w->start < c->end)
		return false;
	if (w->kind == CODE_WORD_UNIT || w->kind == CODE_WORD_MONEY)
		return w->start <= c->end + 1U && byte_at(m, c->end) != '\n';
	return w->kind == CODE_WORD_SPENT && are_near(m, c->end, w->start, 40);
}

/* Is it an order's number, an amount and the like, by the last word @w before it? */
static bool is_ruled_out_before(const struct message *m, const struct code *c,
				const struct code_word *w)
{
	/* "34.90 EUR: 482913" */
	if (w->kind == CODE_WORD_MONEY)
		return are_near(m, w->end, c->start, 2) &&
		       !has_digit(m, w->start - MIN(w->start, 2U), w->start);
	return w->kind == CODE_WORD_OTHER && are_near(m, w->end, c->start, 16) &&
	       !has_digit(m, w->end, c->start);
}

static bool has_another_name(const struct message *m, const struct code *c)
{
	const struct code_word *before = NULL;

	for (size_t i = 0; i < m->n_words; i++) {
		const struct code_word *w = &m->words[i];

		if (w->end <= c->start && w->kind != CODE_WORD_YOUR && w->kind != CODE_WORD_USE &&
		    w->kind != CODE_WORD_ENTER && w->kind != CODE_WORD_UNIT)
			before = w;
		if (is_ruled_out_after(m, c, w))
			return true;
	}
	if (c->form == CODE_DIGITS && byte_at(m, c->end) == ' ' && is_plural(m, c->end + 1U))
		return true;
	return before && is_ruled_out_before(m, c, before);
}

/* What a weak noun needs besides. */
static bool is_supported(const struct message *m, const struct code *c, const struct noun *noun,
			 bool is_after, size_t gap)
{
	if (m->has_support || noun->is_yours)
		return true;
	if (!is_after || gap > 4 || c->form != CODE_DIGITS || c->end - c->start == MIN_CODE)
		return false;
	if (noun->is_entered)
		return true;
	/* "Snapchat code: 482913", "Telegram code 48291" */
	return memchr(m->text + noun->end, ':', gap) ||
	       (is_line_end(m, c->end) && noun->start <= line_start(m, c) + 24);
}

/* How far a code may be from a noun, in bytes. */
static size_t reach(enum noun_strength strength, bool is_after)
{
	switch (strength) {
	case NOUN_DEAD: return 0;
	case NOUN_WEAK: return 40;
	case NOUN_FAIR: return is_after ? 90 : 50;
	case NOUN_STRONG: return is_after ? 140 : 60;
	}
	return 0;
}

static bool has_your(const struct message *m, size_t from, size_t to)
{
	for (size_t i = 0; i < m->n_words; i++)
		if (m->words[i].kind == CODE_WORD_YOUR && m->words[i].start >= from &&
		    m->words[i].end <= to)
			return true;
	return false;
}

static bool fits_form(const struct message *m, const struct code *c, const struct noun *noun,
		      bool is_after, size_t gap)
{
	bool is_sure = noun->strength > NOUN_WEAK;
	bool is_close = is_after && gap <= 16 && is_joined(m, noun->end, c->start);
	bool is_yours_after = !is_after && has_your(m, c->end, noun->end);

	switch (c->form) {
	case CODE_DIGITS:
	case CODE_PREFIXED: return true;
	case CODE_DATE:
		return is_sure && (gap <= 2 || (gap <= 12 && noun->is_yours) || is_alone(m, c) ||
				   is_yours_after);
	case CODE_LABELLED: return is_sure && (is_close || is_yours_after);
	case CODE_MIXED: return is_close || is_yours_after || (is_sure && is_alone(m, c));
	case CODE_LOWER:
	case CODE_LETTERS: return is_sure && is_after && ((is_close && gap <= 8) || is_alone(m, c));
	}
	return false;
}

/* "Never share this code with anyone: 482913" */
static bool is_announced(const struct message *m, size_t from, size_t start)
{
	return start >= from + 2 && m->text[start - 2] == ':' && is_joined(m, from, start);
}

static bool in_one_field(const struct message *m, const struct code *c, const struct noun *noun)
{
	bool is_after = c->start >= noun->end, is_sure = noun->strength > NOUN_WEAK;
	size_t from = is_after ? noun->end : c->end, to = is_after ? c->start : noun->start;
	size_t gap = to - from;

	if (gap > reach(noun->strength, is_after) ||
	    (gap > 4 && noun->is_guarded && !is_announced(m, from, c->start)))
		return false;
	if ((!is_sure || !is_after) && !is_joined(m, from, to) && !is_alone(m, c))
		return false;
	if (!is_sure && !is_supported(m, c, noun, is_after, gap))
		return false;
	return fits_form(m, c, noun, is_after, gap);
}

static bool in_two_fields(const struct message *m, const struct code *c, const struct noun *noun)
{
	bool is_sure = noun->strength > NOUN_WEAK;

	/* A text message from a short number has that for a summary. */
	if (c->start < m->body)
		return is_sure && !noun->is_guarded && noun->start <= m->body + 40 &&
		       m->length <= m->body + 100 && c->form != CODE_DATE;
	if (!is_sure)
		return is_whole_field(m, c) && c->form <= CODE_MIXED;
	if (is_alone(m, c))
		return true;
	return (c->form == CODE_DIGITS || c->form == CODE_PREFIXED) && !noun->is_guarded &&
	       c->start <= m->body + 160;
}

static bool has_noun(const struct message *m, const struct code *c)
{
	for (size_t i = 0; i < m->n_nouns; i++) {
		const struct noun *noun = &m->nouns[i];

		if (noun->strength == NOUN_DEAD || (noun->start < c->end && noun->end > c->start))
			continue;
		if (noun->strength < NOUN_STRONG && m->is_spoiled)
			continue;
		if ((noun->start < m->body) == (c->start < m->body) ? in_one_field(m, c, noun)
								    : in_two_fields(m, c, noun))
			return true;
	}
	return false;
}

/* "Use 482913 to sign in" */
static bool is_to_be_used(const struct message *m, const struct code *c)
{
	bool is_used = false;

	if (c->form != CODE_DIGITS || m->is_spoiled)
		return false;
	for (size_t i = 0; i < m->n_words; i++) {
		const struct code_word *w = &m->words[i];

		if ((w->kind == CODE_WORD_USE || w->kind == CODE_WORD_ENTER) &&
		    w->end <= c->start && are_near(m, w->end, c->start, 3))
			is_used = true;
		if ((w->kind == CODE_WORD_SIGN || w->kind == CODE_WORD_CARE) && is_used &&
		    w->start >= c->end && are_near(m, c->end, w->start, 40))
			return true;
	}
	return false;
}

/* "@example.com #482913": browsers and phones look for this line (WICG, "Origin-bound one-time codes"). */
static bool has_origin(const char *text)
{
	const char *s = text;

	while ((s = strchr(s, '@'))) {
		size_t domain = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789.-");
		bool begins_line = s == text || s[-1] == '\n' || s[-1] == FIELD_END;
		const char *code = s + 1 + domain;
		size_t n;
		unsigned char after;

		s++;
		if (!begins_line || !memchr(s, '.', domain) || code[0] != ' ' || code[1] != '#')
			continue;
		n = strspn(code + 2, "0123456789");
		after = (unsigned char)code[2 + n];
		if (n >= MIN_CODE && n <= MAX_CODE && after <= ' ')
			return true;
	}
	return false;
}

/* What was cut may have gone on. */
static void drop_cut(struct message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_codes; i++) {
		const struct code *c = &m->codes[i];

		if ((c->end == m->length && m->is_body_cut) ||
		    (c->end + 1U == m->body && m->is_summary_cut))
			continue;
		m->codes[n++] = *c;
	}
	m->n_codes = n;
}

bool one_time_code_is(const char *summary, const char *body)
{
	struct message m;

	if (!code_forms_maybe(summary, FIELD_BYTES) && !code_forms_maybe(body, FIELD_BYTES))
		return false;
	m.length = plain_text(summary, FIELD_BYTES, m.text, &m.is_summary_cut);
	m.text[m.length++] = FIELD_END;
	m.body = m.length;
	m.length += plain_text(body, FIELD_BYTES, m.text + m.body, &m.is_body_cut);
	if (has_origin(m.text))
		return true;
	m.n_codes = code_forms_find(m.text, m.length, m.codes, MAX_CODES);
	drop_cut(&m);
	if (m.n_codes == 0)
		return false;
	read_words(&m);
	for (size_t i = 0; i < m.n_codes; i++)
		if (!has_another_name(&m, &m.codes[i]) &&
		    (has_noun(&m, &m.codes[i]) || is_to_be_used(&m, &m.codes[i])))
			return true;
	return false;
}
