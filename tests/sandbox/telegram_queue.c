#include "tests/sandbox/telegram_queue.h"

#include "tests/sandbox/faults.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_callback.h"
#include "tests/sandbox/telegram_format.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/telegram_webhook.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

#include <time.h>

enum {
	DAY = 24 * 3600,
	RETRY_FIRST = 2,      /* after the one that comes at once */
	RETRY_LAST_MIN = 60,  /* the longest pause is a random one from here … */
	RETRY_LAST_MAX = 120, /* … to here */
	RETRY_AFTER_MAX = 3600,
	HEADS_SEEN = WEBHOOK_CONNECTIONS_MAX + 1, /* one of them is not under way */
	PAUSE = 3600,				  /* when there is nothing to wait for */
};

/* How long an update of a kind lives, and what its sub-queue goes by: c chat, u user. */
static const struct {
	const char *kind;
	int64_t seconds;
	const char *queue;
	char by;
} kinds[] = {
	{ "message", DAY, "chat", 'c' },
	{ "edited_message", DAY, "chat", 'c' },
	{ "channel_post", DAY, "chat", 'c' },
	{ "edited_channel_post", DAY, "chat", 'c' },
	{ "callback_query", CALLBACK_SECONDS, "callback", 'u' },
	{ "inline_query", 30, "inline", 'u' },
	{ "chosen_inline_result", 600, "chosen", 'u' },
	{ "shipping_query", 150, "payment", 'u' },
	{ "pre_checkout_query", 150, "payment", 'u' },
	{ "my_chat_member", DAY, "member", 'c' },
	{ "chat_member", DAY, "member", 'c' },
	{ NULL, DAY, "other", 'u' },
};

static int64_t under_way[WEBHOOK_CONNECTIONS_MAX];
static size_t under_way_count;

static size_t kind_index(const char *kind)
{
	size_t i = 0;

	while (kinds[i].kind && !text_is(kinds[i].kind, kind))
		i++;
	return i;
}

static int64_t update_id_next(void)
{
	AUTO_FREE char *kept = store_note("update_id");
	/* None comes a second time, although the store may be lost. */
	int64_t id = time(NULL);
	char text[24];

	if (kept && number_read(kept, &id))
		id++;
	snprintf(text, sizeof(text), "%lld", (long long)id);
	store_note_set("update_id", text);
	return id;
}

static void update_keep(int64_t update_id, const char *kind, int64_t owner, const char *body,
			size_t len)
{
	size_t const k = kind_index(kind);
	int64_t const times = fault_number("duplicate_updates");
	double const now = clock_now();
	char queue[48];

	snprintf(queue, sizeof(queue), "%s:%lld", kinds[k].queue, (long long)owner);
	store_run("INSERT INTO updates (update_id, queue, kind, user_id, body, "
		  "expires_at,"
		  " next_at, times) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		  "issibddi", update_id, queue, kind, owner, body, len,
		  now + clock_scaled((double)kinds[k].seconds), now,
		  times > 1 ? times : (int64_t)1);
	world_changed();
}

int64_t queue_add(const char *kind, int64_t user_id, struct json_object *payload)
{
	AUTO_JSON *update = json_object_new_object();
	int64_t id = 0;

	if (webhook_wants(kind)) {
		id = update_id_next();
		json_put_int(update, "update_id", id);
		json_put(update, kind, json_object_get(payload));
		update_keep(id, kind, user_id, json_text(update), strlen(json_text(update)));
	}
	json_object_put(payload);
	return id;
}

/* The type of an update: the name of its other member. */
static const char *kind_of(struct json_object *update, struct json_object **ret)
{
	json_object_object_foreach (update, name, value) {
		if (text_is(name, "update_id"))
			continue;
		*ret = value;
		return name;
	}
	*ret = NULL;
	return "other";
}

/* Whoever wrote or tapped can be answered. */
static void senders_meet(const char *kind, struct json_object *payload)
{
	struct json_object *from = json_member(payload, "from");
	struct json_object *chat = json_member(payload, "chat");
	const char *query_id = json_string(payload, "id");

	if (!chat)
		chat = json_member(json_member(payload, "message"), "chat");
	person_meet(from);
	person_meet_chat(chat);
	if (query_id && text_is(kind, "callback_query"))
		store_run("INSERT OR IGNORE INTO callbacks (id, user_id, created_at)"
			  " VALUES (?, ?, ?)",
			  "sid", query_id, json_int(from, "id", 0), clock_now());
}

int64_t queue_add_update(struct json_object *update)
{
	AUTO_JSON *kept = update;
	struct json_object *payload;
	const char *kind = kind_of(update, &payload);
	char const by = kinds[kind_index(kind)].by;
	struct json_object *owner = json_member(payload, by == 'c' ? "chat" : "from");
	int64_t id = json_int(update, "update_id", 0);

	if (!json_object_object_get_ex(update, "update_id", NULL)) {
		id = update_id_next();
		json_put_int(kept, "update_id", id);
	}
	senders_meet(kind, payload);
	update_keep(id, kind, json_int(owner, "id", id), json_text(kept),
		    strlen(json_text(kept)));
	return id;
}

int64_t queue_add_raw(const char *bytes, size_t len)
{
	int64_t const id = update_id_next();
	AUTO_JSON *update = json_parse_object(bytes, len);
	struct json_object *payload;

	if (update) {
		const char *kind = kind_of(update, &payload);

		senders_meet(kind, payload);
	}
	update_keep(id, "raw", id, bytes, len);
	return id;
}

