/*
 * /portmone/notify: the gateway says that something was paid.  It is a hint, unsigned, so it
 * is stored and answered OK whatever it says; the worker asks the gateway.
 */
#include "fcgi/portmone/app.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/clients/portmone_notify.h"
#include "shared/domain/payment.h"

/* All hints, or as far as the database takes them: a repeat of the notification is harmless. */
static int hints_store(struct app *app, const struct notification *n)
{
	struct program *p = &app->program;

	for (size_t i = 0; i < n->count; i++) {
		const struct notify_bill *bill = &n->bills[i];
		int const rc = payment_hint(p->db, bill->order_number, HINT_NOTIFY,
					    bill->bill_id);

		if (rc == ERR_NOT_FOUND) {
			metric_add(p->shm, METRIC_PAYMENTS_UNKNOWN_ORDER, 1);
			log_event(LOG_WARN, "notify_unknown_order", "order=%s",
				  bill->order_number);
		} else if (rc) {
			return rc;
		}
	}
	return OK;
}

static bool notification_keep(struct app *app, const struct notification *n)
{
	struct program *p = &app->program;
	int rc;

	if (!n->count)
		return true;
	if (!program_db_try(p))
		return false;
	rc = hints_store(app, n);
	program_db_done(p, rc);
	if (!rc)
		wake_outbox(app->wake);
	return !rc;
}

void notify_take(void *data, struct arena *a, const struct web_request *req,
		 struct web_response *res)
{
	struct app *app = data;
	struct notification *n = arena_new(a, struct notification);
	bool stored = true;

	metric_add(app->program.shm, METRIC_NOTIFICATIONS, 1);
	if (notification_read(a, req->content_type, req->body, n))
		log_event(LOG_WARN, "notify_malformed", "bytes=%zu", req->body.len);
	else
		stored = notification_keep(app, n);
	if (stored)
		web_status(res, 200);
	else
		web_unavailable(res);
	str_add(&res->body,
		notification_answer(a, n->form, stored, clock_now(), &res->content_type));
}
