/*
 * What can be done with one order: asked about, sent again, noted, its codes replaced, its
 * money given back, what fits nothing decided.  How it looks is order_page.c.
 */
#include "fcgi/admin/order_page.h"

#include "fcgi/admin/pages.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/order_ask.h"
#include "shared/domain/order_dispute.h"
#include "shared/domain/order_note.h"
#include "shared/domain/order_story.h"
#include "shared/domain/payment_review.h"
#include "shared/service/code_mask.h"

static int done(struct visit *v, const struct order *order, enum tone tone, const char *key)
{
	int const rc = visit_flash(v, tone, visit_text(v, key));

	return rc ? rc : visit_redirect(v, order_path(v, order->id));
}

int order_ask_post(struct visit *v)
{
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc || (rc = order_ask_now(v->db, order->id)) ||
	    (rc = visit_audit(v, "order_ask", arena_printf(v->a, "order %s", order->number),
			      NULL)))
		return rc;
	return done(v, order, TONE_DONE, "admin.order.asked");
}

int order_send_post(struct visit *v)
{
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc || (rc = order_send_again(v->db, order, decision_wish(v->a, "panel"))) ||
	    (rc = visit_audit(v, "order_send", arena_printf(v->a, "order %s", order->number),
			      NULL)))
		return rc;
	return done(v, order, TONE_DONE, "admin.order.sent");
}

int order_refund_post(struct visit *v)
{
	struct decision decision;
	struct refund_wish wish = { .decision = &decision };
	enum refund_result result;
	struct money amount;
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc)
		return rc;
	decision = decision_typed(v, why_typed(v));
	wish.order_id = order->id;
	wish.amount = amount_typed(v);
	if (fields_wrong(v))
		return order_show(v, order);
	if ((rc = order_refund_ask(v->db, &wish, &result, &amount)))
		return rc;
	return done(v, order, result == REFUND_ASKED ? TONE_DONE : TONE_CARE,
		    refund_words(result));
}

int order_replace_post(struct visit *v)
{
	struct decision const decision = decision_typed(v, "");
	struct replacement what = { .decision = &decision };
	enum replace_result result;
	struct order *order;
	int64_t slot;
	int rc = order_asked(v, &order);

	if (rc)
		return rc;
	if (parse_int(visit_form(v, "slot"), 1, 1000, &slot) ||
	    parse_int(visit_form(v, "code"), 1, INT64_MAX, &what.code_id))
		return ERR_INVALID;
	what.order_id = order->id;
	what.slot = (int)slot;
	if ((rc = order_replace(v->db, &what, &result)))
		return rc;
	return done(v, order, result == REPLACE_DONE ? TONE_DONE : TONE_CARE,
		    replace_words(result));
}

static int choice_read(const char *word, enum review_choice *ret)
{
	static const char *const words[] = { [REVIEW_DELIVER] = "deliver",
					     [REVIEW_REFUND] = "refund",
					     [REVIEW_DISMISS] = "dismiss" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcmp(words[i], word)) {
			*ret = (enum review_choice)i;
			return OK;
		}
	return ERR_INVALID;
}

int order_decide_post(struct visit *v)
{
	static const char *const words[] = {
		[REVIEW_DELIVERED] = "admin.review.delivered",
		[REVIEW_WAITING] = "admin.review.waiting",
		[REVIEW_REFUNDING] = "admin.review.refunding",
		[REVIEW_DISMISSED] = "admin.review.dismissed",
		[REVIEW_OVER] = "admin.review.over",
		[REVIEW_CANNOT_DELIVER] = "admin.review.cannot_deliver",
		[REVIEW_CANNOT_REFUND] = "admin.review.cannot_refund",
		[REVIEW_REFUND_UNDER_WAY] = "admin.refund.under_way",
		[REVIEW_TOO_MUCH] = "admin.refund.too_much",
		[REVIEW_DISPUTED] = "admin.review.disputed",
	};
	_Static_assert(COUNT(words) == REVIEW__COUNT, "words for every decision");
	struct decision decision;
	struct review_decision what = { .decision = &decision };
	enum review_result result;
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc || (rc = visit_id(v, 1, &what.payment_id)) ||
	    (rc = choice_read(visit_form(v, "choice"), &what.choice)))
		return rc;
	decision = decision_typed(v, why_typed(v));
	what.order_id = order->id;
	if (fields_wrong(v))
		return order_show(v, order);
	if ((rc = payment_review_decide(v->db, &what, &result)))
		return rc;
	return done(v, order, result <= REVIEW_DISMISSED ? TONE_DONE : TONE_CARE,
		    words[result]);
}

int order_dispute_post(struct visit *v)
{
	struct decision decision;
	enum dispute_choice choice;
	enum order_state state;
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc)
		return rc;
	if (!strcmp(visit_form(v, "choice"), "keep"))
		choice = DISPUTE_KEEP;
	else if (!strcmp(visit_form(v, "choice"), "lift"))
		choice = DISPUTE_LIFT;
	else
		return ERR_INVALID;
	decision = decision_typed(v, why_typed(v));
	if (fields_wrong(v))
		return order_show(v, order);
	rc = order_dispute_decide(v->db, order->id, choice, &decision, &state);
	if (rc == ERR_CONFLICT)
		return done(v, order, TONE_CARE, "admin.dispute.over");
	if (rc)
		return rc;
	return done(v, order, TONE_DONE,
		    choice == DISPUTE_KEEP ? "admin.dispute.kept" : "admin.dispute.lifted");
}

/* What people write down may hold the code itself: that is masked. */
int order_note_post(struct visit *v)
{
	const char *typed = visit_form(v, "note");
	const char *text = utf8_clean_text(v->a, typed, strlen(typed), ORDER_NOTE_MAX);
	struct decision decision;
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc)
		return rc;
	if (!*text) {
		fields_error(v, "note", visit_text(v, "admin.order.note_needed"));
		return order_show(v, order);
	}
	if ((rc = code_mask(v->db, v->a, &v->app->vault, order, text, &text)))
		return rc;
	decision = decision_typed(v, text);
	rc = order_note_add(v->db, order->id, order->number, &decision);
	return rc ? rc : done(v, order, TONE_DONE, "admin.order.noted");
}
