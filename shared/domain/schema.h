/*
 * schema.h: the database as a whole: whether there is anything in it, and emptying it, for
 * putting a backup in its place.
 */
#ifndef KARTKA_SCHEMA_H
#define KARTKA_SCHEMA_H

#include "shared/platform/db.h"

/* No tables, or nobody has put anything in them yet. */
int schema_is_empty(struct db *db, bool *ret) MUST_CHECK;

/* Drop every table. */
int schema_drop(struct db *db) MUST_CHECK;

#endif
