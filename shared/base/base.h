/*
 * base.h: what every file of the shop may rely on: outcomes, a few macros, and
 * the functions that must not be used.  The only header included everywhere.
 */
#ifndef KARTKA_BASE_H
#define KARTKA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <malloc.h> /* names what is poisoned below */
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED(x) ((void)(x))

/*
 * What a function that can fail returns.  Outcomes that a caller expects and
 * shows to people have an enum of their own; these are for everything else.
 */
enum err {
	OK = 0,
	ERR_NOT_FOUND = -1, /* no such thing */
	ERR_CONFLICT = -2,  /* somebody else was first, or the state is another one */
	ERR_INVALID = -3,   /* the input is malformed */
	ERR_TOO_LONG = -4,  /* the input or the result passes its limit */
	ERR_DENIED = -5,    /* not allowed, or a signature is wrong */
	ERR_DOWN = -6,	    /* the other side (database, Telegram, Portmone) can't be reached */
	ERR_RETRY =
		-7, /* the transaction was rolled back by the database: run it again, whole */
	ERR_UNSURE = -8, /* COMMIT was sent and its answer lost: run the same thing again */
	ERR_FAILED =
		-9, /* a bug or a broken environment; the place that met it has logged it */
};

/* A constant word for logs: "not_found", "conflict", … */
const char *err_name(int rc);

/* Bytes that need not be text.  Borrowed unless said otherwise. */
struct bytes {
	const void *data;
	size_t len;
};

/*
 * Memory holds codes and keys: no core file of this process, nor of those it starts, and no
 * other process of the same user reads it.  Of what `kartka run` starts the user has the keys
 * anyway, in secrets.json or .env; it stays visible, because it is known by its environment.
 */
#define SUPERVISED_MARK "KARTKA_SUPERVISOR"
void secrets_keep(void);

/* End the process: memory is gone or an invariant of the program is broken. */
void die(const char *fmt, ...) PRINTF(1, 2) NORETURN;

/* Under clang's _FORTIFY_SOURCE these two are macros. */
#undef sprintf
#undef vsprintf
/* realloc leaves a copy behind, and it may hold a code. */
#pragma GCC poison atoi atol atoll atof strtok sprintf vsprintf strcpy strcat gets realloc

#endif
