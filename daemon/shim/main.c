/*
 * lull-shim: run a display server in the queue behind lull.
 *
 * It makes the socket that the command sees as its session bus, takes the lock that says who is behind the
 * shim, starts the command and waits for it and its connections to end.
 */
#include "config/base.h"
#include "daemon/shim/relay.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define USAGE "usage: lull-shim [--help | --version] COMMAND [ARGUMENT...]\n"

enum { EXIT_USAGE = 2, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };
enum { N_TARGETS_MAX = 8, N_SIGNALS = 4 };

/* SIGCHLD is for the shim itself; the others go on to the command. */
static const int watched_signals[N_SIGNALS] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};

struct shim {
	struct event_base *base;
	struct event *signals[N_SIGNALS];
	struct relay_target targets[N_TARGETS_MAX];
	size_t n_targets;
	char *dir, *path; /* the socket's */
	int listen_fd;
	char *lock_path;
	int lock_fd;
	struct relay *relay;
	pid_t child; /* 0 before it was started and after it has ended */
	bool has_ended;
	int exit_status;
};

/* The caller's XDG_RUNTIME_DIR, if it is good for anything. */
static const char *runtime_dir(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	return dir && dir[0] == '/' && access(dir, W_OK | X_OK) == 0 ? dir : NULL;
}

/* --- the bus's address --------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Undo %XX in place. Returns the length, 0 when it isn't well-formed. */
static size_t unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++, to++) {
		int high, low;

		*to = *at;
		if (*at != '%')
			continue;
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0)
			return 0;
		*to = (char)(high << 4 | low);
		at += 2;
	}
	return (size_t)(to - text);
}

static void add_target(struct shim *s, const char *name, size_t n_name, bool is_abstract)
{
	struct relay_target *t = &s->targets[s->n_targets];
	size_t offset = is_abstract ? 1 : 0;

	/* A path needs its NUL; an abstract name begins with one instead. */
	if (n_name == 0 || n_name + 1 > sizeof(t->addr.sun_path) || s->n_targets == N_TARGETS_MAX)
		return;
	memset(t, 0, sizeof(*t));
	t->addr.sun_family = AF_UNIX;
	memcpy(t->addr.sun_path + offset, name, n_name);
	t->addr_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n_name + 1);
	s->n_targets++;
}

/* One address: unix:key=value,key=value. Other transports, and keys such as guid, are passed over. */
static void read_address(struct shim *s, char *address)
{
	char *save = NULL;

	if (strncmp(address, "unix:", 5) != 0)
		return;
	for (char *key = strtok_r(address + 5, ",", &save); key; key = strtok_r(NULL, ",", &save)) {
		char *value = strchr(key, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(key, "path") == 0)
			add_target(s, value, unescape(value), false);
		else if (strcmp(key, "abstract") == 0)
			add_target(s, value, unescape(value), true);
	}
}

/* 0 when there is nothing that we can connect to: s->n_targets says. */
static int find_bus(struct shim *s)
{
	const char *env = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");
	autofree(str) char *text = NULL;
	char *save = NULL;

	if (env && env[0]) {
		text = strdup(env);
		if (!text)
			return -ENOMEM;
		for (char *a = strtok_r(text, ";", &save); a; a = strtok_r(NULL, ";", &save))
			read_address(s, a);
	} else if (dir && dir[0]) {
		if (asprintf(&text, "%s/bus", dir) < 0) {
			text = NULL;
			return -ENOMEM;
		}
		add_target(s, text, strlen(text), false);
	}
	return 0;
}

/* --- the lock ------------------------------------------------------------------------------------ */

