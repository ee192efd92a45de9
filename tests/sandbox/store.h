/*
 * store.h: what the sandbox remembers, in DIR/sandbox.db.  It survives a kill.
 *
 * Used with the world locked, by one thread at a time.  Writing opens a transaction;
 * store_commit (world_unlock calls it) ends it, so what one request did is there whole or not
 * at all.  SQL is a literal; `types` has one letter a parameter: i int64_t, d double, s const
 * char * (NULL is null), b const char * and size_t.  A database that fails ends the program.
 */
#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

#include "tests/sandbox/json.h"

/* Make what is missing, open it for us alone.  False: `why` was printed. */
bool store_open(const char *dir) MUST_CHECK;
void store_close(void);

/* Answers the rows changed. */
int64_t store_run(const char *sql, const char *types, ...);
int64_t store_last_id(void);
/* An array of objects, members named as the columns. */
struct json_object *store_rows(const char *sql, const char *types, ...);
/* The first row, NULL without. */
struct json_object *store_row(const char *sql, const char *types, ...);
/* The first column of the first row, 0 without. */
int64_t store_number(const char *sql, const char *types, ...);
double store_real(const char *sql, const char *types, ...);
void store_commit(void);

/* Small things by name; a heap string or NULL.  A NULL value forgets it. */
char *store_note(const char *name);
void store_note_set(const char *name, const char *value);

#endif
