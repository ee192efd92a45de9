/*
 * arena.h: memory that ends with the request, the job or the snapshot it was
 * taken for.  Nothing is freed one by one.  Never returns NULL: a process that
 * has no memory ends, and is started again with nothing lost.
 */
#ifndef KARTKA_ARENA_H
#define KARTKA_ARENA_H

#include "shared/base/base.h"

struct arena_block;

struct arena {
	struct arena_block *head; /* the block in use; older ones hang on it */
};

void arena_init(struct arena *a);

/* Give everything back but one block of ordinary size, kept for the next request. */
void arena_reset(struct arena *a);

/* Give everything back, and wipe it first: it may have held codes. */
void arena_release(struct arena *a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);

/* Make the newest allocation longer in place where that is possible, else copy it. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);

char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

/* An arena that ends with its scope. */
#define AUTO_ARENA(name) struct arena name __attribute__((cleanup(arena_release))) = { NULL }

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