void delivery_release(struct delivery *d)
{
	free(d->kind);
	free(d->body);
}

static bool is_under_way(int64_t seq)
{
	for (size_t i = 0; i < under_way_count; i++) {
		if (under_way[i] == seq)
			return true;
	}
	return false;
}

/* The first of every queue. */
#define HEADS "SELECT MIN(seq) FROM updates GROUP BY queue"

bool queue_take(struct delivery *ret)
{
	AUTO_JSON *due = NULL;
	double const now = clock_now();

	store_run("DELETE FROM updates WHERE expires_at < ?", "d", now);
	due = store_rows("SELECT seq FROM updates WHERE next_at <= ? AND seq IN (" HEADS ")"
			 " ORDER BY seq LIMIT ?",
			 "di", now, (int64_t)HEADS_SEEN);
	for (size_t i = 0; i < json_object_array_length(due); i++) {
		int64_t const id = json_int(json_object_array_get_idx(due, i), "seq", 0);
		AUTO_JSON *row = NULL;
		struct json_object *body;

		if (is_under_way(id) || under_way_count == WEBHOOK_CONNECTIONS_MAX)
			continue;
		row = store_row("SELECT kind, user_id, body FROM updates WHERE seq = ?", "i",
				id);
		body = json_member(row, "body");
		ret->seq = id;
		ret->user_id = json_int(row, "user_id", 0);
		ret->kind = text_copy(json_string(row, "kind"));
		ret->len = (size_t)json_object_get_string_len(body);
		ret->body = memcpy(memory_new(ret->len), json_object_get_string(body),
				   ret->len);
		under_way[under_way_count++] = id;
		return true;
	}
	return false;
}

/* At once, then 2, 4, 8 … up to a minute or two. */
static double delay_next(double delay)
{
	double const last = RETRY_LAST_MIN +
			    (double)(format_random() % (RETRY_LAST_MAX - RETRY_LAST_MIN + 1));

	if (delay == 0)
		return RETRY_FIRST;
	return delay * 2 < RETRY_LAST_MIN ? delay * 2 : last;
}

static void retry_plan(int64_t seq, int64_t retry_after)
{
	double const delay = store_real("SELECT delay FROM updates WHERE seq = ?", "i", seq);

	/* What the shop asked for does not make the next pause longer. */
	if (retry_after > 0)
		store_run("UPDATE updates SET next_at = ? WHERE seq = ?", "di",
			  clock_now() + clock_scaled((double)(retry_after < RETRY_AFTER_MAX
								      ? retry_after
								      : RETRY_AFTER_MAX)),
			  seq);
	else
		store_run("UPDATE updates SET next_at = ?, delay = ? WHERE seq = ?", "ddi",
			  clock_now() + clock_scaled(delay), delay_next(delay), seq);
}

void queue_done(int64_t seq, bool acknowledged, int64_t retry_after)
{
	for (size_t i = 0; i < under_way_count; i++) {
		if (under_way[i] == seq)
			under_way[i--] = under_way[--under_way_count];
	}
	if (!acknowledged)
		retry_plan(seq, retry_after);
	else if (!store_run("UPDATE updates SET times = times - 1 WHERE seq = ? AND "
			    "times > 1",
			    "i", seq))
		store_run("DELETE FROM updates WHERE seq = ?", "i", seq);
	world_changed();
}

double queue_next_at(void)
{
	AUTO_JSON *heads = store_rows("SELECT seq, next_at FROM updates WHERE seq IN (" HEADS
				      ") ORDER BY next_at LIMIT ?",
				      "i", (int64_t)HEADS_SEEN);

	for (size_t i = 0; i < json_object_array_length(heads); i++) {
		struct json_object *row = json_object_array_get_idx(heads, i);

		if (!is_under_way(json_int(row, "seq", 0)))
			return json_number(row, "next_at", 0);
	}
	return clock_now() + PAUSE;
}

int64_t queue_pending(void)
{
	return store_number("SELECT COUNT(*) FROM updates WHERE expires_at >= ?", "d",
			    clock_now());
}

int64_t queue_in_flight(void)
{
	return (int64_t)under_way_count;
}

void queue_drop_all(void)
{
	store_run("DELETE FROM updates", "");
	world_changed();
}

struct json_object *queue_fetch(int64_t offset, int64_t limit)
{
	struct json_object *updates = json_object_new_array();
	AUTO_JSON *rows = NULL;

	store_run("DELETE FROM updates WHERE expires_at < ?", "d", clock_now());
	if (offset < 0)
		offset = store_number("SELECT update_id FROM updates ORDER BY seq DESC LIMIT 1"
				      " OFFSET ?",
				      "i", -offset - 1);
	if (offset > 0)
		store_run("DELETE FROM updates WHERE update_id < ?", "i", offset);
	rows = store_rows("SELECT seq, body FROM updates ORDER BY seq LIMIT ?", "i", limit);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *body = json_member(row, "body");
		struct json_object *update = json_parse_object(
			json_object_get_string(body), (size_t)json_object_get_string_len(body));

		/* Bytes that are no update can't be part of an answer. */
		if (update)
			json_object_array_add(updates, update);
		else
			store_run("DELETE FROM updates WHERE seq = ?", "i",
				  json_int(row, "seq", 0));
	}
	return updates;
}
