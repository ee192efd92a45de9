/*
 * One batch: where its codes came from and what became of them; all that is left of it taken
 * off the shelf, or given another last day.
 */
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/domain/batch.h"

enum {
	SHOWN = 20000,	    /* counted exactly up to here */
	EXPIRING_DAYS = 30, /* ends soon: said with a mark */
	YEARS_MAX = 50,
};

static const char *bounded_text(struct visit *v, int count)
{
	return count > SHOWN ? arena_printf(v->a, "> %s", visit_number(v, SHOWN))
			     : visit_number(v, count);
}

static int counts_add(struct visit *v, const struct batch_row *batch)
{
	static const char *const states[] = { "available", "reserved", "sold", "defective",
					      "withdrawn" };
	struct value *rows = value_list(v->a);
	int count = 0;
	int rc = OK;

	for (size_t i = 0; !rc && i < COUNT(states); i++) {
		struct value *row = value_object(v->a);

		rc = batch_bounded(v->db, batch->id, states[i], SHOWN, &count);
		value_set_text(
			row, "state",
			visit_text(v, arena_printf(v->a, "admin.code.state.%s", states[i])));
		value_set_text(row, "count", bounded_text(v, count));
		value_push(rows, row);
		if (!i)
			value_set_bool(v->data, "any_left", count > 0);
	}
	value_set(v->data, "counts", rows);
	if (!rc)
		rc = batch_expiring(v->db, batch, EXPIRING_DAYS, SHOWN, &count);
	if (!rc && count)
		value_set_text(v->data, "expiring",
			       VISIT_TEXT(v, "admin.batch.expiring", N("n", count)));
	return rc;
}

static int batch_show(struct visit *v, const struct batch_row *batch)
{
	static const struct field expires = { .name = "expires",
					      .label = "admin.batch.last_day",
					      .hint = "admin.batch.last_day_hint",
					      .type = "date" };
	int rc;

	if ((rc = counts_add(v, batch)))
		return rc;
	fields_add(v, &expires);
	value_set_int(v->data, "id", batch->id);
	value_set_int(v->data, "value_id", batch->value_id);
	value_set_text(v->data, "supplier", batch->supplier);
	value_set_text(v->data, "cost", batch->cost.kop ? visit_money(v, batch->cost) : "");
	value_set_text(v->data, "at", visit_time(v, batch->created_at));
	value_set_bool(v->data, "may_change", visit_may(v, ROLE_MANAGER));
	visit_crumb(v, "/admin/stock", visit_text(v, "admin.menu.stock"));
	visit_crumb(v, arena_printf(v->a, "/admin/stock/%lld", (long long)batch->value_id),
		    visit_value_title(v, batch->value_id));
	return visit_show(v, "stock/batch", batch->name);
}

static int batch_asked(struct visit *v, struct batch_row **ret)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : batch_find(v->db, v->a, id, ret);
}

int page_batch(struct visit *v)
{
	struct batch_row *batch;
	int const rc = batch_asked(v, &batch);

	return rc ? rc : batch_show(v, batch);
}

/* ---- deeds ---- */

static int done(struct visit *v, const struct batch_row *batch, const char *text)
{
	int const rc = visit_flash(v, TONE_DONE, text);

	return rc ? rc
		  : visit_redirect(
			    v, arena_printf(v->a, "/admin/batches/%lld", (long long)batch->id));
}

static int take_off(struct visit *v, bool defective)
{
	struct batch_row *batch;
	int64_t count;
	int rc = batch_asked(v, &batch);

	if (rc || (rc = batch_take_off(v->db, &v->who, batch->id, defective, &count)))
		return rc;
	return done(v, batch,
		    defective ? VISIT_TEXT(v, "admin.batch.marked", N("n", count))
			      : VISIT_TEXT(v, "admin.batch.withdrawn", N("n", count)));
}

int batch_withdraw_post(struct visit *v)
{
	return take_off(v, false);
}

int batch_defective_post(struct visit *v)
{
	return take_off(v, true);
}

int batch_expiry_post(struct visit *v)
{
	const char *day = visit_form(v, "expires");
	int64_t const now = clock_now();
	struct batch_row *batch;
	int64_t count;
	int64_t at = 0;
	int rc = batch_asked(v, &batch);

	if (rc)
		return rc;
	/* Good until the end of that day. */
	if (*day && (clock_day(day, 1, &at) || at <= now ||
		     at > now + YEARS_MAX * 365 * 86400 * CLOCK_SECOND)) {
		fields_error(v, "expires", visit_text(v, "admin.batch.last_day_wrong"));
		return batch_show(v, batch);
	}
	if ((rc = batch_set_expiry(v->db, &v->who, batch->id, day, at, &count)))
		return rc;
	return done(v, batch, VISIT_TEXT(v, "admin.batch.expiry_done", N("n", count)));
}
