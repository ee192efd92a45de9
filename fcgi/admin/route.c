/*
 * The panel's table of routes.
 *
 * To add a page:
 *	1. A function `int page_noun(struct visit *v)` in fcgi/admin/noun.c, declared in
 *pages.h.
 *	2. A row here.  `need` is the least role, `may` says in words what the row lets one do
 *	   (phrase admin.may.<may>, for the page "who may do what"), `menu` puts it into the
 *	   menu (phrase admin.menu.<menu>, an icon of that name in admin-ui/icons.svg).
 *	   What changes something is a row of its own for POST; ROUTE_STEP_UP asks for the
 *	   second factor again.
 *	3. templates/admin/noun/….mustache, between {{>frame/top}} and {{>frame/bottom}};
 *	   phrases admin.noun.… in templates/i18n, which templates name t.noun.….
 *	   A form has {{>form/csrf}} in it.
 *	   What not everybody may go to stands in {{#can.manager}}…{{/can.manager}}.
 *	4. Lists: list.h; forms: fields.h; exports: csv.h; charts: chart.h.
 * The tests visit every row with every role, so a row needs nothing else to be guarded.
 */
#include "fcgi/admin/route.h"

#include "fcgi/admin/pages.h"

#define GET WEB_GET
#define POST WEB_POST
#define EVERYBODY .may = NULL

