#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int hi_error_set(struct hi_error *e, enum hi_status status, const char *text)
{
	if (e) {
		memset(e, 0, sizeof *e);
		e->status = status;
		e->text = text;
	}
	return status;
}

int hi_error_sys(struct hi_error *e, const char *text, const char *path)
{
	int sys = errno;

	hi_error_set(e, HI_IO, text);
	if (e) {
		e->sys = sys;
		if (path)
			snprintf(e->detail, sizeof e->detail, "%s", path);
	}
	return HI_IO;
}

int hi_error_fmt(struct hi_error *e, enum hi_status status, const char *text, const char *fmt, ...)
{
	hi_error_set(e, status, text);
	if (e) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(e->detail, sizeof e->detail, fmt, ap);
		va_end(ap);
	}
	return status;
}
