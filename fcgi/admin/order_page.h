/*
 * order_page.h: an order's page, for what changes it and shows it again.
 */
#ifndef KARTKA_ADMIN_ORDER_PAGE_H
#define KARTKA_ADMIN_ORDER_PAGE_H

#include "fcgi/admin/decide.h"

/* Of the path's first {}. */
int order_asked(struct visit *v, struct order **ret) MUST_CHECK;
int order_show(struct visit *v, const struct order *order) MUST_CHECK;
const char *order_path(const struct visit *v, int64_t id);

#endif
