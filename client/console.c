#include "client/console.h"

#include "client/call.h"
#include "client/print.h"
#include "client/server.h"
#include "client/shelf.h"
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define COMMAND_MAX_BYTES 1024

struct console {
	struct server *server;
	struct shelf *shelf;
	int stdin_fd; /* -1: nothing more comes from there */
	char line[COMMAND_MAX_BYTES];
	size_t line_bytes;
	bool is_line_too_long; /* what is left of it is skipped */
};

/* --- commands --- */

static void command_press(struct console *c, uint32_t id, const char *key)
{
	if (!key[0])
		key = "default";
	if (server_press(c->server, id, key) < 0)
		print_failure("#%u with a button '%s' isn't shown; 'list' shows what is", id, key);
}

static void command_close(struct console *c, uint32_t id, const char *key LULL_UNUSED)
{
	if (server_dismiss(c->server, id) < 0)
		print_failure("#%u isn't shown; 'list' shows what is", id);
}

static void command_list(struct console *c, uint32_t id LULL_UNUSED, const char *key LULL_UNUSED)
{
	shelf_print_all(c->shelf);
}

static void command_help(struct console *c, uint32_t id, const char *key);

static const struct {
	const char *name;
	const char *synopsis;
	bool needs_id;
	void (*run)(struct console *c, uint32_t id, const char *key);
	const char *help;
} commands[] = {
	{"press", "press N [KEY]", true, command_press,
	 "press a button of #N; without KEY the default"},
	{"close", "close N", true, command_close, "dismiss #N"},
	{"list", "list", false, command_list, "what is shown"},
	{"help", "help", false, command_help, "this list"},
};

/* On stderr, which leaves stdout to the notifications. */
static void command_help(struct console *c LULL_UNUSED, uint32_t id LULL_UNUSED,
			 const char *key LULL_UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "  %-14s %s\n", commands[i].synopsis, commands[i].help);
}

/* "12", also "#12" as it is printed; 0 when it isn't one. */
static uint32_t read_id(const char *text)
{
	uint32_t id = 0;

	if (*text == '#')
		text++;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text) || id > INT32_MAX / 10)
			return 0;
		id = id * 10 + (uint32_t)(*text - '0');
	}
	return id;
}

/* The next word of a line, which is cut there; "" at its end. */
static const char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\r");
	size_t len = strcspn(word, " \t\r");

	*line = word + len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

static void run_command(struct console *c, char *line)
{
	const char *name = next_word(&line);
	const char *word = next_word(&line);

	if (!name[0])
		return;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		uint32_t id = 0;

		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (commands[i].needs_id) {
			id = read_id(word);
			if (id == 0) {
				print_failure("'%s' isn't a number of a notification; write: %s",
					      word, commands[i].synopsis);
				return;
			}
		}
		commands[i].run(c, id, next_word(&line));
		return;
	}
	print_failure("there is no command '%s'; 'help' lists them", name);
}

static void take_byte(struct console *c, char byte)
{
	if (byte != '\n' && byte != '\0' && c->line_bytes + 1 < sizeof(c->line)) {
		c->line[c->line_bytes++] = byte;
		return;
	}
	if (byte != '\n') {
		c->is_line_too_long = true;
		return;
	}
	c->line[c->line_bytes] = '\0';
	if (c->is_line_too_long)
		print_failure("that line is too long or isn't text; 'help' lists the commands");
	else
		run_command(c, c->line);
	c->line_bytes = 0;
	c->is_line_too_long = false;
}

/* Called when a read won't wait. */
static void read_commands(struct console *c)
{
	char bytes[512];
	ssize_t n = read(c->stdin_fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		c->stdin_fd = -1;
	for (ssize_t i = 0; i < n; i++)
		take_byte(c, bytes[i]);
}

/* --- the loop --- */

/* The time-out for poll(2), rounded up, so that what is due is due when it returns. */
static int poll_timeout_ms(const struct console *c, bool has_more)
{
	int64_t next_us = shelf_next_us(c->shelf);
	int64_t wait_us;

	if (has_more)
		return 0;
	if (next_us == INT64_MAX)
		return -1;
	wait_us = MAX(next_us - server_clock_us(), 0);
	return (int)MIN((wait_us + USEC_PER_MSEC - 1) / USEC_PER_MSEC, INT64_C(3600000));
}

static enum outcome run_loop(struct console *c, int signal_fd)
{
	for (;;) {
		bool has_more = server_dispatch(c->server);
		struct pollfd fds[3];

		server_run_due(c->server, server_clock_us());
		/* Nobody reads any more: that is the end of a pipe, not a failure of ours. */
		if (fflush(stdout) != 0 || ferror(stdout))
			return OUTCOME_DONE;
		fds[0] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = c->stdin_fd, .events = POLLIN};
		fds[2] = (struct pollfd){.fd = server_fd(c->server),
					 .events = server_events(c->server)};
		if (poll(fds, ARRAY_SIZE(fds), poll_timeout_ms(c, has_more)) < 0 &&
		    errno != EINTR) {
			print_failure(
				"waiting for notifications failed (%s); start the console again",
				strerror(errno));
			return OUTCOME_REFUSED;
		}
		if (fds[0].revents)
			return OUTCOME_DONE;
		if (fds[1].revents)
			read_commands(c);
		if (fds[2].revents && !server_transfer(c->server)) {
			print_failure(
				"the session bus has gone; start the console again in a new session");
			return OUTCOME_NOT_RUNNING;
		}
	}
}

/* SIGINT and SIGTERM as a descriptor; negative errno on failure. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Reading the terminal from the background fails then, instead of stopping the console. */
	signal(SIGTTIN, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

enum outcome console_run(const struct args *a)
{
	autofree(shelf) struct shelf *shelf = shelf_new(a->is_json);
	autofree(server) struct server *server = NULL;
	struct console c = {.shelf = shelf, .stdin_fd = STDIN_FILENO};
	enum outcome r;
	int signal_fd;

	if (!shelf)
		return call_no_memory();
	signal_fd = open_signals();
	if (signal_fd < 0) {
		print_failure("signals can't be caught (%s); close some files",
			      strerror(-signal_fd));
		return OUTCOME_REFUSED;
	}
	r = server_new(a, shelf, &server);
	if (r == OUTCOME_DONE) {
		c.server = server;
		if (!a->is_json && isatty(STDOUT_FILENO))
			fputs("waiting for notifications; 'help' lists the commands\n", stderr);
		r = run_loop(&c, signal_fd);
	}
	close(signal_fd);
	return r;
}
