#include "tests/db/bot_test.h"

#include "shared/base/clock.h"
#include "shared/platform/json.h"

#include <fcgiapp.h>
#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/kartka-bot-XXXXXX";
static int64_t last_update = 1000;

/* ---- a responder without nginx ---- */

int64_t bot_test_update(void)
{
	return last_update++;
}

void bot_test_open(struct shop *s, struct db_test *t)
{
	*s = (struct shop){ .t = t, .a = &t->arena };
	s->program = (struct program){ .name = "telegram", .db = t->db };
	s->program.config = (struct config){ .webhook_secret = "right",
					     .public_url = "https://shop.example",
					     .throttle_rate = 1000,
					     .throttle_burst = 1000,
					     .code_keys = { { .id = 1, .key = { 7 } } },
					     .code_key_count = 1,
					     .data_key = { 9 },
					     .var = folder };
	if (shm_open_file(arena_printf(s->a, "%s/%lld.mem", folder, (long long)last_update++),
			  &s->program.shm))
		fail_msg("no shared memory");
	bot_init(&s->bot, &s->program);
}

void bot_test_close(struct shop *s)
{
	bot_end(&s->bot);
	shm_close(s->program.shm);
	arena_release(&s->program.arena);
}

struct reply bot_test_post(struct shop *s, const char *secret, const char *body)
{
	char header[128];
	char *env[] = { header, NULL };
	FCGX_Request fcgi = { .envp = env };
	struct web_request const req = { .method = WEB_POST,
					 .path = "/telegram/webhook",
					 .query = "",
					 .body = { body, strlen(body) },
					 .id = "test",
					 .fcgi = &fcgi };
	struct web_response res = { .headers = STR(s->a, 8192), .body = STR(s->a, 1 << 20) };
	struct reply reply = { 0 };
	struct json_doc doc = { 0 };

	snprintf(header, sizeof(header), "HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=%s",
		 secret ? secret : "");
	if (!secret)
		env[0] = NULL;
	webhook_handle(&s->bot, s->a, &req, &res);
	reply.status = res.status;
	reply.body = arena_strdup(s->a, str_text(&res.body));
	reply.headers = arena_strdup(s->a, str_text(&res.headers));
	reply.method = reply.html = reply.markup = "";
	if (!*reply.body)
		return reply;
	assert_string_equal(res.content_type, "application/json");
	assert_int_equal(json_parse((struct bytes){ reply.body, strlen(reply.body) }, 16, &doc),
			 OK);
	reply.method = arena_strdup(s->a, json_text(json_get(doc.root, "method"), ""));
	reply.html = arena_strdup(s->a, json_text(json_get(doc.root, "text"), ""));
	reply.edited = json_int(json_get(doc.root, "message_id"), 0);
	reply.markup = json_print(s->a, json_get(doc.root, "reply_markup"));
	json_doc_free(&doc);
	return reply;
}

const char *bot_test_person(struct shop *s, int64_t id)
{
	return arena_printf(s->a,
			    "{\"id\":%lld,\"is_bot\":false,\"first_name\":\"Оксана\","
			    "\"language_code\":\"uk\"}",
			    (long long)id);
}

struct reply say_as(struct shop *s, int64_t user, int64_t update, const char *text)
{
	return bot_test_post(
		s, "right",
		arena_printf(s->a,
			     "{\"update_id\":%lld,\"message\":{\"message_id\":1,\"date\":1,"
			     "\"from\":%s,\"chat\":{\"id\":%lld,\"type\":\"private\"},"
			     "\"text\":\"%s\"}}",
			     (long long)update, bot_test_person(s, user), (long long)user,
			     text));
}

struct reply say(struct shop *s, const char *text)
{
	return say_as(s, BUYER, bot_test_update(), text);
}

struct reply tap_as(struct shop *s, int64_t user, int64_t age, const char *data)
{
	int64_t const date = clock_now() / CLOCK_SECOND - age;

	return bot_test_post(
		s, "right",
		arena_printf(s->a,
			     "{\"update_id\":%lld,\"callback_query\":{\"id\":\"8\",\"from\":%s,"
			     "\"data\":\"%s\",\"message\":{\"message_id\":%d,\"date\":%lld,"
			     "\"chat\":{\"id\":%lld,\"type\":\"private\"}}}}",
			     (long long)last_update++, bot_test_person(s, user), data, MESSAGE,
			     (long long)date, (long long)user));
}

