/*
 * catalog.h: categories and card values, and how much of each is on the shelf.
 *
 * A process reads the catalogue from a snapshot of its own that is at most
 * STOCK_SNAPSHOT_MS old, and is loaded anew only when its version has changed; the counts
 * of a value are at most as old, bounded by STOCK_SHOWN_MAX, and read only when looked at:
 * the cost of a tap does not grow with the stock.
 */
#ifndef KARTKA_CATALOG_H
#define KARTKA_CATALOG_H

#include "shared/platform/db.h"

enum { CATALOG_LANGS = 3 }; /* uk, en, ru: the order of enum lang */

struct category {
	int64_t id;
	const char *slug;
	const char *title[CATALOG_LANGS]; /* never empty: falls back to uk */
	bool hidden;
	size_t first; /* its values are values[first … first + count - 1] */
	size_t count;
};

struct card_value {
	int64_t id;
	int64_t category_id;
	const char *slug;
	const char *title[CATALOG_LANGS];
	const char *instruction[CATALOG_LANGS];
	struct money price;
	int max_per_order; /* already bounded by QUANTITY_MAX */
	int max_per_day;   /* 0: no limit */
	const char *picture_url;
	const char *code_pattern; /* codes must match; "" for any */
	bool hidden;		  /* itself or its category */
	bool by_portmone;	  /* may be paid with Portmone */
};

struct catalog; /* the process's snapshot */

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);

/* Make the snapshot fresh enough.  Pointers got earlier stay good until the next call. */
int catalog_refresh(struct catalog *c, struct db *db, int64_t now_ms) MUST_CHECK;
/* The same, but as of now: where the price is shown, or something was not found. */
int catalog_refresh_now(struct catalog *c, struct db *db, int64_t now_ms) MUST_CHECK;
/* Fresh enough to show this value: a new one is not taken for one that is gone. */
int catalog_refresh_for(struct catalog *c, struct db *db, int64_t value_id,
			int64_t now_ms) MUST_CHECK;

/* Visible ones in their order. */
size_t catalog_categories(const struct catalog *c, const struct category **ret);
/* Hidden ones too, after the visible. */
size_t catalog_all_categories(const struct catalog *c, const struct category **ret);
/* NULL: no such thing (any more).  Hidden ones are found: old orders show them. */
const struct category *catalog_category(const struct catalog *c, int64_t id);
const struct card_value *catalog_value(const struct catalog *c, int64_t id);
const struct card_value *catalog_value_by_slug(const struct catalog *c, const char *slug);
/* Values of a category in their order, hidden ones among them. */
const struct card_value *catalog_values(const struct catalog *c,
					const struct category *category);

/* All values, hidden ones too, category by category. */
size_t catalog_all_values(const struct catalog *c, const struct card_value **ret);

/* Codes on the shelf: exact up to STOCK_SHOWN_MAX, STOCK_SHOWN_MAX + 1 for more. */
int catalog_stock(struct catalog *c, struct db *db, int64_t value_id, int64_t now_ms,
		  int *ret) MUST_CHECK;

/* ---- changing it ---- */

struct category_edit {
	const char *slug;
	const char *title[CATALOG_LANGS];
	int64_t position;
};

struct value_edit {
	int64_t category_id;
	const char *slug;
	const char *title[CATALOG_LANGS];
	const char *instruction[CATALOG_LANGS];
	struct money price;
	int64_t position;
	int64_t max_per_order;
	int64_t max_per_day;
	const char *code_pattern;
	const char *picture_url;
	bool hidden;
};

/* Insert or update by slug.  All in the caller's transaction, then catalog_changed(). */
int category_put(struct db *db, const struct category_edit *edit, int64_t *ret_id) MUST_CHECK;
int value_put(struct db *db, const struct value_edit *edit, int64_t *ret_id) MUST_CHECK;
int catalog_changed(struct db *db) MUST_CHECK;

/* The value of a slug, straight from the database.  ERR_NOT_FOUND. */
int value_id_by_slug(struct db *db, const char *slug, int64_t *ret) MUST_CHECK;

#endif
