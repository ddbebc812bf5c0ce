/* Command lines, as words and as one text. */
#include "config/command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void words_survive_being_joined_and_split_again(void **state)
{
	char a[] = "/usr/bin/dunst", b[] = "two words", c[] = "it's $HOME", d[] = "",
	     e[] = "a*b\\c\"";
	char *const words[] = {a, b, c, d, e, NULL};
	autofree(str) char *text = command_join(words);
	autofree(command) char **again = NULL;
	size_t i;

	(void)state;
	assert_non_null(text);
	assert_int_equal(command_split(text, &again), 0);
	for (i = 0; words[i]; i++)
		assert_string_equal(again[i], words[i]);
	assert_null(again[i]);
}

static void plain_words_are_joined_as_one_would_type_them(void **state)
{
	char a[] = "dunst", b[] = "-conf", c[] = "/home/u/my.conf";
	char *const words[] = {a, b, c, NULL};
	autofree(str) char *text = command_join(words);

	(void)state;
	assert_string_equal(text, "dunst -conf /home/u/my.conf");
}

static void what_a_shell_would_do_more_than_split_is_refused(void **state)
{
	char **words = NULL;

	(void)state;
	assert_int_equal(command_split("", &words), -EINVAL);
	assert_int_equal(command_split("dunst & rm", &words), -EINVAL);
	assert_int_equal(command_split("dunst $(id)", &words), -EINVAL);
	assert_int_equal(command_split("dunst 'open", &words), -EINVAL);
	assert_null(words);
}

static void a_command_line_of_proc_becomes_words(void **state)
{
	static const char bytes[] = "/usr/bin/mako\0-c\0";
	autofree(command) char **words = NULL;

	(void)state;
	assert_int_equal(command_unpack(bytes, sizeof(bytes), &words), 0);
	assert_string_equal(words[0], "/usr/bin/mako");
	assert_string_equal(words[1], "-c");
	assert_string_equal(words[2], "");
	assert_null(words[3]);
}

static void a_command_line_that_was_cut_or_is_empty_is_none(void **state)
{
	char **words = NULL;

	(void)state;
	assert_int_equal(command_unpack("", 0, &words), -EINVAL);
	assert_int_equal(command_unpack("mako", 4, &words), -EINVAL);
	assert_int_equal(command_unpack("\0", 1, &words), -EINVAL);
	assert_null(words);
}

static void a_path_has_a_last_part(void **state)
{
	(void)state;
	assert_string_equal(command_base("/usr/bin/dunst"), "dunst");
	assert_string_equal(command_base("dunst"), "dunst");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_survive_being_joined_and_split_again),
		cmocka_unit_test(plain_words_are_joined_as_one_would_type_them),
		cmocka_unit_test(what_a_shell_would_do_more_than_split_is_refused),
		cmocka_unit_test(a_command_line_of_proc_becomes_words),
		cmocka_unit_test(a_command_line_that_was_cut_or_is_empty_is_none),
		cmocka_unit_test(a_path_has_a_last_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
