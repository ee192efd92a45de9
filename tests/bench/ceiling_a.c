/*
 * ceiling_a: a bare libfcgi responder that answers a constant: what nginx, libfcgi and the
 * machine can do before a shop does anything.
 */
#include <fcgiapp.h>

#include "shared/base/base.h"

static const char answer[] = "Status: 200 OK\r\nContent-Type: application/json\r\n"
			     "Content-Length: 2\r\n\r\n{}";

int main(void)
{
	FCGX_Request request;

	if (FCGX_Init() || FCGX_InitRequest(&request, 0, 0))
		return 1;
	while (FCGX_Accept_r(&request) >= 0) {
		FCGX_PutStr(answer, (int)sizeof(answer) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return 1;
}
