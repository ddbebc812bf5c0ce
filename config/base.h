/*
 * base: the few macros that every file may use.
 *
 * Nothing in here knows about lull; it is C with the attributes of gcc and clang.
 */
#pragma once
#include <stdlib.h>

#define LULL_MUSTCHECK __attribute__((warn_unused_result))
#define LULL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define LULL_UNUSED __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define USEC_PER_MSEC INT64_C(1000)
#define USEC_PER_SEC INT64_C(1000000)

/*
 * autofree(x) struct x *p = NULL;   calls x_free(p) when p leaves its scope
 * take(p)                           gives p away: returns it and leaves NULL behind
 *
 * DEFINE_AUTOFREE(x) makes the first possible for `struct x` with an x_free() that returns NULL.
 */
#define autofree(name) __attribute__((cleanup(name##_autofree)))
#define DEFINE_AUTOFREE(name)                               \
	static inline void name##_autofree(struct name **p) \
	{                                                   \
		*p = name##_free(*p);                       \
	}
#define take(p)                           \
	__extension__({                   \
		__typeof__(p) *_p = &(p); \
		__typeof__(p) _v = *_p;   \
		*_p = NULL;               \
		_v;                       \
	})

/* autofree(str) char *s = NULL; */
static inline void str_autofree(char **p)
{
	free(*p);
	*p = NULL;
}
