#include "fcgi/admin/agent.h"

/* In this order: most of them claim to be others as well. */
static const struct {
	const char *mark;
	const char *name;
} browsers[] = {
	{ "Edg/", "Edge" },
	{ "OPR/", "Opera" },
	{ "SamsungBrowser/", "Samsung" },
	{ "Firefox/", "Firefox" },
	{ "FxiOS/", "Firefox" },
	{ "CriOS/", "Chrome" },
	{ "Chrome/", "Chrome" },
	{ "HeadlessChrome/", "Chrome" },
	{ "Version/", "Safari" },
};

static const struct {
	const char *mark;
	const char *name;
} systems[] = {
	{ "Android", "Android" }, { "iPhone", "iPhone" },   { "iPad", "iPad" },
	{ "Windows", "Windows" }, { "Macintosh", "macOS" }, { "CrOS", "ChromeOS" },
	{ "Linux", "Linux" },
};

const char *agent_name(struct arena *a, const char *agent)
{
	const char *browser = NULL;
	const char *system = NULL;

	for (size_t i = 0; i < COUNT(browsers) && !browser; i++) {
		const char *at = strstr(agent, browsers[i].mark);

		if (at) {
			at += strlen(browsers[i].mark);
			browser = arena_printf(a, "%s %.*s", browsers[i].name,
					       (int)strspn(at, "0123456789"), at);
		}
	}
	for (size_t i = 0; i < COUNT(systems) && !system; i++)
		if (strstr(agent, systems[i].mark))
			system = systems[i].name;
	if (!browser || !system)
		return *agent ? agent : "–";
	return arena_printf(a, "%s, %s", browser, system);
}
