#include "shared/domain/catalog_change.h"

#include "shared/platform/json.h"

enum { DETAIL_MAX = 16384, STEP = 10 };

/* ---- as it is stored ---- */

int category_load(struct db *db, struct arena *a, int64_t id, struct category_row **ret)
{
	const struct db_cell *c;
	struct category_row *row;
	int const rc = db_one(
		db, a,
		"SELECT id, version, hidden_at IS NOT NULL, slug, title_uk, title_en, "
		"title_ru, position FROM categories WHERE id = ?",
		PARAMS(P(id)), &c);

	if (rc)
		return rc;
	row = arena_new(a, struct category_row);
	*row = (struct category_row){
		.id = c[0].number,
		.version = c[1].number,
		.hidden = c[2].number != 0,
		.edit = { .slug = c[3].text,
			  .title = { c[4].text, c[5].text, c[6].text },
			  .position = c[7].number },
	};
	*ret = row;
	return OK;
}

int value_load(struct db *db, struct arena *a, int64_t id, struct value_row **ret)
{
	const struct db_cell *c;
	struct value_row *row;
	int const rc = db_one(
		db, a,
		"SELECT id, version, low_stock, category_id, slug, title_uk, title_en, "
		"title_ru, instruction_uk, instruction_en, instruction_ru, price_kop, "
		"position, max_per_order, max_per_day, code_pattern, picture_url, "
		"hidden_at IS NOT NULL FROM card_values WHERE id = ?",
		PARAMS(P(id)), &c);

	if (rc)
		return rc;
	row = arena_new(a, struct value_row);
	*row = (struct value_row){
		.id = c[0].number,
		.version = c[1].number,
		.low_stock = c[2].number,
		.edit = { .category_id = c[3].number,
			  .slug = c[4].text,
			  .title = { c[5].text, c[6].text, c[7].text },
			  .instruction = { c[8].text, c[9].text, c[10].text },
			  .price = MONEY(c[11].number),
			  .position = c[12].number,
			  .max_per_order = c[13].number,
			  .max_per_day = c[14].number,
			  .code_pattern = c[15].text,
			  .picture_url = c[16].text,
			  .hidden = c[17].number != 0 },
	};
	*ret = row;
	return OK;
}

/* ---- the trail: before and after ---- */

static void category_json(struct json_out *j, const char *name, const struct category_row *row)
{
	json_key(j, name);
	json_open(j, '{');
	json_add_text(j, "slug", row->edit.slug);
	json_add_text(j, "uk", row->edit.title[0]);
	json_add_text(j, "en", row->edit.title[1]);
	json_add_text(j, "ru", row->edit.title[2]);
	json_close(j, '}');
}

static void value_json(struct json_out *j, const char *name, const struct value_row *row)
{
	json_key(j, name);
	json_open(j, '{');
	json_add_text(j, "slug", row->edit.slug);
	json_add_text(j, "uk", row->edit.title[0]);
	json_add_int(j, "price", row->edit.price.kop);
	json_add_int(j, "category", row->edit.category_id);
	json_add_int(j, "max_per_order", row->edit.max_per_order);
	json_add_int(j, "max_per_day", row->edit.max_per_day);
	json_add_int(j, "low_stock", row->low_stock);
	json_add_text(j, "pattern", row->edit.code_pattern);
	json_add_text(j, "picture", row->edit.picture_url);
	json_close(j, '}');
}

