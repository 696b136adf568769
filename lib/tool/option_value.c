/* What an option's argument means, and the lists that options fill. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "tool/option_table.h"
#include "vital/metric.h"
#include "vital/record.h"

/* Everything kept hangs on this list, so that a leak checker sees who owns it. */
struct kept {
	struct kept *next;
	_Alignas(void *) char bytes[];
};
static struct kept *kept;

static void *keep(size_t size)
{
	struct kept *k = malloc(sizeof *k + size);

	if (!k)
		return NULL;
	k->next = kept;
	kept = k;
	return k->bytes;
}

char *hi_option_keep(const char *ptr, size_t len)
{
	char *copy = keep(len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, ptr, len);
	copy[len] = '\0';
	return copy;
}

int hi_option_add(struct hi_strings *list, const char *s, struct hi_error *e)
{
	/* Doubling at powers of two needs no field for the capacity. */
	if (s && (list->n & (list->n - 1)) == 0) {
		const char **v = keep((list->n ? list->n * 2 : 1) * sizeof *v);
		if (!v)
			s = NULL;
		else if (list->n)
			memcpy(v, list->v, list->n * sizeof *v);
		if (v)
			list->v = v;
	}
	if (!s)
		return hi_error_set(e, HI_NOMEM, "no memory for the command line");
	list->v[list->n++] = s;
	return HI_OK;
}

static int bad(struct hi_error *e, const char *text, const char *arg)
{
	return hi_error_fmt(e, HI_USAGE, text, "%s", arg);
}

/* An id is data of a patient: no message repeats it. */
static int add_id(struct hi_strings *ids, const char *id, size_t len, struct hi_error *e)
{
	if (len == 0 || len > HI_PATIENT_ID_MAX)
		return hi_error_set(e, HI_USAGE, "a patient's id has 1 to 64 bytes");
	return hi_option_add(ids, hi_option_keep(id, len), e);
}

int hi_option_ids_of_file(struct hi_strings *ids, const char *path, struct hi_error *e)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int st = HI_OK;

	if (!f)
		return hi_error_sys(e, "cannot open", path);
	while (st == HI_OK && fgets(line, sizeof line, f)) {
		size_t len = strcspn(line, "\r\n");
		if (len > 0)
			st = add_id(ids, line, len, e);
	}
	if (st == HI_OK && ferror(f))
		st = hi_error_sys(e, "cannot read", path);
	fclose(f);
	return st;
}

static int add_list(struct hi_strings *list, const char *arg, bool metrics, struct hi_error *e)
{
	for (const char *p = arg;; p++) {
		size_t len = strcspn(p, ",");
		const struct hi_metric *m =
			metrics ? hi_metric_find_option((struct hi_slice){ p, len }) : NULL;
		if (len == 0)
			return bad(e, "an empty name in a list", arg);
		if (metrics && len > HI_METRIC_NAME_MAX)
			return bad(e, "a metric's name has at most 48 bytes", arg);
		int st = hi_option_add(list, m ? m->name : hi_option_keep(p, len), e);
		if (st != HI_OK)
			return st;
		p += len;
		if (!*p)
			return HI_OK;
	}
}

static int whole_number(const char *arg, int64_t *out, struct hi_error *e)
{
	const char *digits = arg + (*arg == '-');
	char *end;

	errno = 0;
	long long v = strtoll(arg, &end, 10);
	if (*digits < '0' || *digits > '9' || *end || errno)
		return bad(e, "not a whole number", arg);
	*out = v;
	return HI_OK;
}

static int time_of(const char *arg, struct hi_time_given *out, struct hi_error *e)
{
	if (hi_time_option(hi_slice_of(arg), hi_clock_us(), &out->t_us) != HI_OK)
		return bad(e, "not a time (2025-12-28T06:30:00Z, 2025-12-28, 06:30, today, 4h)",
			   arg);
	out->given = true;
	return HI_OK;
}

static int duration_of(const char *arg, int64_t *out, struct hi_error *e)
{
	if (hi_duration_parse(hi_slice_of(arg), out) != HI_OK)
		return bad(e, "not a duration (200ms, 10s, 4h, 30d)", arg);
	return HI_OK;
}