/* clang-format off */
static const struct route routes[] = {
	/* ---- signing in ---- */
	{ GET,  "/admin/login", NEED_NOTHING, page_login, EVERYBODY },
	{ POST, "/admin/login", NEED_NOTHING, login_post, EVERYBODY },
	{ GET,  "/admin/login/code", NEED_PASSWORD, page_login_code, EVERYBODY },
	{ POST, "/admin/login/code", NEED_PASSWORD, login_code_post, EVERYBODY },
	{ GET,  "/admin/login/enrol", NEED_PASSWORD, page_login_enrol, EVERYBODY },
	{ POST, "/admin/login/enrol", NEED_PASSWORD, login_enrol_post, EVERYBODY },
	{ POST, "/admin/logout", NEED_PASSWORD, logout_post, EVERYBODY },
	{ POST, "/admin/look", NEED_NOTHING, look_post, EVERYBODY },

	/* ---- the first page ---- */
	{ GET,  "/admin/", ROLE_VIEWER, page_home, .may = "home", .menu = "home" },

	/* ---- orders ---- */
	{ GET,  "/admin/orders", ROLE_VIEWER, page_orders, .may = "orders", .menu = "orders" },
	{ GET,  "/admin/orders.csv", ROLE_MANAGER, orders_export, .may = "orders_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/payments", ROLE_VIEWER, page_payments, .may = "orders" },
	{ GET,  "/admin/payments.csv", ROLE_MANAGER, payments_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/orders/{}", ROLE_VIEWER, page_order, .may = "orders" },
	{ POST, "/admin/orders/{}/ask", ROLE_SUPPORT, order_ask_post, .may = "order_help" },
	{ POST, "/admin/orders/{}/send", ROLE_SUPPORT, order_send_post, .may = "order_help" },
	{ POST, "/admin/orders/{}/replace", ROLE_SUPPORT, order_replace_post, .may = "order_replace" },
	{ POST, "/admin/orders/{}/payments/{}/decide", ROLE_MANAGER, order_decide_post, .may = "order_decide", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/orders/{}/refund", ROLE_OWNER, order_refund_post, .may = "order_refund", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/orders/{}/dispute", ROLE_MANAGER, order_dispute_post, .may = "order_decide" },
	{ POST, "/admin/orders/{}/note", ROLE_SUPPORT, order_note_post, .may = "order_help" },

	/* ---- catalogue ---- */
	{ GET,  "/admin/catalog", ROLE_VIEWER, page_catalog, .may = "catalog", .menu = "catalog" },
	{ GET,  "/admin/catalog.csv", ROLE_MANAGER, catalog_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/catalog/new", ROLE_MANAGER, page_category_new, .may = "catalog_edit" },
	{ POST, "/admin/catalog/new", ROLE_MANAGER, category_new_post, .may = "catalog_edit" },
	{ GET,  "/admin/categories/{}", ROLE_MANAGER, page_category, .may = "catalog_edit" },
	{ POST, "/admin/categories/{}", ROLE_MANAGER, category_save_post, .may = "catalog_edit" },
	{ POST, "/admin/categories/{}/hide", ROLE_MANAGER, category_hide_post, .may = "catalog_edit" },
	{ POST, "/admin/categories/{}/show", ROLE_MANAGER, category_show_post, .may = "catalog_edit" },
	{ POST, "/admin/categories/{}/move", ROLE_MANAGER, category_move_post, .may = "catalog_edit" },
	{ GET,  "/admin/values/new", ROLE_MANAGER, page_value_new, .may = "catalog_edit" },
	{ POST, "/admin/values/new", ROLE_MANAGER, value_new_post, .may = "catalog_edit" },
	{ GET,  "/admin/values/{}", ROLE_MANAGER, page_value, .may = "catalog_edit" },
	{ POST, "/admin/values/{}", ROLE_MANAGER, value_save_post, .may = "catalog_edit" },
	{ POST, "/admin/values/{}/hide", ROLE_MANAGER, value_hide_post, .may = "catalog_edit" },
	{ POST, "/admin/values/{}/show", ROLE_MANAGER, value_show_post, .may = "catalog_edit" },
	{ POST, "/admin/values/{}/move", ROLE_MANAGER, value_move_post, .may = "catalog_edit" },

	/* ---- stock ---- */
	{ GET,  "/admin/stock", ROLE_VIEWER, page_stock, .may = "stock", .menu = "stock" },
	{ GET,  "/admin/stock.csv", ROLE_MANAGER, stock_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/stock/{}", ROLE_VIEWER, page_stock_value, .may = "stock" },
	{ GET,  "/admin/stock/{}/batches.csv", ROLE_MANAGER, batches_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/stock/{}/codes", ROLE_SUPPORT, page_codes, .may = "code_search" },
	{ GET,  "/admin/stock/{}/codes.csv", ROLE_MANAGER, codes_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/stock/{}/upload", ROLE_MANAGER, stock_upload_post, .may = "stock_upload", .flags = ROUTE_UPLOAD },
	{ GET,  "/admin/uploads/{}", ROLE_MANAGER, page_upload, .may = "stock_upload" },
	{ POST, "/admin/uploads/{}/confirm", ROLE_MANAGER, upload_confirm_post, .may = "stock_upload" },
	{ POST, "/admin/uploads/{}/discard", ROLE_MANAGER, upload_discard_post, .may = "stock_upload" },
	{ GET,  "/admin/codes/search", ROLE_SUPPORT, page_code_search, .may = "code_search" },
	{ POST, "/admin/codes/search", ROLE_SUPPORT, code_search_post, .may = "code_search" },
	{ GET,  "/admin/codes/{}", ROLE_SUPPORT, page_code, .may = "code_search" },
	{ POST, "/admin/codes/{}/reveal", ROLE_MANAGER, code_reveal_post, .may = "code_reveal", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/codes/{}/withdraw", ROLE_MANAGER, code_withdraw_post, .may = "stock_withdraw" },
	{ POST, "/admin/codes/{}/defective", ROLE_MANAGER, code_defective_post, .may = "stock_withdraw" },
	{ GET,  "/admin/batches/{}", ROLE_VIEWER, page_batch, .may = "stock" },
	{ POST, "/admin/batches/{}/withdraw", ROLE_MANAGER, batch_withdraw_post, .may = "stock_withdraw" },
	{ POST, "/admin/batches/{}/defective", ROLE_MANAGER, batch_defective_post, .may = "stock_withdraw" },
	{ POST, "/admin/batches/{}/expiry", ROLE_MANAGER, batch_expiry_post, .may = "stock_withdraw" },

	/* ---- cases ---- */
	{ GET,  "/admin/cases", ROLE_SUPPORT, page_cases, .may = "cases", .menu = "cases" },
	{ GET,  "/admin/cases.csv", ROLE_MANAGER, cases_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/cases/{}", ROLE_SUPPORT, page_case, .may = "cases" },
	{ POST, "/admin/cases/{}/answer", ROLE_SUPPORT, case_answer_post, .may = "cases" },
	{ POST, "/admin/cases/{}/refuse", ROLE_SUPPORT, case_refuse_post, .may = "cases" },
	{ POST, "/admin/cases/{}/close", ROLE_SUPPORT, case_close_post, .may = "cases" },
	{ POST, "/admin/cases/{}/replace", ROLE_SUPPORT, case_replace_post, .may = "order_replace" },
	{ POST, "/admin/cases/{}/refund", ROLE_OWNER, case_refund_post, .may = "order_refund", .flags = ROUTE_STEP_UP },

	/* ---- buyers ---- */
	{ GET,  "/admin/buyers", ROLE_SUPPORT, page_buyers, .may = "buyers", .menu = "buyers" },
	{ GET,  "/admin/buyers.csv", ROLE_MANAGER, buyers_export, .may = "lists_export", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/buyers/{}", ROLE_SUPPORT, page_buyer, .may = "buyers" },
	{ POST, "/admin/buyers/{}/write", ROLE_SUPPORT, buyer_write_post, .may = "buyer_write" },
	{ POST, "/admin/buyers/{}/note", ROLE_SUPPORT, buyer_note_post, .may = "buyer_write" },
	{ POST, "/admin/buyers/{}/language", ROLE_SUPPORT, buyer_lang_post, .may = "buyer_write" },
	{ POST, "/admin/buyers/{}/ban", ROLE_MANAGER, buyer_ban_post, .may = "buyer_ban" },
	{ POST, "/admin/buyers/{}/unban", ROLE_MANAGER, buyer_unban_post, .may = "buyer_ban" },

	/* ---- health ---- */
	{ GET,  "/admin/health", ROLE_VIEWER, page_health, .may = "health", .menu = "health" },
	{ POST, "/admin/health/webhook/ask", ROLE_MANAGER, webhook_ask_post, .may = "health_mend" },
	{ POST, "/admin/health/webhook/set", ROLE_OWNER, webhook_set_post, .may = "webhook_set" },
	{ POST, "/admin/messages/{}/retry", ROLE_MANAGER, message_retry_post, .may = "health_mend" },
	{ POST, "/admin/messages/{}/bury", ROLE_MANAGER, message_bury_post, .may = "health_mend" },

	/* ---- settings ---- */
	{ GET,  "/admin/settings", ROLE_MANAGER, page_settings, .may = "settings", .menu = "settings" },
	{ GET,  "/admin/settings/words", ROLE_MANAGER, page_settings_words, .may = "settings" },
	{ POST, "/admin/settings/words", ROLE_OWNER, settings_words_post, .may = "settings_edit" },
	{ POST, "/admin/settings/bounds", ROLE_OWNER, settings_bounds_post, .may = "settings_edit" },
	{ POST, "/admin/settings/alerts", ROLE_OWNER, settings_alerts_post, .may = "settings_edit" },
	{ POST, "/admin/settings/pause", ROLE_MANAGER, sales_pause_post, .may = "sales_switch" },
	{ POST, "/admin/settings/resume", ROLE_MANAGER, sales_resume_post, .may = "sales_switch" },

	/* ---- administrators ---- */
	{ GET,  "/admin/staff", ROLE_OWNER, page_staff, .may = "staff", .menu = "staff" },
	{ GET,  "/admin/staff.csv", ROLE_OWNER, staff_export, .may = "staff", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/staff/add", ROLE_OWNER, page_staff_add, .may = "staff" },
	{ POST, "/admin/staff/add", ROLE_OWNER, staff_add_post, .may = "staff", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/staff/{}", ROLE_OWNER, page_staff_one, .may = "staff" },
	{ POST, "/admin/staff/{}/role", ROLE_OWNER, staff_role_post, .may = "staff", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/staff/{}/disable", ROLE_OWNER, staff_disable_post, .may = "staff", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/staff/{}/enable", ROLE_OWNER, staff_enable_post, .may = "staff", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/staff/{}/reset-2fa", ROLE_OWNER, staff_reset_post, .may = "staff", .flags = ROUTE_STEP_UP },
	{ POST, "/admin/staff/{}/password", ROLE_OWNER, staff_password_post, .may = "staff", .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/may", ROLE_VIEWER, page_may, EVERYBODY },

	/* ---- the trail ---- */
	{ GET,  "/admin/audit", ROLE_MANAGER, page_audit, .may = "audit", .menu = "audit" },
	{ GET,  "/admin/audit.csv", ROLE_MANAGER, audit_export, .may = "audit_export", .flags = ROUTE_STEP_UP },

	/* ---- one's own account ---- */
	{ GET,  "/admin/profile", ROLE_VIEWER, page_profile, EVERYBODY },
	{ POST, "/admin/profile/sessions/end-others", ROLE_VIEWER, profile_end_others_post, EVERYBODY },
	{ POST, "/admin/profile/sessions/{}/end", ROLE_VIEWER, profile_end_post, EVERYBODY },
	{ GET,  "/admin/profile/password", ROLE_VIEWER, page_profile_password, EVERYBODY },
	{ POST, "/admin/profile/password", ROLE_VIEWER, profile_password_post, EVERYBODY },
	{ GET,  "/admin/profile/totp", ROLE_VIEWER, page_profile_totp, EVERYBODY, .flags = ROUTE_STEP_UP },
	{ POST, "/admin/profile/totp", ROLE_VIEWER, profile_totp_post, EVERYBODY, .flags = ROUTE_STEP_UP },
	{ GET,  "/admin/step-up", ROLE_VIEWER, page_step_up, EVERYBODY },
	{ POST, "/admin/step-up", ROLE_VIEWER, step_up_post, EVERYBODY },
};
/* clang-format on */

size_t route_count(void)
{
	return COUNT(routes);
}

const struct route *route_at(size_t n)
{
	return &routes[n];
}

const struct route *route_find(struct visit *v, int *ret_status, unsigned *ret_methods)
{
	*ret_methods = 0;
	for (size_t i = 0; i < COUNT(routes); i++) {
		const char *const *parts = web_path_match(v->a, routes[i].path, v->req->path);

		if (!parts)
			continue;
		if (routes[i].methods & v->req->method) {
			v->parts = parts;
			*ret_status = 200;
			return &routes[i];
		}
		*ret_methods |= routes[i].methods;
	}
	*ret_status = *ret_methods ? 405 : 404;
	return NULL;
}

void route_print(FILE *to)
{
	for (size_t i = 0; i < COUNT(routes); i++) {
		const struct route *r = &routes[i];
		const char *need = r->need == NEED_NOTHING    ? "nobody"
				   : r->need == NEED_PASSWORD ? "password"
							      : role_name((enum role)r->need);

		for (unsigned m = WEB_GET; m <= WEB_POST; m <<= 1)
			if (r->methods & m)
				fprintf(to, "%s %s %s%s%s\n", m == WEB_GET ? "GET" : "POST",
					r->path, need,
					r->flags & ROUTE_STEP_UP ? " step-up" : "",
					r->flags & ROUTE_UPLOAD ? " upload" : "");
	}
}
