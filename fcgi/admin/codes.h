/*
 * codes.h: how many codes there are of a value or a batch, as cells of an export.
 */
#ifndef KARTKA_ADMIN_CODES_H
#define KARTKA_ADMIN_CODES_H

#include "fcgi/admin/csv.h"
#include "shared/domain/stock.h"

/* The columns of codes_counts_write(). */
#define CODES_COUNTS                                                                        \
	"admin.code.state.available", "admin.code.state.reserved", "admin.code.state.sold", \
		"admin.code.state.defective", "admin.code.state.withdrawn"
void codes_counts_write(struct csv *to, const struct stock_counts *counts);

#endif
