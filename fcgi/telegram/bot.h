/*
 * bot.h: what the webhook responder holds, and one turn of a conversation: an update that
 * is being answered, the person behind it, and what the screen that answers may need.
 */
#ifndef KARTKA_BOT_H
#define KARTKA_BOT_H

#include "shared/clients/telegram_message.h"
#include "shared/clients/telegram_update.h"
#include "shared/domain/catalog.h"
#include "shared/domain/code.h"
#include "shared/domain/policy.h"
#include "shared/domain/user.h"
#include "shared/platform/i18n.h"
#include "shared/platform/wake.h"
#include "shared/service/key_report.h"
#include "shared/service/program.h"

struct bot {
	struct program *program;
	struct catalog *catalog;
	struct wake *wake;
	struct code_vault vault;
	struct key_report keys;
	struct policy *policy; /* see bot_policy() */
};

enum { TURN_ARGS = 2 };

struct turn {
	struct bot *bot;
	struct arena *a;
	const struct update *update;
	const struct user *user;
	enum lang lang;
	int64_t now_ms;	 /* monotonic; the same all through, so one snapshot serves the turn */
	int64_t edit_id; /* the message the answer is put into; 0: a new one is sent */
	/* What the button, command or text says, filled in by dispatch. */
	int64_t args[TURN_ARGS]; /* the button's numbers; 0 where it has fewer */
	const char *text;	 /* the button's word, the command's parameter, the answer */
	/* What the button's spinner ends with; NULL: it only stops. */
	const char *toast;
};

/*
 * A screen reads the domain and returns a message; it never sends.  Without html there is
 * nothing to say but the toast.  Chat and message to edit are filled in by the caller.
 * Errors are the database's: the update is refused and comes again.
 */
typedef int screen(struct turn *t, struct message *ret);

/* Memory of the process; never fails. */
void bot_init(struct bot *bot, struct program *program);
void bot_end(struct bot *bot);

/* What administrators have set, fresh enough to show; read once a second at most. */
int bot_policy(struct turn *t, const struct policy **ret) MUST_CHECK;
/* Why nothing can be bought now, as HTML; NULL while sales go on. */
int bot_paused(struct turn *t, const char **ret) MUST_CHECK;

/* ---- words ---- */

/* A phrase without places; HTML or a label. */
static inline const char *turn_text(const struct turn *t, const char *key)
{
	return i18n_text(t->lang, key);
}

/* A phrase for the message, what is filled in escaped. */
#define turn_html(t, key, ...) i18n_html((t)->a, (t)->lang, key, I18N_ARGS(__VA_ARGS__))
/* A phrase for a button or a toast. */
#define turn_label(t, key, ...) i18n_plain((t)->a, (t)->lang, key, I18N_ARGS(__VA_ARGS__))

static inline const char *turn_money(const struct turn *t, struct money m)
{
	return i18n_money(t->a, t->lang, m.kop);
}

#endif
