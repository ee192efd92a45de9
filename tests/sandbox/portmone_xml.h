/* portmone_xml.h: a question that came as a form is answered in XML. */
#ifndef SANDBOX_PORTMONE_XML_H
#define SANDBOX_PORTMONE_XML_H

#include "tests/sandbox/portmone_gateway.h"
#include "tests/sandbox/text.h"

/* The form's names (shop_order_number) to those of JSON (shopOrderNumber). */
struct json_object *xml_names(struct json_object *form);

/* <portmoneresult>…: the answer's rows, or the one of a refund. */
void xml_write(const struct question *q, struct text *out);

#endif
