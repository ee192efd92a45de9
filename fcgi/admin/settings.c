/*
 * Settings: the switch that pauses sales, bounds, alerts, and what is fixed outside the panel;
 * the shop's own words are settings_words.c.
 */
#include "fcgi/admin/settings.h"

#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/setting.h"

static const struct number_field {
	const char *label;
	const char *hint;
	enum policy_number number;
	bool switches; /* yes or no */
} number_fields[] = {
	{ "admin.settings.order_ttl", "admin.settings.order_ttl_hint", POLICY_ORDER_TTL,
	  false },
	{ "admin.settings.open_orders", "admin.settings.open_orders_hint", POLICY_OPEN_ORDERS,
	  false },
	{ "admin.settings.reserved_codes", "admin.settings.reserved_codes_hint",
	  POLICY_RESERVED_CODES, false },
	{ "admin.settings.unpaid_free", "admin.settings.unpaid_free_hint", POLICY_UNPAID_FREE,
	  false },
	{ "admin.settings.unpaid_pause", "admin.settings.unpaid_pause_hint",
	  POLICY_UNPAID_PAUSE, false },
	{ "admin.settings.alert_sales", "admin.settings.alert_sales_hint", POLICY_ALERT_SALES,
	  true },
	{ "admin.settings.alert_stock", "admin.settings.alert_stock_hint", POLICY_ALERT_STOCK,
	  true },
	{ "admin.settings.low_stock", "admin.settings.low_stock_hint", POLICY_LOW_STOCK,
	  false },
};
_Static_assert(COUNT(number_fields) == POLICY_NUMBER__COUNT, "a field for every number");

/* Given outside the panel, so not to be changed here. */
static int ttl_fixed(struct visit *v, bool *ret)
{
	return config_is_given(v->a, "ORDER_TTL", ret) ? ERR_FAILED : OK;
}

/* ---- the page ---- */

static struct value *number_field_new(struct visit *v, const struct number_field *f,
				      int64_t value)
{
	const struct option choice[] = {
		{ "1", visit_text(v, "admin.settings.yes") },
		{ "0", visit_text(v, "admin.settings.no") },
	};
	struct value *o = fields_new(
		v, &(struct field){ .name = policy_number_about(f->number)->name,
				    .label = f->label,
				    .hint = f->hint,
				    .value = arena_printf(v->a, "%lld", (long long)value),
				    .inputmode = "numeric",
				    .max = 7,
				    .options = f->switches ? choice : NULL,
				    .option_count = f->switches ? COUNT(choice) : 0 });

	value_set_bool(o, "choice", f->switches);
	return o;
}

static struct value *section_new(struct visit *v, enum policy_section section,
				 const struct policy_edit *edit, bool ttl_is_fixed)
{
	struct value *o = value_object(v->a);
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < COUNT(number_fields); i++) {
		const struct number_field *f = &number_fields[i];

		if (policy_number_about(f->number)->section == section &&
		    !(f->number == POLICY_ORDER_TTL && ttl_is_fixed))
			value_push(list, number_field_new(v, f, edit->numbers[f->number]));
	}
	value_set(o, "fields", list);
	value_set_int(o, "version", edit->versions[section]);
	value_set_text(o, "path",
		       arena_printf(v->a, SETTINGS "/%s", policy_section_name(section)));
	return o;
}

/* What the environment, .env or config.json say; secrets only by whether they are there. */
static int fixed_add(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct config_shown *list;
	size_t count;

	if (config_list(v->a, &list, &count))
		return ERR_FAILED;
	for (size_t i = 0; i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_text(row, "key", list[i].key);
		/* Files by their names; what is no file is the environment. */
		value_set_text(row, "given",
			       strchr(list[i].source, '.') ? list[i].source
			       : *list[i].source ? visit_text(v, "admin.settings.environment")
						 : "");
		value_set_text(row, "value", list[i].text);
		value_set_bool(row, "is_secret", list[i].secret);
		value_set_bool(row, "is_empty", !list[i].secret && !*list[i].text);
		value_push(rows, row);
	}
	value_set(v->data, "fixed", rows);
	return OK;
}