/* FNV-1a over the addresses, so that one lock stands for one bus. */
static uint64_t hash_targets(const struct shim *s)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s->n_targets; i++) {
		const unsigned char *bytes = (const unsigned char *)&s->targets[i].addr;

		for (size_t j = 0; j < s->targets[i].addr_bytes; j++)
			hash = (hash ^ bytes[j]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

/* Say whose lock it is; the file is empty for the moment between being locked and being written. */
static void print_holder(int fd)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	fprintf(stderr, "lull-shim: another display server is already behind the shim on this bus");
	if (n > 0)
		fprintf(stderr, ": %.*s", (int)n, text);
	fprintf(stderr, "; stop it first\n");
}

/*
 * Lock the file at lock_path. 0 or a negative errno, -EAGAIN when another one has it. Whoever releases the
 * lock removes the file, so what was locked may be no longer the file of that name: then again.
 */
static int open_lock(struct shim *s)
{
	for (;;) {
		struct stat opened, named;
		int r, fd = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -errno;
		if (fstat(fd, &opened) < 0 || opened.st_uid != geteuid()) {
			close(fd);
			return -EPERM;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			r = -errno;
			if (r == -EWOULDBLOCK)
				print_holder(fd);
			close(fd);
			return r;
		}
		if (lstat(s->lock_path, &named) == 0 && named.st_ino == opened.st_ino &&
		    named.st_dev == opened.st_dev) {
			s->lock_fd = fd;
			return 0;
		}
		close(fd);
	}
}

/* Become the only shim on this bus. Whatever goes wrong is said here. */
static int take_lock(struct shim *s, const char *command)
{
	const char *dir = runtime_dir(), *name = strrchr(command, '/');
	int r;

	r = dir ? asprintf(&s->lock_path, "%s/lull-shim-%016" PRIx64 ".lock", dir, hash_targets(s))
		: asprintf(&s->lock_path, "/tmp/lull-shim-%ju-%016" PRIx64 ".lock",
			   (uintmax_t)geteuid(), hash_targets(s));
	if (r < 0) {
		s->lock_path = NULL;
		fprintf(stderr, "lull-shim: out of memory\n");
		return -ENOMEM;
	}
	r = open_lock(s);
	if (r == 0 && (ftruncate(s->lock_fd, 0) < 0 ||
		       dprintf(s->lock_fd, "pid %jd (%.200s)\n", (intmax_t)getpid(),
			       name ? name + 1 : command) < 0))
		r = -errno;
	if (r < 0 && r != -EWOULDBLOCK)
		fprintf(stderr, "lull-shim: cannot lock %s: %s\n", s->lock_path, strerror(-r));
	return r;
}

static void release_lock(struct shim *s)
{
	if (s->lock_fd >= 0) {
		unlink(s->lock_path);
		close(s->lock_fd);
	}
	s->lock_fd = -1;
}

/* --- the socket ---------------------------------------------------------------------------------- */

static int make_dir(struct shim *s, const char *parent)
{
	struct sockaddr_un addr;
	int r = -ENAMETOOLONG;

	if (asprintf(&s->dir, "%s/lull-shim.XXXXXX", parent) < 0) {
		s->dir = NULL;
		return -ENOMEM;
	}
	if (strlen(s->dir) + sizeof("/bus") <= sizeof(addr.sun_path)) {
		if (mkdtemp(s->dir))
			return 0;
		r = -errno;
	}
	free(s->dir);
	s->dir = NULL;
	return r;
}

static int make_socket(struct shim *s)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const char *parent = runtime_dir();

	if (!parent || make_dir(s, parent) < 0) {
		int r = make_dir(s, "/tmp");

		if (r < 0)
			return r;
	}
	if (asprintf(&s->path, "%s/bus", s->dir) < 0) {
		s->path = NULL;
		return -ENOMEM;
	}
	strcpy(addr.sun_path, s->path);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0 ||
	    bind(s->listen_fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(s->listen_fd, SOMAXCONN) < 0)
		return -errno;
	return 0;
}

