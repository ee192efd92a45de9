#include "fcgi/worker/refund.h"

#include "shared/base/clock.h"
#include "shared/base/crash.h"
#include "shared/base/log.h"
#include "shared/clients/portmone_result.h"
#include "shared/clients/portmone_return.h"
#include "shared/domain/refund_send.h"
#include "shared/service/portmone_evidence.h"
#include "shared/service/portmone_fiscal.h"

enum {
	REFUNDS_MAX = 4, /* at Portmone at once */
	LEASE_S = 30,	 /* two calls take CALL_TIMEOUT_MS each at most */
};

static const char gateway[] = "portmone";

/* One refund that is looked after. */
struct giving {
	struct worker *w;
	struct arena arena;
	struct refund_task task;
	struct portmone_refund told; /* what Portmone was told */
};

static void giving_free(struct giving *g)
{
	g->w->refunds--;
	worker_soon(g->w, JOB_REFUND, 0);
	arena_release(&g->arena);
	free(g);
}

/* ---- telling it ---- */

static void tell_log(const struct giving *g, int rc, const char *return_id, const char *why)
{
	log_event(rc ? LOG_WARN : LOG_INFO, "refund_told",
		  "order=%s refund=%lld kop=%lld rc=%s return=%s why=\"%s\"", g->task.number,
		  (long long)g->task.refund_id, (long long)g->told.amount.kop, err_name(rc),
		  return_id, why ? why : "");
}

/* What is not written down now is asked for when the lease ends. */
static void outcome_store(struct giving *g, int outcome, const char *return_id, const char *why)
{
	struct worker *w = g->w;
	enum refund_step step;
	int rc;

	if (!worker_db_ready(w))
		return;
	rc = worker_db_report(w, "refund_told",
			      refund_told(w->program.db, &g->task, gateway, outcome, return_id,
					  why ? why : "", &step));
	if (!rc && step == REFUND_STEP_OVER)
		worker_soon(w, JOB_OUTBOX, 0);
}

static void giving_told(int rc, const struct http_answer *answer, void *giving)
{
	struct giving *g = giving;
	struct worker *w = g->w;
	const char *return_id = "";
	const char *why = "";

	CRASH_POINT("refund.given");
	rc = portmone_return_read(&w->portmone, &g->arena, &g->told, rc, answer, &return_id,
				  &why);
	gate_report(w->program.shm, GATE_PORTMONE, !rc || answer->status, clock_monotonic_ms());
	if (rc)
		metric_add(w->program.shm, METRIC_PORTMONE_ERRORS, 1);
	tell_log(g, rc, return_id, why);
	outcome_store(g, rc, return_id, why);
	giving_free(g);
}

static int goods_find(struct giving *g, const struct refund_order *order,
		      const struct portmone_goods **ret)
{
	struct worker *w = g->w;
	int rc;

	*ret = NULL;
	if (!w->program.config.portmone_goods)
		return OK;
	rc = catalog_refresh_for(w->catalog, w->program.db, order->order->value_id,
				 clock_monotonic_ms());
	if (!rc)
		*ret = portmone_fiscal_refund(&g->arena, w->catalog, order);
	return rc;
}

static void tell(struct giving *g, const struct refund_order *order)
{
	struct worker *w = g->w;
	struct http_request request;

	g->told = (struct portmone_refund){
		.order_number = order->order->number,
		.bill_id = order->payment_id,
		.amount = order->amount,
		.reason = order->reason,
	};
	CRASH_POINT("refund.sent");
	if (!worker_db_report(w, "refund_goods", goods_find(g, order, &g->told.goods))) {
		request = portmone_return_request(&w->portmone, &g->arena, &g->told);
		if (!http_start(w->http, &request, giving_told, g))
			return;
	}
	/* It did not leave the house. */
	outcome_store(g, ERR_DOWN, "", "");
	giving_free(g);
}

/* ---- what Portmone has ---- */

/*
 * A row that can't be read, or whose word we don't know, may be the money on its way back:
 * then nothing is known.
 */
static bool is_clear(const struct portmone_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->list[i].status == PORTMONE_UNKNOWN)
			return false;
	return !rows->broken;
}

static void giving_asked(int rc, const struct http_answer *answer, void *giving)
{
	struct giving *g = giving;
	struct worker *w = g->w;
	enum refund_step step = REFUND_STEP_WAIT;
	struct payment_evidence evidence;
	struct portmone_rows rows = { 0 };
	struct refund_order order;
	const char *why = "";
	bool test;

	rc = portmone_result_read(&w->portmone, &g->arena, g->task.number, rc, answer, &rows,
				  &why);
	gate_report(w->program.shm, GATE_PORTMONE, !rc || answer->status, clock_monotonic_ms());
	if (rc)
		metric_add(w->program.shm, METRIC_PORTMONE_ERRORS, 1);
	portmone_evidence(&g->arena, rc, &rows, w->program.config.portmone_test, &evidence,
			  &test);
	if (!rc && !is_clear(&rows))
		evidence.answer = ANSWER_UNUSABLE;
	if (worker_db_ready(w))
		rc = worker_db_report(w, "refund_answered",
				      refund_answered(w->program.db, &g->arena, &g->task,
						      &evidence, &step, &order));
	if (!rc && step == REFUND_STEP_TELL && !w->stopping) {
		tell(g, &order);
		return;
	}
	if (!rc && step == REFUND_STEP_OVER)
		worker_soon(w, JOB_OUTBOX, 0);
	giving_free(g);
}

static void ask(struct worker *w, const struct refund_task *task)
{
	struct giving *g = calloc(1, sizeof(*g));
	struct http_request request;

	if (!g)
		die("out of memory");
	g->w = w;
	g->task = *task;
	g->task.number = arena_strdup(&g->arena, task->number);
	w->refunds++;
	request = portmone_result_request(&w->portmone, &g->arena, g->task.number, task->since,
					  clock_now());
	/* No room: its lease ends, and it is asked then. */
	if (http_start(w->http, &request, giving_asked, g))
		giving_free(g);
}

/* While Portmone is down one is tried each second, whoever's turn it is. */
static int room(struct worker *w, int *ret)
{
	int64_t due_s;
	int rc;

	*ret = REFUNDS_MAX - (int)w->refunds;
	if (*ret <= 0 || !gate_is_down(w->program.shm, GATE_PORTMONE))
		return OK;
	*ret = 0;
	if (w->refunds || (rc = refund_due(w->program.db, 1, &due_s)))
		return w->refunds ? OK : rc;
	*ret = !due_s && gate_try(w->program.shm, GATE_PORTMONE, clock_monotonic_ms());
	return OK;
}

int refund_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct refund_task *list;
	size_t count;
	int limit;
	int rc = room(w, &limit);

	UNUSED(lease_data);
	if (rc || limit <= 0)
		return rc;
	rc = refund_claim(w->program.db, a, w->id, limit, LEASE_S, &list, &count);
	for (size_t i = 0; !rc && i < count; i++)
		ask(w, &list[i]);
	return rc;
}
