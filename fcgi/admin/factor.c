#include "fcgi/admin/factor.h"

#include "fcgi/admin/secret.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/log.h"
#include "shared/domain/attempt.h"
#include "shared/platform/password.h"
#include "shared/platform/slot.h"

static const char *wait_text(const struct visit *v, int64_t wait_s)
{
	if (wait_s > 90)
		return VISIT_TEXT(v, "admin.login.wait_minutes", N("n", (wait_s + 59) / 60));
	return VISIT_TEXT(v, "admin.login.wait_seconds", N("n", wait_s));
}

/* Charge the attempt; ret->factor is FACTOR_WAIT when it is not to be looked at. */
static int begin(struct visit *v, const struct attempt *attempt, struct verdict *ret)
{
	int const rc = attempt_begin(v->db, attempt, &ret->wait_s);

	if (rc || !ret->wait_s)
		return rc;
	ret->factor = FACTOR_WAIT;
	ret->text = wait_text(v, ret->wait_s);
	log_event(LOG_WARN, "sign_in_held", "address=%s wait_s=%lld", v->who.address,
		  (long long)ret->wait_s);
	return OK;
}

static int wrong(struct visit *v, const char *action, const char *object, struct verdict *ret)
{
	if (ret->factor == FACTOR_RIGHT)
		ret->factor = FACTOR_WRONG;
	log_event(LOG_WARN, action, "object=\"%s\" address=%s", object, v->who.address);
	return visit_audit(v, action, object, NULL);
}

/* ---- the password ---- */

static const char *slot_path(struct visit *v)
{
	return config_run_path(v->a, &v->program->config, "hash");
}

static int password_same(struct visit *v, const char *password, const char *hash, bool *ret)
{
	int slot;
	int const rc = slot_take(v->a, slot_path(v), PASSWORD_HASHES_AT_ONCE, &slot);

	if (rc)
		return rc;
	*ret = password_check(password, hash);
	slot_give(slot);
	return OK;
}

int factor_hash(struct visit *v, const char *password, const char **ret)
{
	int slot;
	int rc = slot_take(v->a, slot_path(v), PASSWORD_HASHES_AT_ONCE, &slot);

	if (rc)
		return rc;
	rc = password_hash(v->a, password, ret);
	slot_give(slot);
	return rc;
}

/* A login is counted by its hash: people type their password there. */
static const char *login_name(struct visit *v, const char *login)
{
	unsigned char hash[CRYPTO_SHA256];

	crypto_sha256((struct bytes){ login, strlen(login) }, hash);
	return arena_printf(v->a, "login %s", crypto_hex(v->a, (struct bytes){ hash, 16 }));
}

/* Somebody with an IPv6 network has 2^64 addresses at hand: the network is counted. */
static const char *address_name(struct visit *v)
{
	const char *address = v->who.address;
	size_t len = strlen(address);
	int groups = 0;

	if (strchr(address, ':') && !strchr(address, '.'))
		for (len = 0; address[len] && groups < 4; len++)
			if (address[len] == ':' && ++groups == 4)
				break;
	return arena_printf(v->a, "address %.*s", (int)(len > 64 ? 64 : len), address);
}

/*
 * The same work and the same words whether there is such an account or not: the hash is
 * made against nothing when there is none.
 */
int factor_password(struct visit *v, const char *login, const char *password,
		    struct staff_secrets **ret_secrets, struct verdict *ret)
{
	struct attempt const attempt = {
		.names = { login_name(v, login), address_name(v) },
		.allowed = { ATTEMPTS_FREE, ATTEMPTS_FREE_ADDRESS },
	};
	struct staff_secrets *secrets = NULL;
	bool same = false;
	int rc;

	*ret = (struct verdict){ .factor = FACTOR_RIGHT };
	if ((rc = begin(v, &attempt, ret)) || ret->factor == FACTOR_WAIT)
		return rc;
	rc = staff_secrets_by_login(v->db, v->a, login, &secrets);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	rc = password_same(v, password, secrets ? secrets->password_hash : NULL, &same);
	if (rc)
		return rc;
	if (!same) {
		ret->text = visit_text(v, "admin.login.wrong");
		return wrong(v, "sign_in_failed",
			     secrets ? arena_printf(v->a, "staff %s", login) : "unknown login",
			     ret);
	}
	*ret_secrets = secrets;
	return attempt_end(v->db, &attempt);
}

