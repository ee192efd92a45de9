/*
 * portmone_evidence.h: Portmone's answer as the domain's evidence: the only way from one
 * to the other, for the worker and for commands.
 */
#ifndef KARTKA_PORTMONE_EVIDENCE_H
#define KARTKA_PORTMONE_EVIDENCE_H

#include "shared/clients/portmone_result.h"
#include "shared/domain/payment.h"

/*
 * PAYED rows (test money only when allowed) and RETURN rows become payment rows; failed ones
 * are left out.  rc is portmone_result_read's: anything but OK is ANSWER_UNUSABLE.
 * *ret_test: test money was there and left out.
 */
void portmone_evidence(struct arena *a, int rc, const struct portmone_rows *rows,
		       bool allow_test, struct payment_evidence *ret, bool *ret_test);

#endif
