/*
 * configuration: lull.conf at start and at a reload; the last good settings stay.
 */
#include "config/load.h"
#include "daemon/bus/control.h"
#include "daemon/bus/display.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include "daemon/lulld.h"
#include <errno.h>
#include <string.h>

/*
 * Read lull.conf. Return: new settings, or NULL with why not in @ret_lines (NULL-terminated; NULL when out of
 * memory).
 */
static struct settings *read_config(char ***ret_lines)
{
	autofree(str) char *path = load_path();
	struct load_errors errors = {0};
	struct settings *settings = NULL;
	size_t i;

	*ret_lines = NULL;
	if (!path)
		return settings_new(regex_pcre2());
	if (load_settings(path, &errors, &settings) == 0) {
		for (i = 0; i < errors.n_warnings; i++)
			log_warn("%s", errors.warnings[i]);
		load_errors_done(&errors);
		return settings;
	}
	*ret_lines = calloc(errors.count + 1, sizeof(**ret_lines));
	for (i = 0; i < errors.count; i++) {
		log_error("%s", errors.lines[i]);
		if (*ret_lines)
			(*ret_lines)[i] = take(errors.lines[i]);
	}
	load_errors_done(&errors);
	return NULL;
}

int lulld_load_config(struct lulld *l)
{
	l->settings = read_config(&l->config_errors);
	if (!l->settings) {
		log_warn("going on with the defaults");
		l->settings = settings_new(regex_pcre2());
	}
	return l->settings ? 0 : -ENOMEM;
}

static char **copy_lines(char *const *lines)
{
	size_t n = 0, i;
	char **copy;

	while (lines[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (i = 0; copy && i < n; i++) {
		copy[i] = strdup(lines[i]);
		if (!copy[i])
			break;
	}
	return copy;
}

/* The old settings stay until the new ones are complete. */
char **lulld_reload(void *data)
{
	struct lulld *l = data;
	struct settings *old = l->settings, *settings;
	char **lines;

	settings = read_config(&lines);
	control_free_lines(l->config_errors);
	l->config_errors = lines;
	lulld_changed(l);
	if (!settings) {
		log_warn("the configuration wasn't reloaded; the old one stays");
		return lines ? copy_lines(lines) : NULL;
	}
	l->settings = settings;
	engine_set_settings(l->engine, settings);
	if (strcmp(old->display_command, settings->display_command) != 0)
		finder_restart(display_finder(l->display));
	settings_free(old);
	log_info("the configuration was reloaded");
	return NULL;
}
