/* telegram_bot.h: the bot's own name, texts, commands, menu button.  With the world locked. */
#ifndef SANDBOX_TELEGRAM_BOT_H
#define SANDBOX_TELEGRAM_BOT_H

#include "tests/sandbox/telegram_call.h"

void bot_get_me(struct call *c);
void bot_set_commands(struct call *c);
void bot_get_commands(struct call *c);
void bot_set_name(struct call *c);
void bot_set_description(struct call *c);
void bot_set_short_description(struct call *c);
void bot_set_menu_button(struct call *c);

/* {username, name, description, short_description, commands} as a person of that language sees
 * it. */
struct json_object *bot_seen(const char *language);

#endif
