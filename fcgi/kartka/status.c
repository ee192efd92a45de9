#include "fcgi/kartka/backup.h"

#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"
#include "shared/domain/setting.h"
#include "shared/domain/stats.h"

int command_status(struct command_env *env, int argc, char **argv)
{
	struct outbox_counts outbox;
	struct stats_now stats;
	struct db *db;
	int64_t backup_at;
	int workers;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	if ((rc = worker_alive(db, &workers)) || (rc = outbox_count(db, &outbox)) ||
	    (rc = stats_now(db, &stats)))
		return outside_db_failed(env, db, rc);
	if ((rc = setting_backup_at(db, &backup_at)))
		return outside_db_failed(env, db, rc);
	printf("workers alive            %d\n", workers);
	printf("messages to send         %lld (the oldest for %lld s)\n",
	       (long long)outbox.pending, (long long)outbox.oldest_seconds);
	printf("messages given up        %lld\n", (long long)outbox.dead);
	printf("buyers who left          %lld messages\n", (long long)outbox.undeliverable);
	printf("orders being paid        %lld\n", (long long)stats.pending);
	printf("orders waiting for stock %lld\n", (long long)stats.waiting);
	printf("payments to look at      %lld\n", (long long)stats.reviews);
	printf("questions overdue        %lld\n", (long long)stats.questions_due);
	printf("delivered in 24 h        %lld, %s UAH\n", (long long)stats.delivered_today,
	       money_plain(env->arena, stats.revenue_today));
	printf("newest backup            %s\n",
	       backup_at ? arena_printf(env->arena, "%s old", backup_age(env->arena, backup_at))
			 : "never made");
	return workers ? 0 : command_fail(env, "no worker is alive: nothing is sent or asked");
}
