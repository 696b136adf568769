#include "agg/row.h"

#include <stdio.h>

#include "base/time.h"
#include "csv/text.h"
#include "json/json.h"

/* The calendar day of a window of one day, in the zone; 0 for other windows. */
static size_t stat_date(const struct hi_stat_row *row, char out[HI_TIME_TEXT_MAX])
{
	struct hi_civil c;

	if (row->every_us != HI_US_DAY)
		return 0;
	hi_civil_of(row->window.from_us, false, &c);
	return (size_t)snprintf(out, HI_TIME_TEXT_MAX, "%04u-%02u-%02u", (unsigned)c.year % 10000,
				(unsigned)c.month % 100, (unsigned)c.day % 100);
}

static struct hi_slice every_text(const struct hi_stat_row *row, char out[HI_TIME_TEXT_MAX])
{
	return (struct hi_slice){ out, hi_duration_format(row->every_us, out) };
}

static void put_stats(struct hi_object *o, const struct hi_stats *s)
{
	if (s->count == 0)
		return;
	hi_object_num(o, "avg", s->avg);
	hi_object_num(o, "min", s->min);
	hi_object_num(o, "max", s->max);
	if (s->has_sd)
		hi_object_num(o, "sd", s->sd);
	hi_object_num(o, "p05", s->p05);
	hi_object_num(o, "p50", s->p50);
	hi_object_num(o, "p95", s->p95);
}

static void put_plausible(struct hi_object *outer, const struct hi_stats *s)
{
	struct hi_object o;

	hi_object_raw(outer, "plausible", HI_LIT(""));
	hi_object_begin(&o, outer->b);
	put_stats(&o, s);
	hi_object_end(&o);
}

void hi_stat_json(struct hi_buf *b, const struct hi_stat_row *row)
{
	char every[HI_TIME_TEXT_MAX], date[HI_TIME_TEXT_MAX];
	size_t date_len = stat_date(row, date);
	struct hi_object o;

	hi_object_begin(&o, b);
	hi_object_str(&o, "type", HI_LIT("stat"));
	hi_object_time(&o, "from", row->window.from_us);
	hi_object_time(&o, "to", row->window.to_us);
	hi_object_str(&o, "every", every_text(row, every));
	hi_object_str(&o, "tz", hi_slice_of(hi_tz_name()));
	if (date_len > 0)
		hi_object_str(&o, "stat_date", (struct hi_slice){ date, date_len });
	hi_object_str(&o, "metric_name", row->metric_name);
	if (row->patient_id.ptr)
		hi_object_str(&o, "patient_id", row->patient_id);
	if (row->ward.ptr)
		hi_object_str(&o, "ward", row->ward);
	hi_object_int(&o, "count", (int64_t)row->all.count);
	hi_object_int(&o, "patient_count", (int64_t)row->patient_count);
	put_stats(&o, &row->all);
	hi_object_int(&o, "implausible", (int64_t)(row->all.count - row->plausible.count));
	put_plausible(&o, &row->plausible);
	if (row->all.approx)
		hi_object_bool(&o, "approx", true);
	hi_object_bool(&o, "complete", row->complete);
	hi_object_end(&o);
}

void hi_stat_csv_header(struct hi_buf *b)
{
	hi_buf_puts(b, "from,to,every,tz,stat_date,metric_name,patient_id,ward,count,"
		       "patient_count,avg,min,max,sd,p05,p50,p95,implausible,plausible_avg,"
		       "plausible_min,plausible_max,plausible_sd,plausible_p05,plausible_p50,"
		       "plausible_p95,approx,complete\n");
}

static void csv_text(struct hi_buf *b, struct hi_slice s)
{
	hi_csv_put_text(b, s, false);
	hi_buf_putc(b, ',');
}

static void csv_time(struct hi_buf *b, int64_t t_us)
{
	hi_csv_put_time(b, t_us);
	hi_buf_putc(b, ',');
}

static void csv_number(struct hi_buf *b, double v)
{
	char text[HI_NUM_TEXT_MAX];

	hi_buf_put(b, text, hi_num_format(v, text));
	hi_buf_putc(b, ',');
}

static void csv_count(struct hi_buf *b, uint64_t n)
{
	char text[HI_NUM_TEXT_MAX];

	hi_buf_put(b, text, hi_num_format_u64(n, text));
	hi_buf_putc(b, ',');
}

static void csv_stats(struct hi_buf *b, const struct hi_stats *s)
{
	if (s->count == 0) {
		hi_buf_puts(b, ",,,,,,,");
		return;
	}
	csv_number(b, s->avg);
	csv_number(b, s->min);
	csv_number(b, s->max);
	if (s->has_sd)
		csv_number(b, s->sd);
	else
		hi_buf_putc(b, ',');
	csv_number(b, s->p05);
	csv_number(b, s->p50);
	csv_number(b, s->p95);
}

void hi_stat_csv(struct hi_buf *b, const struct hi_stat_row *row)
{
	char every[HI_TIME_TEXT_MAX], date[HI_TIME_TEXT_MAX];

	csv_time(b, row->window.from_us);
	csv_time(b, row->window.to_us);
	csv_text(b, every_text(row, every));
	csv_text(b, hi_slice_of(hi_tz_name()));
	csv_text(b, (struct hi_slice){ date, stat_date(row, date) });
	csv_text(b, row->metric_name);
	csv_text(b, row->patient_id);
	csv_text(b, row->ward);
	csv_count(b, row->all.count);
	csv_count(b, row->patient_count);
	csv_stats(b, &row->all);
	csv_count(b, row->all.count - row->plausible.count);
	csv_stats(b, &row->plausible);
	hi_buf_puts(b, row->all.approx ? "true," : "false,");
	hi_buf_puts(b, row->complete ? "true\n" : "false\n");
}