struct reply tap(struct shop *s, const char *data)
{
	return tap_as(s, BUYER, 0, data);
}

bool says(struct reply r, const char *key)
{
	return !strcmp(r.html, i18n_text(LANG_UK, key));
}

bool holds(struct reply r, const char *part)
{
	return strstr(r.body, part) != NULL;
}

/* ---- what is in the shop ---- */

/* Category 1, values 1 (five codes) and 2 (none), 100.00 each. */
void bot_test_stock(struct db_test *t)
{
	db_test_exec(t, "INSERT INTO categories (id, slug, title_uk, created_at) "
			"VALUES (1, 'c', 'Лайфсел', UTC_TIMESTAMP(6))");
	db_test_exec(t, "INSERT INTO card_values (id, category_id, slug, title_uk, price_kop, "
			"created_at) VALUES (1, 1, 'life-100', '<b>100</b>', 10000, "
			"UTC_TIMESTAMP(6)), (2, 1, 'life-200', 'Двісті', 20000, "
			"UTC_TIMESTAMP(6))");
	db_test_exec(t, "INSERT INTO value_gateways VALUES (1, 'portmone'), (2, 'portmone')");
	db_test_exec(t, "INSERT INTO code_batches (id, value_id, name, created_at) "
			"VALUES (1, 1, 'b', UTC_TIMESTAMP(6))");
	for (int i = 0; i < 5; i++)
		db_test_exec(t,
			     arena_printf(&t->arena,
					  "INSERT INTO card_codes (value_id, batch_id, "
					  "ciphertext, key_id, fingerprint, expires_at, state) "
					  "VALUES (1, 1, 'x', 1, UNHEX(SHA2('%d', 256)), "
					  "'9999-12-31', 'available')",
					  i));
}

void bot_test_order(struct db_test *t, int64_t id, int64_t user, const char *state)
{
	db_test_exec(t,
		     arena_printf(&t->arena,
				  "INSERT INTO orders (id, number, nonce, user_id, value_id, "
				  "quantity, unit_price_kop, total_kop, gateway, state, "
				  "chat_id, message_id, lang, created_at, expires_at) VALUES "
				  "(%lld, 'K7F3-00%02lld', UNHEX(MD5('%lld')), %lld, 1, 1, "
				  "10000, 10000, 'portmone', '%s', %lld, %d, 'uk', "
				  "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 900 SECOND)",
				  (long long)id, (long long)id, (long long)id, (long long)user,
				  state, (long long)user, MESSAGE));
}

/* A code that was really sealed, sold to the order's next place. */
void bot_test_sell(struct shop *s, int64_t order, const char *code)
{
	struct code_sealed sealed;
	int64_t const slot =
		1 + db_test_number(s->t, arena_printf(s->a,
						      "SELECT COUNT(*) FROM card_codes WHERE "
						      "order_id = %lld",
						      (long long)order));

	code_seal(s->a, &s->bot.vault, 1, code, &sealed);
	assert_int_equal(
		db_exec(s->t->db,
			"INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, "
			"fingerprint, expires_at, state, order_id, slot) "
			"VALUES (1, 1, ?, ?, ?, '9999-12-31', 'sold', ?, ?)",
			PARAMS(P(sealed.ciphertext), P(sealed.key_id),
			       P(((struct bytes){ sealed.fingerprint, CRYPTO_SHA256 })),
			       P(order), P(slot)),
			NULL),
		OK);
}

/* ---- the program ---- */

int bot_test_start(void **state)
{
	struct arena a;
	struct str problem = STR(&a, 1024);

	arena_init(&a);
	if (!mkdtemp(folder) || mkdir(arena_printf(&a, "%s/run", folder), 0700) ||
	    i18n_load(config_share_path(&a, "templates/i18n"), &problem))
		fail_msg("%s", str_text(&problem));
	arena_release(&a);
	return db_test_start(state);
}

int bot_test_stop(void **state)
{
	char *paths[] = { folder, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts)))
		if (entry->fts_info != FTS_D)
			(void)remove(entry->fts_accpath);
	if (fts)
		fts_close(fts);
	return db_test_stop(state);
}
