/*
 * telegram_html.h: Telegram's HTML: what parse_mode=HTML accepts, the entities it becomes,
 * and back again for the chat page.
 */
#ifndef SANDBOX_TELEGRAM_HTML_H
#define SANDBOX_TELEGRAM_HTML_H

#include "tests/sandbox/json.h"
#include "tests/sandbox/text.h"

/*
 * Parse; entities are appended to the array, the outer one first, offsets in UTF-16 units.
 * False: `why` has the words that follow "can't parse entities: ".
 */
bool html_parse(const char *html, struct text *text, struct json_object *entities,
		struct text *why) MUST_CHECK;

/* White space off both ends, control characters to spaces, entities moved and clipped. */
void html_trim(struct text *text, struct json_object **entities);

/* Text with entities as HTML that a page may show as it is. */
void html_write(struct text *out, const char *text, struct json_object *entities);

/* What Telegram finds by itself: links and commands. */
void html_detect(const char *text, struct json_object *entities);

#endif
