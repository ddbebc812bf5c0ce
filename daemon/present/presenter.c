#include "daemon/present/presenter.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/spawn.h"

#define HELPER "lull-present"
#define ATTEMPT_S 10
#define PACKET_MAX ((size_t)64 * 1024)
/* A helper sends two packets; one that sends more is read no further. */
#define DRAIN_MAX 4

enum helper_state {
	HELPER_STARTING, /* no hello yet; `show` holds what it will be sent */
	HELPER_SHOWING,  /* it has "show" and owes an answer */
	HELPER_LEAVING,  /* the attempt is over; only its exit is awaited */
};

/* One process, from fork to wait. */
struct helper {
	struct presenter *presenter;
	struct helper *next;
	enum helper_state state;
	pid_t pid; /* -1 before it is started and after it is reaped */
	int pid_fd;
	int socket;
	char *show;
	size_t show_bytes;
	struct event *on_packet;
	struct event *on_exit;
	struct event *on_late;
};

struct presenter {
	struct event_base *base;
	const struct presenter_ops *ops;
	void *data;
	struct helper *helpers; /* helper.next; at most one isn't leaving */
	struct helper *active;  /* that one, or NULL: then presenter_show() may be called */
	char packet[PACKET_MAX];
};

static void event_clear(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void fd_clear(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void helper_kill(const struct helper *h)
{
	if (h->pid > 0) /* never kill(-1) */
		kill(h->pid, SIGKILL);
}

/* Ends the process if it still runs. The wait is short: it is dead already, or has just been killed. */
static struct helper *helper_free(struct helper *h)
{
	if (h == NULL)
		return NULL;
	event_clear(&h->on_packet);
	event_clear(&h->on_exit);
	event_clear(&h->on_late);
	fd_clear(&h->socket);
	fd_clear(&h->pid_fd);
	helper_kill(h);
	if (h->pid > 0) {
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(h->show);
	free(h);
	return NULL;
}
DEFINE_AUTOFREE(helper)

static void unlink_helper(struct presenter *p, struct helper *h)
{
	struct helper **link = &p->helpers;

	while (*link != h)
		link = &(*link)->next;
	*link = h->next;
	h->next = NULL;
}

/*
 * The attempt is over; the helper lives on until it has ended by itself or its time is up. The
 * presenter is idle before done() is called, because done() may start the next one.
 */
static void finish(struct presenter *p, const char *error)
{
	struct helper *h = p->active;

	assert(h != NULL && h->state != HELPER_LEAVING);
	h->state = HELPER_LEAVING;
	event_clear(&h->on_packet);
	fd_clear(&h->socket);
	p->active = NULL;
	p->ops->done(p->data, error);
}

static void finish_and_kill(struct presenter *p, const char *error)
{
	helper_kill(p->active);
	finish(p, error);
}

/* Return: the string after @s, or NULL when @s is the last one before @end. */
static const char *next_string(const char *s, const char *end)
{
	s += strlen(s) + 1;
	return s < end ? s : NULL;
}

static void on_hello(struct presenter *p, const char *unique_name)
{
	struct helper *h = p->active;
	ssize_t n;

	if (unique_name[0] != ':') {
		finish_and_kill(p, HELPER " has no name on the bus");
		return;
	}

	p->ops->hello(p->data, unique_name);
	n = send(h->socket, h->show, h->show_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n != (ssize_t)h->show_bytes) {
		finish_and_kill(p, HELPER " doesn't listen");
		return;
	}
	h->state = HELPER_SHOWING;
}

/* @packet ends with a NUL. */
static void handle_packet(struct presenter *p, const char *packet, size_t packet_bytes)
{
	const char *argument = next_string(packet, packet + packet_bytes);
	bool is_started = p->active->state == HELPER_SHOWING;

	if (strcmp(packet, "hello") == 0 && argument != NULL && !is_started)
		on_hello(p, argument);
	else if (strcmp(packet, "shown") == 0 && is_started)
		finish(p, NULL);
	else if (strcmp(packet, "failed") == 0 && argument != NULL)
		finish(p, *argument != '\0' ? argument : "unknown error");
	else
		finish_and_kill(p, HELPER " sent something unexpected");
}

/* Return: whether there may be more to read from @h. */
static bool read_packet(struct helper *h)
{
	struct presenter *p = h->presenter;
	ssize_t n;

	n = recv(h->socket, p->packet, sizeof(p->packet), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		/*
		 * It is ending, and its exit will say how; on_exit follows. One that has closed the
		 * socket and lives on is of no use; one that is ending keeps its own status.
		 */
		event_clear(&h->on_packet);
		helper_kill(h);
		return false;
	}
	if ((size_t)n > sizeof(p->packet) || p->packet[n - 1] != '\0')
		finish_and_kill(p, HELPER " sent a malformed packet");
	else
		handle_packet(p, p->packet, (size_t)n);
	return h->state != HELPER_LEAVING;
}

static void packet_cb(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	(void)read_packet(data);
}

static void exit_text(int status, char *ret, size_t ret_size)
{
	if (WIFSIGNALED(status))
		snprintf(ret, ret_size, HELPER " was killed by signal %d", WTERMSIG(status));
	else
		snprintf(ret, ret_size, HELPER " ended with status %d before it answered",
			 WEXITSTATUS(status));
}

static void exit_cb(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct helper *h = data;
	struct presenter *p = h->presenter;
	char error[80];
	int status = 0;
	pid_t pid;

	pid = waitpid(h->pid, &status, WNOHANG);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return;
	h->pid = -1;

	/* What it said last may be unread, if the loop noticed the exit first. */
	for (int i = 0; i < DRAIN_MAX && h->on_packet != NULL; i++)
		if (!read_packet(h))
			break;

	unlink_helper(p, h);
	if (p->active == h) {
		exit_text(status, error, sizeof(error));
		finish(p, error);
	}
	helper_free(h);
}

static void late_cb(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct helper *h = data;

	helper_kill(h); /* exit_cb reaps it */
	if (h->presenter->active == h)
		finish(h->presenter, HELPER " didn't answer in time");
}

struct presenter *presenter_new(struct event_base *base, const struct presenter_ops *ops,
				void *data)
{
	struct presenter *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->base = base;
	p->ops = ops;
	p->data = data;
	return p;
}

struct presenter *presenter_free(struct presenter *p)
{
	if (p == NULL)
		return NULL;
	while (p->helpers != NULL) {
		struct helper *h = p->helpers;

		p->helpers = h->next;
		helper_free(h);
	}
	free(p);
	return NULL;
}

static char *append(char *at, const char *s)
{
	size_t bytes = strlen(s) + 1;

	memcpy(at, s, bytes);
	return at + bytes;
}

static int pack_show(struct helper *h, const struct presenter_digest *digest)
{
	size_t bytes = sizeof("show") + strlen(digest->summary) + 1 + strlen(digest->body) + 1;
	char *at;

	for (size_t i = 0; i < digest->n_buttons; i++) {
		const struct presenter_button *b = &digest->buttons[i];

		bytes += strlen(b->key) + 1 + strlen(b->label) + 1;
	}
	if (bytes > PACKET_MAX)
		return -EMSGSIZE;

	h->show = malloc(bytes);
	if (h->show == NULL)
		return -ENOMEM;
	h->show_bytes = bytes;

	at = append(h->show, "show");
	at = append(at, digest->summary);
	at = append(at, digest->body);
	for (size_t i = 0; i < digest->n_buttons; i++) {
		at = append(at, digest->buttons[i].key);
		at = append(at, digest->buttons[i].label);
	}
	return 0;
}

static int start_process(struct helper *h)
{
	autofree(str) char *path = spawn_helper_path(HELPER);
	char *argv[] = {path, NULL};
	int fds[2];
	int r;

	if (path == NULL)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	h->socket = fds[0];
	r = spawn_child(argv, fds[1], &h->pid);
	close(fds[1]);
	if (r < 0)
		return r;

	/* -1 where it isn't known (before Linux 5.3, valgrind): watch() has another way. */
	h->pid_fd = (int)syscall(SYS_pidfd_open, h->pid, 0);
	return 0;
}

static int watch(struct helper *h)
{
	struct event_base *base = h->presenter->base;
	const struct timeval attempt = {.tv_sec = ATTEMPT_S};
	const struct timeval poll = {.tv_usec = 100 * 1000};

	h->on_packet = event_new(base, h->socket, EV_READ | EV_PERSIST, packet_cb, h);
	h->on_exit = event_new(base, h->pid_fd, h->pid_fd >= 0 ? EV_READ | EV_PERSIST : EV_PERSIST,
			       exit_cb, h);
	h->on_late = event_new(base, -1, 0, late_cb, h);
	if (h->on_packet == NULL || h->on_exit == NULL || h->on_late == NULL)
		return -ENOMEM;
	if (event_add(h->on_packet, NULL) < 0 ||
	    event_add(h->on_exit, h->pid_fd >= 0 ? NULL : &poll) < 0 ||
	    event_add(h->on_late, &attempt) < 0)
		return -ENOMEM;
	return 0;
}

int presenter_show(struct presenter *p, const struct presenter_digest *digest)
{
	autofree(helper) struct helper *h = NULL;
	int r;

	if (p->active != NULL)
		return -EBUSY;

	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return -ENOMEM;
	h->presenter = p;
	h->pid = h->pid_fd = h->socket = -1;

	r = pack_show(h, digest);
	if (r < 0)
		return r;
	r = start_process(h);
	if (r < 0)
		return r;
	r = watch(h);
	if (r < 0)
		return r;

	h->next = p->helpers;
	p->helpers = h;
	p->active = take(h);
	return 0;
}
