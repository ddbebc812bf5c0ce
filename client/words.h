/*
 * words: durations, times and ids on the command line.
 *
 * What isn't one has been told to the user, in one line with a suggestion, when a function returns it.
 */
#pragma once
#include "client/verb.h"
#include "config/base.h"
#include <jansson.h>
#include <stdint.h>

/**
 * words_join() - words as one text, as if they had been quoted
 *
 * Return: a new text, which the caller frees; NULL when out of memory.
 */
char *words_join(const struct args_list *words, size_t from);

/** words_duration() - Return: OUTCOME_DONE, or OUTCOME_USAGE */
LULL_MUSTCHECK enum outcome words_duration(const char *text, int64_t *ret_us);

/** words_time() - an instant to come; Return: OUTCOME_DONE, or OUTCOME_USAGE */
LULL_MUSTCHECK enum outcome words_time(const char *text, int64_t *ret_us);

/** words_since() - an instant that is over; Return: OUTCOME_DONE, or OUTCOME_USAGE */
LULL_MUSTCHECK enum outcome words_since(const char *text, int64_t *ret_us);

/**
 * words_ids() - the first @n_words words as ids
 *
 * Return: OUTCOME_DONE with a new array in @ret; OUTCOME_USAGE.
 */
LULL_MUSTCHECK enum outcome words_ids(const struct args_list *words, size_t n_words, json_t **ret);

/**
 * words_ids_and_end() - ids, then a duration or a time, which may be several words
 *
 * Return: OUTCOME_DONE with a new array in @ret_ids and an instant to come; OUTCOME_USAGE.
 */
LULL_MUSTCHECK enum outcome words_ids_and_end(const struct args_list *words, json_t **ret_ids,
					      int64_t *ret_us);