/* Let the command see the socket as its bus. What isn't in the specification's list is written as %XX. */
static int set_environment(const struct shim *s)
{
	static const char plain[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "-_/.\\*";
	const char *starter = getenv("DBUS_STARTER_BUS_TYPE");
	autofree(str) char *address = malloc(sizeof("unix:path=") + 3 * strlen(s->path));
	char *to;

	if (!address)
		return -ENOMEM;
	to = stpcpy(address, "unix:path=");
	for (const char *at = s->path; *at; at++) {
		if (strchr(plain, *at))
			*to++ = *at;
		else
			to += sprintf(to, "%%%02x", (unsigned)(unsigned char)*at);
	}
	*to = '\0';
	if (setenv("DBUS_SESSION_BUS_ADDRESS", address, 1) < 0)
		return -errno;
	/* Where the bus started us, this is a second name for the same address. */
	if (starter && strcmp(starter, "session") == 0 &&
	    setenv("DBUS_STARTER_ADDRESS", address, 1) < 0)
		return -errno;
	return 0;
}

/* --- the command --------------------------------------------------------------------------------- */

static void on_idle(void *data)
{
	struct shim *s = data;

	if (s->has_ended)
		event_base_loopbreak(s->base);
}

static void on_broken(int error, LULL_UNUSED void *data)
{
	fprintf(stderr, "lull-shim: a connection to the bus was lost: %s\n", strerror(-error));
}

static const struct relay_ops relay_ops = {.idle = on_idle, .broken = on_broken};

/* The command's children may still be connected; those keep the shim, but not the lock. */
static void reap(struct shim *s)
{
	int status;

	if (s->child == 0 || waitpid(s->child, &status, WNOHANG) != s->child)
		return;
	s->child = 0;
	s->has_ended = true;
	s->exit_status = WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	release_lock(s);
	if (relay_is_idle(s->relay))
		event_base_loopbreak(s->base);
}

static void on_signal(evutil_socket_t signal_number, LULL_UNUSED short what, void *data)
{
	struct shim *s = data;

	if (signal_number == SIGCHLD)
		reap(s);
	else if (s->child > 0)
		kill(s->child, signal_number);
	else
		event_base_loopbreak(s->base);
}

/* A signal that we were told to ignore (nohup) stays so, for the command as well. */
static int watch_signals(struct shim *s)
{
	for (size_t i = 0; i < N_SIGNALS; i++) {
		struct sigaction now;

		if (watched_signals[i] != SIGCHLD &&
		    sigaction(watched_signals[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			continue;
		s->signals[i] = evsignal_new(s->base, watched_signals[i], on_signal, s);
		if (!s->signals[i] || event_add(s->signals[i], NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int start_command(struct shim *s, char **argv)
{
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int r;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGCHLD);
	r = posix_spawnattr_init(&attr);
	if (r != 0)
		return -r;
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawnp(&s->child, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (r != 0)
		s->child = 0;
	return -r;
}

/* --- all of it ----------------------------------------------------------------------------------- */

static int prepare(struct shim *s)
{
	sigset_t none;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->base = event_base_new();
	if (!s->base)
		return -ENOMEM;
	r = make_socket(s);
	if (r == 0)
		r = relay_new(s->base, s->listen_fd, s->targets, s->n_targets, &relay_ops, s,
			      &s->relay);
	if (r == 0)
		r = watch_signals(s);
	if (r == 0)
		r = set_environment(s);
	return r;
}

static int run(struct shim *s, char **argv)
{
	int r = find_bus(s);

	if (r == 0 && s->n_targets == 0) {
		fprintf(stderr, "lull-shim: no session bus: DBUS_SESSION_BUS_ADDRESS has no "
				"unix:path= or unix:abstract=, or is unset\n");
		return EXIT_FAILURE;
	}
	if (r == 0 && take_lock(s, argv[0]) < 0)
		return EXIT_FAILURE;
	if (r == 0)
		r = prepare(s);
	if (r < 0) {
		fprintf(stderr, "lull-shim: cannot make a socket for %s: %s\n", argv[0],
			strerror(-r));
		return EXIT_FAILURE;
	}
	r = start_command(s, argv);
	if (r < 0) {
		fprintf(stderr, "lull-shim: cannot run %s: %s\n", argv[0],
			r == -ENOENT ? "command not found" : strerror(-r));
		return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	if (event_base_dispatch(s->base) < 0)
		return EXIT_FAILURE;
	return s->exit_status;
}

static void shim_done(struct shim *s)
{
	relay_free(s->relay);
	for (size_t i = 0; i < N_SIGNALS; i++) {
		if (s->signals[i])
			event_free(s->signals[i]);
	}
	if (s->base)
		event_base_free(s->base);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	if (s->path)
		unlink(s->path);
	if (s->dir)
		rmdir(s->dir);
	release_lock(s);
	free(s->lock_path);
	free(s->path);
	free(s->dir);
}

int main(int argc, char **argv)
{
	struct shim s = {.listen_fd = -1, .lock_fd = -1};
	int first = 1, status;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		printf(USAGE
		       "\n"
		       "Runs a notification display server so that it stands in line for\n"
		       "org.freedesktop.Notifications behind lulld, instead of refusing to start\n"
		       "or being in lulld's way. Only one can run on a bus.\n\n"
		       "The exit status is that of COMMAND, 128+N if signal N ended it, 127 if\n"
		       "there is no such command, 126 if it can't be run, 2 for wrong usage and\n"
		       "1 for everything else. SIGTERM, SIGINT and SIGHUP go on to COMMAND.\n");
		return EXIT_SUCCESS;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("lull-shim " LULL_VERSION "\n");
		return EXIT_SUCCESS;
	}
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		first = 2;
	else if (argc > 1 && argv[1][0] == '-') {
		fprintf(stderr, "lull-shim: unknown option %s; see lull-shim --help\n", argv[1]);
		return EXIT_USAGE;
	}
	if (first >= argc) {
		fprintf(stderr, "lull-shim: no command given; see lull-shim --help\n");
		return EXIT_USAGE;
	}
	status = run(&s, argv + first);
	shim_done(&s);
	return status;
}
