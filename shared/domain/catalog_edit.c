#include "shared/domain/catalog.h"

static int id_by_slug(struct db *db, const char *sql, const char *slug, int64_t *ret)
{
	const struct db_cell *row;
	AUTO_ARENA(a);
	int rc;

	rc = db_one(db, &a, sql, PARAMS(P(slug)), &row);
	if (!rc)
		*ret = row[0].number;
	return rc;
}

int category_put(struct db *db, const struct category_edit *e, int64_t *ret_id)
{
	int const rc = db_exec(
		db,
		"INSERT INTO categories (slug, title_uk, title_en, title_ru, position, "
		"created_at) "
		"VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE "
		"title_uk = VALUES(title_uk), title_en = VALUES(title_en), "
		"title_ru = VALUES(title_ru), position = VALUES(position), "
		"version = version + 1",
		PARAMS(P(e->slug), P(e->title[0]), P(e->title[1]), P(e->title[2]),
		       P(e->position)),
		NULL);

	if (rc)
		return rc;
	return id_by_slug(db, "SELECT id FROM categories WHERE slug = ?", e->slug, ret_id);
}

int value_put(struct db *db, const struct value_edit *e, int64_t *ret_id)
{
	int rc = db_exec(
		db,
		"INSERT INTO card_values (category_id, slug, title_uk, title_en, title_ru, "
		"instruction_uk, instruction_en, instruction_ru, price_kop, position, "
		"max_per_order, max_per_day, code_pattern, picture_url, hidden_at, created_at) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"IF(?, UTC_TIMESTAMP(6), NULL), UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE "
		"category_id = VALUES(category_id), title_uk = VALUES(title_uk), "
		"title_en = VALUES(title_en), title_ru = VALUES(title_ru), "
		"instruction_uk = VALUES(instruction_uk), instruction_en = "
		"VALUES(instruction_en), "
		"instruction_ru = VALUES(instruction_ru), price_kop = VALUES(price_kop), "
		"position = VALUES(position), max_per_order = VALUES(max_per_order), "
		"max_per_day = VALUES(max_per_day), code_pattern = VALUES(code_pattern), "
		"picture_url = VALUES(picture_url), hidden_at = VALUES(hidden_at), "
		"version = version + 1",
		PARAMS(P(e->category_id), P(e->slug), P(e->title[0]), P(e->title[1]),
		       P(e->title[2]), P(e->instruction[0]), P(e->instruction[1]),
		       P(e->instruction[2]), P(e->price), P(e->position), P(e->max_per_order),
		       P(e->max_per_day), P(e->code_pattern), P(e->picture_url),
		       P((int64_t)e->hidden)),
		NULL);

	if (rc || (rc = value_id_by_slug(db, e->slug, ret_id)))
		return rc;
	return db_exec(
		db,
		"INSERT IGNORE INTO value_gateways (value_id, gateway) VALUES (?, 'portmone')",
		PARAMS(P(*ret_id)), NULL);
}

int catalog_changed(struct db *db)
{
	return db_exec_one(db,
			   "UPDATE settings SET value = CAST(value AS SIGNED) + 1, "
			   "changed_at = UTC_TIMESTAMP(6) WHERE name = 'catalog_version'",
			   NO_PARAMS);
}

int value_id_by_slug(struct db *db, const char *slug, int64_t *ret)
{
	return id_by_slug(db, "SELECT id FROM card_values WHERE slug = ?", slug, ret);
}
