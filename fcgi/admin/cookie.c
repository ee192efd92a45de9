#include "fcgi/admin/cookie.h"

static const char *full_name(struct arena *a, bool secure, const char *name)
{
	return secure ? arena_printf(a, "__Host-%s", name) : name;
}

const char *cookie_get(struct arena *a, const struct web_request *req, bool secure,
		       const char *name)
{
	const char *p = web_header_once(req, "HTTP_COOKIE");
	const char *wanted = full_name(a, secure, name);
	size_t const len = strlen(wanted);
	const char *found = NULL;

	while (p && *p) {
		size_t const item = strcspn(p, ";");

		if (item > len && p[len] == '=' && !memcmp(p, wanted, len)) {
			if (found)
				return NULL;
			found = arena_strndup(a, p + len + 1, item - len - 1);
		}
		p += item;
		p += strspn(p, "; ");
	}
	return found;
}

void cookie_set(struct arena *a, struct web_response *res, bool secure,
		const struct cookie *cookie)
{
	struct str s = STR(a, 512);

	str_addf(&s, "%s=%s; Path=/; SameSite=Strict", full_name(a, secure, cookie->name),
		 cookie->value);
	if (!*cookie->value)
		str_add(&s, "; Max-Age=0");
	else if (cookie->max_age_s)
		str_addf(&s, "; Max-Age=%lld", (long long)cookie->max_age_s);
	if (!cookie->script)
		str_add(&s, "; HttpOnly");
	if (secure)
		str_add(&s, "; Secure");
	web_add_header(res, "Set-Cookie", str_text(&s));
}
