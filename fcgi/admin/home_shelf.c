#include "fcgi/admin/home.h"

enum {
	ROWS_SHOWN = 8,
	LONG = 90, /* days: how many more does not matter */
};

/* Days that what is left lasts, as far as it was counted; INT64_MAX: nobody buys it. */
static int64_t days_left(const struct shelf *s)
{
	if (!s->left)
		return 0;
	return s->sold ? (int64_t)s->left * SHELF_DAYS / s->sold : INT64_MAX;
}

/* What ends first stands first; of equal ones what has less. */
static int shelf_compare(const void *a, const void *b)
{
	const struct shelf *x = a;
	const struct shelf *y = b;
	int64_t const dx = days_left(x);
	int64_t const dy = days_left(y);

	if (dx != dy)
		return dx < dy ? -1 : 1;
	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	return x->value_id < y->value_id ? -1 : 1;
}

static const char *left_text(const struct visit *v, const struct shelf *s)
{
	if (s->left <= s->bound)
		return visit_number(v, s->left);
	return arena_printf(v->a, "> %s", visit_number(v, s->bound));
}

/* "3,4": codes a day, with one place. */
static const char *rate_text(const struct visit *v, const struct shelf *s)
{
	int64_t const tenths = (s->sold * 10 + SHELF_DAYS / 2) / SHELF_DAYS;

	if (tenths >= 100 || tenths % 10 == 0)
		return visit_number(v, (tenths + 5) / 10);
	return arena_printf(v->a, "%lld%s%lld", (long long)(tenths / 10),
			    v->lang == LANG_EN ? "." : ",", (long long)(tenths % 10));
}

static const char *days_text(const struct visit *v, const struct shelf *s)
{
	int64_t const days = days_left(s);

	if (!s->left)
		return visit_text(v, "admin.catalog.sold_out");
	if (days == INT64_MAX)
		return visit_text(v, "admin.home.not_sold");
	if (s->left > s->bound)
		return VISIT_TEXT(v, "admin.home.days_more", N("n", days < LONG ? days : LONG));
	if (!days)
		return visit_text(v, "admin.home.days_none");
	return VISIT_TEXT(v, "admin.home.days_left", N("n", days));
}

int home_shelf(struct visit *v, const struct shelf *list, size_t count)
{
	struct shelf *sorted = arena_array(v->a, count, sizeof(*sorted));
	struct value *rows = value_list(v->a);

	for (size_t i = 0; i < count; i++)
		sorted[i] = list[i];
	qsort(sorted, count, sizeof(*sorted), shelf_compare);
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++) {
		const struct shelf *s = &sorted[i];
		const struct card_value *value = catalog_value(v->app->catalog, s->value_id);
		struct value *row = value_object(v->a);

		if (!value)
			continue; /* newer than the snapshot: there in a second */
		value_set_int(row, "id", s->value_id);
		value_set_text(row, "title", visit_value(v, value));
		value_set_text(row, "left", left_text(v, s));
		value_set_text(row, "rate", rate_text(v, s));
		value_set_text(row, "days", days_text(v, s));
		value_set_bool(row, "care", s->left < s->low_stock || days_left(s) < 3);
		value_push(rows, row);
	}
	value_set(v->data, "shelf", rows);
	value_set_bool(v->data, "has_shelf", count);
	return OK;
}