/* ---- the second factor ---- */

static int recovery_use(struct visit *v, const struct staff_secrets *s, const char *code,
			bool *ret_used)
{
	unsigned char hash[RECOVERY_HASH];
	const unsigned char *have = s->recovery.data;
	size_t const count = have ? s->recovery.len / RECOVERY_HASH : 0;
	struct audit_who const who = { s->staff.id, s->staff.login, v->who.address };
	int rc;

	*ret_used = false;
	if (secret_recovery_hash(v, s->staff.id, code, hash))
		return OK;
	for (size_t i = 0; i < count; i++) {
		unsigned char *left;

		if (!crypto_same((struct bytes){ have + i * RECOVERY_HASH, RECOVERY_HASH },
				 (struct bytes){ hash, RECOVERY_HASH }))
			continue;
		left = arena_alloc(v->a, s->recovery.len);
		memcpy(left, have, i * RECOVERY_HASH);
		memcpy(left + i * RECOVERY_HASH, have + (i + 1) * RECOVERY_HASH,
		       (count - 1 - i) * RECOVERY_HASH);
		rc = staff_use_recovery(
			v->db, &who, s->recovery,
			(struct bytes){ left, s->recovery.len - RECOVERY_HASH });
		*ret_used = !rc;
		return rc == ERR_CONFLICT ? OK : rc;
	}
	return OK;
}

/* ret->factor says what came of it; FACTOR_USED: right, but not for the first time. */
static int code_look(struct visit *v, const struct staff_secrets *s, const char *code,
		     struct verdict *ret)
{
	unsigned char seed[TOTP_SEED];
	int64_t step;
	bool used;
	int rc;

	if (!s->totp_seed.data || secret_seed_open(v, s->staff.id, s->totp_seed, seed))
		return ERR_FAILED; /* DATA_KEY is another one than it was */
	if (!totp_check(seed, code, clock_now() / CLOCK_SECOND, 0, &step)) {
		rc = staff_use_step(v->db, s->staff.id, step);
		ret->factor = rc == ERR_CONFLICT ? FACTOR_USED : FACTOR_RIGHT;
		return rc == ERR_CONFLICT ? OK : rc;
	}
	rc = recovery_use(v, s, code, &used);
	if (!rc)
		ret->factor = used ? FACTOR_RIGHT : FACTOR_WRONG;
	return rc;
}

static struct attempt code_attempt(struct visit *v, int64_t staff_id)
{
	return (struct attempt){
		.names = { arena_printf(v->a, "code %lld", (long long)staff_id) },
		.allowed = { ATTEMPTS_FREE },
	};
}

int factor_code(struct visit *v, const struct staff_secrets *s, const char *code,
		struct verdict *ret)
{
	struct attempt const attempt = code_attempt(v, s->staff.id);
	int rc;

	*ret = (struct verdict){ .factor = FACTOR_RIGHT };
	if ((rc = begin(v, &attempt, ret)) || ret->factor == FACTOR_WAIT)
		return rc;
	if ((rc = code_look(v, s, code, ret)))
		return rc;
	if (ret->factor == FACTOR_RIGHT)
		return attempt_end(v->db, &attempt);
	ret->text = visit_text(v, ret->factor == FACTOR_USED ? "admin.factor.used"
							     : "admin.factor.wrong");
	return wrong(v,
		     ret->factor == FACTOR_USED ? "second_factor_replayed"
						: "second_factor_failed",
		     arena_printf(v->a, "staff %s", s->staff.login), ret);
}

int factor_seed(struct visit *v, const unsigned char *seed, const char *code, int64_t *ret_step,
		struct verdict *ret)
{
	struct attempt const attempt = code_attempt(v, v->staff->id);
	int rc;

	*ret = (struct verdict){ .factor = FACTOR_RIGHT };
	if ((rc = begin(v, &attempt, ret)) || ret->factor == FACTOR_WAIT)
		return rc;
	if (!totp_check(seed, code, clock_now() / CLOCK_SECOND, 0, ret_step))
		return attempt_end(v->db, &attempt);
	ret->factor = FACTOR_WRONG;
	ret->text = visit_text(v, "admin.factor.wrong");
	return OK;
}
