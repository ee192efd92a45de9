/*
 * ceiling_c WORKERS SECONDS VALUES: the smallest durable order, without HTTP: insert the
 * order, take one code FOR UPDATE SKIP LOCKED, mark it, commit.  Tables bench_orders and
 * bench_codes have the columns and the indexes this needs, and nothing else.
 */
#include <mysql.h>

#include "tests/bench/bench.h"

struct order {
	MYSQL *conn;
	MYSQL_STMT *insert;
	MYSQL_STMT *take;
	MYSQL_STMT *mark;
	long long user_id;
	long long value_id;
	long long order_id;
	long long code_id;
	long long values;
	unsigned long long turn;
};

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
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

	if (!o || !(o->conn = mysql_init(NULL)) ||
	    !mysql_real_connect(o->conn, NULL, setting("BENCH_USER"), setting("BENCH_PASSWORD"),
				setting("BENCH_DB"), 0, setting("BENCH_SOCKET"), 0))
		die("ceiling_c: no database");
	o->values = *(const long long *)data;
	o->turn = (unsigned)worker;
	o->insert = prepare(o->conn,
			    "INSERT INTO bench_orders (user_id, value_id, created_at) "
			    "VALUES (?, ?, UTC_TIMESTAMP(6))",
			    (MYSQL_BIND[]){ bound(&o->user_id), bound(&o->value_id) });
	o->take = prepare(o->conn,
			  "SELECT id FROM bench_codes WHERE value_id = ? AND order_id = 0 "
			  "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
			  (MYSQL_BIND[]){ bound(&o->value_id) });
	o->mark = prepare(o->conn, "UPDATE bench_codes SET order_id = ? WHERE id = ?",
			  (MYSQL_BIND[]){ bound(&o->order_id), bound(&o->code_id) });
	result = bound(&o->code_id);
	if (mysql_stmt_bind_result(o->take, &result))
		die("ceiling_c: %s", mysql_error(o->conn));
	return o;
}

static bool order_make(void *state)
{
	struct order *o = state;
	bool done;

	o->turn++;
	o->user_id = (long long)(o->turn % 1000) + 1;
	o->value_id = (long long)(o->turn * 7 % (unsigned long long)o->values) + 1;
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
	long long values;

	if (argc != 4)
		die("usage: ceiling_c WORKERS SECONDS VALUES");
	values = bench_number(argv[3], 1, 1000);
	return crew_run(&(struct crew){
		.workers = (int)bench_number(argv[1], 1, 256),
		.seconds = (double)bench_number(argv[2], 1, 600),
		.data = &values,
		.begin = order_begin,
		.work = order_make,
	});
}
