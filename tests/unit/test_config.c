/* Settings: where they come from, what is refused, the secrets that are made. */
#include "shared/base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/platform/config.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static struct arena arena;
static char folder[64];
static char home[4096];

static void file_put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Each test in a folder of its own, without any setting in the environment. */
static int setup(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	for (size_t i = 0; config_about(i); i++)
		unsetenv(config_about(i)->key);
	unsetenv("KARTKA_CONFIG");
	snprintf(folder, sizeof(folder), "/tmp/kartka-config-XXXXXX");
	if (!getcwd(home, sizeof(home)) || !mkdtemp(folder) || chdir(folder))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	UNUSED(state);
	arena_release(&arena);
	if (chdir(home))
		return -1;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *load(enum config_need need, struct config *ret)
{
	struct str problem = STR(&arena, 4096);
	int const rc = config_load(&arena, need, ret, &problem);

	assert_int_equal(rc, problem.len ? ERR_INVALID : OK);
	assert_null(strchr(str_text(&problem), '\n'));
	return str_text(&problem);
}

static void expect_problem(enum config_need need, const char *part)
{
	struct config c;
	const char *problem = load(need, &c);

	if (!strstr(problem, part))
		fail_msg("expected “%s” in “%s”", part, problem);
}

static struct config loaded(enum config_need need)
{
	struct config c;

	assert_string_equal(load(need, &c), "");
	return c;
}

static void give_shop(void)
{
	setenv("BOT_TOKEN", "123456:ABC-def_7", 1);
	setenv("PORTMONE_PAYEE_ID", "1185", 1);
	setenv("PORTMONE_LOGIN", "shop", 1);
	setenv("PORTMONE_PASSWORD", "p w", 1);
	setenv("PORTMONE_KEY", "k", 1);
}

static void test_defaults(void **state)
{
	struct config c = loaded(CONFIG_BASE);

	UNUSED(state);
	assert_null(c.bot_token);
	assert_string_equal(c.telegram_api_url, "https://api.telegram.org");
	assert_string_equal(c.portmone_url, "https://www.portmone.com.ua/gateway/");
	assert_string_equal(c.http_listen, "127.0.0.1:8080");
	assert_string_equal(c.public_url, "http://127.0.0.1:8080");
	assert_string_equal(c.timezone, "Europe/Kyiv");
	assert_int_equal(c.order_ttl, 900);
	assert_int_equal(c.responders, 8);
	assert_int_equal(c.log_max_bytes, 10 * 1024 * 1024);
	assert_true(c.admin_totp_required);
	assert_false(c.polling || c.sales_paused || c.portmone_test || c.portmone_goods);
	assert_true(c.db_is_private);
	assert_int_equal(c.var[0], '/');
	assert_string_equal(strrchr(c.var, '/'), "/var");
	assert_int_not_equal(access("var", F_OK), 0);
}

static void test_the_environment_wins_then_env_then_json(void **state)
{
	UNUSED(state);
	file_put("config.json",
		 "{\"ORDER_TTL\": 60, \"RESPONDERS\": \"3\", \"SALES\": \"paused\","
		 " \"PORTMONE_GOODS\": true, \"LOG_FILE\": null}");
	file_put(".env",
		 "\xef\xbb\xbf# comment\r\n\r\nORDER_TTL = 70 \r\nexport RESPONDERS='4'\n"
		 "PORTMONE_LOGIN=\" a #b \"\nTHROTTLE_RATE=\n");
	setenv("ORDER_TTL", "80", 1);
	setenv("RESPONDERS", "", 1); /* not given */

	struct config c = loaded(CONFIG_BASE);
	assert_int_equal(c.order_ttl, 80);
	assert_int_equal(c.responders, 4);
	assert_int_equal(c.throttle_rate, 3);
	assert_true(c.sales_paused);
	assert_true(c.portmone_goods);
	assert_null(c.log_file);
	assert_string_equal(c.portmone_login, " a #b ");
}

static void test_another_config_json(void **state)
{
	UNUSED(state);
	file_put("config.json", "not read");
	file_put("other.json", "{\"ORDER_TTL\": 61}");
	setenv("KARTKA_CONFIG", "other.json", 1);
	assert_int_equal(loaded(CONFIG_BASE).order_ttl, 61);
	setenv("KARTKA_CONFIG", "none.json", 1);
	expect_problem(CONFIG_BASE, "KARTKA_CONFIG: there is no file none.json");
	unsetenv("KARTKA_CONFIG");
	file_put(".env", "KARTKA_CONFIG=other.json\n");
	assert_int_equal(loaded(CONFIG_BASE).order_ttl, 61);
}

static void test_files_that_are_wrong(void **state)
{
	UNUSED(state);
	file_put(".env", "ORDER_TTLS=5\n");
	expect_problem(CONFIG_BASE, "ORDER_TTLS");
	file_put(".env", "ORDER_TTL=5\nORDER_TTL=6\n");
	expect_problem(CONFIG_BASE, "ORDER_TTL: stands twice");
	file_put(".env", "BOT_TOKEN=\"1:abc\n");
	expect_problem(CONFIG_BASE, "BOT_TOKEN: its quotes");
	file_put(".env", "just words\n");
	expect_problem(CONFIG_BASE, ".env: line 1");
	assert_int_equal(unlink(".env"), 0);
	file_put("config.json", "{\"orders\": 1}");
	expect_problem(CONFIG_BASE, "orders");
	file_put("config.json", "{\"ORDER_TTL\": 5.5}");
	expect_problem(CONFIG_BASE, "ORDER_TTL");
	file_put("config.json", "{\"ADMIN_CHAT_IDS\": [1]}");
	expect_problem(CONFIG_BASE, "ADMIN_CHAT_IDS");
	file_put("config.json", "{\"LOG_FILE\": \"a\\u0000b\"}");
	expect_problem(CONFIG_BASE, "LOG_FILE");
	file_put("config.json", "[]");
	expect_problem(CONFIG_BASE, "config.json");
	file_put("config.json", "{");
	expect_problem(CONFIG_BASE, "config.json");
}

static void test_values_that_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "BOT_TOKEN", "abc" },
		{ "BOT_TOKEN", "12:" },
		{ "BOT_TOKEN", "12:a b" },
		{ "TELEGRAM_API_URL", "http://api.telegram.org" },
		{ "TELEGRAM_API_URL", "http://127.0.0.1.evil.example" },
		{ "TELEGRAM_API_URL", "ftp://127.0.0.1" },
		{ "TELEGRAM_API_URL", "https://" },
		{ "TELEGRAM_API_URL", "https://user@host" },
		{ "TELEGRAM_API_URL", "https://host:0" },
		{ "TELEGRAM_API_URL", "https://host:65536" },
		{ "TELEGRAM_API_URL", "https://host?x" },
		{ "PORTMONE_URL", "http://10.0.0.1/" },
		{ "PORTMONE_PAYEE_ID", "12a" },
		{ "PORTMONE_LOGIN", "a\nb" },
		{ "PORTMONE_TEST", "maybe" },
		{ "PUBLIC_URL", "http://example.org" },
		{ "PUBLIC_URL", "https://example.org/shop" },
		{ "PUBLIC_URL", "https://example.org/#" },
		{ "HTTP_LISTEN", "8080" },
		{ "HTTP_LISTEN", "127.0.0.1" },
		{ "HTTP_LISTEN", "127.0.0.1:" },
		{ "HTTP_LISTEN", "127.0.0.1:080808" },
		{ "HTTP_LISTEN", "::1:80" },
		{ "HTTP_LISTEN", "[127.0.0.1]:80" },
		{ "HTTP_LISTEN", "127.0.0.1:80; }" },
		{ "TRUSTED_PROXIES", "10.0.0.0/33" },
		{ "TRUSTED_PROXIES", "10.0.0.0/8;" },
		{ "TRUSTED_PROXIES", "example.org" },
		{ "TRUSTED_PROXIES", "10.0.0.1,,10.0.0.2" },
		{ "TRUSTED_PROXIES", "none, 10.0.0.1" },
		{ "TELEGRAM_MODE", "Webhook" },
		{ "WEBHOOK_SECRET", "a b" },
		{ "CODE_KEYS", HEX64 },
		{ "CODE_KEYS", "1:00" },
		{ "CODE_KEYS", "0:" HEX64 },
		{ "CODE_KEYS", "1:" HEX64 ",1:" HEX64 },
		{ "CODE_KEYS", "1:" HEX64 "," },
		{ "FINGERPRINT_KEY", HEX64 "0" },
		{ "DATA_KEY", "xyz" },
		{ "DB_URL", "postgres://a/b" },
		{ "DB_URL", "mysql://a@b" },
		{ "DB_URL", "mysql://a@b/" },
		{ "ADMIN_CHAT_IDS", "1,x" },
		{ "ADMIN_CHAT_IDS", "0" },
		{ "ADMIN_CHAT_IDS", "9007199254740993" },
		{ "ADMIN_TOTP", "no" },
		{ "ORDER_TTL", "4" },
		{ "ORDER_TTL", "86401" },
		{ "ORDER_TTL", "15m" },
		{ "ORDER_TTL", " 900" },
		{ "SALES", "closed" },
		{ "THROTTLE_RATE", "0" },
		{ "THROTTLE_BURST", "-1" },
		{ "RESPONDERS", "0" },
		{ "RESPONDERS", "100000000000000000000" },
		{ "TIMEZONE", "Mars/Olympus" },
		{ "TIMEZONE", "Europe" },
		{ "TIMEZONE", "../../../etc/passwd" },
		{ "LOG_LEVEL", "loud" },
		{ "LOG_MAX_BYTES", "10M" },
		{ "LOG_KEEP", "x" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++) {
		char start[64];

		setenv(bad[i][0], bad[i][1], 1);
		snprintf(start, sizeof(start), "%s: must be ", bad[i][0]);
		expect_problem(CONFIG_BASE, start);
		unsetenv(bad[i][0]);
	}
}

