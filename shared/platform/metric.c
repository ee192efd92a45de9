#include "shared/platform/shm_private.h"

static const struct {
	const char *name;
	const char *help;
} metrics[] = {
	[METRIC_UPDATES] = { "kartka_updates_total", "Updates received from Telegram." },
	[METRIC_UPDATES_REFUSED] = { "kartka_updates_refused_total",
				     "Webhook requests refused: wrong secret, too large, not "
				     "JSON." },
	[METRIC_THROTTLED] = { "kartka_updates_throttled_total",
			       "Updates of people who were too fast." },
	[METRIC_ORDERS_OPENED] = { "kartka_orders_opened_total", "Orders made." },
	[METRIC_ORDERS_PAID] = { "kartka_orders_paid_total", "Orders paid." },
	[METRIC_ORDERS_WAITING] = { "kartka_orders_waiting_total",
				    "Orders paid while there was no stock." },
	[METRIC_ORDERS_EXPIRED] = { "kartka_orders_expired_total", "Orders expired unpaid." },
	[METRIC_PAYMENTS_REVIEW] = { "kartka_payments_review_total",
				     "Payments left to an administrator." },
	[METRIC_PAYMENTS_UNKNOWN_ORDER] = { "kartka_payments_unknown_order_total",
					    "Payments and notifications for an unknown "
					    "order." },
	[METRIC_NOTIFICATIONS] = { "kartka_notifications_total",
				   "Notifications from the gateway." },
	[METRIC_RETURNS] = { "kartka_returns_total", "Buyers back from the gateway's page." },
	[METRIC_MESSAGES_SENT] = { "kartka_messages_sent_total", "Messages sent to Telegram." },
	[METRIC_MESSAGES_FAILED] = { "kartka_messages_failed_total",
				     "Messages given up: refused or undeliverable." },
	[METRIC_CALLBACKS_ANSWERED] = { "kartka_callbacks_answered_total",
					"Callback queries answered." },
	[METRIC_CALLBACKS_DROPPED] = { "kartka_callbacks_dropped_total",
				       "Callback answers that no worker took." },
	[METRIC_TELEGRAM_ERRORS] = { "kartka_telegram_errors_total",
				     "Calls of Telegram without a usable answer." },
	[METRIC_PORTMONE_ERRORS] = { "kartka_portmone_errors_total",
				     "Calls of Portmone without a usable answer." },
	[METRIC_DB_ERRORS] = { "kartka_db_errors_total", "Database calls that failed." },
	[METRIC_LOG_DROPPED] = { "kartka_log_dropped_total",
				 "Log lines that were not written." },
};
_Static_assert(COUNT(metrics) == METRIC__COUNT, "a name for every metric");

void metric_add(struct shm *shm, enum metric metric, uint64_t n)
{
	atomic_fetch_add_explicit(&shm->map->metrics[metric].value, n, memory_order_relaxed);
}

uint64_t metric_get(struct shm *shm, enum metric metric)
{
	return atomic_load_explicit(&shm->map->metrics[metric].value, memory_order_relaxed);
}

const char *metric_name(enum metric metric)
{
	return metrics[metric].name;
}

const char *metric_help(enum metric metric)
{
	return metrics[metric].help;
}
