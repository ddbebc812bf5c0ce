/*
 * relay: a listening socket that stands for the session bus.
 *
 * Every connection to it gets a connection of its own to the bus. What passes is what framing lets pass, with
 * the file descriptors still at the bytes they came with. Memory is bounded: a side that doesn't read makes
 * the other one wait.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct event_base;
struct relay;

struct relay_target {
	struct sockaddr_un addr;
	socklen_t addr_bytes;
};

struct relay_ops {
	/* A connection has ended and was the last one. The relay may be freed only later, not in here. */
	void (*idle)(void *data);
	/* A connection couldn't be made to the bus, or had to be cut: a negative errno. */
	void (*broken)(int error, void *data);
};

/**
 * relay_new() - start to accept connections
 * @listen_fd: a listening, non-blocking unix socket; stays the caller's
 * @targets: the addresses of the bus, tried in this order; must outlive the relay
 * @ops: must outlive the relay
 *
 * Return: 0, or a negative errno.
 */
LULL_MUSTCHECK int relay_new(struct event_base *base, int listen_fd,
			     const struct relay_target *targets, size_t n_targets,
			     const struct relay_ops *ops, void *data, struct relay **ret);

/**
 * relay_free() - close all connections
 *
 * Return: NULL.
 */
struct relay *relay_free(struct relay *r);
DEFINE_AUTOFREE(relay)

/**
 * relay_is_idle() - whether nobody is connected
 *
 * Takes in first whoever has connected and wasn't noticed yet.
 */
bool relay_is_idle(struct relay *r);
