/*
 * Asking Telegram about the webhook, and setting it: the panel's only calls to the outside,
 * when somebody presses the button, with the limit that every call has.
 */
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/domain/setting.h"
#include "shared/platform/json.h"
#include "shared/service/webhook.h"

#define HEALTH "/admin/health"

enum { HEARD_MAX = 3000 };

static int client_make(struct visit *v, struct telegram *ret)
{
	const struct config *c = &v->program->config;

	if (!v->app->http && http_new(&v->app->http))
		return ERR_FAILED;
	*ret = (struct telegram){ .http = v->app->http,
				  .api_url = c->telegram_api_url,
				  .token = c->bot_token };
	return OK;
}

static const char *failure_text(struct visit *v, const struct webhook_failure *f)
{
	return arena_printf(v->a, "%s: %s%s%s", f->method, telegram_result_name(f->result),
			    *f->description ? ": " : "", f->description);
}

/* For the page, whoever looks next. */
static int heard_store(struct visit *v, const struct webhook_info *info, const char *failed)
{
	struct str s = STR(v->a, HEARD_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, "failed", failed);
	json_add_text(&j, "url", info->url);
	json_add_int(&j, "pending", info->pending);
	json_add_text(&j, "error", info->last_error);
	json_add_int(&j, "error_at", info->last_error_at);
	json_close(&j, '}');
	return str_ok(&s) ? setting_note(v->db, SETTING_WEBHOOK, str_text(&s)) : OK;
}

/* Asks and stores; *ret_failed "" when Telegram answered. */
static int ask(struct visit *v, const struct telegram *t, const char **ret_failed)
{
	struct webhook_info info = { .url = "", .last_error = "" };
	struct webhook_failure failure = { .description = "" };

	*ret_failed = webhook_ask(t, v->a, &info, &failure) ? failure_text(v, &failure) : "";
	return heard_store(v, &info, *ret_failed);
}

static int back(struct visit *v, enum tone tone, const char *text)
{
	int const rc = visit_flash(v, tone, text);

	return rc ? rc : visit_redirect(v, HEALTH);
}

int webhook_ask_post(struct visit *v)
{
	struct telegram t;
	const char *failed;
	int rc;

	if ((rc = client_make(v, &t)) || (rc = ask(v, &t, &failed)))
		return rc;
	if (*failed)
		return back(v, TONE_CARE,
			    VISIT_TEXT(v, "admin.health.ask_failed", A("why", failed)));
	return visit_redirect(v, HEALTH);
}

int webhook_set_post(struct visit *v)
{
	struct webhook_failure failure = { .description = "" };
	struct telegram t;
	const char *failed;
	int rc;

	if ((rc = client_make(v, &t)))
		return rc;
	if (webhook_set(&t, v->a, &v->program->config, &failure))
		return back(v, TONE_CARE,
			    VISIT_TEXT(v, "admin.health.set_failed",
				       A("why", failure_text(v, &failure))));
	if ((rc = visit_audit(v, "webhook_set", "webhook", NULL)) || (rc = ask(v, &t, &failed)))
		return rc;
	return back(v, TONE_DONE, visit_text(v, "admin.health.set_done"));
}
