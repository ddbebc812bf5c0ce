#include "client/words.h"

#include "client/call.h"
#include "client/print.h"
#include "client/suggest.h"
#include "client/when.h"
#include "config/duration.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

char *words_join(const struct args_list *words, size_t from)
{
	size_t bytes = 1;
	char *text, *at;

	for (size_t i = from; i < words->n_items; i++)
		bytes += strlen(words->items[i]) + 1;
	text = at = malloc(bytes);
	if (!text)
		return NULL;
	*at = '\0';
	for (size_t i = from; i < words->n_items; i++) {
		if (i > from)
			*at++ = ' ';
		at = stpcpy(at, words->items[i]);
	}
	return text;
}

enum outcome words_duration(const char *text, int64_t *ret_us)
{
	char meant[SUGGEST_TEXT_MAX];
	int64_t us;
	int r = duration_parse(text, ret_us);

	if (r == 0)
		return OUTCOME_DONE;
	if (r == -ERANGE)
		print_failure(
			"'%s' is zero or longer than 366 days; write a duration like 25m, 1h30m or 90",
			text);
	else if (suggest_duration(text, meant))
		print_failure(
			"'%s' isn't a duration; did you mean %s? (also 1h30m, or 90 for minutes)",
			text, meant);
	else if (when_parse(text, when_now(), &us) == 0)
		print_failure("'%s' isn't a duration; did you mean 'until %s'?", text, text);
	else
		print_failure("'%s' isn't a duration; write it like 25m, 1h30m or 90 (minutes)",
			      text);
	return OUTCOME_USAGE;
}

enum outcome words_time(const char *text, int64_t *ret_us)
{
	char meant[SUGGEST_TEXT_MAX];
	int64_t us;
	int r = when_parse(text, when_now(), ret_us);

	if (r == 0)
		return OUTCOME_DONE;
	if (r == -ERANGE)
		print_failure("'%s' is over; give a time to come, like 'tomorrow 9:00'", text);
	else if (duration_parse(text, &us) == 0)
		print_failure("'%s' is a duration, not a time; leave out 'until'", text);
	else if (suggest_time(text, meant))
		print_failure("'%s' isn't a time; did you mean '%s'?", text, meant);
	else
		print_failure("'%s' isn't a time; write it like 11:30, 'tomorrow 9:00' or monday",
			      text);
	return OUTCOME_USAGE;
}

enum outcome words_since(const char *text, int64_t *ret_us)
{
	char meant[SUGGEST_TEXT_MAX];
	int r = when_parse_past(text, when_now(), ret_us);

	if (r == 0)
		return OUTCOME_DONE;
	if (r == -ERANGE)
		print_failure("'%s' is still to come, or too long ago; give a time that is over",
			      text);
	else if (suggest_duration(text, meant) || suggest_time(text, meant))
		print_failure("'%s' isn't a time; did you mean '%s'?", text, meant);
	else
		print_failure(
			"'%s' isn't a time; write it like 2h (ago), 9:00, yesterday, monday or "
			"2025-06-22",
			text);
	return OUTCOME_USAGE;
}

/* Decimal, 1 to 2147483647, nothing else; 0 when it isn't one. */
static json_int_t read_id(const char *text)
{
	json_int_t id = 0;

	for (const char *s = text; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return 0;
		id = id * 10 + (*s - '0');
		if (id > INT32_MAX)
			return 0;
	}
	return id;
}

enum outcome words_ids(const struct args_list *words, size_t n_words, json_t **ret)
{
	autofree(json) json_t *ids = json_array();

	for (size_t i = 0; i < n_words; i++) {
		json_int_t id = read_id(words->items[i]);

		if (id == 0) {
			print_failure("'%s' isn't an id; 'lull list' and 'lull history' show them",
				      words->items[i]);
			return OUTCOME_USAGE;
		}
		if (json_array_append_new(ids, json_integer(id)) < 0)
			return call_no_memory();
	}
	*ret = take(ids);
	return OUTCOME_DONE;
}

/* "20m" or "tomorrow 9:00"; an instant after @now_us. Return: 0, -EINVAL, -ERANGE. */
static int parse_end(const char *text, int64_t now_us, int64_t *ret_us)
{
	int64_t us = 0;
	int r = duration_parse(text, &us);

	if (r == -EINVAL)
		return when_parse(text, now_us, ret_us);
	if (r == 0)
		*ret_us = now_us + us;
	return r;
}

/* Words that lull's own ids can't be mistaken for: they begin at 0x40000000. */
static bool may_be_amount(const char *word)
{
	return read_id(word) < 100000;
}

/* No end of the words is a duration or a time. */
static enum outcome refuse_end(const struct args_list *words)
{
	char meant[SUGGEST_TEXT_MAX];
	autofree(str) char *text = NULL;
	int64_t us;
	size_t from = 1;

	while (from < words->n_items && !may_be_amount(words->items[from]))
		from++;
	text = words_join(words, from);
	if (!text)
		return call_no_memory();
	if (!*text)
		print_failure(
			"when it shall come back is missing; end with a duration like 20m or a "
			"time like 17:00");
	else if (parse_end(text, when_now(), &us) == -ERANGE)
		print_failure("'%s' is over, or too far away; give a time within 366 days", text);
	else if (suggest_duration(text, meant) || suggest_time(text, meant))
		print_failure("'%s' is neither a duration nor a time; did you mean '%s'?", text,
			      meant);
	else
		print_failure("'%s' is neither a duration nor a time; write it like 20m, 17:00, "
			      "tomorrow or 'monday 9:00'",
			      text);
	return OUTCOME_USAGE;
}

enum outcome words_ids_and_end(const struct args_list *words, json_t **ret_ids, int64_t *ret_us)
{
	int64_t now = when_now();
	size_t n_ids = 0;
	int r = -EINVAL;

	/* As few ids as leave an end that is understood: in "7 20 min" 20 is none. */
	while (r < 0 && n_ids + 1 < words->n_items && read_id(words->items[n_ids]) > 0) {
		autofree(str) char *text = words_join(words, ++n_ids);

		if (!text)
			return call_no_memory();
		r = parse_end(text, now, ret_us);
	}
	/* words_ids() says what is wrong with the first word. */
	if (r < 0 && n_ids > 0)
		return refuse_end(words);
	return words_ids(words, MAX(n_ids, (size_t)1), ret_ids);
}
