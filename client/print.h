/*
 * print: text on its way to a terminal, a pipe or a log.
 *
 * Nothing that came from outside is written without print_escape(): a notification can't move the cursor,
 * reorder a line or forge one.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct print_table;

struct print_column {
	const char *title;
	size_t max_width; /* longer cells are cut; 0: no limit */
	bool is_elastic;  /* takes what a terminal has left; without a terminal at most max_width */
	bool is_number;   /* aligned to the right */
};

/**
 * print_escape() - make text harmless and keep it on one line
 * @text: any bytes, @len of them
 *
 * C0, DEL, C1, bidi controls, line separators and bytes that aren't UTF-8 become \n, \t, \r, \xNN or \uNNNN.
 *
 * Return: valid UTF-8, which the caller frees; NULL when out of memory.
 */
char *print_escape(const char *text, size_t len);

/**
 * print_count() - how many characters a text has
 *
 * Return: 0, or -EILSEQ when @text isn't UTF-8.
 */
LULL_MUSTCHECK int print_count(const char *text, size_t *ret_chars);

/** print_width() - how many columns of a terminal an escaped text takes */
size_t print_width(const char *text);

/** print_failure() - one line on stderr, escaped, after "lull: " */
void print_failure(const char *fmt, ...) LULL_PRINTF(1, 2);

/** print_has_colour() - is @out a terminal whose user wants colour? (NO_COLOR, TERM=dumb) */
bool print_has_colour(FILE *out);

/** print_text() - write @text escaped */
void print_text(FILE *out, const char *text);

/** print_json_text() - as JSON; what isn't UTF-8, as in a damaged file, is escaped. Return: NULL: no memory. */
json_t *print_json_text(const char *text);

/**
 * print_json() - one value on one line, without a newline at its end
 *
 * What print_escape() escapes is \uNNNN here, so the line is harmless and still means the same.
 *
 * Return: 0, or -ENOMEM with nothing written.
 */
LULL_MUSTCHECK int print_json(FILE *out, const json_t *value);

/**
 * print_table_new() - an empty table
 * @columns: borrowed for the life of the table
 *
 * Return: a new value, or NULL when out of memory.
 */
struct print_table *print_table_new(const struct print_column *columns, size_t n_columns);

/** print_table_free() - free; NULL is fine. Return: NULL. */
struct print_table *print_table_free(struct print_table *t);
DEFINE_AUTOFREE(print_table)

/**
 * print_table_add() - add a row
 * @cells: one per column, unescaped, copied
 *
 * Return: 0, or -ENOMEM.
 */
LULL_MUSTCHECK int print_table_add(struct print_table *t, const char *const *cells);

/** print_table_write() - titles and rows, aligned */
void print_table_write(const struct print_table *t, FILE *out);
