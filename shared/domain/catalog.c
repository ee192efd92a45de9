#include "shared/domain/catalog.h"

#include "shared/base/limits.h"

enum { COUNT_SLOTS = 4096 }; /* a power of two; a shop has hundreds of values at most */

struct stock_count {
	int64_t value_id; /* 0: unused */
	int64_t read_ms;
	int count;
};

struct catalog {
	struct arena arena;
	int64_t version;
	int64_t checked_ms;
	bool loaded;
	struct category *categories; /* visible first, then hidden */
	size_t visible;
	size_t category_count;
	struct card_value *values;
	size_t value_count;
	struct stock_count counts[COUNT_SLOTS];
};

struct catalog *catalog_new(void)
{
	struct catalog *c = calloc(1, sizeof(*c));

	if (!c)
		die("out of memory");
	return c;
}

void catalog_free(struct catalog *c)
{
	arena_release(&c->arena);
	free(c);
}

static const char *or_first(const struct db_cell *cell, const struct db_cell *first)
{
	return *cell->text ? cell->text : first->text;
}

static int load_categories(struct db *db, struct arena *a, struct catalog *to)
{
	struct db_rows rows;
	int const rc = db_query(db, a,
				"SELECT id, slug, title_uk, title_en, title_ru, hidden_at "
				"FROM categories ORDER BY hidden_at IS NOT NULL, position, id",
				NO_PARAMS, &rows);

	if (rc)
		return rc;
	to->categories = arena_array(a, rows.count, sizeof(*to->categories));
	to->category_count = rows.count;
	to->visible = 0;
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);
		struct category *category = &to->categories[i];

		category->id = c[0].number;
		category->slug = c[1].text;
		for (int lang = 0; lang < CATALOG_LANGS; lang++)
			category->title[lang] = or_first(&c[2 + lang], &c[2]);
		category->hidden = !c[5].is_null;
		to->visible += !category->hidden;
	}
	return OK;
}

static void value_read(const struct db_cell *c, struct card_value *v)
{
	v->id = c[0].number;
	v->category_id = c[1].number;
	v->slug = c[2].text;
	for (int lang = 0; lang < CATALOG_LANGS; lang++) {
		v->title[lang] = or_first(&c[3 + lang], &c[3]);
		v->instruction[lang] = or_first(&c[6 + lang], &c[6]);
	}
	v->price = MONEY(c[9].number);
	v->max_per_order = (int)c[10].number;
	if (v->max_per_order < 1 || v->max_per_order > QUANTITY_MAX)
		v->max_per_order = QUANTITY_MAX;
	v->max_per_day = (int)c[11].number;
	v->picture_url = c[12].text;
	v->hidden = c[13].number != 0;
	v->by_portmone = c[14].number != 0;
	v->code_pattern = c[15].text;
}

static int load_values(struct db *db, struct arena *a, struct catalog *to)
{
	struct db_rows rows;
	size_t at = 0;
	int const rc = db_query(
		db, a,
		"SELECT v.id, v.category_id, v.slug, v.title_uk, v.title_en, v.title_ru, "
		"v.instruction_uk, v.instruction_en, v.instruction_ru, v.price_kop, "
		"v.max_per_order, v.max_per_day, v.picture_url, "
		"v.hidden_at IS NOT NULL OR c.hidden_at IS NOT NULL, g.value_id IS NOT NULL, "
		"v.code_pattern "
		"FROM card_values v JOIN categories c ON c.id = v.category_id "
		"LEFT JOIN value_gateways g ON g.value_id = v.id AND g.gateway = 'portmone' "
		"ORDER BY c.hidden_at IS NOT NULL, c.position, c.id, v.position, v.price_kop, "
		"v.id",
		NO_PARAMS, &rows);

	if (rc)
		return rc;
	to->values = arena_array(a, rows.count, sizeof(*to->values));
	to->value_count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		value_read(db_row(&rows, i), &to->values[i]);
	/* Both lists are in the categories' order: each category is one run of values. */
	for (size_t i = 0; i < to->category_count; i++) {
		struct category *category = &to->categories[i];

		category->first = at;
		while (at < rows.count && to->values[at].category_id == category->id)
			at++;
		category->count = at - category->first;
	}
	return OK;
}

