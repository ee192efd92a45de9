#include "shared/domain/policy.h"

#include "shared/base/limits.h"
#include "shared/base/parse.h"
#include "shared/domain/setting.h"

struct policy {
	struct arena arena;
	struct policy_edit now;
	int64_t version;
	int64_t read_ms;
	bool loaded;
	bool switched; /* the switch was used … */
	bool paused;   /* … and this is how it stands */
};

static const char *const langs[CATALOG_LANGS] = { "uk", "en", "ru" };

/* Of the longest every character may become an entity, and a message with it still fits. */
/* clang-format off */
static const struct policy_text_about texts[] = {
	[POLICY_GREETING] = { "greeting", POLICY_WORDS, 500, false },
	[POLICY_HELP] = { "help", POLICY_WORDS, 2500, false },
	[POLICY_TERMS] = { "terms", POLICY_WORDS, 2500, false },
	[POLICY_PRIVACY] = { "privacy", POLICY_WORDS, 2500, false },
	[POLICY_PAYSUPPORT] = { "paysupport", POLICY_WORDS, 2500, false },
	[POLICY_CONTACT] = { "contact", POLICY_WORDS, 100, true },
	[POLICY_PAUSED] = { "paused", POLICY_SALES, 300, false },
};
_Static_assert(COUNT(texts) == POLICY_TEXT__COUNT, "a row for every text");

static const struct policy_number_about numbers[] = {
	[POLICY_ORDER_TTL] = { "limit_order_ttl", POLICY_BOUNDS, 0, 86400, 0 },
	[POLICY_OPEN_ORDERS] = { "limit_open_orders", POLICY_BOUNDS, 0, 1000, LIMIT_OPEN_ORDERS },
	[POLICY_RESERVED_CODES] = { "limit_reserved_codes", POLICY_BOUNDS, 0, 100000, LIMIT_RESERVED_CODES },
	[POLICY_UNPAID_FREE] = { "limit_unpaid_free", POLICY_BOUNDS, 0, 1000, LIMIT_UNPAID_FREE },
	[POLICY_UNPAID_PAUSE] = { "limit_unpaid_pause", POLICY_BOUNDS, 0, LIMIT_UNPAID_PAUSE_MAX_S, LIMIT_UNPAID_PAUSE_S },
	[POLICY_ALERT_SALES] = { "alert_sales", POLICY_ALERTS, 0, 1, 1 },
	[POLICY_ALERT_STOCK] = { "alert_stock", POLICY_ALERTS, 0, 1, 1 },
	[POLICY_LOW_STOCK] = { "low_stock", POLICY_ALERTS, 0, 1000000, 5 },
};
_Static_assert(COUNT(numbers) == POLICY_NUMBER__COUNT, "a row for every number");

static const char *const sections[] = {
	[POLICY_WORDS] = "words", [POLICY_BOUNDS] = "bounds",
	[POLICY_ALERTS] = "alerts", [POLICY_SALES] = "sales",
};
_Static_assert(COUNT(sections) == POLICY_SECTION__COUNT, "a name for every section");
/* clang-format on */

const struct policy_text_about *policy_text_about(enum policy_text text)
{
	return &texts[text];
}

const struct policy_number_about *policy_number_about(enum policy_number number)
{
	return &numbers[number];
}

const char *policy_section_name(enum policy_section section)
{
	return sections[section];
}

const char *policy_text_name(struct arena *a, enum policy_text text, int lang)
{
	return arena_printf(a, "text_%s_%s", texts[text].name, langs[lang]);
}

/* ---- reading ---- */

struct found {
	struct db_rows rows; /* name, value */
};

static const char *found_value(const struct found *f, const char *name, const char *otherwise)
{
	for (size_t i = 0; i < f->rows.count; i++)
		if (!strcmp(db_row(&f->rows, i)[0].text, name))
			return db_row(&f->rows, i)[1].text;
	return otherwise;
}

