#include "fcgi/worker/ask.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/utf8.h"
#include "shared/clients/portmone_result.h"
#include "shared/domain/order_ask.h"
#include "shared/domain/setting.h"
#include "shared/service/portmone_evidence.h"

enum {
	QUESTIONS_MAX = 8, /* at Portmone at once */
	LEASE_S = 10,	   /* a question takes CALL_TIMEOUT_MS at most, settling some more */
	HEARD_GAP_MS = 5000,
	HEARD_MAX = 200, /* characters */
};

/* One order that is being asked about. */
struct question {
	struct worker *w;
	struct arena arena;
	int64_t order_id;
	const char *number;
	int64_t begun_ms;
};

static void question_free(struct question *q)
{
	q->w->questions--;
	arena_release(&q->arena);
	free(q);
}

/* ---- what an operator should see ---- */

static int64_t told_refused_ms, told_odd_ms, told_test_ms;

/* Portmone's words about a wrong password, say: the same for every order. */
static void tell_unusable(const struct question *q, const char *why)
{
	metric_add(q->w->program.shm, METRIC_PORTMONE_ERRORS, 1);
	if (worker_may_tell(&told_refused_ms))
		log_event(LOG_WARN, "portmone_unusable", "order=%s why=%s", q->number, why);
}

/* For the health page: what was heard last, well and badly; not each time. */
static void heard_note(struct question *q, bool good, const char *words)
{
	static int64_t noted_ms[2];
	struct worker *w = q->w;
	int64_t const now = clock_monotonic_ms();

	if ((noted_ms[good] && now - noted_ms[good] < HEARD_GAP_MS) || !worker_db_ready(w))
		return;
	if (!worker_db_report(
		    w, "setting_note",
		    setting_note(w->program.db,
				 good ? SETTING_PORTMONE_GOOD : SETTING_PORTMONE_BAD,
				 utf8_clean_line(&q->arena, words, strlen(words), HEARD_MAX))))
		noted_ms[good] = now;
}

static void tell_odd_rows(const struct question *q, const struct portmone_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->list[i].status == PORTMONE_UNKNOWN && worker_may_tell(&told_odd_ms))
			log_event(LOG_WARN, "portmone_status_unknown", "order=%s word=%s",
				  q->number, rows->list[i].status_word);
	for (size_t i = 0; i < rows->count; i++)
		if (rows->list[i].status == PORTMONE_PAYED && rows->list[i].failed &&
		    worker_may_tell(&told_odd_ms))
			log_event(LOG_WARN, "portmone_payed_with_error", "order=%s bill=%s",
				  q->number, rows->list[i].bill_id);
	if ((rows->foreign || rows->broken) && worker_may_tell(&told_odd_ms))
		log_event(LOG_WARN, "portmone_rows_left_out", "order=%s foreign=%zu broken=%zu",
			  q->number, rows->foreign, rows->broken);
}

static void count_asking(struct worker *w, const struct asking *asking)
{
	static const enum metric metrics[SETTLE__COUNT] = {
		[SETTLE_DELIVERED] = METRIC_ORDERS_PAID,
		[SETTLE_WAITING] = METRIC_ORDERS_WAITING,
		[SETTLE_REVIEW] = METRIC_PAYMENTS_REVIEW,
	};

	if (asking->result == ASK_EXPIRED)
		metric_add(w->program.shm, METRIC_ORDERS_EXPIRED, 1);
	if (asking->result == ASK_SETTLED)
		metric_add(w->program.shm, metrics[asking->settlement.result], 1);
	if (asking->settlement.result == SETTLE_WAITING)
		metric_add(w->program.shm, METRIC_ORDERS_PAID, 1);
	if (asking->settlement.surplus)
		metric_add(w->program.shm, METRIC_PAYMENTS_REVIEW, 1);
}

/* ---- the answer ---- */

