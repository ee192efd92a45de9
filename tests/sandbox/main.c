/* The sandbox: a strict Telegram and a strict Portmone for the shop to talk to.  See API.md. */
#include <curl/curl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/courier.h"
#include "tests/sandbox/events.h"
#include "tests/sandbox/portmone_gateway.h"
#include "tests/sandbox/sink.h"
#include "tests/sandbox/static.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_check.h"
#include "tests/sandbox/telegram_server.h"
#include "tests/sandbox/telegram_webhook.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { PARENTS_MAX = 8 };

static const struct http_route routes[] = {
	{ "*", "/telegram/bot*/*", telegram_serve },
	{ "POST", "/portmone/gateway/", gateway_serve },
	{ "GET", "/portmone/pay/*/receipt", pay_receipt },
	{ "GET", "/portmone/pay/*", pay_page },
	{ "GET", "/api/users", api_users },
	{ "POST", "/api/users", api_user_set },
	{ "POST", "/api/users/*/block", api_user_block },
	{ "POST", "/api/users/*/say", api_user_say },
	{ "POST", "/api/users/*/tap", api_user_tap },
	{ "POST", "/api/users/*/clear", api_user_clear },
	{ "POST", "/api/update", api_update },
	{ "GET", "/api/chats/*", api_chat },
	{ "GET", "/api/bot", api_bot },
	{ "GET", "/api/queue", api_queue },
	{ "POST", "/api/wait-idle", api_wait_idle },
	{ "GET", "/api/events", api_events },
	{ "GET", "/api/violations", api_violations },
	{ "GET", "/api/faults", api_faults },
	{ "POST", "/api/faults", api_faults_set },
	{ "GET", "/api/health", api_health },
	{ "GET", "/api/bills", api_bills },
	{ "GET", "/api/bills/*", api_bill },
	{ "POST", "/api/bills/*/pay", api_bill_pay },
	{ "POST", "/api/bills/*/*", api_bill_act },
	{ "POST", "/api/notify", api_notify },
	{ "GET", "/", static_index },
	{ "GET", "/static/*", static_file },
};

static const struct http_route sink_routes[] = {
	{ "*", "/telegram/bot*/*", sink_telegram },
	{ "GET", "/api/sink", sink_count },
	{ "POST", "/api/sink", sink_reset },
	{ "GET", "/api/health", api_health },
};

static const char usage[] =
	"usage: sandbox --listen ADDRESS:PORT --state DIR --shop URL --token TOKEN\n"
	"               --payee ID --login LOGIN --password PASSWORD --key KEY\n"
	"               [--static DIR] [--public-url URL] [--time-scale FACTOR]\n"
	"       sandbox --listen ADDRESS:PORT --sink\n";

static bool options_read(int argc, char **argv)
{
	const char *scale = NULL;
	const struct {
		const char *name;
		const char **value;
		bool needed;
	} texts[] = {
		{ "listen", &options.listen, true },
		{ "state", &options.state, true },
		{ "shop", &options.shop, true },
		{ "token", &options.token, true },
		{ "payee", &options.payee, true },
		{ "login", &options.login, true },
		{ "password", &options.password, true },
		{ "key", &options.key, true },
		{ "static", &options.static_dir, false },
		{ "public-url", &options.public_url, false },
		{ "time-scale", &scale, false },
	};
	struct option list[COUNT(texts) + 2] = { 0 };
	int found;
	int at;

	for (size_t i = 0; i < COUNT(texts); i++)
		list[i] = (struct option){ texts[i].name, required_argument, NULL, 0 };
	list[COUNT(texts)] = (struct option){ "sink", no_argument, NULL, 0 };
	while ((found = getopt_long(argc, argv, "", list, &at)) == 0) {
		if ((size_t)at == COUNT(texts))
			options.sink = true;
		else
			*texts[at].value = optarg;
	}
	if (scale)
		options.time_scale = strtod(scale, NULL);
	if (found != -1 || optind != argc || !(options.time_scale > 0))
		return false;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (!texts[i].needed || *texts[i].value || (options.sink && i))
			continue;
		fprintf(stderr, "sandbox: --%s is missing\n", texts[i].name);
		return false;
	}
	return true;
}

/* tests/sandbox, from where the program lies (build/bin, build/asan/bin, …) or from here. */
static bool home_find(struct text *ret)
{
	char path[4096];
	ssize_t const len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[len > 0 ? len : 0] = '\0';
	for (int i = 0; i < PARENTS_MAX; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			break;
		*slash = '\0';
		ret->len = 0;
		text_addf(ret, "%s/tests/sandbox/telegram-api.json", path);
		if (access(ret->data, R_OK) == 0)
			return true;
	}
	ret->len = 0;
	text_add(ret, "tests/sandbox/telegram-api.json");
	return access(ret->data, R_OK) == 0;
}

static bool files_find(void)
{
	static struct text definitions; /* both live as long as the program */
	static struct text pages;

	if (options.static_dir)
		text_addf(&definitions, "%s/../telegram-api.json", options.static_dir);
	if ((!options.static_dir || access(definitions.data, R_OK) != 0)) {
		definitions.len = 0;
		if (!home_find(&definitions)) {
			fputs("sandbox: tests/sandbox/telegram-api.json is not to be found; "
			      "--static "
			      "tests/sandbox/static says where\n",
			      stderr);
			return false;
		}
	}
	if (!options.static_dir) {
		text_addn(&pages, definitions.data,
			  (size_t)(strrchr(definitions.data, '/') - definitions.data));
		text_add(&pages, "/static");
		options.static_dir = pages.data;
	}
	return check_load(definitions.data);
}

static void signals_block(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ret, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* A connection is a file, and the shop has many. */
static void files_allow(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool world_begin(void)
{
	if (!files_find() || !store_open(options.state))
		return false;
	event_hide(options.token);
	event_hide(options.password);
	event_hide(options.key);
	webhook_begin();
	return true;
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int caught;
	bool started;
	bool carried = false;

	if (!options_read(argc, argv)) {
		fputs(usage, stderr);
		return 1;
	}
	/* Portmone's times are Kyiv's; this form needs no zone files. */
	setenv("TZ", "EET-2EEST,M3.5.0/3,M10.5.0/4", 1);
	tzset();
	signals_block(&signals);
	files_allow();
	curl_global_init(CURL_GLOBAL_ALL);
	if (options.sink) {
		started = http_start(options.listen, sink_routes, COUNT(sink_routes), true);
	} else {
		started = world_begin() &&
			  http_start(options.listen, routes, COUNT(routes), false);
		carried = started && courier_start();
	}
	if (started)
		sigwait(&signals, &caught);
	world_stop();
	http_stop();
	if (carried)
		courier_stop();
	store_close();
	return started ? 0 : 1;
}
