#include "daemon/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where descriptors are put while 0 to 3 are being arranged. */
#define FIRST_SPARE_FD 10
#define CHILD_FD 3

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Return: "DIR/NAME" if that is a program, else NULL. */
static char *program_in(const char *dir, const char *name)
{
	autofree(str) char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return NULL;
	}
	return is_program(path) ? take(path) : NULL;
}

char *spawn_program_of(pid_t pid)
{
	static const char mark[] = " (deleted)";
	char link[32], path[PATH_MAX];
	size_t n = sizeof(mark) - 1;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return NULL;
	path[length] = '\0';
	if ((size_t)length > n && strcmp(path + (size_t)length - n, mark) == 0)
		path[(size_t)length - n] = '\0';
	return strdup(path);
}

char *spawn_helper_path(const char *name)
{
	autofree(str) char *exe = spawn_program_of(getpid());
	char *slash = exe ? strrchr(exe, '/') : NULL, *path = NULL;

	if (slash) {
		*slash = '\0';
		path = program_in(exe, name);
	}
	return path ? path : program_in(LULL_LIBEXECDIR, name);
}

/* In the child: tell the parent what went wrong, and end. */
_Noreturn static void child_fail(int error_fd, int error)
{
	ssize_t n;

	do
		n = write(error_fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	_exit(127);
}

/* In the child: forget lulld's signal handlers and whatever it ignores; exec would keep the latter. */
static void child_reset_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &sa, NULL); /* fails for SIGKILL and SIGSTOP, and for glibc's own */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: 0 is /dev/null, 1 and 2 stay, 3 is @fd unless that is negative, nothing else is left. */
_Noreturn static void child_exec(char *const argv[], char *const environment[], int fd,
				 int error_fd)
{
	int null_fd, spare_fd;

	/* If lulld was started with some of 0 to 2 closed, the pipe may have landed there. */
	spare_fd = fcntl(error_fd, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
	if (spare_fd < 0)
		child_fail(error_fd, errno);
	error_fd = spare_fd;
	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
		if (fd < 0)
			child_fail(error_fd, errno);
	}

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		child_fail(error_fd, errno);
	if (null_fd != STDIN_FILENO && dup2(null_fd, STDIN_FILENO) < 0)
		child_fail(error_fd, errno);
	if (null_fd == STDIN_FILENO && fcntl(STDIN_FILENO, F_SETFD, 0) < 0)
		child_fail(error_fd, errno);
	if (fd >= 0 && dup2(fd, CHILD_FD) < 0)
		child_fail(error_fd, errno);

	/*
	 * Everything of lulld's own is opened with O_CLOEXEC already; this is for what lulld inherited,
	 * and the reason why a kernel that doesn't know the call isn't an error.
	 */
	close_range(fd >= 0 ? CHILD_FD + 1 : CHILD_FD, ~0U, CLOSE_RANGE_CLOEXEC);

	child_reset_signals();
	if (environment)
		execvpe(argv[0], argv, environment);
	else
		execvp(argv[0], argv);
	child_fail(error_fd, errno);
}

/* In the first child of two: start the second, which becomes nobody's child when the first ends. */
_Noreturn static void child_detach(char *const argv[], char *const environment[], int error_fd)
{
	pid_t pid;

	if (setsid() < 0)
		child_fail(error_fd, errno);
	pid = fork();
	if (pid < 0)
		child_fail(error_fd, errno);
	if (pid == 0)
		child_exec(argv, environment, -1, error_fd);
	_exit(0);
}

/* Return: 0 once exec has closed the other end, or the negative errno that came through the pipe. */
static int read_exec_error(int pipe_fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(pipe_fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(error) ? -error : 0;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int start(char *const argv[], char *const environment[], int fd, bool is_detached,
		 pid_t *ret_pid)
{
	sigset_t all, before;
	int pipe_fds[2];
	pid_t pid;
	int r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;

	/* A handler that ran in the child before exec would write to the loop that it shares with lulld. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		if (is_detached)
			child_detach(argv, environment, pipe_fds[1]);
		else
			child_exec(argv, environment, fd, pipe_fds[1]);
	}
	r = pid < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);

	close(pipe_fds[1]);
	if (r == 0)
		r = read_exec_error(pipe_fds[0]);
	close(pipe_fds[0]);

	if (pid > 0 && (is_detached || r < 0))
		reap(pid);
	if (r < 0)
		return r;
	*ret_pid = pid;
	return 0;
}

int spawn_detached(char *const argv[], char *const environment[])
{
	pid_t first;

	return start(argv, environment, -1, true, &first);
}

int spawn_child(char *const argv[], int fd, int *ret_pid)
{
	return start(argv, NULL, fd, false, ret_pid);
}
