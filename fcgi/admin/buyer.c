/*
 * A buyer: who, in which language, banned or not; the orders are the list of orders.
 */
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "shared/base/utf8.h"
#include "shared/domain/user.h"

enum { WHY_MAX = 200 };

static int buyer_show(struct visit *v, const struct user *user)
{
	static const struct field why = { .name = "why",
					  .label = "admin.buyer.why",
					  .hint = "admin.buyer.why_hint",
					  .max = WHY_MAX,
					  .required = true };

	fields_add(v, &why);
	value_set_int(v->data, "id", user->id);
	value_set_text(v->data, "username", user->username);
	value_set_text(v->data, "speaks", user->lang);
	value_set_bool(v->data, "banned", user->banned);
	value_set_bool(v->data, "blocked", user->blocked);
	value_set_bool(v->data, "erased", user->erased);
	value_set_bool(v->data, "may_ban", visit_may(v, ROLE_MANAGER));
	visit_crumb(v, "/admin/orders", visit_text(v, "admin.menu.orders"));
	return visit_show(
		v, "order/buyer",
		*user->first_name
			? arena_printf(v->a, "%s %s", user->first_name, user->last_name)
			: VISIT_TEXT(v, "admin.buyer.nameless", N("id", user->id)));
}

static int buyer_asked(struct visit *v, struct user **ret)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : user_find(v->db, v->a, id, ret);
}

int page_buyer(struct visit *v)
{
	struct user *user;
	int const rc = buyer_asked(v, &user);

	return rc ? rc : buyer_show(v, user);
}

static int ban_done(struct visit *v, const struct user *user, const char *key)
{
	int const rc = visit_flash(v, TONE_DONE, visit_text(v, key));

	return rc ? rc
		  : visit_redirect(
			    v, arena_printf(v->a, "/admin/buyers/%lld", (long long)user->id));
}

int buyer_ban_post(struct visit *v)
{
	const char *typed = visit_form(v, "why");
	const char *why = utf8_clean_line(v->a, typed, strlen(typed), WHY_MAX);
	struct user *user;
	int rc = buyer_asked(v, &user);

	if (rc)
		return rc;
	if (!*why) {
		fields_error(v, "why", visit_text(v, "admin.order.why_needed"));
		return buyer_show(v, user);
	}
	rc = user_ban(v->db, &v->who, user->id, why);
	/* Banned already: that was the wish. */
	if (rc && rc != ERR_CONFLICT)
		return rc;
	return ban_done(v, user, "admin.buyer.banned_now");
}

int buyer_unban_post(struct visit *v)
{
	struct user *user;
	int rc = buyer_asked(v, &user);

	if (rc)
		return rc;
	rc = user_unban(v->db, &v->who, user->id);
	if (rc && rc != ERR_CONFLICT)
		return rc;
	return ban_done(v, user, "admin.buyer.free_now");
}