static int category_audit(struct db *db, struct arena *a, const struct audit_who *who,
			  const char *action, const struct category_row *before,
			  const struct category_row *after)
{
	struct str s = STR(a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	if (before)
		category_json(&j, "before", before);
	if (after)
		category_json(&j, "after", after);
	json_close(&j, '}');
	return audit_write(db, who, action,
			   arena_printf(a, "category %s", (after ? after : before)->edit.slug),
			   str_text(&s));
}

static int value_audit(struct db *db, struct arena *a, const struct audit_who *who,
		       const char *action, const struct value_row *before,
		       const struct value_row *after)
{
	struct str s = STR(a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	if (before)
		value_json(&j, "before", before);
	if (after)
		value_json(&j, "after", after);
	json_close(&j, '}');
	return audit_write(db, who, action,
			   arena_printf(a, "value %s", (after ? after : before)->edit.slug),
			   str_text(&s));
}

/* ---- saving ---- */

struct category_saving {
	const struct audit_who *who;
	const struct category_row *row;
	enum edit_result result;
	int64_t id;
};

static int category_insert(struct db *db, const struct category_edit *e, int64_t *ret_id)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO categories (slug, title_uk, title_en, title_ru, position, "
		"created_at) SELECT ?, ?, ?, ?, COALESCE(MAX(position), 0) + ?, "
		"UTC_TIMESTAMP(6) FROM categories",
		PARAMS(P(e->slug), P(e->title[0]), P(e->title[1]), P(e->title[2]), P(STEP)),
		&result);

	if (!rc)
		*ret_id = result.insert_id;
	return rc;
}

static int category_save_work(struct db *db, void *data)
{
	struct category_saving *s = data;
	const struct category_edit *e = &s->row->edit;
	struct category_row *before = NULL;
	AUTO_ARENA(a);
	int rc;

	s->result = EDIT_DONE;
	s->id = s->row->id;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	if (!s->id) {
		rc = category_insert(db, e, &s->id);
	} else {
		if ((rc = category_load(db, &a, s->id, &before)))
			return rc;
		rc = db_exec_one(
			db,
			"UPDATE categories SET slug = ?, title_uk = ?, title_en = ?, "
			"title_ru = ?, version = version + 1 WHERE id = ? AND version = ?",
			PARAMS(P(e->slug), P(e->title[0]), P(e->title[1]), P(e->title[2]),
			       P(s->id), P(s->row->version)));
	}
	if (rc || (rc = category_audit(db, &a, s->who, "category_save", before, s->row)) ||
	    (rc = catalog_changed(db)))
		return rc;
	return db_tx_commit(&tx);
}

/* Which of the two a conflict was: the slug is another's, or the version is another. */
static int conflict_of(struct db *db, const char *sql, const char *slug, int64_t id,
		       enum edit_result *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a, sql, PARAMS(P(slug), P(id)), &row);

	if (rc == ERR_NOT_FOUND) {
		*ret = EDIT_STALE;
		return OK;
	}
	if (!rc)
		*ret = EDIT_SLUG_TAKEN;
	return rc;
}

int category_save(struct db *db, const struct audit_who *who, const struct category_row *row,
		  enum edit_result *ret, int64_t *ret_id)
{
	struct category_saving s = { .who = who, .row = row };
	int const rc = db_retry(db, category_save_work, &s);

	if (rc == ERR_CONFLICT)
		return conflict_of(db, "SELECT id FROM categories WHERE slug = ? AND id <> ?",
				   row->edit.slug, row->id, ret);
	if (!rc) {
		*ret = s.result;
		*ret_id = s.id;
	}
	return rc;
}

struct value_saving {
	const struct audit_who *who;
	const struct value_row *row;
	int64_t id;
};

static int value_insert(struct db *db, const struct value_row *row, int64_t *ret_id)
{
	const struct value_edit *e = &row->edit;
	struct db_result result;
	int rc = db_exec(
		db,
		"INSERT INTO card_values (category_id, slug, title_uk, title_en, title_ru, "
		"instruction_uk, instruction_en, instruction_ru, price_kop, max_per_order, "
		"max_per_day, code_pattern, picture_url, low_stock, position, created_at) "
		"SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"COALESCE(MAX(position), 0) + ?, UTC_TIMESTAMP(6) FROM card_values "
		"WHERE category_id = ?",
		PARAMS(P(e->category_id), P(e->slug), P(e->title[0]), P(e->title[1]),
		       P(e->title[2]), P(e->instruction[0]), P(e->instruction[1]),
		       P(e->instruction[2]), P(e->price), P(e->max_per_order),
		       P(e->max_per_day), P(e->code_pattern), P(e->picture_url),
		       P(row->low_stock), P(STEP), P(e->category_id)),
		&result);

	if (rc)
		return rc;
	*ret_id = result.insert_id;
	return db_exec(db,
		       "INSERT INTO value_gateways (value_id, gateway) VALUES (?, 'portmone')",
		       PARAMS(P(*ret_id)), NULL);
}

