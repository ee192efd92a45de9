#include "shared/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

enum { BLOCK_SIZE = 32 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size;
	size_t used;
	size_t clean; /* from used up to here all bytes are zero already */
	alignas(max_align_t) char data[];
};

/* What explicit_bzero promises, without asking for it under every libc. */
static void block_wipe(struct arena_block *b)
{
	memset(b->data, 0, b->used);
	__asm__ __volatile__("" : : "r"(b->data) : "memory");
	if (b->clean < b->used)
		b->clean = b->used;
	b->used = 0;
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (!b)
		die("out of memory (%zu bytes)", size);
	b->older = NULL;
	b->size = size;
	b->used = 0;
	b->clean = 0;
	return b;
}

/* The next bytes of a block that has room for them.  Those wiped before are zero still. */
static void *block_take(struct arena_block *b, size_t need)
{
	char *p = b->data + b->used;
	size_t const known = b->clean > b->used ? b->clean - b->used : 0;

	b->used += need;
	if (known < need)
		memset(p + known, 0, need - known);
	return p;
}

static size_t aligned(size_t n)
{
	size_t const step = alignof(max_align_t);

	if (n > SIZE_MAX - step)
		die("allocation too large");
	return (n + step - 1) / step * step;
}

void arena_init(struct arena *a)
{
	a->head = NULL;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL;

	while (a->head) {
		struct arena_block *b = a->head;

		a->head = b->older;
		block_wipe(b);
		if (!keep && b->size == BLOCK_SIZE) {
			keep = b;
			continue;
		}
		free(b);
	}
	if (keep)
		keep->older = NULL;
	a->head = keep;
}

void arena_release(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	a->head = NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t const need = aligned(size ? size : 1);
	struct arena_block *b = a->head;

	if (!b || b->size - b->used < need) {
		b = block_new(need > BLOCK_SIZE ? need : BLOCK_SIZE);
		b->older = a->head;
		a->head = b;
	}
	return block_take(b, need);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		die("allocation too large");
	return arena_alloc(a, count * size);
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	struct arena_block *b = a->head;
	size_t const have = aligned(old_size ? old_size : 1);
	size_t const need = aligned(new_size ? new_size : 1);
	void *p;

	if (old && new_size <= old_size)
		return old;
	if (old && b && (char *)old + have == b->data + b->used &&
	    need - have <= b->size - b->used) {
		(void)block_take(b, need - have);
		return old;
	}
	p = arena_alloc(a, new_size);
	if (old)
		memcpy(p, old, old_size);
	return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	struct arena_block *b = a->head;
	size_t const room = b ? b->size - b->used : 0;
	char *text = b ? b->data + b->used : NULL;
	va_list args;
	va_list again;
	size_t need;
	int len;

	/* Right where it will stand, if there is room for it: formatted once, not twice. */
	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(text, room, fmt, args);
	va_end(args);
	if (len < 0)
		die("bad format: %s", fmt);
	need = aligned((size_t)len + 1);
	if (b && need <= room) {
		memset(text + len, 0, need - (size_t)len);
		b->used += need;
	} else {
		if (room)
			memset(text, 0, room);
		text = arena_alloc(a, need);
		vsnprintf(text, need, fmt, again);
	}
	va_end(again);
	return text;
}