static int64_t found_number(const struct found *f, const char *name,
			    const struct policy_number_about *about)
{
	int64_t n;

	/* A value that is none of ours leaves the default. */
	return parse_int(found_value(f, name, ""), about->min, about->max, &n)
		       ? about->otherwise
		       : n;
}

static const struct policy_number_about any_version = { "", POLICY_WORDS, 0, INT64_MAX, 0 };

int policy_load(struct db *db, struct arena *a, struct policy_edit *ret)
{
	struct found found;
	int const rc = db_query(db, a, "SELECT name, value FROM settings", NO_PARAMS,
				&found.rows);

	if (rc)
		return rc;
	for (int i = 0; i < POLICY_SECTION__COUNT; i++)
		ret->versions[i] = found_number(
			&found, arena_printf(a, "policy_edit_%s", sections[i]), &any_version);
	for (size_t i = 0; i < COUNT(texts); i++)
		for (int lang = 0; lang < CATALOG_LANGS; lang++)
			ret->texts[i][lang] = found_value(
				&found, policy_text_name(a, (enum policy_text)i, lang), "");
	for (size_t i = 0; i < COUNT(numbers); i++)
		ret->numbers[i] = found_number(&found, numbers[i].name, &numbers[i]);
	ret->sales = found_value(&found, SETTING_SALES, "");
	return OK;
}

/* ---- the snapshot ---- */

struct policy *policy_new(void)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		die("out of memory");
	return p;
}

void policy_free(struct policy *p)
{
	arena_release(&p->arena);
	free(p);
}

static int load(struct policy *p, struct db *db, int64_t version)
{
	struct arena fresh;
	struct policy_edit now;
	int rc;

	arena_init(&fresh);
	rc = policy_load(db, &fresh, &now);
	if (rc) {
		arena_release(&fresh);
		return rc;
	}
	arena_release(&p->arena);
	p->arena = fresh;
	p->now = now;
	p->version = version;
	p->loaded = true;
	return OK;
}

/* The switch is read by itself: it may be thrown without the panel. */
int policy_refresh(struct policy *p, struct db *db, int64_t now_ms)
{
	AUTO_ARENA(a);
	struct found found;
	int64_t version;
	const char *sales;
	int rc;

	if (p->loaded && now_ms - p->read_ms < STOCK_SNAPSHOT_MS)
		return OK;
	rc = db_query(
		db, &a,
		"SELECT name, value FROM settings WHERE name IN ('policy_version', 'sales')",
		NO_PARAMS, &found.rows);
	if (rc)
		return rc;
	version = found_number(&found, "policy_version", &any_version);
	if ((!p->loaded || version != p->version) && (rc = load(p, db, version)))
		return rc;
	sales = found_value(&found, SETTING_SALES, "");
	p->switched = *sales != '\0';
	p->paused = !strcmp(sales, "paused");
	p->read_ms = now_ms;
	return OK;
}

void policy_hold(struct policy *p, const struct policy_edit *edit)
{
	p->now = *edit;
	p->loaded = true;
	p->read_ms = INT64_MAX / 2;
}

static const char *text_of(const struct policy_edit *e, enum policy_text text, int lang)
{
	const char *own = e->texts[text][lang];

	return *own ? own : e->texts[text][0];
}

const char *policy_text(const struct policy *p, enum policy_text text, int lang)
{
	return p->loaded ? text_of(&p->now, text, lang) : "";
}

int64_t policy_number(const struct policy *p, enum policy_number number)
{
	return p->loaded ? p->now.numbers[number] : numbers[number].otherwise;
}

bool policy_paused(const struct policy *p, bool configured)
{
	return p->switched ? p->paused : configured;
}

int policy_paused_words(struct db *db, struct arena *a, int lang, const char **ret)
{
	struct policy_edit now;
	int const rc = policy_load(db, a, &now);

	if (!rc)
		*ret = text_of(&now, POLICY_PAUSED, lang);
	return rc;
}
