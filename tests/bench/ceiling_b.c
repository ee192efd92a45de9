/*
 * ceiling_b: the same responder, which parses the update with json-c and reads the person's
 * row by its primary key with a statement prepared once.  BENCH_SOCKET, BENCH_USER,
 * BENCH_PASSWORD and BENCH_DB say where.
 */
#include <fcgiapp.h>
#include <json-c/json.h>
#include <mysql.h>

#include "shared/base/base.h"

enum { BODY_MAX = 64 * 1024 };

static const char answer[] = "Status: 200 OK\r\nContent-Type: application/json\r\n"
			     "Content-Length: 2\r\n\r\n{}";
static const char failure[] = "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

struct person {
	MYSQL_STMT *find;
	long long id;
	char name[128];
	unsigned long name_len;
	char lang[8];
	unsigned long lang_len;
};

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void person_prepare(struct person *p)
{
	static const char sql[] = "SELECT first_name, lang FROM users WHERE id = ?";
	MYSQL *conn = mysql_init(NULL);
	MYSQL_BIND id = { .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &p->id };
	MYSQL_BIND columns[] = {
		{ .buffer_type = MYSQL_TYPE_STRING,
		  .buffer = p->name,
		  .buffer_length = sizeof(p->name),
		  .length = &p->name_len },
		{ .buffer_type = MYSQL_TYPE_STRING,
		  .buffer = p->lang,
		  .buffer_length = sizeof(p->lang),
		  .length = &p->lang_len },
	};

	if (!conn ||
	    !mysql_real_connect(conn, NULL, setting("BENCH_USER"), setting("BENCH_PASSWORD"),
				setting("BENCH_DB"), 0, setting("BENCH_SOCKET"), 0))
		die("ceiling_b: no database: %s", conn ? mysql_error(conn) : "");
	p->find = mysql_stmt_init(conn);
	if (!p->find || mysql_stmt_prepare(p->find, sql, sizeof(sql) - 1) ||
	    mysql_stmt_bind_param(p->find, &id) || mysql_stmt_bind_result(p->find, columns))
		die("ceiling_b: %s", mysql_error(conn));
}

static bool person_find(struct person *p)
{
	bool const found = !mysql_stmt_execute(p->find) && !mysql_stmt_fetch(p->find);

	mysql_stmt_free_result(p->find);
	return found;
}

static long long sender_of(const char *body, int len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *update = json_tokener_parse_ex(tokener, body, len);
	struct json_object *part = NULL;
	struct json_object *from = NULL;
	struct json_object *id = NULL;
	long long found = 0;

	if ((json_object_object_get_ex(update, "message", &part) ||
	     json_object_object_get_ex(update, "callback_query", &part)) &&
	    json_object_object_get_ex(part, "from", &from) &&
	    json_object_object_get_ex(from, "id", &id))
		found = json_object_get_int64(id);
	json_object_put(update);
	json_tokener_free(tokener);
	return found;
}

int main(void)
{
	static char body[BODY_MAX];
	static struct person person;
	FCGX_Request request;

	person_prepare(&person);
	if (FCGX_Init() || FCGX_InitRequest(&request, 0, 0))
		return 1;
	while (FCGX_Accept_r(&request) >= 0) {
		int const len = FCGX_GetStr(body, sizeof(body), request.in);
		bool good;

		person.id = sender_of(body, len);
		good = person.id && person_find(&person);
		FCGX_PutStr(good ? answer : failure,
			    (int)(good ? sizeof(answer) : sizeof(failure)) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return 1;
}
