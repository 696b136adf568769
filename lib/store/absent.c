/* Until the store is there: no folder is one. */
#include "store/store.h"

int hi_cursor_open(struct hi_cursor **out, struct hi_store *s, const struct hi_select *sel,
		   struct hi_error *e)
{
	(void)s;
	(void)sel;
	*out = NULL;
	return hi_error_sys(e, "not a store", NULL);
}

int hi_cursor_next(struct hi_cursor *c, struct hi_rec *rec, struct hi_error *e)
{
	(void)c;
	(void)rec;
	(void)e;
	return HI_END;
}

void hi_cursor_close(struct hi_cursor *c)
{
	(void)c;
}
