/*
 * settings: what the user can set, in one table.
 *
 * A row is section, key, type, range, default as the user would type it, and help (settings_table.c). Parsing,
 * messages, lull.conf and the manual come from it. Pure: the file is read by load.c.
 */
#pragma once
#include "config/base.h"
#include "config/rule.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Longest SETTING_TEXT, in bytes. */
#define SETTING_TEXT_MAX 4096

enum durability {
	DURABILITY_FULL,   /* survives a power cut: fsync before the answer */
	DURABILITY_NORMAL, /* survives a crash of lulld; a power cut may cost the last seconds */
};

/** What a click on the body of a digest does. */
enum digest_open {
	DIGEST_OPEN_SHOW_ALL, /* as its button of that name */
	DIGEST_OPEN_NOTHING,
};

/** Most rounds of a pomodoro. */
#define POMODORO_ROUNDS_MAX 99

/** How long the phases of a pomodoro are that are still to come. */
struct pomodoro_plan {
	int64_t work_us;
	int64_t break_us;
	int64_t long_us; /* the break after every @every-th round */
	int64_t every;
};

/** Room for the rows of the table. */
#define SETTINGS_MAX 64

/** Where the file sets things; 0: nowhere. */
struct section_lines {
	unsigned section;
	unsigned keys[SETTINGS_MAX]; /* one a row of the table; or SETTING_BUILT_IN */
};

/** In place of a line: it isn't the file that sets it. */
#define SETTING_BUILT_IN UINT_MAX

/** Every effective value. Strings and arrays are owned. */
struct settings {
	unsigned lines
		[SETTINGS_MAX]; /* one a row of the table: where the file sets it; 0: nowhere */
	enum durability durability;
	char *display_command; /* never NULL; "" = none */
	int64_t digest_above;  /* batches of more than this many become a digest */
	enum digest_open digest_open;
	int64_t focus_default_us; /* length of a block when none is given */
	struct pomodoro_plan pomodoro;
	struct block *blocks; /* [block NAME], in the order of the file */
	struct section_lines *block_lines;
	size_t n_blocks;
	/* [rule NAME]: those of the file, in its order, and then those that are built in, also where it changes them. */
	struct rule *rules;
	struct section_lines *rule_lines;
	size_t n_rules;
	size_t n_file_rules;
	const struct regex_engine *regex; /* borrowed; may be NULL */
	int64_t hold_longest_us;
	struct clocks deliver_at; /* none: deliveries are off */
	unsigned deliver_days;
};

enum setting_type {
	SETTING_TEXT,
	SETTING_NUMBER,
	SETTING_DURATION, /* int64_t microseconds */
	SETTING_CHOICE,   /* an int-sized enum; @choices lists its names in order */
	SETTING_DAYS,     /* unsigned; see calendar.h, as for those that follow */
	SETTING_CLOCK,    /* int32_t minutes, or @none */
	SETTING_CLOCKS,   /* struct clocks */
	SETTING_DATE,     /* int32_t, or @none */
	SETTING_DATES,    /* struct dates */
	SETTING_PATTERNS, /* struct patterns */
	SETTING_HINTS,    /* struct rule_hint, one a key; see settings_key() */
	SETTING_WHEN,     /* struct rule_when; see rule.h, as for those that follow */
	SETTING_DUE,      /* struct rule_due */
	SETTING_REPEAT,   /* struct rule_repeat */
	SETTING_BUDGET,   /* int64_t */
};

/** Whether a section is there once, or as often as it has names: "block work". */
enum setting_scope {
	SETTING_IN_FILE = 0,
	SETTING_IN_BLOCK,
	SETTING_IN_RULE,
};

struct setting {
	const char *section;
	enum setting_scope scope;
	const char *key;
	enum setting_type type;
	size_t offset;              /* in what @scope says: struct settings, block or rule */
	int64_t min, max;           /* SETTING_NUMBER as is, SETTING_DURATION in microseconds */
	const char *const *choices; /* NULL-terminated; SETTING_CHOICE only */
	int32_t none;               /* SETTING_CLOCK and SETTING_DATE: when it isn't given */
	bool is_end;                /* SETTING_CLOCK: may be 24:00 */
	bool is_required;           /* its section is a mistake without it */
	const char *intro; /* of its section, with its first row; paragraphs end with a newline */
	const char *default_text;
	const char *example; /* for lull.conf, where the section has a name */
	const char *help;    /* one or more sentences, for lull.conf and the manual */
};

