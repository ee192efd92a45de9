/*
 * A buyer: who, what they bought and complained of, and what the shop may do: write to them,
 * another language, a note, no more buying.
 */
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "shared/base/utf8.h"
#include "shared/domain/buyer.h"
#include "shared/domain/decision.h"
#include "shared/domain/order_story.h"
#include "shared/domain/support_case.h"
#include "shared/domain/user.h"

enum { WHY_MAX = 200, NOTE_MAX = 500, ORDERS_SHOWN = 10, CASES_SHOWN = 5 };

static int orders_add(struct visit *v, int64_t id)
{
	struct order_filter const filter = { .user_id = id };
	struct value *rows = value_list(v->a);
	struct order_line *lines;
	size_t count;
	int const rc = order_lines(v->db, v->a, &filter, ORDERS_SHOWN, &lines, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_int(row, "id", lines[i].id);
		value_set_text(row, "number", lines[i].number);
		value_set_text(row, "value", visit_value_title(v, lines[i].value_id));
		value_set_int(row, "quantity", lines[i].quantity);
		value_set_text(row, "total", visit_money(v, lines[i].total));
		value_set_text(row, "state",
			       visit_text(v, arena_printf(v->a, "admin.order.state.%s",
							  lines[i].state)));
		value_set_bool(row, "good", !strcmp(lines[i].state, "delivered"));
		value_set_bool(row, "care",
			       !strcmp(lines[i].state, "paid") ||
				       !strcmp(lines[i].state, "disputed"));
		value_set_text(row, "at", visit_time(v, lines[i].created_at));
		value_push(rows, row);
	}
	value_set(v->data, "orders", rows);
	value_set_bool(v->data, "has_orders", !rc && count);
	return rc;
}

static int cases_add(struct visit *v, int64_t id)
{
	struct case_filter const filter = { .user_id = id };
	struct value *rows = value_list(v->a);
	struct case_line *lines;
	size_t count;
	int const rc = case_list(v->db, v->a, &filter, CASES_SHOWN, &lines, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_int(row, "id", lines[i].id);
		value_set_text(row, "order", lines[i].order_number);
		value_set_text(row, "state",
			       visit_text(v, arena_printf(v->a, "admin.case.state.%s",
							  ticket_state_name(lines[i].state))));
		value_set_text(row, "at", visit_time(v, lines[i].updated_at));
		value_push(rows, row);
	}
	value_set(v->data, "cases", rows);
	value_set_bool(v->data, "has_cases", !rc && count);
	return rc;
}

static void forms_add(struct visit *v, const struct user *user, const struct buyer_facts *facts)
{
	const struct option langs[] = {
		{ "uk", visit_text(v, "admin.look.uk") },
		{ "en", visit_text(v, "admin.look.en") },
		{ "ru", visit_text(v, "admin.look.ru") },
	};
	const struct field fields[] = {
		{ .name = "why",
		  .label = "admin.buyer.why",
		  .hint = "admin.buyer.why_hint",
		  .max = WHY_MAX,
		  .required = true },
		{ .name = "text",
		  .label = "admin.buyer.text",
		  .hint = "admin.buyer.text_hint",
		  .max = BUYER_WORDS_MAX,
		  .rows = 4 },
		{ .name = "note",
		  .label = "admin.buyer.note",
		  .hint = "admin.buyer.note_hint",
		  .value = facts->note,
		  .max = NOTE_MAX,
		  .rows = 3 },
		{ .name = "speaks",
		  .label = "admin.buyer.language",
		  .value = user->lang,
		  .options = langs,
		  .option_count = COUNT(langs) },
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		fields_add(v, &fields[i]);
}

static void facts_add(struct visit *v, const struct buyer_facts *f)
{
	value_set_text(v->data, "since", visit_date(v, f->created_at));
	value_set_text(v->data, "spent", visit_money(v, f->spent));
	value_set_text(v->data, "paid_orders", visit_number(v, f->paid));
	value_set_text(v->data, "all_orders", visit_number(v, f->orders));
	value_set_text(v->data, "refunded_orders", visit_number(v, f->refunded));
	value_set_text(v->data, "last_paid",
		       f->last_paid_at ? visit_time(v, f->last_paid_at) : "–");
	value_set_text(v->data, "ban_reason", f->ban_reason);
	value_set_text(v->data, "banned_at", f->banned_at ? visit_time(v, f->banned_at) : "");
}

static int buyer_show(struct visit *v, const struct user *user)
{
	struct buyer_facts facts;
	int rc;

	if ((rc = buyer_facts(v->db, v->a, user->id, &facts)) ||
	    (rc = orders_add(v, user->id)) || (rc = cases_add(v, user->id)))
		return rc;
	facts_add(v, &facts);
	forms_add(v, user, &facts);
	value_set_int(v->data, "id", user->id);
	value_set_text(v->data, "username", user->username);
	value_set_bool(v->data, "banned", user->banned);
	value_set_bool(v->data, "blocked", user->blocked);
	value_set_bool(v->data, "erased", user->erased);
	value_set_bool(v->data, "may_ban", visit_may(v, ROLE_MANAGER));
	value_set_bool(v->data, "may_see_trail", visit_may(v, ROLE_MANAGER));
	visit_crumb(v, "/admin/buyers", visit_text(v, "admin.menu.buyers"));
	return visit_show(
		v, "buyer/show",
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

static int done(struct visit *v, const struct user *user, const char *key)
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
	return done(v, user, "admin.buyer.banned_now");
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
	return done(v, user, "admin.buyer.free_now");
}

int buyer_write_post(struct visit *v)
{
	const char *typed = visit_form(v, "text");
	const char *text = utf8_clean_text(v->a, typed, strlen(typed), strlen(typed) + 2);
	struct user *user;
	int rc = buyer_asked(v, &user);

	if (rc)
		return rc;
	if (!*text)
		fields_error(v, "text", visit_text(v, "admin.buyer.text_needed"));
	else if (utf8_len(text) > BUYER_WORDS_MAX)
		fields_error(v, "text",
			     VISIT_TEXT(v, "admin.words.too_long",
					N("n", (int64_t)utf8_len(text)),
					N("max", BUYER_WORDS_MAX)));
	if (fields_wrong(v))
		return buyer_show(v, user);
	rc = buyer_write(v->db, &v->who, user->id, text, decision_wish(v->a, "panel"));
	if (rc == ERR_INVALID) {
		fields_error(v, "text", visit_text(v, "admin.buyer.text_needed"));
		return buyer_show(v, user);
	}
	return rc ? rc : done(v, user, "admin.buyer.written");
}

int buyer_note_post(struct visit *v)
{
	const char *typed = visit_form(v, "note");
	const char *note = utf8_clean_text(v->a, typed, strlen(typed), NOTE_MAX);
	struct user *user;
	int rc = buyer_asked(v, &user);

	if (rc || (rc = buyer_set_note(v->db, &v->who, user->id, note)))
		return rc;
	return done(v, user, "admin.buyer.noted");
}

int buyer_lang_post(struct visit *v)
{
	const char *lang = visit_form(v, "speaks");
	struct user *user;
	int rc = buyer_asked(v, &user);

	if (rc)
		return rc;
	if (strlen(lang) != 2 || !lang_is_known(lang))
		return ERR_INVALID;
	if ((rc = buyer_set_lang(v->db, &v->who, user->id, lang)))
		return rc;
	return done(v, user, "admin.buyer.lang_done");
}
