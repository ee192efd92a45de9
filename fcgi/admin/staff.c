/*
 * Administrators: who there is, new ones, and what an owner changes about them.
 */
#include "fcgi/admin/agent.h"
#include "fcgi/admin/csv.h"
#include "fcgi/admin/factor.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "fcgi/admin/secret.h"

#define STAFF "/admin/staff"

static const char *role_text(const struct visit *v, enum role role)
{
	return visit_text(v, arena_printf(v->a, "admin.role.%s", role_name(role)));
}

static const struct option *roles_new(struct visit *v)
{
	struct option *list = arena_array(v->a, ROLE__COUNT, sizeof(*list));

	for (int i = 0; i < ROLE__COUNT; i++)
		list[i] = (struct option){ role_name((enum role)i),
					   role_text(v, (enum role)i) };
	return list;
}

static void role_field_add(struct visit *v, enum role role)
{
	fields_add(v, &(struct field){ .name = "role",
				       .label = "admin.staff.role",
				       .hint = "admin.staff.role_hint",
				       .value = role_name(role),
				       .options = roles_new(v),
				       .option_count = ROLE__COUNT });
}

static struct value *staff_value(struct visit *v, const struct staff *s)
{
	struct value *o = value_object(v->a);

	value_set_int(o, "id", s->id);
	value_set_text(o, "login", s->login);
	value_set_text(o, "role", role_text(v, s->role));
	value_set_bool(o, "has_totp", s->has_totp);
	value_set_bool(o, "disabled", s->disabled);
	value_set_bool(o, "must_change", s->must_change);
	value_set_text(o, "since", visit_date(v, s->created_at));
	value_set_bool(o, "self", s->id == v->staff->id);
	return o;
}

/* ---- the list ---- */

int page_staff(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct staff *list;
	size_t count;
	int const rc = staff_list(v->db, v->a, &list, &count);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		value_push(rows, staff_value(v, &list[i]));
	value_set(v->data, "rows", rows);
	list_export(v, STAFF ".csv");
	visit_action(v, STAFF "/add", visit_text(v, "admin.staff.add"), "plus");
	return visit_show(v, "staff/list", visit_text(v, "admin.menu.staff"));
}

/* As many as there are people: one portion. */
static int export_more(struct visit *v, void *data, struct csv *to)
{
	struct staff *list;
	size_t count;
	int const rc = staff_list(v->db, v->a, &list, &count);

	UNUSED(data);
	for (size_t i = 0; !rc && i < count; i++) {
		csv_text(to, list[i].login);
		csv_text(to, role_text(v, list[i].role));
		csv_yes(to, list[i].has_totp);
		csv_yes(to, list[i].disabled);
		csv_time(to, list[i].created_at);
		csv_end(to);
	}
	return rc ? rc : ERR_NOT_FOUND;
}

int staff_export(struct visit *v)
{
	static const char *const columns[] = { "admin.login.login", "admin.staff.role",
					       "admin.profile.totp", "admin.staff.disabled",
					       "admin.staff.since" };

	return csv_send(v, &(struct csv_export){ .name = "staff",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more });
}

/* ---- a new one ---- */

static int add_show(struct visit *v)
{
	fields_add(v, &(struct field){ .name = "login",
				       .label = "admin.login.login",
				       .hint = "admin.staff.login_hint",
				       .max = LOGIN_MAX,
				       .required = true,
				       .autofocus = true,
				       .plain = true });
	role_field_add(v, ROLE_SUPPORT);
	visit_crumb(v, STAFF, visit_text(v, "admin.menu.staff"));
	return visit_show(v, "staff/add", visit_text(v, "admin.staff.add"));
}

int page_staff_add(struct visit *v)
{
	return add_show(v);
}

/* Shown by this answer and never again. */
static int password_show(struct visit *v, const char *login, const char *password)
{
	value_set_text(v->data, "login", login);
	value_set_text(v->data, "password", password);
	visit_crumb(v, STAFF, visit_text(v, "admin.menu.staff"));
	return visit_show(v, "staff/password", login);
}

