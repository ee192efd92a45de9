#include "shared/service/code_mask.h"

#include "shared/base/str.h"
#include "shared/domain/stock.h"

#include <ctype.h>

/* Shorter ones are words like others: "100" is masked nowhere. */
enum { CODE_MIN = 4 };

#define MARK "•••"

static bool is_gap(char c)
{
	return c == ' ' || c == '-' || c == '\t' || c == '\n';
}

/* How much of the text is the code, with any gaps and in any case; 0: it is not here. */
static size_t code_len(const char *text, const char *code)
{
	const char *at = text;

	while (*code) {
		if (is_gap(*code)) {
			code++;
		} else if (is_gap(*at) && at != text) {
			at++;
		} else {
			if (tolower((unsigned char)*at) != tolower((unsigned char)*code))
				return 0;
			at++;
			code++;
		}
	}
	return (size_t)(at - text);
}

static const char *mask_one(struct arena *a, const char *text, const char *code)
{
	struct str s = STR(a, sizeof(MARK) * strlen(text) + 1);

	while (*text) {
		size_t const len = code_len(text, code);

		if (len)
			str_add(&s, MARK);
		else
			str_addc(&s, *text);
		text += len ? len : 1;
	}
	return str_text(&s);
}

int code_mask(struct db *db, struct arena *a, const struct code_vault *vault,
	      const struct order *order, const char *text, const char **ret)
{
	struct stock_code *codes;
	size_t count;
	int const rc = stock_of_order(db, a, order->id, &codes, &count);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const char *plain;

		/* One that does not open can't have been read by the buyer either. */
		if (!code_open(a, vault, codes[i].value_id, &codes[i].sealed, &plain) &&
		    strlen(plain) >= CODE_MIN)
			text = mask_one(a, text, plain);
	}
	*ret = text;
	return OK;
}