static int value_update(struct db *db, const struct value_row *row)
{
	const struct value_edit *e = &row->edit;

	return db_exec_one(
		db,
		"UPDATE card_values SET category_id = ?, slug = ?, title_uk = ?, "
		"title_en = ?, title_ru = ?, instruction_uk = ?, instruction_en = ?, "
		"instruction_ru = ?, price_kop = ?, max_per_order = ?, max_per_day = ?, "
		"code_pattern = ?, picture_url = ?, low_stock = ?, version = version + 1 "
		"WHERE id = ? AND version = ?",
		PARAMS(P(e->category_id), P(e->slug), P(e->title[0]), P(e->title[1]),
		       P(e->title[2]), P(e->instruction[0]), P(e->instruction[1]),
		       P(e->instruction[2]), P(e->price), P(e->max_per_order),
		       P(e->max_per_day), P(e->code_pattern), P(e->picture_url),
		       P(row->low_stock), P(row->id), P(row->version)));
}

static int price_note(struct db *db, const struct audit_who *who, int64_t value_id,
		      const struct value_row *before, struct money now)
{
	struct db_param const was = before ? P(before->edit.price) : P_NULL;

	if (before && before->edit.price.kop == now.kop)
		return OK;
	return db_exec(db,
		       "INSERT INTO price_changes (value_id, old_kop, new_kop, actor, at) "
		       "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))",
		       PARAMS(P(value_id), was, P(now), P(who->actor)), NULL);
}

static int value_save_work(struct db *db, void *data)
{
	struct value_saving *s = data;
	struct value_row *before = NULL;
	AUTO_ARENA(a);
	int rc;

	s->id = s->row->id;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	if (!s->id)
		rc = value_insert(db, s->row, &s->id);
	else if (!(rc = value_load(db, &a, s->id, &before)))
		rc = value_update(db, s->row);
	if (rc || (rc = price_note(db, s->who, s->id, before, s->row->edit.price)) ||
	    (rc = value_audit(db, &a, s->who, "value_save", before, s->row)) ||
	    (rc = catalog_changed(db)))
		return rc;
	return db_tx_commit(&tx);
}

int value_save(struct db *db, const struct audit_who *who, const struct value_row *row,
	       enum edit_result *ret, int64_t *ret_id)
{
	struct value_saving s = { .who = who, .row = row };
	int const rc = db_retry(db, value_save_work, &s);

	if (rc == ERR_CONFLICT)
		return conflict_of(db, "SELECT id FROM card_values WHERE slug = ? AND id <> ?",
				   row->edit.slug, row->id, ret);
	if (!rc) {
		*ret = EDIT_DONE;
		*ret_id = s.id;
	}
	return rc;
}

/* ---- hiding and moving ---- */

struct shift {
	const struct audit_who *who;
	const char *noun; /* "category", "value" */
	int64_t id;
	bool hides;
	bool hidden;
	int step;
};

static bool of_categories(const struct shift *s)
{
	return !strcmp(s->noun, "category");
}

static int hide_run(struct db *db, const struct shift *s)
{
	struct db_param const at = P((int64_t)s->hidden);

	if (of_categories(s))
		return db_exec_one(db,
				   "UPDATE categories SET version = version + 1, "
				   "hidden_at = IF(?, UTC_TIMESTAMP(6), NULL) WHERE id = ?",
				   PARAMS(at, P(s->id)));
	return db_exec_one(db,
			   "UPDATE card_values SET version = version + 1, "
			   "hidden_at = IF(?, UTC_TIMESTAMP(6), NULL) WHERE id = ?",
			   PARAMS(at, P(s->id)));
}

