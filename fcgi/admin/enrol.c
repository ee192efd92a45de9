#include "fcgi/admin/enrol.h"

#include "fcgi/admin/factor.h"
#include "fcgi/admin/secret.h"
#include "shared/platform/qr.h"

static int seed_get(struct visit *v, unsigned char ret[TOTP_SEED])
{
	if (v->session->totp_seed.data &&
	    !secret_seed_open(v, v->staff->id, v->session->totp_seed, ret))
		return OK;
	crypto_random(ret, TOTP_SEED);
	return session_set_seed(v->db, v->session->id, secret_seed_seal(v, v->staff->id, ret));
}

int enrol_fill(struct visit *v)
{
	struct value *qr = value_object(v->a);
	unsigned char seed[TOTP_SEED];
	const char *path;
	int size;
	int rc;

	if ((rc = seed_get(v, seed)) ||
	    (rc = qr_path(v->a, totp_uri(v->a, "Kartka", v->staff->login, seed), &path, &size)))
		return rc;
	value_set_text(qr, "path", path);
	value_set_int(qr, "box", size + 8); /* the quiet zone */
	value_set(v->data, "qr", qr);
	value_set_text(v->data, "secret", totp_secret(v->a, seed));
	return OK;
}

static struct bytes recovery_new(struct visit *v)
{
	unsigned char *hashes = arena_alloc(v->a, RECOVERY_CODES * RECOVERY_HASH);
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		const char *code = secret_recovery_new(v->a);

		if (secret_recovery_hash(v, v->staff->id, code, hashes + i * RECOVERY_HASH))
			die("a recovery code of ours is none");
		value_push(list, value_text(v->a, code));
	}
	value_set(v->data, "recovery", list);
	return (struct bytes){ hashes, RECOVERY_CODES * RECOVERY_HASH };
}

int enrol_try(struct visit *v, bool *ret_done)
{
	unsigned char seed[TOTP_SEED];
	struct staff_totp totp = { .seed = v->session->totp_seed };
	struct verdict verdict;
	int rc;

	*ret_done = false;
	if (!totp.seed.data || secret_seed_open(v, v->staff->id, totp.seed, seed))
		return OK; /* the page was open too long: it is shown with another */
	rc = factor_seed(v, seed, visit_form(v, "code"), &totp.step, &verdict);
	if (rc)
		return rc;
	if (verdict.factor != FACTOR_RIGHT) {
		value_set_text(v->data, "error", verdict.text);
		v->status = verdict.factor == FACTOR_WAIT ? 429 : 422;
		return OK;
	}
	totp.recovery = recovery_new(v);
	if ((rc = staff_enrol(v->db, &v->who, &totp, v->session->id)) ||
	    (rc = session_set_seed(v->db, v->session->id, (struct bytes){ NULL, 0 })))
		return rc;
	*ret_done = true;
	return OK;
}
