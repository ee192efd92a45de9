#include "shared/platform/db_private.h"
#include "shared/base/clock.h"

#include <strings.h>

/* What a column is fetched as. */
struct db_column {
	enum enum_field_types type; /* the server's, which may change between two runs */
	unsigned flags;
	enum db_kind kind;
	int64_t number;
	MYSQL_TIME time;
	unsigned long len;
	db_bool is_null;
};

/* Prepared once on this connection, with room for its parameters and one row. */
struct db_statement {
	MYSQL_STMT *handle;
	char *sql;
	size_t sql_len;
	uint64_t used; /* the larger, the later */
	size_t param_count;
	MYSQL_BIND *params;
	MYSQL_TIME *times;
	size_t column_count;
	struct db_column *columns;
};

static void *zeroed(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		die("out of memory");
	return p;
}

/* ---- preparing, once per connection ---- */

static void statement_free(struct db_statement *s)
{
	mysql_stmt_close(s->handle);
	free(s->columns);
	free(s->times);
	free(s->params);
	free(s->sql);
	free(s);
}

void db_statements_drop(struct db *db)
{
	for (size_t i = 0; i < db->statement_count; i++)
		statement_free(db->statements[i]);
	db->statement_count = 0;
	memset(db->near, 0, sizeof(db->near));
}

static enum db_kind column_kind(const MYSQL_FIELD *f)
{
	switch (f->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
		return DB_INT;
	case MYSQL_TYPE_NEWDECIMAL: /* SUM() of whole numbers */
		return f->decimals ? DB_TEXT : DB_INT;
	case MYSQL_TYPE_DATE:
	case MYSQL_TYPE_DATETIME:
	case MYSQL_TYPE_TIMESTAMP:
		return DB_TIME;
	default:
		return DB_TEXT;
	}
}

static void column_bind(struct db_column *c, const MYSQL_FIELD *f, MYSQL_BIND *bind)
{
	c->type = f->type;
	c->flags = f->flags;
	c->kind = column_kind(f);
	bind->is_null = &c->is_null;
	bind->length = &c->len;
	switch (c->kind) {
	case DB_INT:
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->buffer = &c->number;
		bind->is_unsigned = (f->flags & UNSIGNED_FLAG) ? 1 : 0;
		break;
	case DB_TIME:
		bind->buffer_type = MYSQL_TYPE_DATETIME;
		bind->buffer = &c->time;
		bind->buffer_length = sizeof(c->time);
		break;
	default: /* only its length: the row's text is copied once, into the arena */
		bind->buffer_type = MYSQL_TYPE_BLOB;
	}
}

/* The row's room stays where it is, so this is done once, unless a type changes. */
static bool columns_bind(struct db_statement *s, const MYSQL_FIELD *fields)
{
	MYSQL_BIND *binds = zeroed(s->column_count, sizeof(*binds));
	bool done;

	for (size_t i = 0; i < s->column_count; i++)
		column_bind(&s->columns[i], &fields[i], &binds[i]);
	done = !mysql_stmt_bind_result(s->handle, binds);
	free(binds);
	return done;
}

static bool columns_prepare(struct db_statement *s)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(s->handle);
	bool done;

	if (!meta)
		return true; /* it has no result */
	s->column_count = mysql_num_fields(meta);
	s->columns = zeroed(s->column_count, sizeof(*s->columns));
	done = columns_bind(s, mysql_fetch_fields(meta));
	mysql_free_result(meta);
	return done;
}

/* A migration may change a type, and so may the parameter of SELECT ?. */
static bool columns_follow(struct db_statement *s)
{
	const MYSQL_FIELD *fields = s->handle->fields;

	for (size_t i = 0; i < s->column_count; i++)
		if (fields[i].type != s->columns[i].type ||
		    fields[i].flags != s->columns[i].flags)
			return columns_bind(s, fields);
	return true;
}

/* The one that was not used for the longest time makes room. */
static void statements_trim(struct db *db)
{
	size_t oldest = 0;
	struct db_statement *s;

	if (db->statement_count < DB_STATEMENTS_MAX)
		return;
	for (size_t i = 1; i < db->statement_count; i++)
		if (db->statements[i]->used < db->statements[oldest]->used)
			oldest = i;
	s = db->statements[oldest];
	db->statements[oldest] = db->statements[--db->statement_count];
	for (size_t i = 0; i < DB_NEAR; i++)
		if (db->near[i].statement == s)
			db->near[i] = (struct db_near){ 0 };
	statement_free(s);
}

/*
 * An error in the middle of the rows is noted at the connection only, by MariaDB's library.
 * The rest of the answer is still on the wire then.
 */
