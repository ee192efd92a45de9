/* base.h: the few words every file of the sandbox uses. */
#ifndef SANDBOX_BASE_H
#define SANDBOX_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first), nonnull(fmt)))
#define MUST_CHECK __attribute__((warn_unused_result))

static inline bool text_is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static inline bool text_begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Memory that can't be had ends the program: nothing here could go on without it. */
static inline void *memory_had(void *p)
{
	if (!p) {
		fputs("sandbox: out of memory\n", stderr);
		abort();
	}
	return p;
}

static inline void *memory_new(size_t size)
{
	return memory_had(malloc(size ? size : 1));
}

static inline void *memory_grow(void *old, size_t size)
{
	return memory_had(realloc(old, size ? size : 1));
}

static inline void memory_release(void *p)
{
	free(*(void **)p);
}
#define AUTO_FREE __attribute__((cleanup(memory_release)))

#endif