static int load(struct catalog *c, struct db *db, int64_t version)
{
	struct catalog fresh = { .version = version };
	int rc;

	arena_init(&fresh.arena);
	if ((rc = load_categories(db, &fresh.arena, &fresh)) ||
	    (rc = load_values(db, &fresh.arena, &fresh))) {
		arena_release(&fresh.arena);
		return rc;
	}
	arena_release(&c->arena);
	c->arena = fresh.arena;
	c->version = version;
	c->categories = fresh.categories;
	c->visible = fresh.visible;
	c->category_count = fresh.category_count;
	c->values = fresh.values;
	c->value_count = fresh.value_count;
	c->loaded = true;
	return OK;
}

int catalog_refresh_now(struct catalog *c, struct db *db, int64_t now_ms)
{
	const struct db_cell *row;
	AUTO_ARENA(a);
	int rc = db_one(
		db, &a,
		"SELECT CAST(value AS SIGNED) FROM settings WHERE name = 'catalog_version'",
		NO_PARAMS, &row);

	if (!rc && (!c->loaded || row[0].number != c->version))
		rc = load(c, db, row[0].number);
	if (!rc)
		c->checked_ms = now_ms;
	return rc;
}

int catalog_refresh(struct catalog *c, struct db *db, int64_t now_ms)
{
	if (c->loaded && now_ms - c->checked_ms < STOCK_SNAPSHOT_MS)
		return OK;
	return catalog_refresh_now(c, db, now_ms);
}

int catalog_refresh_for(struct catalog *c, struct db *db, int64_t value_id, int64_t now_ms)
{
	int const rc = catalog_refresh(c, db, now_ms);

	return rc || catalog_value(c, value_id) ? rc : catalog_refresh_now(c, db, now_ms);
}

size_t catalog_categories(const struct catalog *c, const struct category **ret)
{
	*ret = c->categories;
	return c->visible;
}

size_t catalog_all_categories(const struct catalog *c, const struct category **ret)
{
	*ret = c->categories;
	return c->category_count;
}

const struct category *catalog_category(const struct catalog *c, int64_t id)
{
	for (size_t i = 0; i < c->category_count; i++)
		if (c->categories[i].id == id)
			return &c->categories[i];
	return NULL;
}

const struct card_value *catalog_value(const struct catalog *c, int64_t id)
{
	for (size_t i = 0; i < c->value_count; i++)
		if (c->values[i].id == id)
			return &c->values[i];
	return NULL;
}

const struct card_value *catalog_value_by_slug(const struct catalog *c, const char *slug)
{
	for (size_t i = 0; i < c->value_count; i++)
		if (!strcmp(c->values[i].slug, slug))
			return &c->values[i];
	return NULL;
}

const struct card_value *catalog_values(const struct catalog *c,
					const struct category *category)
{
	return c->values + category->first;
}

size_t catalog_all_values(const struct catalog *c, const struct card_value **ret)
{
	*ret = c->values;
	return c->value_count;
}

/* The value's place in the table of counts; another value may be put out of it. */
static struct stock_count *count_slot(struct catalog *c, int64_t value_id)
{
	size_t const at = (size_t)((uint64_t)value_id * 0x9E3779B97F4A7C15u >> 52);

	_Static_assert(COUNT_SLOTS == 1 << 12, "52 bits are shifted out of 64");
	return &c->counts[at];
}

int catalog_stock(struct catalog *c, struct db *db, int64_t value_id, int64_t now_ms, int *ret)
{
	struct stock_count *slot = count_slot(c, value_id);
	const struct db_cell *row;
	AUTO_ARENA(a);
	int rc;

	if (slot->value_id == value_id && now_ms - slot->read_ms < STOCK_SNAPSHOT_MS) {
		*ret = slot->count;
		return OK;
	}
	rc = db_one(db, &a,
		    "SELECT COUNT(*) FROM (SELECT 1 FROM card_codes WHERE value_id = ? AND "
		    "state = 'available' AND expires_at > UTC_TIMESTAMP(6) + INTERVAL ? HOUR "
		    "LIMIT ?) bounded",
		    PARAMS(P(value_id), P(CODE_LIFE_MIN_HOURS), P(STOCK_SHOWN_MAX + 1)), &row);
	if (!rc) {
		*slot = (struct stock_count){ .value_id = value_id,
					      .read_ms = now_ms,
					      .count = (int)row[0].number };
		*ret = slot->count;
	}
	return rc;
}
