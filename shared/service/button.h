/*
 * button.h: what the inline buttons carry.  Buttons hold ids and absolute results, fit 64
 * bytes and work after a restart; screens and notices draw them, the bot's table reads them.
 */
#ifndef KARTKA_BUTTON_H
#define KARTKA_BUTTON_H

#define BUTTON_HOME "m"
#define BUTTON_CATEGORIES "c"
#define BUTTON_CATEGORIES_PAGE "cp:%d"	 /* page, from 0 */
#define BUTTON_CATEGORY "c:%lld"	 /* category */
#define BUTTON_CATEGORY_PAGE "c:%lld:%d" /* category, page from 0 */
#define BUTTON_VALUE "v:%lld:%d"	 /* value, quantity: the order screen, in place */
#define BUTTON_BUY_MORE \
	"b:%lld" /* value: the same in a new message, because this one holds codes */
#define BUTTON_QUANTITY "q:%lld"	/* value: type a quantity */
#define BUTTON_RESTOCK "w:%lld"		/* value: tell me when it is back */
#define BUTTON_CANCEL "x:%lld"		/* order: give it up */
#define BUTTON_PURCHASES "p:%lld"	/* before this order id; 0: the newest */
#define BUTTON_ORDER "o:%lld"		/* order: its codes, in a new message */
#define BUTTON_PROBLEM "s:%lld"		/* order: problem with this code */
#define BUTTON_PROBLEM_CODE "s:%lld:%d" /* order, code's place; 0: all of them */
#define BUTTON_PROBLEM_SEND "t:%lld:%d" /* the same, with nothing more to say */
#define BUTTON_REFUND_WISH "r:%lld"	/* order that waits: I want my money back */
#define BUTTON_LANGUAGE "l"
#define BUTTON_LANGUAGE_SET "l:%s" /* uk, en, ru */
#define BUTTON_ERASE "e"
#define BUTTON_ERASE_YES "e:yes"
#define BUTTON_NOTHING "-" /* a label that does nothing */

#endif
