/* Until the store is there: no folder is one. */
#include "store/store.h"

bool hi_store_is(const char *path)
{
	(void)path;
	return false;
}

int hi_store_open(struct hi_store **out, const char *path, struct hi_error *e)
{
	*out = NULL;
	return hi_error_sys(e, "not a store", path);
}

void hi_store_close(struct hi_store *s)
{
	(void)s;
}

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

int hi_store_range(struct hi_store *s, int64_t *first_us, int64_t *last_us, struct hi_error *e)
{
	(void)s;
	(void)first_us;
	(void)last_us;
	(void)e;
	return HI_END;
}