static void test_no_proxies(void **state)
{
	UNUSED(state);
	setenv("TRUSTED_PROXIES", "none", 1);

	struct config c = loaded(CONFIG_BASE);
	assert_string_equal(c.trusted_proxies, "");
}

static void test_values_that_are_taken(void **state)
{
	UNUSED(state);
	setenv("TELEGRAM_API_URL", "http://[::1]:81/bot//", 1);
	setenv("PORTMONE_URL", "http://localhost/gateway", 1);
	setenv("PUBLIC_URL", "https://shop.example.org:8443/", 1);
	setenv("HTTP_LISTEN", "[::]:8081", 1);
	setenv("TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8,127.0.0.1", 1);
	setenv("TELEGRAM_MODE", "polling", 1);
	setenv("ADMIN_TOTP", "optional", 1);
	setenv("ADMIN_CHAT_IDS", "5, -1001234567890", 1);
	setenv("CODE_KEYS", "3:" HEX64 ",12:" HEX64, 1);
	setenv("DB_URL", "mysql://u:p@a,b:3307/shop?ssl=on", 1);

	struct config c = loaded(CONFIG_BASE);
	assert_string_equal(c.telegram_api_url, "http://[::1]:81/bot");
	assert_string_equal(c.portmone_url, "http://localhost/gateway/");
	assert_string_equal(c.public_url, "https://shop.example.org:8443");
	assert_true(c.polling);
	assert_false(c.admin_totp_required);
	assert_int_equal(c.admin_chat_count, 2);
	assert_true(c.admin_chats[1] == INT64_C(-1001234567890));
	assert_int_equal(c.code_key_count, 2);
	assert_int_equal(c.code_keys[1].id, 12);
	assert_int_equal(c.code_keys[1].key[31], 0xff);
	assert_false(c.db_is_private);
	unsetenv("PUBLIC_URL");
	assert_string_equal(loaded(CONFIG_BASE).public_url, "http://[::1]:8081");
}

