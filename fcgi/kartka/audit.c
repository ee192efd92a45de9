#include "fcgi/kartka/outside.h"

#include "shared/base/parse.h"
#include "shared/domain/audit_seal.h"

/* What is wrong, in words; 0 rows of it is a chain that holds. */
static int tell(struct command_env *env, const struct audit_finding *f)
{
	switch (f->flaw) {
	case AUDIT_REMOVED:
		return command_fail(env, "places %lld to %lld of the chain are empty: removed",
				    (long long)f->first_no, (long long)f->last_no);
	case AUDIT_ALTERED:
		return command_fail(env,
				    "place %lld (row %lld) is not what was sealed: altered",
				    (long long)f->first_no, (long long)f->row_id);
	case AUDIT_CUT_OFF:
		return command_fail(
			env, "the chain ends before place %lld, but reached %lld: cut off",
			(long long)f->first_no, (long long)f->last_no);
	default:
		return 0;
	}
}

int command_audit_verify(struct command_env *env, int argc, char **argv)
{
	unsigned char seal[CRYPTO_SHA256];
	struct audit_finding finding;
	struct db *db;
	int rc;

	if (argc > 1)
		return command_usage(env);
	if (argc && parse_hex(argv[0], seal, sizeof(seal)))
		return command_fail(env, "a seal is 64 hexadecimal digits");
	db = outside_db(env);
	if (!db)
		return 1;
	rc = audit_verify(db, env->config->data_key,
			  argc ? (struct bytes){ seal, sizeof(seal) }
			       : (struct bytes){ NULL, 0 },
			  &finding);
	if (rc)
		return outside_db_failed(env, db, rc);
	if ((rc = tell(env, &finding)))
		return rc;
	if (argc && !finding.seal_known)
		return command_fail(env, "that seal is not in the chain: it was made anew");
	printf("%lld rows sealed, the chain holds; %lld not sealed yet\n",
	       (long long)finding.checked, (long long)finding.unsealed);
	return 0;
}
