#include "fcgi/telegram/webhook.h"

#include "fcgi/telegram/dispatch.h"
#include "fcgi/telegram/screen.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define PATH "/telegram/webhook"
#define SECRET_HEADER "HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN"

static bool secret_is_right(const struct bot *bot, const struct web_request *req)
{
	const char *want = bot->program->config.webhook_secret;
	const char *have = web_header_once(req, SECRET_HEADER);

	return have && crypto_same((struct bytes){ want, strlen(want) },
				   (struct bytes){ have, strlen(have) });
}

/* ---- one turn ---- */

/* An old message can't be edited any more, and one whose date is 0 is out of reach. */
static int64_t editable(const struct update *u)
{
	int64_t const age = clock_now() / CLOCK_SECOND - u->message_date;

	if (u->kind != UPDATE_CALLBACK || !u->message_id || !u->message_date)
		return 0;
	return age < TELEGRAM_EDIT_HOURS * INT64_C(3600) ? u->message_id : 0;
}

static int turn_meet(struct turn *t)
{
	const struct update *u = t->update;
	struct user_seen const seen = { .id = u->user_id,
					.first_name = u->first_name,
					.last_name = u->last_name,
					.username = u->username,
					.lang = lang_code(lang_from_code(u->language_code)) };
	struct user *user;
	int const rc = user_meet(t->bot->program->db, t->a, &seen, &user);

	if (rc)
		return rc;
	t->user = user;
	t->lang = lang_from_code(user->lang);
	return OK;
}

/* The screen of the table, and the end of an open question that it does not answer. */
static int turn_dispatch(struct turn *t, struct message *m)
{
	const struct dispatch_row *row = dispatch(t);
	int rc = OK;

	t->edit_id = row->fresh ? 0 : editable(t->update);
	if (t->user->dialog_step && !dispatch_keeps_dialog(row))
		rc = dialog_end(t->bot->program->db, t->user->id);
	return rc ? rc : row->draw(t, m);
}

static int turn_draw(struct turn *t, bool too_fast, struct message *m)
{
	int rc = turn_meet(t);

	if (rc)
		return rc;
	if (t->user->banned)
		rc = screen_banned(t, m);
	else if (too_fast)
		rc = screen_throttled(t, m);
	else
		rc = turn_dispatch(t, m);
	m->chat_id = t->update->chat_id;
	m->edit_id = m->menu.count || m->menu_remove ? 0 : t->edit_id;
	return rc;
}

/* ---- the answer ---- */

static void quiet(struct web_response *res)
{
	web_status(res, 200);
}

/* A message that Telegram would refuse is our bug: the person hears of it all the same. */
static void message_answer(const struct turn *t, const struct message *m,
			   struct web_response *res)
{
	struct message const sorry = { .chat_id = m->chat_id,
				       .html = turn_text(t, "bot.trouble") };
	struct bytes json;
	int rc = m->html ? message_write(t->a, m, true, &json) : OK;

	quiet(res);
	if (rc) {
		log_event(LOG_ERROR, "message_unfit", "rc=%s update=%lld data=%s", err_name(rc),
			  (long long)t->update->id, t->update->data);
		rc = message_write(t->a, &sorry, true, &json);
	}
	if (rc || !m->html)
		return;
	res->content_type = "application/json";
	str_addn(&res->body, json.data, json.len);
}

static void spinner_stop(struct bot *bot, const struct update *u, const char *toast)
{
	if (*u->callback_id && !wake_answer_callback(bot->wake, u->callback_id, toast, false))
		metric_add(bot->program->shm, METRIC_CALLBACKS_DROPPED, 1);
}

static enum throttle_verdict throttle(struct bot *bot, const struct update *u, int64_t now_ms)
{
	const struct config *config = &bot->program->config;
	enum throttle_verdict const verdict = throttle_take(bot->program->shm, u->user_id,
							    config->throttle_rate,
							    config->throttle_burst, now_ms);

	if (verdict != THROTTLE_PASS)
		metric_add(bot->program->shm, METRIC_THROTTLED, 1);
	return verdict;
}

static void converse(struct bot *bot, struct arena *a, const struct update *u,
		     struct web_response *res)
{
	struct turn t = { .bot = bot, .a = a, .update = u, .now_ms = clock_monotonic_ms() };
	enum throttle_verdict const verdict = throttle(bot, u, t.now_ms);
	struct message m = { 0 };
	int rc;

	if (verdict == THROTTLE_SILENT) {
		quiet(res);
		spinner_stop(bot, u, NULL);
		return;
	}
	if (!program_db_try(bot->program)) {
		web_unavailable(res);
		return;
	}
	rc = turn_draw(&t, verdict == THROTTLE_HINT, &m);
	program_db_done(bot->program, rc);
	if (rc) {
		web_unavailable(res);
		return;
	}
	message_answer(&t, &m, res);
	spinner_stop(bot, u, t.toast);
}

/* The person stopped the bot, or let it in again: noted, not answered. */
static void membership(struct bot *bot, struct arena *a, const struct update *u,
		       struct web_response *res)
{
	int rc;

	UNUSED(a);
	if (!program_db_try(bot->program)) {
		web_unavailable(res);
		return;
	}
	rc = user_set_blocked(bot->program->db, u->user_id, u->kind == UPDATE_BLOCKED);
	program_db_done(bot->program, rc);
	if (rc)
		web_unavailable(res);
	else
		quiet(res);
}

/* Nothing the shop has a word for; a button in a group must not spin on. */
static void ignore(struct bot *bot, struct arena *a, const struct update *u,
		   struct web_response *res)
{
	UNUSED(a);
	quiet(res);
	spinner_stop(bot, u, NULL);
}

typedef void answer(struct bot *bot, struct arena *a, const struct update *u,
		    struct web_response *res);

static answer *const answers[] = {
	[UPDATE_OTHER] = ignore,	 [UPDATE_MESSAGE] = converse,
	[UPDATE_EDITED] = ignore,	 [UPDATE_GROUP] = ignore,
	[UPDATE_CALLBACK] = converse,	 [UPDATE_BLOCKED] = membership,
	[UPDATE_UNBLOCKED] = membership,
};
_Static_assert(COUNT(answers) == UPDATE__COUNT, "an answer for every kind of update");

static int refusal(const struct bot *bot, struct arena *a, const struct web_request *req,
		   struct update *update)
{
	if (!secret_is_right(bot, req))
		return 401;
	if (strcmp(req->path, PATH) != 0)
		return 404;
	if (req->method != WEB_POST)
		return 405;
	return update_parse(a, req->body, update) ? 400 : 0;
}

void webhook_handle(void *app, struct arena *a, const struct web_request *req,
		    struct web_response *res)
{
	struct bot *bot = app;
	struct update update;
	int const status = refusal(bot, a, req, &update);

	if (status) {
		metric_add(bot->program->shm, METRIC_UPDATES_REFUSED, 1);
		web_status(res, status);
		if (status == 405)
			web_add_header(res, "Allow", "POST");
		return;
	}
	metric_add(bot->program->shm, METRIC_UPDATES, 1);
	answers[update.kind](bot, a, &update, res);
}

void webhook_tick(void *app)
{
	struct bot *bot = app;

	program_beat(bot->program, BEAT_TELEGRAM);
	key_report_tick(&bot->keys);
}
