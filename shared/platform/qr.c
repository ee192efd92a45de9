#include "shared/platform/qr.h"

#include "shared/base/str.h"

#include <qrencode.h>

enum { PATH_MAX_BYTES = 256 * 1024 };

static const char *path_draw(struct arena *a, const QRcode *code)
{
	struct str s = STR(a, PATH_MAX_BYTES);

	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++) {
			int run = 0;

			/* The lowest bit of a module is its colour. */
			while (x + run < code->width &&
			       code->data[y * code->width + x + run] & 1)
				run++;
			if (run)
				str_addf(&s, "M%d %dh%dv1h-%dz", x, y, run, run);
			x += run;
		}
	return str_text(&s);
}

int qr_path(struct arena *a, const char *text, const char **ret, int *ret_size)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (!code)
		return ERR_TOO_LONG;
	*ret = path_draw(a, code);
	*ret_size = code->width;
	QRcode_free(code);
	return OK;
}