/** settings_table() - the rows, in the order of lull.conf */
const struct setting *settings_table(size_t *ret_count);

/** setting_key() - a row's key for people: "hint KEY" where there is one for each hint */
const char *setting_key(const struct setting *row);

/**
 * settings_new() - all defaults
 * @regex: borrowed; NULL: a regular expression is a mistake
 *
 * Return: a new value, or NULL when out of memory.
 */
struct settings *settings_new(const struct regex_engine *regex);

/** settings_free() - free; NULL is fine. Return: NULL. */
struct settings *settings_free(struct settings *s);
DEFINE_AUTOFREE(settings)

/**
 * settings_set() - one assignment, as found in a file
 * @ret_error: on -EINVAL, what is wrong, what was found, what is allowed, and a suggestion when the section
 *             or key looks misspelt or the key belongs to another section; one line, without file and
 *             line; the caller frees it
 *
 * Return: 0, -EINVAL, or -ENOMEM. On failure @s is unchanged.
 */
LULL_MUSTCHECK int settings_set(struct settings *s, const char *section, const char *key,
				const char *value, char **ret_error);

/**
 * settings_open_section() - a section begins in a file; one with a name comes once
 * @line: where
 * @ret_error: on -EINVAL, as for settings_set()
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
LULL_MUSTCHECK int settings_open_section(struct settings *s, const char *section, unsigned line,
					 char **ret_error);

/** settings_takes_several() - may the value of this key be a list? */
bool settings_takes_several(const char *section, const char *key);

/** settings_line() - where the file sets a key, to be read and set; NULL for one that isn't in the table */
unsigned *settings_line(struct settings *s, const char *section, const char *key);

/** How bad it is. */
enum settings_finding {
	SETTINGS_MISTAKE, /* it can't be in force */
	SETTINGS_WARNING, /* it can, but can't be what was meant */
};

/** settings_found() - called with what is wrong, and the line that it is in */
typedef void settings_found(void *data, enum settings_finding kind, unsigned line,
			    const char *what);

/**
 * settings_check() - at the end of a file: is each section whole, and does it fit together?
 *
 * Return: 0, or -ENOMEM.
 */
LULL_MUSTCHECK int settings_check(const struct settings *s, settings_found *found, void *data);

/** A setting that is in force. */
struct settings_entry {
	const struct setting *row;
	const char *name; /* of its section; NULL when that has none */
	const char *hint; /* which hint, where the row is about several; else NULL */
	const void *base; /* what row->offset counts from; where it's a hint, its patterns */
	unsigned line;    /* where the file sets it; 0: nowhere */
	bool is_built_in; /* a rule that isn't the file's says so */
};

/**
 * settings_entry() - the settings in force, one after the other; of a rule, what it sets
 *
 * Return: false after the last.
 */
bool settings_entry(const struct settings *s, size_t i, struct settings_entry *ret);

/**
 * settings_value() - an effective value, as the user would type it
 *
 * Return: text that the caller frees; NULL when out of memory.
 */
char *settings_value(const struct settings_entry *e);

/**
 * settings_rules_text() - the rules in force, one a line
 *
 * A name, a tab, the line of its section (0: it is built in), and then each of its keys after a tab, as in
 * "app = Slack".
 *
 * Return: text that the caller frees; NULL when out of memory.
 */
char *settings_rules_text(const struct settings *s);

/** settings_section_name() - NAME of "block NAME", "" of "block"; NULL when sections like @section have none */
const char *settings_section_name(const char *section);

/** settings_section_has() - does @row stand in a section like @section? */
bool settings_section_has(const char *section, const struct setting *row);

/** settings_write_allowed() - what a row takes: "a number from 0 to 1000" */
void settings_write_allowed(FILE *out, const struct setting *row);

/**
 * settings_check_section() - whether a section may stand in the file; it may be empty there
 * @ret_error: on -EINVAL, as for settings_set()
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
LULL_MUSTCHECK int settings_check_section(const char *section, char **ret_error);

/**
 * settings_clean_length() - how much of a text may be kept and shown
 *
 * Return: the number of leading bytes that are valid UTF-8 without control characters (a NUL and a tab are
 * control characters, too); @len when all of it is clean.
 */
size_t settings_clean_length(const char *text, size_t len);

/**
 * settings_write_template() - lull.conf as it is shipped: each key with its help, commented out
 *
 * Errors stay in @out: the caller asks ferror().
 */
void settings_write_template(FILE *out);
