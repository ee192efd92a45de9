#include "shared/base/base.h"

#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const char *const err_names[] = {
	[-OK] = "ok",
	[-ERR_NOT_FOUND] = "not_found",
	[-ERR_CONFLICT] = "conflict",
	[-ERR_INVALID] = "invalid",
	[-ERR_TOO_LONG] = "too_long",
	[-ERR_DENIED] = "denied",
	[-ERR_DOWN] = "down",
	[-ERR_RETRY] = "retry",
	[-ERR_UNSURE] = "unsure",
	[-ERR_FAILED] = "failed",
};

const char *err_name(int rc)
{
	if (rc > 0 || (size_t)-rc >= COUNT(err_names))
		return "unknown";
	return err_names[-rc];
}

void secrets_keep(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	if (!getenv(SUPERVISED_MARK))
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}