static void test_secrets_are_not_shown(void **state)
{
	static const char *const keys[] = { "BOT_TOKEN", "WEBHOOK_SECRET",  "CODE_KEYS",
					    "DATA_KEY",	 "FINGERPRINT_KEY", "DB_URL" };
	struct config c;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(keys); i++) {
		setenv(keys[i], "hush hush", 1);
		assert_null(strstr(load(CONFIG_BASE, &c), "hush"));
		unsetenv(keys[i]);
	}
	setenv("SALES", "a\x1b[31m\nb", 1);
	assert_null(strchr(load(CONFIG_BASE, &c), '\x1b'));
}

static void test_what_is_required(void **state)
{
	static const char *const keys[] = { "BOT_TOKEN", "PORTMONE_PAYEE_ID", "PORTMONE_LOGIN",
					    "PORTMONE_PASSWORD", "PORTMONE_KEY" };
	char missing[64];

	UNUSED(state);
	for (size_t i = 0; i < COUNT(keys); i++) {
		give_shop();
		unsetenv(keys[i]);
		snprintf(missing, sizeof(missing), "%s: is missing", keys[i]);
		expect_problem(CONFIG_SERVE, missing);
		(void)loaded(CONFIG_DB);
	}
	give_shop();
	(void)loaded(CONFIG_SERVE);
}

static void test_keys_are_required_with_ones_own_database(void **state)
{
	UNUSED(state);
	give_shop();
	setenv("DB_URL", "mysql://u:p@h/d", 1);
	expect_problem(CONFIG_DB, "CODE_KEYS: is missing");
	setenv("CODE_KEYS", "1:" HEX64, 1);
	expect_problem(CONFIG_DB, "FINGERPRINT_KEY: is missing");
	setenv("FINGERPRINT_KEY", HEX64, 1);
	expect_problem(CONFIG_DB, "DATA_KEY: is missing");
	setenv("DATA_KEY", HEX64, 1);
	(void)loaded(CONFIG_DB);
	expect_problem(CONFIG_SERVE, "WEBHOOK_SECRET: is missing");
	setenv("WEBHOOK_SECRET", "s", 1);
	(void)loaded(CONFIG_SERVE);
	assert_int_not_equal(access("var/secrets.json", F_OK), 0);
}

