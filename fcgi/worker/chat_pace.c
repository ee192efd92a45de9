#include "fcgi/worker/chat_pace.h"

enum {
	SPACING_MS = 1000,
	BURST_MS = 5 * SPACING_MS, /* messages that may go at once */
	BOOKED_MAX_MS = 600000,	   /* further ahead nobody knows anyway */
	FLOOD_MS = 2000,
	FLOOD_CHATS = 3, /* so many chats in so long: the bot as a whole */
};

/* The chat's place; what another chat left there is forgotten once it is past. */
static struct pace_place *place_of(struct chat_pace *pace, int64_t chat_id, int64_t now_ms)
{
	size_t const at = (size_t)((uint64_t)chat_id * 0x9E3779B97F4A7C15u >> 54);
	struct pace_place *place = &pace->places[at];

	_Static_assert(PACE_CHATS == 1 << 10, "54 bits are shifted out of 64");
	if (place->chat_id != chat_id && place->free_ms <= now_ms && place->booked_ms <= now_ms)
		*place = (struct pace_place){ .chat_id = chat_id };
	return place;
}

int64_t pace_wait(struct chat_pace *pace, int64_t chat_id, int64_t now_ms)
{
	int64_t const ahead = place_of(pace, chat_id, now_ms)->free_ms - now_ms;

	return ahead > BURST_MS - SPACING_MS ? ahead - (BURST_MS - SPACING_MS) : 0;
}

void pace_sent(struct chat_pace *pace, int64_t chat_id, int64_t now_ms)
{
	struct pace_place *place = place_of(pace, chat_id, now_ms);

	place->free_ms = (place->free_ms > now_ms ? place->free_ms : now_ms) + SPACING_MS;
}

int64_t pace_book(struct chat_pace *pace, int64_t chat_id, int64_t now_ms)
{
	struct pace_place *place = place_of(pace, chat_id, now_ms);
	int64_t from = now_ms;

	if (place->free_ms > from)
		from = place->free_ms;
	if (place->booked_ms > from && place->booked_ms - now_ms < BOOKED_MAX_MS)
		from = place->booked_ms;
	place->booked_ms = from + SPACING_MS;
	return place->booked_ms - now_ms;
}

bool pace_flood(struct chat_pace *pace, int64_t chat_id, int64_t now_ms)
{
	size_t chats = 1;

	for (size_t i = 0; i < PACE_FLOODS; i++) {
		struct pace_flood *flood = &pace->floods[i];

		if (flood->chat_id == chat_id)
			flood->chat_id = 0;
		if (flood->chat_id && now_ms - flood->at_ms < FLOOD_MS)
			chats++;
	}
	pace->floods[pace->next_flood++ % PACE_FLOODS] =
		(struct pace_flood){ .chat_id = chat_id, .at_ms = now_ms };
	return chats >= FLOOD_CHATS;
}
