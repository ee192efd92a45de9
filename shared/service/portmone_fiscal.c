#include "shared/service/portmone_fiscal.h"

#include "shared/service/delivery.h"

/* Receipts are in Ukrainian: the tax office reads them, whatever the buyer's language. */
static struct portmone_goods *line_new(struct arena *a, const struct catalog *catalog,
				       const struct order *order)
{
	const struct card_value *value = catalog_value(catalog, order->value_id);
	struct portmone_goods *line = arena_new(a, struct portmone_goods);

	*line = (struct portmone_goods){
		.code = arena_printf(a, "%lld", (long long)order->value_id),
		.name = delivery_title(a, catalog, value, LANG_UK),
		.price = order->unit_price,
		.quantity = order->quantity,
		.discount = MONEY(order->unit_price.kop * order->quantity - order->total.kop),
	};
	return line;
}

const struct portmone_goods *portmone_fiscal_bill(struct arena *a,
						  const struct catalog *catalog,
						  const struct order *order)
{
	return line_new(a, catalog, order);
}

const struct portmone_goods *portmone_fiscal_refund(struct arena *a,
						    const struct catalog *catalog,
						    const struct refund_order *refund)
{
	const struct order *order = refund->order;
	struct portmone_goods *line = line_new(a, catalog, order);
	int64_t const kop = refund->amount.kop;

	if (refund->whole && kop == order->total.kop)
		return line;
	line->discount = MONEY(0);
	if (kop % order->unit_price.kop == 0 &&
	    kop / order->unit_price.kop <= order->quantity) {
		line->quantity = (int)(kop / order->unit_price.kop);
		return line;
	}
	line->price = refund->amount;
	line->quantity = 1;
	return line;
}