static int statement_failed(struct db *db, struct db_statement *s)
{
	bool const noted = mysql_stmt_errno(s->handle);
	unsigned const number = noted ? mysql_stmt_errno(s->handle) : mysql_errno(db->conn);
	char message[MYSQL_ERRMSG_SIZE];
	int rc;

	snprintf(message, sizeof(message), "%s",
		 noted ? mysql_stmt_error(s->handle) : mysql_error(db->conn));
	mysql_stmt_free_result(s->handle);
	rc = db_failed(db, number, message);
	return rc ? rc : ERR_FAILED; /* never OK: analyzers see one file at a time */
}

static int statement_new(struct db *db, const char *sql, struct db_statement **ret)
{
	struct db_statement *s = zeroed(1, sizeof(*s));
	int rc;

	s->handle = mysql_stmt_init(db->conn);
	s->sql = strdup(sql);
	if (!s->handle || !s->sql)
		die("out of memory");
	s->sql_len = strlen(sql);
	if (mysql_stmt_prepare(s->handle, sql, s->sql_len) || !columns_prepare(s)) {
		rc = statement_failed(db, s);
		statement_free(s);
		return rc;
	}
	s->param_count = mysql_stmt_param_count(s->handle);
	s->params = zeroed(s->param_count, sizeof(*s->params));
	s->times = zeroed(s->param_count, sizeof(*s->times));
	statements_trim(db);
	db->statements[db->statement_count++] = s;
	*ret = s;
	return OK;
}

static struct db_statement *statement_seek(const struct db *db, const char *sql)
{
	size_t const len = strlen(sql);

	for (size_t i = 0; i < db->statement_count; i++)
		if (db->statements[i]->sql_len == len &&
		    !memcmp(db->statements[i]->sql, sql, len))
			return db->statements[i];
	return NULL;
}

/* A literal is found by its address; text that was put together, by its letters. */
static int statement_get(struct db *db, const char *sql, struct db_statement **ret)
{
	size_t const place = ((uintptr_t)sql >> 4 ^ (uintptr_t)sql >> 13) & (DB_NEAR - 1);
	struct db_near *near = &db->near[place];
	int rc;

	if (near->sql != sql || strcmp(near->statement->sql, sql) != 0) {
		struct db_statement *s = statement_seek(db, sql);

		if (!s && (rc = statement_new(db, sql, &s)))
			return rc;
		*near = (struct db_near){ sql, s };
	}
	near->statement->used = ++db->uses;
	*ret = near->statement;
	return OK;
}

/* ---- running ---- */

static bool param_bind(struct db_statement *s, size_t i, const struct db_param *p)
{
	MYSQL_BIND *bind = &s->params[i];

	memset(bind, 0, sizeof(*bind));
	switch (p->kind) {
	case DB_NULL:
		bind->buffer_type = MYSQL_TYPE_NULL;
		break;
	case DB_INT:
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->buffer = (void *)&p->number;
		break;
	case DB_TEXT:
	case DB_BLOB:
		bind->buffer_type = p->kind == DB_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
		bind->buffer = (void *)p->data;
		bind->buffer_length = p->len;
		break;
	case DB_TIME:
		bind->buffer_type = MYSQL_TYPE_DATETIME;
		bind->buffer = &s->times[i];
		bind->buffer_length = sizeof(s->times[i]);
		return db_time_write(p->number, &s->times[i]);
	}
	return true;
}

static int statement_run(struct db *db, const char *sql, struct db_params params,
			 struct db_statement **ret)
{
	struct db_statement *s;
	int rc;

	if (db->in_tx && db->tx_rc)
		return db->tx_rc;
	if ((rc = db_connect(db)) || (rc = statement_get(db, sql, &s)))
		return rc;
	if (params.count != s->param_count) {
		db_misused(db, "%zu parameters for %zu places in: %s", params.count,
			   s->param_count, sql);
		return ERR_FAILED;
	}
	for (size_t i = 0; i < params.count; i++)
		if (!param_bind(s, i, &params.list[i])) {
			db_misused(db, "parameter %zu is no DATETIME in: %s", i + 1, sql);
			return ERR_FAILED;
		}
	if ((params.count && mysql_stmt_bind_param(s->handle, s->params)) ||
	    mysql_stmt_execute(s->handle) || !columns_follow(s))
		return statement_failed(db, s);
	*ret = s;
	return OK;
}

/* ---- rows ---- */

/* Copied from the library's buffer into the arena, with a NUL after it. */
static bool text_fetch(struct arena *a, struct db_statement *s, size_t i, struct db_cell *ret)
{
	unsigned long const len = s->columns[i].len;
	unsigned long again;
	char *text = arena_alloc(a, len + 1);
	db_bool is_null;
	db_bool cut;
	MYSQL_BIND bind = {
		.buffer_type = MYSQL_TYPE_BLOB,
		.buffer = text,
		.buffer_length = len,
		.length = &again,
		.is_null = &is_null,
		.error = &cut,
	};

	if (len && mysql_stmt_fetch_column(s->handle, &bind, (unsigned)i, 0))
		return false;
	ret->text = text;
	ret->len = len;
	return true;
}

