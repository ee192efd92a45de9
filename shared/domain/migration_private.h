/* migration_private.h: the files of the folder, for migration.c. */
#ifndef KARTKA_MIGRATION_PRIVATE_H
#define KARTKA_MIGRATION_PRIVATE_H

#include "shared/domain/migration.h"

/* By version, with name and checksum; the texts beside them, to be taken apart. */
int migration_files_read(struct arena *a, const char *folder, struct migration_list *ret,
			 char ***ret_texts, struct str *problem) MUST_CHECK;

/* Take the next statement, without its ; and comments.  NULL: there is no more. */
const char *migration_statement_next(struct arena *a, const char **rest);

#endif
