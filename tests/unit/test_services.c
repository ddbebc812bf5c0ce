/* D-Bus service files, in real directories. */
#include "config/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define NAME "org.freedesktop.Notifications"

static char root[] = "/tmp/lull-services.XXXXXX";

static void write_file(const char *dir, const char *file, const char *text)
{
	autofree(str) char *command = NULL, *path = NULL;
	FILE *f;

	assert_true(asprintf(&command, "mkdir -p '%s/%s/dbus-1/services'", root, dir) > 0);
	assert_int_equal(system(command), 0);
	assert_true(asprintf(&path, "%s/%s/dbus-1/services/%s", root, dir, file) > 0);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	static const char *const variables[] = {"XDG_RUNTIME_DIR", "XDG_DATA_HOME"};
	static const char *const dirs[] = {"run", "home"};
	autofree(str) char *list = NULL;
	size_t i;

	(void)state;
	strcpy(root + sizeof(root) - 7, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		autofree(str) char *path = NULL;

		if (asprintf(&path, "%s/%s", root, dirs[i]) < 0)
			return -1;
		setenv(variables[i], path, 1);
	}
	if (asprintf(&list, "%s/first:relative:%s/second", root, root) < 0)
		return -1;
	return setenv("XDG_DATA_DIRS", list, 1);
}

static int tear_down(void **state)
{
	autofree(str) char *command = NULL;

	(void)state;
	if (asprintf(&command, "rm -rf '%s'", root) < 0)
		return -1;
	return system(command);
}

static void directories_are_searched_in_the_order_of_the_bus(void **state)
{
	__attribute__((cleanup(services_done))) struct services found = {0};

	(void)state;
	write_file("second", "d.service", "[D-BUS Service]\nName=" NAME "\nExec=/bin/d\n");
	write_file("first", "c.service", "[D-BUS Service]\nName=" NAME "\nExec=/bin/c\n");
	write_file("home", "b.service", "[D-BUS Service]\nName=" NAME "\nExec=/bin/b\n");
	write_file("run", "a.service", "[D-BUS Service]\nName=" NAME "\nExec=/bin/a\n");
	assert_int_equal(services_find(NAME, &found), 0);
	assert_int_equal(found.n_items, 4);
	assert_string_equal(found.items[0].exec, "/bin/a");
	assert_string_equal(found.items[1].exec, "/bin/b");
	assert_string_equal(found.items[2].exec, "/bin/c");
	assert_string_equal(found.items[3].exec, "/bin/d");
	assert_null(strstr(found.items[1].path, "//"));
}

static void other_names_other_files_and_empty_ones_are_passed_over(void **state)
{
	struct services found = {0};

	(void)state;
	write_file("home", "a.service", "[D-BUS Service]\nName=org.other\nExec=/bin/a\n");
	write_file("home", "b.txt", "[D-BUS Service]\nName=" NAME "\nExec=/bin/b\n");
	write_file("home", "c.service", "[D-BUS Service]\nName=" NAME "\n");
	write_file("home", "d.service", "");
	assert_int_equal(services_find(NAME, &found), 0);
	assert_int_equal(found.n_items, 0);
	services_done(&found);
}

static void what_a_file_starts_is_read_with_blanks_around_and_carriage_returns(void **state)
{
	__attribute__((cleanup(services_done))) struct services found = {0};
	autofree(str) char *program = NULL;

	(void)state;
	write_file("home", "a.service",
		   "[D-BUS Service]\r\nName = " NAME "\r\nExec = /usr/bin/dunst -x\r\n"
		   "SystemdService=dunst.service\r\n");
	assert_int_equal(services_find(NAME, &found), 0);
	assert_int_equal(found.n_items, 1);
	assert_string_equal(found.items[0].exec, "/usr/bin/dunst -x");
	assert_string_equal(found.items[0].unit, "dunst.service");
	program = services_program(&found.items[0]);
	assert_string_equal(program, "dunst");
	assert_false(services_is_lulld(&found.items[0]));
}

static void a_file_that_starts_lulld_is_known_by_its_program_or_its_unit(void **state)
{
	__attribute__((cleanup(services_done))) struct services found = {0};

	(void)state;
	write_file("run", "a.service", "Name=" NAME "\nExec=/opt/bin/lulld\n");
	write_file("home", "b.service",
		   "Name=" NAME "\nExec=/bin/false\nSystemdService=lulld.service\n");
	write_file("first", "c.service", "Name=" NAME "\nExec=/bin/lulld-not\n");
	assert_int_equal(services_find(NAME, &found), 0);
	assert_int_equal(found.n_items, 3);
	assert_true(services_is_lulld(&found.items[0]));
	assert_true(services_is_lulld(&found.items[1]));
	assert_false(services_is_lulld(&found.items[2]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(directories_are_searched_in_the_order_of_the_bus,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			other_names_other_files_and_empty_ones_are_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_a_file_starts_is_read_with_blanks_around_and_carriage_returns, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_that_starts_lulld_is_known_by_its_program_or_its_unit, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
