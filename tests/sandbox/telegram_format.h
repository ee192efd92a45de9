/* telegram_format.h: a call's text with its formatting. */
#ifndef SANDBOX_TELEGRAM_FORMAT_H
#define SANDBOX_TELEGRAM_FORMAT_H

#include "tests/sandbox/telegram_call.h"
#include "tests/sandbox/telegram_html.h"

/* UTF-16 units: the stricter of the two counts in use. */
enum { FORMAT_TEXT_MAX = 4096, FORMAT_CAPTION_MAX = 1024, FORMAT_ENTITIES_MAX = 100 };

struct formatted {
	char *text;
	struct json_object *entities; /* an array */
};
void formatted_release(struct formatted *f);
#define AUTO_FORMATTED __attribute__((cleanup(formatted_release))) struct formatted

/* False: the call is refused.  Only a caption may be empty. */
bool format_text(struct call *c, const char *key, const char *entities_key, size_t max,
		 struct formatted *ret) MUST_CHECK;

uint64_t format_random(void);

#endif
