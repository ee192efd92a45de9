/* faults.h: the troubles that can be switched on.  Used with the world locked. */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "tests/sandbox/json.h"

/* Change those named; false: one of them is unknown or malformed (`why`: a constant text). */
bool faults_set(struct json_object *changes, const char **why) MUST_CHECK;
struct json_object *faults_all(void);

bool fault_on(const char *name);
int64_t fault_number(const char *name);
/* "" when it is off. */
const char *fault_word(const char *name);

/*
 * A fault that names a method and how many calls it hits: NULL, or the fault, with one call
 * less from now on.  Borrowed until the next change.
 */
struct json_object *fault_hit(const char *name, const char *method);

#endif
