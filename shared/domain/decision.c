#include "shared/domain/decision.h"

#include "shared/base/utf8.h"
#include "shared/platform/crypto.h"
#include "shared/platform/json.h"

enum { DETAIL_MAX = 4096, WISH_BYTES = 12 };

const char *decision_wish(struct arena *a, const char *from)
{
	unsigned char word[WISH_BYTES];

	crypto_random(word, sizeof(word));
	return arena_printf(a, "%s:%s", from,
			    crypto_hex(a, (struct bytes){ word, sizeof(word) }));
}

/* What people type, on one line and no longer than its column. */
static const char *why_clean(struct arena *a, const struct decision *d)
{
	return utf8_clean_line(a, d->why, strlen(d->why), DECISION_WHY_MAX);
}

int decision_audit(struct db *db, struct arena *a, const struct decision *d, const char *action,
		   const char *order_number, const struct decision_fact *facts)
{
	struct str detail = STR(a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&detail);

	json_open(&j, '{');
	for (; facts && facts->name; facts++)
		json_add_text(&j, facts->name, facts->text);
	json_add_text(&j, "why", why_clean(a, d));
	json_close(&j, '}');
	return audit_add(db, &(struct audit_entry){
				     .staff_id = d->staff_id,
				     .actor = d->actor,
				     .address = d->address,
				     .action = action,
				     .object = arena_printf(a, "order %s", order_number),
				     .detail = str_ok(&detail) ? str_text(&detail) : NULL,
			     });
}

const char *decision_words(struct arena *a, const char *what, const struct decision *d)
{
	return arena_printf(a, "%s, %s: %s", what, d->actor, why_clean(a, d));
}
