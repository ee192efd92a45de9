/*
 * catalog_change.h: the catalogue as administrators edit it.  Each edit carries the version
 * it was begun from, so that nobody's change is lost silently; each is in the audit trail
 * with what it was before, and prices have a history.
 */
#ifndef KARTKA_CATALOG_CHANGE_H
#define KARTKA_CATALOG_CHANGE_H

#include "shared/domain/audit.h"
#include "shared/domain/catalog.h"

/* As stored: empty titles and instructions are empty here, not filled from uk. */
struct category_row {
	int64_t id;
	int64_t version;
	bool hidden;
	struct category_edit edit;
};

struct value_row {
	int64_t id;
	int64_t version;
	int64_t low_stock;
	struct value_edit edit; /* hidden in it */
};

int category_load(struct db *db, struct arena *a, int64_t id,
		  struct category_row **ret) MUST_CHECK;
int value_load(struct db *db, struct arena *a, int64_t id, struct value_row **ret) MUST_CHECK;

enum edit_result {
	EDIT_DONE,
	EDIT_STALE,	 /* somebody changed it since it was read */
	EDIT_SLUG_TAKEN, /* by another one */
	EDIT__COUNT
};

/* id 0: a new one, at the end.  ret_id: of it. */
int category_save(struct db *db, const struct audit_who *who, const struct category_row *row,
		  enum edit_result *ret, int64_t *ret_id) MUST_CHECK;
int value_save(struct db *db, const struct audit_who *who, const struct value_row *row,
	       enum edit_result *ret, int64_t *ret_id) MUST_CHECK;

/* Not shown, not sold; or again.  Orders that are open go on. */
int category_set_hidden(struct db *db, const struct audit_who *who, int64_t id,
			bool hidden) MUST_CHECK;
int value_set_hidden(struct db *db, const struct audit_who *who, int64_t id,
		     bool hidden) MUST_CHECK;

/* One place up (-1) or down (+1) among its neighbours; at the edge nothing changes. */
int category_move(struct db *db, const struct audit_who *who, int64_t id, int step) MUST_CHECK;
int value_move(struct db *db, const struct audit_who *who, int64_t id, int step) MUST_CHECK;

struct price_change {
	int64_t at;
	bool is_first;
	struct money was;
	struct money is;
	const char *actor;
};
/* Newest first. */
int price_history(struct db *db, struct arena *a, int64_t value_id, int limit,
		  struct price_change **ret, size_t *ret_count) MUST_CHECK;

#endif
