/*
 * ceiling_c shop|bare WORKERS SECONDS FIRST_VALUE VALUES: the smallest durable order, without
 * HTTP: insert the order, take one code FOR UPDATE SKIP LOCKED, mark it, commit.
 *	shop	in the shop's own tables, with their keys: what its database can do
 *	bare	in tables with the columns and the one index that this needs, and nothing else
 */
#include <mysql.h>
#include <sys/random.h>

#include "tests/bench/bench.h"

enum { BUYERS = 200000, NUMBER_LEN = 9, NONCE_LEN = 16 };

struct plan {
	bool bare;
	long long first_value;
	unsigned long long values;
};

/* What the statements are bound to. */
struct order {
	MYSQL *conn;
	MYSQL_STMT *insert;
	MYSQL_STMT *take;
	MYSQL_STMT *mark;
	const struct plan *plan;
	char number[NUMBER_LEN + 1];
	unsigned char nonce[NONCE_LEN];
	long long user_id;
	long long value_id;
	long long order_id;
	long long code_id;
	unsigned long long turn;
};

static const struct {
	const char *insert;
	const char *take;
	const char *mark;
} statements[] = {
	{ "INSERT INTO orders (number, nonce, user_id, value_id, quantity, unit_price_kop, "
	  "total_kop, gateway, state, chat_id, message_id, lang, created_at, expires_at) "
	  "VALUES (?, ?, ?, ?, 1, 10000, 10000, 'portmone', 'pending', 1, 1, 'uk', "
	  "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 DAY)",
	  "SELECT id FROM card_codes FORCE INDEX (card_codes_shelf) WHERE value_id = ? AND "
	  "state = 'available' ORDER BY expires_at, id LIMIT 1 FOR UPDATE SKIP LOCKED",
	  "UPDATE card_codes SET state = 'reserved', order_id = ?, slot = 1 WHERE id = ?" },
	{ "INSERT INTO bench_orders (number, nonce, user_id, value_id, created_at) "
	  "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))",
	  "SELECT id FROM bench_codes WHERE value_id = ? AND order_id = 0 "
	  "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
	  "UPDATE bench_codes SET order_id = ? WHERE id = ?" },
};

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void random_fill(void *to, size_t len)
{
	if (getrandom(to, len, 0) != (ssize_t)len)
		die("ceiling_c: no random bytes");
}

static MYSQL_STMT *prepare(MYSQL *conn, const char *sql, MYSQL_BIND *params)
{
	MYSQL_STMT *s = mysql_stmt_init(conn);

	if (!s || mysql_stmt_prepare(s, sql, strlen(sql)) || mysql_stmt_bind_param(s, params))
		die("ceiling_c: %s", mysql_error(conn));
	return s;
}

static MYSQL_BIND bound(long long *number)
{
	return (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = number };
}

static void *order_begin(int worker, void *data)
{
	struct order *o = calloc(1, sizeof(*o));
	MYSQL_BIND result;

	UNUSED(worker);
	if (!o || !(o->conn = mysql_init(NULL)) ||
	    !mysql_real_connect(o->conn, NULL, setting("BENCH_USER"), setting("BENCH_PASSWORD"),
				setting("BENCH_DB"), 0, setting("BENCH_SOCKET"), 0) ||
	    mysql_query(o->conn, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"))
		die("ceiling_c: no database");
	o->plan = data;
	random_fill(&o->turn, sizeof(uint32_t));
	o->insert = prepare(o->conn, statements[o->plan->bare].insert,
			    (MYSQL_BIND[]){ { .buffer_type = MYSQL_TYPE_STRING,
					      .buffer = o->number,
					      .buffer_length = NUMBER_LEN },
					    { .buffer_type = MYSQL_TYPE_BLOB,
					      .buffer = o->nonce,
					      .buffer_length = NONCE_LEN },
					    bound(&o->user_id),
					    bound(&o->value_id) });
	o->take = prepare(o->conn, statements[o->plan->bare].take,
			  (MYSQL_BIND[]){ bound(&o->value_id) });
	o->mark = prepare(o->conn, statements[o->plan->bare].mark,
			  (MYSQL_BIND[]){ bound(&o->order_id), bound(&o->code_id) });
	result = bound(&o->code_id);
	if (mysql_stmt_bind_result(o->take, &result))
		die("ceiling_c: %s", mysql_error(o->conn));
	return o;
}

static void order_think_up(struct order *o)
{
	uint64_t bits;

	random_fill(&bits, sizeof(bits));
	random_fill(o->nonce, sizeof(o->nonce));
	for (int i = 0; i < NUMBER_LEN; i++, bits /= 30)
		o->number[i] = i == 4 ? '-' : "23456789ABCDEFGHJKMNPQRSTVWXYZ"[bits % 30];
	o->turn++;
	o->user_id = (long long)(o->turn % BUYERS) + 1;
	o->value_id = o->plan->first_value + (long long)(o->turn * 7 % o->plan->values);
}

static bool order_make(void *state)
{
	struct order *o = state;
	bool done;

	order_think_up(o);
	if (mysql_query(o->conn, "START TRANSACTION") || mysql_stmt_execute(o->insert))
		return false;
	o->order_id = (long long)mysql_stmt_insert_id(o->insert);
	if (mysql_stmt_execute(o->take))
		return false;
	done = !mysql_stmt_fetch(o->take);
	mysql_stmt_free_result(o->take);
	done = done && !mysql_stmt_execute(o->mark) && mysql_stmt_affected_rows(o->mark) == 1;
	return !mysql_query(o->conn, done ? "COMMIT" : "ROLLBACK") && done;
}

int main(int argc, char **argv)
{
	struct plan plan;

	if (argc != 6)
		die("usage: ceiling_c shop|bare WORKERS SECONDS FIRST_VALUE VALUES");
	plan.bare = !strcmp(argv[1], "bare");
	plan.first_value = bench_number(argv[4], 1, INT32_MAX);
	plan.values = (unsigned long long)bench_number(argv[5], 1, 1000);
	return crew_run(&(struct crew){
		.workers = (int)bench_number(argv[2], 1, 256),
		.seconds = (double)bench_number(argv[3], 1, 600),
		.data = &plan,
		.begin = order_begin,
		.work = order_make,
	});
}
