#include "fcgi/admin/csv.h"

#include "shared/base/clock.h"
#include "shared/platform/json.h"

#define UTF8_MARK "\xEF\xBB\xBF"
#define FORMULA "=+-@\t\r\n"

/* What Excel takes for = + - @ as well: their wide forms. */
static const char *const wide[] = { "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
				    "\xEF\xBC\xA0" };

enum { DETAIL_MAX = 4096 };

/* ---- cells ---- */

static void cell_begin(struct csv *csv)
{
	if (csv->begun)
		str_addc(&csv->s, csv->comma ? ';' : ',');
	csv->begun = true;
}

static bool is_formula(const char *text)
{
	for (size_t i = 0; i < COUNT(wide); i++)
		if (!strncmp(text, wide[i], strlen(wide[i])))
			return true;
	return *text && strchr(FORMULA, *text);
}

void csv_text(struct csv *csv, const char *text)
{
	cell_begin(csv);
	str_addc(&csv->s, '"');
	if (is_formula(text))
		str_addc(&csv->s, '\'');
	while (*text) {
		size_t const len = strcspn(text, "\"");

		str_addn(&csv->s, text, len);
		text += len;
		if (*text == '"') {
			str_add(&csv->s, "\"\"");
			text++;
		}
	}
	str_addc(&csv->s, '"');
}

void csv_int(struct csv *csv, int64_t n)
{
	cell_begin(csv);
	str_addf(&csv->s, "%lld", (long long)n);
}

void csv_money(struct csv *csv, struct money m)
{
	char *text = arena_strdup(csv->s.arena, money_plain(csv->s.arena, m));
	char *point = csv->comma ? strchr(text, '.') : NULL;

	cell_begin(csv);
	if (point)
		*point = ',';
	str_add(&csv->s, text);
}

void csv_yes(struct csv *csv, bool yes)
{
	csv_int(csv, yes);
}

void csv_time(struct csv *csv, int64_t at)
{
	cell_begin(csv);
	if (!at)
		return;
	str_addf(&csv->s, "%s %s", clock_iso_day(csv->s.arena, at),
		 clock_hhmmss(csv->s.arena, at));
}

void csv_end(struct csv *csv)
{
	str_add(&csv->s, "\r\n");
	csv->begun = false;
}

/* ---- the export ---- */

struct sending {
	struct visit visit; /* with an arena of its own, emptied after each portion */
	struct csv_export export;
};

static void heading_add(struct csv *csv, const struct sending *s)
{
	str_add(&csv->s, UTF8_MARK);
	for (size_t i = 0; i < s->export.column_count; i++)
		csv_text(csv, visit_text(&s->visit, s->export.columns[i]));
	csv_end(csv);
}

static int send(void *data, struct web_out *out)
{
	struct sending *s = data;
	AUTO_ARENA(scratch);
	bool first = true;
	int rc = OK;

	s->visit.a = &scratch;
	while (!rc) {
		struct csv csv = { .s = STR(&scratch, CSV_PORTION_MAX),
				   .comma = s->visit.lang != LANG_EN };

		if (first)
			heading_add(&csv, s);
		first = false;
		rc = s->export.more(&s->visit, s->export.data, &csv);
		if (!str_ok(&csv.s))
			rc = ERR_TOO_LONG;
		if ((!rc || rc == ERR_NOT_FOUND) && csv.s.len &&
		    web_write(out, (struct bytes){ str_text(&csv.s), csv.s.len }))
			return ERR_DOWN; /* the reader went away */
		arena_reset(&scratch);
	}
	program_db_done(s->visit.program, rc);
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static const char *filters_tell(struct visit *v)
{
	struct str text = STR(v->a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&text);

	json_open(&j, '{');
	for (size_t i = 0; i < v->query.count; i++)
		if (*v->query.values[i])
			json_add_text(&j, v->query.names[i], v->query.values[i]);
	json_close(&j, '}');
	return str_ok(&text) ? str_text(&text) : "{}";
}

int csv_send(struct visit *v, const struct csv_export *export)
{
	struct sending *s = arena_new(v->a, struct sending);
	int const rc = visit_audit(v, "export", export->name, filters_tell(v));

	if (rc)
		return rc;
	s->visit = *v;
	s->export = *export;
	web_status(v->res, 200);
	v->res->content_type = "text/csv; charset=utf-8";
	web_add_header(v->res, "Content-Disposition",
		       arena_printf(v->a, "attachment; filename=\"%s-%s.csv\"", export->name,
				    clock_iso_day(v->a, clock_now())));
	v->res->stream = send;
	v->res->stream_data = s;
	return OK;
}