static void test_secrets_are_made_once(void **state)
{
	struct stat st;
	struct config c = loaded(CONFIG_DB);
	struct config again = loaded(CONFIG_DB);
	const char *text;

	UNUSED(state);
	assert_int_equal(stat("var/secrets.json", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_memory_equal(c.data_key, again.data_key, 32);
	assert_memory_not_equal(c.data_key, c.fingerprint_key, 32);
	assert_int_equal(c.code_key_count, 1);
	assert_int_equal(strlen(c.webhook_secret), 64);
	assert_non_null(strstr(c.db_url, "@localhost/kartka?socket=/"));
	assert_string_equal(c.db_url, again.db_url);
	assert_int_equal(config_get(&arena, "WEBHOOK_SECRET", &text), OK);
	assert_string_equal(text, c.webhook_secret);
	setenv("WEBHOOK_SECRET", "mine", 1);
	assert_string_equal(loaded(CONFIG_DB).webhook_secret, "mine");
}

/* Whoever loses the race must use the winner's keys, or codes could never be read again. */
static void test_secrets_are_made_by_one(void **state)
{
	enum { RACERS = 16 };
	int fds[2];
	unsigned char first[32];
	unsigned char other[32];

	UNUSED(state);
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < RACERS; i++)
		if (!fork()) {
			struct str problem = STR(&arena, 4096);
			struct config c;

			if (config_load(&arena, CONFIG_DB, &c, &problem) ||
			    write(fds[1], c.data_key, 32) != 32)
				_exit(1);
			_exit(0);
		}
	for (int i = 0; i < RACERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(fds[0], i ? other : first, 32), 32);
		if (i)
			assert_memory_equal(first, other, 32);
	}
	close(fds[0]);
	close(fds[1]);
}

static void test_lost_secrets_are_not_replaced(void **state)
{
	UNUSED(state);
	(void)loaded(CONFIG_DB);
	assert_int_equal(mkdir("var/db", 0700), 0);
	(void)loaded(CONFIG_DB);
	assert_int_equal(unlink("var/secrets.json"), 0);
	expect_problem(CONFIG_DB, "put it back");
}

static void test_a_secret_is_changed(void **state)
{
	struct config c = loaded(CONFIG_DB);
	struct config after;

	UNUSED(state);
	assert_int_equal(config_secret_store(&arena, &c, "CODE_KEYS", "1:" HEX64 ",2:" HEX64),
			 OK);
	after = loaded(CONFIG_DB);
	assert_int_equal(after.code_key_count, 2);
	assert_memory_equal(after.data_key, c.data_key, 32);
	assert_string_equal(after.db_url, c.db_url);
	setenv("CODE_KEYS", "7:" HEX64, 1);
	assert_int_equal(config_secret_store(&arena, &c, "CODE_KEYS", "1:" HEX64), ERR_DENIED);
	assert_int_equal(config_secret_store(&arena, &c, "ORDER_TTL", "7"), ERR_NOT_FOUND);
}

static void test_get(void **state)
{
	const char *text;

	UNUSED(state);
	assert_int_equal(config_get(&arena, "BOT_TOKEN", &text), OK);
	assert_string_equal(text, "");
	assert_int_equal(config_get(&arena, "PUBLIC_URL", &text), OK);
	assert_string_equal(text, "http://127.0.0.1:8080");
	assert_int_equal(config_get(&arena, "NOTHING", &text), ERR_NOT_FOUND);
}

static void test_share_path(void **state)
{
	UNUSED(state);
	setenv("KARTKA_SHARE", "/opt/k", 1);
	assert_string_equal(config_share_path(&arena, "sql"), "/opt/k/sql");
	unsetenv("KARTKA_SHARE");
	assert_int_equal(access(config_share_path(&arena, "templates"), F_OK), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_the_environment_wins_then_env_then_json),
		TEST(test_another_config_json),
		TEST(test_files_that_are_wrong),
		TEST(test_values_that_are_refused),
		TEST(test_values_that_are_taken),
		TEST(test_no_proxies),
		TEST(test_secrets_are_not_shown),
		TEST(test_what_is_required),
		TEST(test_keys_are_required_with_ones_own_database),
		TEST(test_secrets_are_made_once),
		TEST(test_secrets_are_made_by_one),
		TEST(test_lost_secrets_are_not_replaced),
		TEST(test_a_secret_is_changed),
		TEST(test_get),
		TEST(test_share_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
