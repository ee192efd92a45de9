/*
 * One's own account: where it is signed in, its password, its second factor.
 */
#include "fcgi/admin/agent.h"
#include "fcgi/admin/enrol.h"
#include "fcgi/admin/factor.h"
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "fcgi/admin/sign_in.h"
#include "shared/platform/password.h"

#define PROFILE "/admin/profile"

static struct value *session_row(struct visit *v, const struct session *s)
{
	struct value *row = value_object(v->a);

	value_set_int(row, "id", s->id);
	value_set_text(row, "agent", agent_name(v->a, s->agent));
	value_set_text(row, "address", s->address);
	value_set_text(row, "since", visit_time(v, s->created_at));
	value_set_text(row, "seen", visit_time(v, s->seen_at));
	value_set_bool(row, "this", s->id == v->session->id);
	return row;
}

int page_profile(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct session *list;
	size_t count;
	int const rc = session_list(v->db, v->a, v->staff->id, &list, &count);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		value_push(rows, session_row(v, &list[i]));
	value_set(v->data, "rows", rows);
	value_set_bool(v->data, "others", count > 1);
	value_set_bool(v->data, "has_totp", v->staff->has_totp);
	return visit_show(v, "profile/show", v->staff->login);
}

int profile_end_post(struct visit *v)
{
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (!rc)
		rc = session_end(v->db, v->staff->id, id);
	if (rc && rc != ERR_NOT_FOUND) /* it has ended: that was the wish */
		return rc;
	if ((rc = visit_audit(v, "session_ended", "session", NULL)) ||
	    (rc = visit_flash(v, TONE_DONE, visit_text(v, "admin.profile.ended"))))
		return rc;
	return visit_redirect(v, PROFILE);
}

int profile_end_others_post(struct visit *v)
{
	int rc;

	if ((rc = session_end_others(v->db, v->staff->id, v->session->id)) ||
	    (rc = visit_audit(v, "sessions_ended", "session", NULL)) ||
	    (rc = visit_flash(v, TONE_DONE, visit_text(v, "admin.profile.others_ended"))))
		return rc;
	return visit_redirect(v, PROFILE);
}

/* ---- the password ---- */

static int password_show(struct visit *v)
{
	static const struct field fields[] = {
		{ .name = "old",
		  .label = "admin.password.old",
		  .type = "password",
		  .autocomplete = "current-password",
		  .required = true },
		{ .name = "new",
		  .label = "admin.password.new",
		  .hint = "admin.password.hint",
		  .type = "password",
		  .autocomplete = "new-password",
		  .required = true },
		{ .name = "again",
		  .label = "admin.password.again",
		  .type = "password",
		  .autocomplete = "new-password",
		  .required = true },
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		fields_add(v, &fields[i]);
	value_set_bool(v->data, "must", v->staff->must_change);
	if (!v->staff->must_change)
		visit_crumb(v, PROFILE, v->staff->login);
	return visit_show(v, "profile/password", visit_text(v, "admin.password.title"));
}

int page_profile_password(struct visit *v)
{
	return password_show(v);
}

static void password_check_new(struct visit *v)
{
	const char *new = visit_form(v, "new");

	if (password_acceptable(new))
		fields_error(v, "new", visit_text(v, "admin.password.length"));
	else if (password_is_common(new) || strstr(new, v->staff->login) == new)
		fields_error(v, "new", visit_text(v, "admin.password.common"));
	else if (!strcmp(new, visit_form(v, "old")))
		fields_error(v, "new", visit_text(v, "admin.password.same"));
	if (strcmp(new, visit_form(v, "again")) != 0)
		fields_error(v, "again", visit_text(v, "admin.password.differs"));
}

int profile_password_post(struct visit *v)
{
	struct staff_secrets *secrets;
	struct verdict verdict;
	const char *hash;
	int rc;

	password_check_new(v);
	if (fields_wrong(v))
		return password_show(v);
	rc = factor_password(v, v->staff->login, visit_form(v, "old"), &secrets, &verdict);
	if (rc)
		return rc;
	if (verdict.factor != FACTOR_RIGHT) {
		fields_error(v, "old",
			     verdict.factor == FACTOR_WAIT
				     ? verdict.text
				     : visit_text(v, "admin.password.wrong"));
		return password_show(v);
	}
	if ((rc = factor_hash(v, visit_form(v, "new"), &hash)) ||
	    (rc = staff_change_password(v->db, &v->who, hash, v->session->id)) ||
	    (rc = sign_in_step_up(v)) ||
	    (rc = visit_flash(v, TONE_DONE, visit_text(v, "admin.password.done"))))
		return rc;
	return visit_redirect(v, PROFILE);
}

/* ---- the second factor ---- */

static int totp_show(struct visit *v)
{
	int const rc = enrol_fill(v);

	if (rc)
		return rc;
	value_set_text(v->data, "path", PROFILE "/totp");
	visit_crumb(v, PROFILE, v->staff->login);
	return visit_show(v, "enrol", visit_text(v, "admin.enrol.title"));
}

int page_profile_totp(struct visit *v)
{
	return totp_show(v);
}

int profile_totp_post(struct visit *v)
{
	bool done;
	int rc = enrol_try(v, &done);

	if (rc)
		return rc;
	if (!done)
		return totp_show(v);
	if ((rc = sign_in_step_up(v)))
		return rc;
	value_set_text(v->data, "onward", PROFILE);
	return visit_show(v, "recovery", visit_text(v, "admin.recovery.title"));
}
