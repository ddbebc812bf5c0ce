/*
 * enable: put lull in front of a user's display server, and put everything back.
 */
#pragma once
#include "client/verb.h"

enum outcome enable_run(const struct args *a);
enum outcome disable_run(const struct args *a);
