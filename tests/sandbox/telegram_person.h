/* telegram_person.h: the people who chat with the bot.  Used with the world locked. */
#ifndef SANDBOX_TELEGRAM_PERSON_H
#define SANDBOX_TELEGRAM_PERSON_H

#include "tests/sandbox/json.h"

enum person_state {
	PERSON_UNKNOWN,
	PERSON_STRANGER, /* never wrote to the bot, so it may not write either */
	PERSON_BLOCKED,
	PERSON_HERE,
};
enum person_state person_state(int64_t id);

/* Telegram's User and Chat; NULL: unknown. */
struct json_object *person_user(int64_t id);
struct json_object *person_chat(int64_t id);

/* The bot itself, as a User. */
struct json_object *person_bot(void);

/* A User out of an update: make the person known if they are not. */
void person_meet(struct json_object *user);
/* A Chat likewise: the bot may write to a group, whose id is below 0. */
void person_meet_chat(struct json_object *chat);
/* From now on the bot may write. */
void person_start(int64_t id);
/* Something of the chat changed: whoever waits for it is woken. */
void person_touch(int64_t id);

#endif
