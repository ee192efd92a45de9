/*
 * chat_pace.h: one message a second into one chat, as Telegram asks, with short bursts
 * allowed; and telling a chat's flood from the whole bot's.
 */
#ifndef KARTKA_CHAT_PACE_H
#define KARTKA_CHAT_PACE_H

#include "shared/base/base.h"

enum {
	PACE_CHATS = 1024, /* a power of two; chats that share a place wait for each other */
	PACE_FLOODS = 8,
};

struct chat_pace {
	struct pace_place {
		int64_t chat_id;
		int64_t free_ms;   /* a message then would begin a new burst */
		int64_t booked_ms; /* rows put off so far are due by then */
	} places[PACE_CHATS];
	struct pace_flood {
		int64_t chat_id;
		int64_t at_ms;
	} floods[PACE_FLOODS];
	size_t next_flood;
};

/* Milliseconds until the chat may be sent to; 0: now. */
int64_t pace_wait(struct chat_pace *pace, int64_t chat_id, int64_t now_ms);

/* A message is on its way. */
void pace_sent(struct chat_pace *pace, int64_t chat_id, int64_t now_ms);

/*
 * A row can't wait here for its turn: how long it is put off in the database.  Rows of one
 * chat get turns a second apart, so that each comes back once and not each second.
 */
int64_t pace_book(struct chat_pace *pace, int64_t chat_id, int64_t now_ms);

/* Telegram told this chat to wait.  True: several chats at once, so it means all of us. */
bool pace_flood(struct chat_pace *pace, int64_t chat_id, int64_t now_ms);

#endif
