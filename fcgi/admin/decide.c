#include "fcgi/admin/decide.h"

#include "shared/base/parse.h"
#include "shared/base/utf8.h"

const struct field why_field = { .name = "why",
				 .label = "admin.order.why",
				 .hint = "admin.order.why_hint",
				 .max = DECISION_WHY_MAX,
				 .required = true };

const char *why_typed(struct visit *v)
{
	const char *typed = visit_form(v, "why");
	const char *why = utf8_clean_line(v->a, typed, strlen(typed), DECISION_WHY_MAX);

	if (!*why)
		fields_error(v, "why", visit_text(v, "admin.order.why_needed"));
	return why;
}

struct money amount_typed(struct visit *v)
{
	struct money amount = MONEY(0);
	const char *typed = visit_form(v, "amount");

	if (*typed && (parse_money(typed, &amount) || amount.kop < 1))
		fields_error(v, "amount", visit_text(v, "admin.value.price_wrong"));
	return amount;
}

struct decision decision_typed(struct visit *v, const char *why)
{
	return (struct decision){ .staff_id = v->staff->id,
				  .actor = v->who.actor,
				  .address = v->who.address,
				  .why = why,
				  .wish = decision_wish(v->a, "panel") };
}

const char *refund_words(enum refund_result result)
{
	static const char *const words[] = {
		[REFUND_ASKED] = "admin.refund.asked",
		[REFUND_UNDER_WAY] = "admin.refund.under_way",
		[REFUND_NOT_PAID] = "admin.refund.not_paid",
		[REFUND_TOO_MUCH] = "admin.refund.too_much",
		[REFUND_NOT_OURS] = "admin.refund.not_ours",
		[REFUND_DECIDED] = "admin.refund.decided",
	};
	_Static_assert(COUNT(words) == REFUND__COUNT, "words for every refund");

	return words[result];
}

const char *replace_words(enum replace_result result)
{
	static const char *const words[] = {
		[REPLACE_DONE] = "admin.replace.done",
		[REPLACE_NOT_DELIVERED] = "admin.replace.not_delivered",
		[REPLACE_NO_CODE] = "admin.replace.no_code",
		[REPLACE_CHANGED] = "admin.replace.changed",
		[REPLACE_NO_STOCK] = "admin.replace.no_stock",
	};
	_Static_assert(COUNT(words) == REPLACE__COUNT, "words for every replacement");

	return words[result];
}
