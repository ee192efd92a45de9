#include "tests/sandbox/faults.h"

#include "tests/sandbox/world.h"

enum fault_kind { FAULT_FLAG, FAULT_NUMBER, FAULT_FORMAT, FAULT_HITS };

static const struct {
	const char *name;
	enum fault_kind kind;
	const char *need; /* of FAULT_HITS: the member that says what happens */
} kinds[] = {
	{ "telegram_down", FAULT_FLAG, NULL },
	{ "telegram_status", FAULT_HITS, "status" },
	{ "telegram_retry_after", FAULT_HITS, "seconds" },
	{ "telegram_delay_ms", FAULT_NUMBER, NULL },
	{ "telegram_lose_answer", FAULT_HITS, "method" },
	{ "telegram_reset", FAULT_HITS, "method" },
	{ "duplicate_taps", FAULT_NUMBER, NULL },
	{ "duplicate_updates", FAULT_NUMBER, NULL },
	{ "portmone_down", FAULT_FLAG, NULL },
	{ "portmone_hang", FAULT_FLAG, NULL },
	{ "portmone_status", FAULT_HITS, "status" },
	{ "portmone_lose_answer", FAULT_HITS, "method" },
	{ "portmone_html", FAULT_FLAG, NULL },
	{ "portmone_snake", FAULT_FLAG, NULL },
	{ "portmone_object", FAULT_FLAG, NULL },
	{ "lose_notification", FAULT_FLAG, NULL },
	{ "notification_format", FAULT_FORMAT, NULL },
	{ "no_return", FAULT_FLAG, NULL },
	{ "test_mode", FAULT_FLAG, NULL },
};

static struct json_object *values[COUNT(kinds) + 1]; /* NULL: off; the last is no fault's */

static size_t fault_index(const char *name)
{
	size_t i = 0;

	while (i < COUNT(kinds) && !text_is(kinds[i].name, name))
		i++;
	return i;
}

static struct json_object *off_value(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_FLAG:
		return json_object_new_boolean(false);
	case FAULT_NUMBER:
		return json_object_new_int(0);
	default:
		return NULL;
	}
}

struct json_object *faults_all(void)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < COUNT(kinds); i++)
		json_put(all, kinds[i].name,
			 values[i] ? json_copy(values[i]) : off_value(kinds[i].kind));
	return all;
}

static bool value_fits(size_t i, struct json_object *value)
{
	const char *word;

	switch (kinds[i].kind) {
	case FAULT_FLAG:
		return json_object_is_type(value, json_type_boolean);
	case FAULT_NUMBER:
		return json_object_is_type(value, json_type_int) &&
		       json_object_get_int64(value) >= 0;
	case FAULT_FORMAT:
		word = json_object_is_type(value, json_type_string)
			       ? json_object_get_string(value)
			       : "";
		return text_is(word, "json") || text_is(word, "xml");
	default:
		return json_member(value, kinds[i].need) && json_int(value, "count", 1) >= 0;
	}
}

static void set(size_t i, struct json_object *value)
{
	struct json_object *kept = json_copy(value);

	if (kept && kinds[i].kind == FAULT_HITS && !json_member(kept, "count"))
		json_put_int(kept, "count", 1);
	json_object_put(values[i]);
	values[i] = kept;
}

bool faults_set(struct json_object *changes, const char **why)
{
	json_object_object_foreach (changes, name, value) {
		size_t const i = fault_index(name);

		if (text_is(name, "reset"))
			continue;
		*why = i < COUNT(kinds) ? "a fault's value is not what API.md says"
					: "there is no such fault";
		if (i == COUNT(kinds) || (value && !value_fits(i, value)))
			return false;
	}
	for (size_t i = 0; json_flag(changes, "reset") && i < COUNT(kinds); i++)
		set(i, NULL);
	json_object_object_foreach (changes, named, given) {
		size_t const i = fault_index(named);

		if (i < COUNT(kinds))
			set(i, given);
	}
	world_changed();
	return true;
}

bool fault_on(const char *name)
{
	struct json_object *value = values[fault_index(name)];

	return value && json_object_get_boolean(value);
}

int64_t fault_number(const char *name)
{
	struct json_object *value = values[fault_index(name)];

	return value ? json_object_get_int64(value) : 0;
}

const char *fault_word(const char *name)
{
	struct json_object *value = values[fault_index(name)];

	return value ? json_object_get_string(value) : "";
}

struct json_object *fault_hit(const char *name, const char *method)
{
	struct json_object *fault = values[fault_index(name)];
	const char *only = json_string(fault, "method");
	int64_t const left = json_int(fault, "count", 0);

	/* Without a method, or with "*", it is every method's. */
	if (left < 1 || (only && !text_is(only, "*") && strcasecmp(only, method) != 0))
		return NULL;
	json_put_int(fault, "count", left - 1);
	return fault;
}