static bool cell_read(struct arena *a, struct db_statement *s, size_t i, struct db_cell *ret)
{
	const struct db_column *c = &s->columns[i];

	*ret = (struct db_cell){ .is_null = c->is_null, .text = "" };
	if (c->is_null)
		return true;
	if (c->kind == DB_TEXT)
		return text_fetch(a, s, i, ret);
	ret->number = c->kind == DB_TIME ? db_time_read(&c->time) : c->number;
	return true;
}

static struct db_cell *row_add(struct arena *a, struct db_rows *rows, size_t *room)
{
	size_t const row = rows->columns * sizeof(*rows->cells);

	if (rows->count == *room) {
		size_t const more = *room ? 2 * *room : 1;

		rows->cells = arena_grow(a, rows->cells, *room * row, more * row);
		*room = more;
	}
	return rows->cells + rows->count++ * rows->columns;
}

/* Row by row from the wire; an error may surface in any of them. */
static int rows_fetch(struct db *db, struct arena *a, struct db_statement *s,
		      struct db_rows *ret)
{
	struct db_rows rows = { .columns = s->column_count };
	size_t room = 0;
	int rc;

	/* "Truncated" is every text: its buffer has no room on purpose. */
	while (!(rc = mysql_stmt_fetch(s->handle)) || rc == MYSQL_DATA_TRUNCATED) {
		struct db_cell *row = row_add(a, &rows, &room);

		for (size_t i = 0; i < rows.columns; i++)
			if (!cell_read(a, s, i, &row[i]))
				return statement_failed(db, s);
	}
	if (rc != MYSQL_NO_DATA)
		return statement_failed(db, s);
	*ret = rows;
	return OK;
}

static int query_once(struct db *db, struct arena *a, const char *sql, struct db_params params,
		      struct db_rows *ret)
{
	struct db_statement *s;
	int const rc = statement_run(db, sql, params, &s);

	if (rc)
		return rc;
	if (!s->column_count) {
		*ret = (struct db_rows){ 0 };
		return OK;
	}
	return rows_fetch(db, a, s, ret);
}

static int exec_once(struct db *db, const char *sql, struct db_params params,
		     struct db_result *ret)
{
	struct db_statement *s = NULL;
	int const rc = statement_run(db, sql, params, &s);

	if (rc || !s)
		return rc;
	if (ret)
		*ret = (struct db_result){
			.affected = mysql_stmt_affected_rows(s->handle),
			.insert_id = (int64_t)mysql_stmt_insert_id(s->handle),
		};
	if (s->column_count && mysql_stmt_free_result(s->handle))
		return statement_failed(db, s);
	return OK;
}

/* ---- what callers use ---- */

static bool only_reads(const char *sql)
{
	return !strncasecmp(sql, "SELECT", 6) || !strncasecmp(sql, "WITH", 4);
}

/* Outside a transaction, once: what the server did not do, and reading that was cut short. */
static bool may_repeat(const struct db *db, const char *sql, int64_t began_ms)
{
	if (db->in_tx)
		return false;
	return db->nothing_done || (db->lost && only_reads(sql) && db_has_time(db, began_ms));
}

int db_query(struct db *db, struct arena *a, const char *sql, struct db_params params,
	     struct db_rows *ret)
{
	int64_t const began_ms = clock_monotonic_ms();
	int rc = query_once(db, a, sql, params, ret);

	if ((rc == ERR_DOWN || rc == ERR_RETRY) && may_repeat(db, sql, began_ms))
		rc = query_once(db, a, sql, params, ret);
	return rc;
}

int db_exec(struct db *db, const char *sql, struct db_params params, struct db_result *ret)
{
	int rc;

	db_refresh(db);
	rc = exec_once(db, sql, params, ret);
	if ((rc == ERR_DOWN || rc == ERR_RETRY) && !db->in_tx && db->nothing_done)
		rc = exec_once(db, sql, params, ret);
	return rc;
}

int db_one(struct db *db, struct arena *a, const char *sql, struct db_params params,
	   const struct db_cell **ret)
{
	struct db_rows rows = { 0 };
	int const rc = db_query(db, a, sql, params, &rows);

	if (rc)
		return rc;
	if (!rows.count)
		return ERR_NOT_FOUND;
	*ret = rows.cells;
	return OK;
}

int db_exec_one(struct db *db, const char *sql, struct db_params params)
{
	struct db_result result = { 0 };
	int const rc = db_exec(db, sql, params, &result);

	if (rc)
		return rc;
	return result.affected == 1 ? OK : ERR_CONFLICT;
}

int db_script(struct db *db, const char *sql)
{
	int rc;

	if (db->in_tx && db->tx_rc)
		return db->tx_rc;
	db_refresh(db);
	if ((rc = db_connect(db)))
		return rc;
	return db_command(db, sql) ? OK : db_conn_failed(db);
}
