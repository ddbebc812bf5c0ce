/* What systemd reads in a drop-in is the command that it told. */
#include "client/dropin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_line(const struct dropin_command *c, const char *shim, const char *line)
{
	autofree(str) char *text = dropin_text("dunst.service", shim, c);
	const char *last;

	assert_non_null(text);
	last = strstr(text, "\nExecStart=\nExecStart=");
	assert_non_null(last);
	assert_string_equal(last + strlen("\nExecStart=\n"), line);
}

static void a_plain_command_is_written_as_it_is(void **state LULL_UNUSED)
{
	static const char *const args[] = {"-config", "/etc/a:b,c=d", "~/x", NULL};

	assert_line(&(struct dropin_command){.path = "/usr/bin/dunst", .args = args},
		    "/usr/bin/lull-shim",
		    "ExecStart=/usr/bin/lull-shim /usr/bin/dunst -config /etc/a:b,c=d ~/x\n");
}

static void what_means_something_to_systemd_is_quoted(void **state LULL_UNUSED)
{
	static const struct {
		const char *word;
		const char *written;
	} rows[] = {
		{"", "\"\""},
		{"two words", "\"two words\""},
		{"50%h", "50%%h"},
		{"50 %", "\"50 %%\""},
		{"it's", "\"it's\""},
		{"a\"b", "\"a\\\"b\""},
		{"a\\b", "\"a\\\\b\""},
		{";", "\";\""},
		{"#", "\"#\""},
		{"a\nb\tc\x7f", "\"a\\x0ab\\x09c\\x7f\""},
		{"gr\303\274n", "\"gr\303\274n\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *args[] = {rows[i].word, NULL};
		char line[200];

		strcpy(line, "ExecStart=/s /d ");
		strcat(line, rows[i].written);
		strcat(line, "\n");
		assert_line(&(struct dropin_command){.path = "/d", .args = args}, "/s", line);
	}
}

static void variables_are_left_for_systemd_to_expand(void **state LULL_UNUSED)
{
	static const char *const args[] = {"$HOME", "${A B}", "$$", NULL};

	assert_line(&(struct dropin_command){.path = "/d", .args = args}, "/s",
		    "ExecStart=/s /d $HOME \"${A B}\" $$\n");
}

static void prefixes_stay_before_the_command(void **state LULL_UNUSED)
{
	static const char *const args[] = {NULL};

	assert_line(&(struct dropin_command){"/d", args, true, true}, "/my shim",
		    "ExecStart=-:\"/my shim\" /d\n");
}

static void the_unit_no_longer_waits_for_the_name_of_others(void **state LULL_UNUSED)
{
	static const struct {
		const char *unit;
		const char *name;
	} rows[] = {
		{"dunst.service", "BusName=org.lull.Behind._dunst\n"},
		{"app-my\\x2dserver@autostart.service",
		 "BusName=org.lull.Behind._app_my_x2dserver_autostart\n"},
		{"1.service", "BusName=org.lull.Behind._1\n"},
	};
	static const char *const args[] = {NULL};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree(str) char *text =
			dropin_text(rows[i].unit, "/s",
				    &(struct dropin_command){.path = "/d", .args = args});

		assert_non_null(text);
		assert_non_null(strstr(text, "\n[Service]\nType=exec\nBusName="));
		assert_non_null(strstr(text, rows[i].name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_command_is_written_as_it_is),
		cmocka_unit_test(what_means_something_to_systemd_is_quoted),
		cmocka_unit_test(variables_are_left_for_systemd_to_expand),
		cmocka_unit_test(prefixes_stay_before_the_command),
		cmocka_unit_test(the_unit_no_longer_waits_for_the_name_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
