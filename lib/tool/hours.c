#include "tool/hours.h"

#include "base/time.h"
#include "store/store.h"

struct hours {
	struct hi_run *run;
	const char *store; /* as it was given */
};

static void print_hour(void *arg, int64_t hour_us)
{
	const struct hours *h = arg;
	char text[HI_TIME_TEXT_MAX];
	hi_time_format(hour_us, 0, text);
	hi_buf_printf(&h->run->line, "%s@%.13s", h->store, text);
	hi_emit(h->run);
}

int hi_hours_print(struct hi_run *run, const char *path, struct hi_error *e)
{
	const struct hi_common *c = run->common;
	struct hours h = { .run = run, .store = path };
	struct hi_select sel = { .since_us = c->since.given ? c->since.t_us : HI_TIME_MIN,
				 .until_us = c->until.given ? c->until.t_us : HI_TIME_END };
	struct hi_store *store = NULL;
	int s = hi_store_open(&store, path, e);
	if (s)
		return s;
	s = hi_store_hours(store, &sel, print_hour, &h, e);
	hi_store_close(store);
	return s;
}