static void question_settle(struct question *q, const struct payment_evidence *evidence)
{
	struct worker *w = q->w;
	struct asking asking;
	int rc;

	/* Its lease ends, and it is asked again. */
	if (!worker_db_ready(w))
		return;
	rc = worker_db_report(w, "order_answered",
			      order_answered(w->program.db, q->order_id, evidence, &asking));
	if (rc)
		return;
	count_asking(w, &asking);
	if (asking.result == ASK_SETTLED)
		log_event(LOG_INFO, "order_settled", "order=%s result=%s state=%s took_ms=%lld",
			  q->number, settle_result_name(asking.settlement.result),
			  order_state_name(asking.settlement.state),
			  (long long)(clock_monotonic_ms() - q->begun_ms));
	if (asking.result == ASK_EXPIRED)
		log_event(LOG_INFO, "order_expired", "order=%s", q->number);
	if (asking.result == ASK_SETTLED || asking.result == ASK_EXPIRED)
		worker_soon(w, JOB_OUTBOX, 0);
}

static void question_answered(int rc, const struct http_answer *answer, void *question)
{
	struct question *q = question;
	struct worker *w = q->w;
	struct payment_evidence evidence;
	struct portmone_rows rows = { 0 };
	const char *why = "";
	bool test;

	rc = portmone_result_read(&w->portmone, &q->arena, q->number, rc, answer, &rows, &why);
	/* A refusal in words shows that the other side is there. */
	gate_report(w->program.shm, GATE_PORTMONE, !rc || answer->status, clock_monotonic_ms());
	heard_note(q, !rc, rc ? why : q->number);
	if (rc)
		tell_unusable(q, why);
	else
		tell_odd_rows(q, &rows);
	portmone_evidence(&q->arena, rc, &rows, w->program.config.portmone_test, &evidence,
			  &test);
	if (test && worker_may_tell(&told_test_ms))
		log_event(LOG_WARN, "test_money_left_out", "order=%s hint=PORTMONE_TEST",
			  q->number);
	question_settle(q, &evidence);
	if (w->questions == QUESTIONS_MAX)
		worker_soon(w, JOB_ASK, 0); /* others may wait for this one's place */
	question_free(q);
}

/* ---- the question ---- */

static void question_ask(struct worker *w, const struct order_question *about)
{
	struct question *q = calloc(1, sizeof(*q));
	struct http_request request;

	if (!q)
		die("out of memory");
	q->w = w;
	q->order_id = about->order_id;
	q->number = arena_strdup(&q->arena, about->number);
	q->begun_ms = clock_monotonic_ms();
	w->questions++;
	request = portmone_result_request(&w->portmone, &q->arena, q->number, about->created_at,
					  clock_now());
	/* No room: its lease ends, and it is asked then. */
	if (http_start(w->http, &request, question_answered, q))
		question_free(q);
}

/*
 * How many questions may be asked now.  While Portmone is down one a second: only what is
 * really tried counts as an answer, and a probe nobody makes would keep others waiting.
 */
static int questions_limit(struct worker *w, int *ret)
{
	int64_t due_s;
	int rc;

	*ret = QUESTIONS_MAX - (int)w->questions;
	if (*ret <= 0 || !gate_is_down(w->program.shm, GATE_PORTMONE))
		return OK;
	*ret = 0;
	if (w->questions || (rc = order_ask_due(w->program.db, 1, &due_s)))
		return w->questions ? OK : rc;
	*ret = !due_s && gate_try(w->program.shm, GATE_PORTMONE, clock_monotonic_ms());
	return OK;
}

int ask_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct order_question *list;
	size_t count;
	int limit;
	int rc = questions_limit(w, &limit);

	UNUSED(lease_data);
	if (rc || limit <= 0)
		return rc;
	rc = order_ask_claim(w->program.db, a, limit, LEASE_S, &list, &count);
	for (size_t i = 0; !rc && i < count; i++)
		question_ask(w, &list[i]);
	return rc;
}