int staff_add_post(struct visit *v)
{
	struct staff_new staff = { .login = visit_form(v, "login"), .must_change = true };
	const char *password = secret_password_new(v->a);
	int rc;

	if (!staff_is_login(staff.login))
		fields_error(v, "login", visit_text(v, "admin.staff.login_bad"));
	if (role_read(visit_form(v, "role"), &staff.role))
		fields_error(v, "role", visit_text(v, "admin.staff.role_bad"));
	if (fields_wrong(v))
		return add_show(v);
	if ((rc = factor_hash(v, password, &staff.hash)))
		return rc;
	rc = staff_add(v->db, &v->who, &staff);
	if (rc == ERR_CONFLICT) {
		fields_error(v, "login", visit_text(v, "admin.staff.login_taken"));
		return add_show(v);
	}
	return rc ? rc : password_show(v, staff.login, password);
}

/* ---- one account ---- */

static int staff_of_path(struct visit *v, struct staff **ret)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : staff_find(v->db, v->a, id, ret);
}

int page_staff_one(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct session *sessions;
	struct staff *staff;
	size_t count;
	int rc = staff_of_path(v, &staff);

	if (rc || (rc = session_list(v->db, v->a, staff->id, &sessions, &count)))
		return rc;
	for (size_t i = 0; i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_text(row, "agent", agent_name(v->a, sessions[i].agent));
		value_set_text(row, "address", sessions[i].address);
		value_set_text(row, "seen", visit_time(v, sessions[i].seen_at));
		value_push(rows, row);
	}
	value_set(v->data, "sessions", rows);
	value_set(v->data, "one", staff_value(v, staff));
	role_field_add(v, staff->role);
	visit_crumb(v, STAFF, visit_text(v, "admin.menu.staff"));
	return visit_show(v, "staff/one", staff->login);
}

/* What came of a change, and back to the account. */
static int changed(struct visit *v, const struct staff *staff, int rc, const char *done)
{
	enum tone tone = TONE_DONE;
	const char *key = done;

	if (rc == ERR_CONFLICT || rc == ERR_DENIED) {
		tone = TONE_CARE;
		key = rc == ERR_DENIED ? "admin.staff.last_owner" : "admin.staff.already";
	} else if (rc) {
		return rc;
	}
	/* Who changed their own account has no session any more to be told in. */
	if (staff->id == v->staff->id && !rc)
		return visit_redirect(v, "/admin/login");
	rc = visit_flash(v, tone, VISIT_TEXT(v, key, A("login", staff->login)));
	return rc ? rc
		  : visit_redirect(v, arena_printf(v->a, STAFF "/%lld", (long long)staff->id));
}

int staff_role_post(struct visit *v)
{
	struct staff *staff;
	enum role role;
	int const rc = staff_of_path(v, &staff);

	if (rc)
		return rc;
	if (role_read(visit_form(v, "role"), &role))
		return ERR_INVALID;
	return changed(v, staff, staff_set_role(v->db, &v->who, staff->login, role),
		       "admin.staff.role_done");
}

int staff_disable_post(struct visit *v)
{
	struct staff *staff;
	int const rc = staff_of_path(v, &staff);

	return rc ? rc
		  : changed(v, staff, staff_disable(v->db, &v->who, staff->login),
			    "admin.staff.disable_done");
}

int staff_enable_post(struct visit *v)
{
	struct staff *staff;
	int const rc = staff_of_path(v, &staff);

	return rc ? rc
		  : changed(v, staff, staff_enable(v->db, &v->who, staff->login),
			    "admin.staff.enable_done");
}

int staff_reset_post(struct visit *v)
{
	struct staff *staff;
	int const rc = staff_of_path(v, &staff);

	return rc ? rc
		  : changed(v, staff, staff_reset_totp(v->db, &v->who, staff->login),
			    "admin.staff.reset_done");
}

int staff_password_post(struct visit *v)
{
	const char *password = secret_password_new(v->a);
	struct staff *staff;
	const char *hash;
	int rc = staff_of_path(v, &staff);

	if (rc)
		return rc;
	/* One's own is changed where the old one is asked for. */
	if (staff->id == v->staff->id)
		return visit_redirect(v, "/admin/profile/password");
	if ((rc = factor_hash(v, password, &hash)) ||
	    (rc = staff_give_password(v->db, &v->who, staff->login, hash)))
		return rc;
	return password_show(v, staff->login, password);
}
