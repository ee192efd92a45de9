#include "fcgi/admin/home.h"

#include "fcgi/admin/route.h"
#include "shared/domain/lease.h"
#include "shared/domain/setting.h"

/* May this person open that address?  What they may not is told, but is no link. */
static bool may_open(const struct visit *v, const char *url)
{
	size_t const len = strcspn(url, "?");

	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		if ((r->methods & WEB_GET) && strlen(r->path) == len &&
		    !strncmp(r->path, url, len))
			return visit_may(v, (enum role)r->need);
	}
	return false;
}

/* words: a phrase, with {{count}} when there is a count. */
static void need_add(struct visit *v, struct value *list, const char *words, int64_t count,
		     const char *url)
{
	struct value *need = value_object(v->a);
	const char *shown = count > NEEDS_MAX
				    ? arena_printf(v->a, "> %s", visit_number(v, NEEDS_MAX))
				    : visit_number(v, count);

	value_set_text(need, "text", VISIT_TEXT(v, words, N("n", count), A("count", shown)));
	if (url && may_open(v, url))
		value_set_text(need, "url", url);
	value_push(list, need);
}

/* What is counted in the database. */
static int counts_add(struct visit *v, struct value *list)
{
	struct shop_needs needs = { 0 };
	int const rc = shop_needs(v->db, &needs);
	const struct {
		const char *words;
		int64_t count;
		const char *url;
	} rows[] = {
		{ "admin.home.need.waiting", needs.waiting, "/admin/orders?state=paid" },
		{ "admin.home.need.reviews", needs.reviews, "/admin/payments?state=review" },
		{ "admin.home.need.disputed", needs.disputed, "/admin/orders?state=disputed" },
		{ "admin.home.need.cases", needs.cases, "/admin/cases?state=open" },
		{ "admin.home.need.refunds", needs.refunds, "/admin/orders?state=refunding" },
		{ "admin.home.need.dead", needs.dead, "/admin/health" },
		{ "admin.home.need.unasked", needs.unasked, "/admin/health" },
	};

	for (size_t i = 0; !rc && i < COUNT(rows); i++)
		if (rows[i].count)
			need_add(v, list, rows[i].words, rows[i].count, rows[i].url);
	if (!rc && needs.unsent)
		need_add(v, list, "admin.home.need.unsent", 0, "/admin/health");
	return rc;
}

/* What does not answer, and who is not there. */
static int trouble_add(struct visit *v, struct value *list)
{
	struct shm *shm = v->program->shm;
	bool paused;
	int workers;
	int rc;

	if ((rc = worker_alive(v->db, &workers)) ||
	    (rc = setting_sales_paused(v->db, v->program->config.sales_paused, &paused)))
		return rc;
	if (!workers)
		need_add(v, list, "admin.home.need.no_worker", 0, "/admin/health");
	if (gate_is_down(shm, GATE_TELEGRAM))
		need_add(v, list, "admin.home.need.telegram", 0, "/admin/health");
	if (gate_is_down(shm, GATE_PORTMONE))
		need_add(v, list, "admin.home.need.portmone", 0, "/admin/health");
	if (paused)
		need_add(v, list, "admin.home.need.paused", 0, "/admin/settings");
	return OK;
}

int home_needs(struct visit *v, const struct shelf *shelves, size_t count)
{
	struct value *list = value_list(v->a);
	int64_t low = 0;
	int64_t gone = 0;
	int rc = trouble_add(v, list);

	if (!rc)
		rc = counts_add(v, list);
	for (size_t i = 0; i < count; i++) {
		gone += !shelves[i].left;
		low += shelves[i].left && shelves[i].left < shelves[i].low_stock;
	}
	if (gone)
		need_add(v, list, "admin.home.need.sold_out", gone, "/admin/stock");
	if (low)
		need_add(v, list, "admin.home.need.low", low, "/admin/stock");
	value_set(v->data, "needs", list);
	return rc;
}