static int settings_show(struct visit *v, const struct policy_edit *edit)
{
	bool ttl_is_fixed;
	bool paused;
	int rc = setting_sales_paused(v->db, v->program->config.sales_paused, &paused);

	if (rc || (rc = ttl_fixed(v, &ttl_is_fixed)) || (rc = fixed_add(v)))
		return rc;
	words_field_add(v, POLICY_PAUSED, edit);
	value_set(v->data, "bounds", section_new(v, POLICY_BOUNDS, edit, ttl_is_fixed));
	value_set(v->data, "alerts", section_new(v, POLICY_ALERTS, edit, ttl_is_fixed));
	if (ttl_is_fixed)
		value_set_text(
			v->data, "ttl_fixed",
			VISIT_TEXT(v, "admin.settings.ttl_fixed",
				   A("n", visit_number(v, v->program->config.order_ttl))));
	value_set_bool(v->data, "paused_now", paused);
	value_set_bool(v->data, "may_edit", visit_may(v, ROLE_OWNER));
	value_set_text(v->data, "path", SETTINGS);
	visit_action(v, SETTINGS "/words", visit_text(v, "admin.settings.words"), NULL);
	return visit_show(v, "settings/show", visit_text(v, "admin.menu.settings"));
}

int page_settings(struct visit *v)
{
	struct policy_edit edit;
	int const rc = policy_load(v->db, v->a, &edit);

	return rc ? rc : settings_show(v, &edit);
}

/* ---- saving ---- */

int settings_saved(struct visit *v, enum policy_section section, const struct policy_edit *edit,
		   const char *back, int (*show)(struct visit *v, const struct policy_edit *e))
{
	bool stale;
	int rc;

	if (fields_wrong(v))
		return show(v, edit);
	if ((rc = policy_save(v->db, &v->who, section, edit, &stale)))
		return rc;
	if (stale) {
		value_set_bool(v->data, "stale", true);
		v->status = 409;
		return show(v, edit);
	}
	rc = visit_flash(v, TONE_DONE, visit_text(v, "admin.settings.saved"));
	return rc ? rc : visit_redirect(v, back);
}

static void number_read(struct visit *v, enum policy_number number, struct policy_edit *edit)
{
	const struct policy_number_about *about = policy_number_about(number);
	const char *typed = visit_form(v, about->name);
	int64_t n;

	if (parse_int(typed, about->min, about->max, &n)) {
		fields_error(v, about->name,
			     VISIT_TEXT(v, "admin.settings.number_wrong",
					A("min", visit_number(v, about->min)),
					A("max", visit_number(v, about->max))));
		return;
	}
	/* ORDER_TTL's own limit. */
	if (number == POLICY_ORDER_TTL && n && n < 5) {
		fields_error(v, about->name, visit_text(v, "admin.settings.order_ttl_wrong"));
		return;
	}
	edit->numbers[number] = n;
}

static int numbers_post(struct visit *v, enum policy_section section)
{
	struct policy_edit edit;
	bool ttl_is_fixed;
	int rc;

	if ((rc = policy_load(v->db, v->a, &edit)) || (rc = ttl_fixed(v, &ttl_is_fixed)))
		return rc;
	edit.versions[section] = version_typed(v);
	for (int i = 0; i < POLICY_NUMBER__COUNT; i++)
		if (policy_number_about((enum policy_number)i)->section == section &&
		    !(i == POLICY_ORDER_TTL && ttl_is_fixed))
			number_read(v, (enum policy_number)i, &edit);
	return settings_saved(v, section, &edit, SETTINGS, settings_show);
}

int settings_bounds_post(struct visit *v)
{
	return numbers_post(v, POLICY_BOUNDS);
}

int settings_alerts_post(struct visit *v)
{
	return numbers_post(v, POLICY_ALERTS);
}

/* ---- the switch ---- */

int sales_pause_post(struct visit *v)
{
	struct policy_edit edit;
	int rc = policy_load(v->db, v->a, &edit);

	if (rc)
		return rc;
	words_typed(v, POLICY_PAUSED, &edit);
	if (fields_wrong(v))
		return settings_show(v, &edit);
	if ((rc = policy_pause(v->db, &v->who, edit.texts[POLICY_PAUSED])) ||
	    (rc = visit_flash_undo(v, TONE_CARE, visit_text(v, "admin.sales.paused_done"),
				   SETTINGS "/resume")))
		return rc;
	return visit_redirect(v, SETTINGS);
}

int sales_resume_post(struct visit *v)
{
	int rc = policy_resume(v->db, &v->who);

	if (!rc)
		rc = visit_flash(v, TONE_DONE, visit_text(v, "admin.sales.resumed_done"));
	return rc ? rc : visit_redirect(v, SETTINGS);
}
