#include "fcgi/portmone/bill.h"

#include "shared/base/crash.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/log.h"
#include "shared/platform/form.h"
#include "shared/platform/i18n.h"
#include "shared/service/portmone_fiscal.h"

#include <time.h>

enum {
	/* The gateway's limit, the database's for storing, and a second to spare. */
	BILL_LEASE_S = 2 * CALL_TIMEOUT_MS / 1000 + 1,
	/* A good gateway answers within this; the buyer is shown something before 3 s. */
	BILL_WAIT_MS = 2500,
	BILL_LOOK_MS = 60, /* between looks at first; longer each time */
};

/* The buyer's own language and the order's number: a return without fields knows it too. */
static struct portmone_bill bill_of(struct app *app, struct arena *a, const char *goods,
				    const struct order *order)
{
	enum lang const lang = lang_from_code(order->lang);
	const char *back = arena_printf(a, "%s/portmone/return?order=%s",
					app->program.config.public_url,
					form_encode(a, order->number));

	return (struct portmone_bill){
		.order_number = order->number,
		.amount = order->total,
		.description = i18n_plain(
			a, lang, "web.bill",
			I18N_ARGS(A("goods", goods), A("number", order->number))),
		.lang = lang_code(lang),
		.success_url = back,
		.failure_url = back,
		.seconds = order->seconds_left,
		.now = clock_now(),
		.goods = app->program.config.portmone_goods
				 ? portmone_fiscal_bill(a, app->catalog, order)
				 : NULL,
	};
}

/* ERR_DOWN: the gateway gave no page, for whatever reason; it is logged here. */
static int gateway_ask(struct app *app, struct arena *a, const struct portmone_bill *bill,
		       const char **ret_url)
{
	struct program *p = &app->program;
	const char *why = "";
	int rc;

	if (!app->portmone.http && http_new(&app->portmone.http))
		return ERR_DOWN;
	if (!gate_try(p->shm, GATE_PORTMONE, clock_monotonic_ms()))
		return ERR_DOWN;
	rc = portmone_link(&app->portmone, a, bill, ret_url, &why);
	gate_report(p->shm, GATE_PORTMONE, rc != ERR_DOWN, clock_monotonic_ms());
	if (!rc)
		return OK;
	metric_add(p->shm, METRIC_PORTMONE_ERRORS, 1);
	log_event(LOG_ERROR, "bill_failed", "order=%s rc=%s why=\"%s\"", bill->order_number,
		  err_name(rc), why ? why : "");
	return ERR_DOWN;
}

/* The claim is ours: no transaction is open while the gateway is asked. */
static int bill_make(struct app *app, struct arena *a, const char *goods, struct order *order,
		     enum bill_result *ret)
{
	struct program *p = &app->program;
	struct portmone_bill const bill = bill_of(app, a, goods, order);
	const char *url;
	int rc;

	CRASH_POINT("bill.claimed");
	if (gateway_ask(app, a, &bill, &url)) {
		*ret = BILL_DOWN;
		return order_link_give_up(p->db, order->id);
	}
	CRASH_POINT("bill.made");
	if ((rc = order_link_store(p->db, a, order->id, url, &order->link_url)))
		return rc;
	CRASH_POINT("bill.stored");
	metric_add(p->shm, METRIC_ORDERS_OPENED, 1);
	log_event(LOG_INFO, "order_opened", "order=%s kop=%lld quantity=%d seconds=%lld",
		  order->number, (long long)order->total.kop, order->quantity,
		  (long long)order->seconds_left);
	*ret = BILL_READY;
	return OK;
}

static void rest(int64_t ms)
{
	struct timespec const pause = { .tv_sec = ms / 1000,
					.tv_nsec = ms % 1000 * INT64_C(1000000) };

	(void)nanosleep(&pause, NULL);
}

int bill_get(struct app *app, struct arena *a, const char *goods, struct order **order,
	     enum bill_result *ret)
{
	struct db *db = app->program.db;
	int64_t const end_ms = clock_monotonic_ms() + BILL_WAIT_MS;
	int64_t pause_ms = BILL_LOOK_MS;

	for (;;) {
		bool ours;
		int rc = order_link_claim(db, (*order)->id, BILL_LEASE_S, &ours);

		if (rc)
			return rc;
		if (ours)
			return bill_make(app, a, goods, *order, ret);
		if ((rc = order_find(db, a, (*order)->id, order)))
			return rc;
		if ((*order)->state != ORDER_PENDING || (*order)->link_url) {
			*ret = (*order)->state == ORDER_PENDING ? BILL_READY : BILL_ENDED;
			return OK;
		}
		if (clock_monotonic_ms() + pause_ms > end_ms) {
			*ret = BILL_BUSY;
			return OK;
		}
		rest(pause_ms);
		pause_ms += pause_ms / 2;
	}
}