static int day_of(const char *arg, struct hi_common *c, struct hi_error *e)
{
	if (hi_day_option(hi_slice_of(arg), hi_clock_us(), &c->since.t_us, &c->until.t_us) != HI_OK)
		return bad(e, "not a day (2025-12-28, today, yesterday)", arg);
	c->since.given = c->until.given = true;
	return HI_OK;
}

static int above_0(int64_t v, const char *arg, struct hi_error *e)
{
	return v > 0 ? HI_OK : bad(e, "must be above 0", arg);
}

/* "20" goes into n, "24h" into us. */
static int count_or_duration(const char *arg, int64_t *n, int64_t *us, struct hi_error *e)
{
	bool count = arg[strspn(arg, "0123456789")] == '\0';
	int st = count ? whole_number(arg, n, e) : duration_of(arg, us, e);

	return st == HI_OK ? above_0(count ? *n : *us, arg, e) : st;
}

/* By time or by lines: the later one holds. */
static int mark_of(const char *arg, struct hi_common *c, struct hi_error *e)
{
	c->mark_us = c->mark_lines = 0;
	return count_or_duration(arg, &c->mark_lines, &c->mark_us, e);
}

static int window_of(const char *arg, struct hi_common *c, struct hi_error *e)
{
	int st = duration_of(arg, &c->window_us, e);

	return st == HI_OK ? above_0(c->window_us, arg, e) : st;
}

static int format_of(const char *arg, struct hi_common *c, struct hi_error *e)
{
	static const char *const names[] = { "ndjson", "table", "csv" }; /* as enum hi_format */

	for (int i = 0; i < 3; i++) {
		if (strcmp(arg, names[i]) == 0) {
			c->format = (enum hi_format)i;
			c->format_given = true;
			return HI_OK;
		}
	}
	return bad(e, "not one of table, ndjson, csv", arg);
}

/* The shared rows that are more than a field of their kind. */
static int apply_special(const struct hi_option *o, const char *arg, struct hi_common *c,
			 struct hi_error *e)
{
	switch (o->offset) {
	case HI_AT_VERBOSE:
		c->verbose++;
		return HI_OK;
	case HI_AT_DAY:
		return day_of(arg, c, e);
	case HI_AT_LAST:
		return count_or_duration(arg, &c->last_n, &c->last_us, e);
	case HI_AT_PATIENT:
		if (*arg == '@')
			return hi_option_ids_of_file(&c->patients, arg + 1, e);
		return add_id(&c->patients, arg, strlen(arg), e);
	case HI_AT_METRIC:
		return add_list(&c->metrics, arg, true, e);
	case HI_AT_FORMAT:
		return format_of(arg, c, e);
	case HI_AT_MARK:
		return mark_of(arg, c, e);
	case HI_AT_WINDOW:
		return window_of(arg, c, e);
	default: /* help, version, tz: options.c has seen to them */
		return HI_OK;
	}
}

int hi_option_apply(const struct hi_option_row *row, const char *arg, void *options,
		    struct hi_common *common, struct hi_error *e)
{
	const struct hi_option *o = row->opt;

	if (!row->own && o->offset >= HI_AT_HELP)
		return apply_special(o, arg, common, e);

	void *field = (char *)(row->own ? options : common) + o->offset;
	struct hi_num num;
	switch (o->kind) {
	case HI_OPT_FLAG:
		*(bool *)field = true;
		break;
	case HI_OPT_STRING:
		*(const char **)field = arg;
		break;
	case HI_OPT_STRINGS:
		return hi_option_add(field, arg, e);
	case HI_OPT_LIST:
		return add_list(field, arg, false, e);
	case HI_OPT_INT:
		return whole_number(arg, field, e);
	case HI_OPT_DURATION:
		return duration_of(arg, field, e);
	case HI_OPT_TIME:
		return time_of(arg, field, e);
	case HI_OPT_NUMBER:
		if (!hi_num_parse(hi_slice_of(arg), &num))
			return bad(e, "not a number", arg);
		*(double *)field = num.v;
		break;
	}
	return HI_OK;
}