static int places_read(struct db *db, struct arena *a, const struct shift *s,
		       struct db_rows *ret)
{
	if (of_categories(s))
		return db_query(db, a,
				"SELECT id FROM categories ORDER BY position, id FOR UPDATE",
				NO_PARAMS, ret);
	return db_query(db, a,
			"SELECT v.id FROM card_values v JOIN card_values me ON "
			"me.category_id = v.category_id WHERE me.id = ? "
			"ORDER BY v.position, v.price_kop, v.id FOR UPDATE",
			PARAMS(P(s->id)), ret);
}

static int place_write(struct db *db, const struct shift *s, int64_t id, size_t place)
{
	struct db_param const position = P((int64_t)(place + 1) * STEP);

	if (of_categories(s))
		return db_exec(db, "UPDATE categories SET position = ? WHERE id = ?",
			       PARAMS(position, P(id)), NULL);
	return db_exec(db, "UPDATE card_values SET position = ? WHERE id = ?",
		       PARAMS(position, P(id)), NULL);
}

/* Everybody gets a fresh place, two of them each other's: there were gaps and equals before. */
static int move_run(struct db *db, struct arena *a, const struct shift *s)
{
	struct db_rows rows;
	size_t me = 0;
	int rc = places_read(db, a, s, &rows);

	if (rc)
		return rc;
	while (me < rows.count && db_row(&rows, me)[0].number != s->id)
		me++;
	if (me == rows.count)
		return ERR_NOT_FOUND;
	for (size_t i = 0; !rc && i < rows.count; i++) {
		size_t place = i;

		if (s->step < 0 && me > 0)
			place = i == me ? me - 1 : i == me - 1 ? me : i;
		else if (s->step > 0 && me + 1 < rows.count)
			place = i == me ? me + 1 : i == me + 1 ? me : i;
		rc = place_write(db, s, db_row(&rows, i)[0].number, place);
	}
	return rc;
}

static int shift_work(struct db *db, void *data)
{
	const struct shift *s = data;
	AUTO_ARENA(a);
	const char *action = s->hides ? (s->hidden ? "hide" : "show") : "move";
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = s->hides ? hide_run(db, s) : move_run(db, &a, s);
	if (rc)
		return rc == ERR_CONFLICT ? ERR_NOT_FOUND : rc;
	rc = audit_write(db, s->who, arena_printf(&a, "%s_%s", s->noun, action),
			 arena_printf(&a, "%s %lld", s->noun, (long long)s->id), NULL);
	if (rc || (rc = catalog_changed(db)))
		return rc;
	return db_tx_commit(&tx);
}

int category_set_hidden(struct db *db, const struct audit_who *who, int64_t id, bool hidden)
{
	return db_retry(db, shift_work,
			&(struct shift){ .who = who,
					 .noun = "category",
					 .id = id,
					 .hides = true,
					 .hidden = hidden });
}

int value_set_hidden(struct db *db, const struct audit_who *who, int64_t id, bool hidden)
{
	return db_retry(db, shift_work,
			&(struct shift){ .who = who,
					 .noun = "value",
					 .id = id,
					 .hides = true,
					 .hidden = hidden });
}

int category_move(struct db *db, const struct audit_who *who, int64_t id, int step)
{
	return db_retry(
		db, shift_work,
		&(struct shift){ .who = who, .noun = "category", .id = id, .step = step });
}

int value_move(struct db *db, const struct audit_who *who, int64_t id, int step)
{
	return db_retry(db, shift_work,
			&(struct shift){ .who = who, .noun = "value", .id = id, .step = step });
}

int price_history(struct db *db, struct arena *a, int64_t value_id, int limit,
		  struct price_change **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct price_change *list;
	int const rc = db_query(db, a,
				"SELECT at, old_kop, new_kop, actor FROM price_changes "
				"WHERE value_id = ? ORDER BY id DESC LIMIT ?",
				PARAMS(P(value_id), P(limit)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct price_change){ .at = c[0].number,
						 .is_first = c[1].is_null,
						 .was = MONEY(c[1].number),
						 .is = MONEY(c[2].number),
						 .actor = c[3].text };
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}
