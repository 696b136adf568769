#include "tool/show.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/time.h"
#include "tool/message.h"

enum { SCRATCH_MAX = 4 << 20 };

static const char *const titles[] = { "time", "patient", "metric", ">value", "unit", "record" };

static void flush_csv(struct hi_show *s, struct hi_run *run)
{
	hi_writer_buf(run->out, &s->scratch);
}

enum hi_format hi_show_format(const struct hi_common *c)
{
	if (c->format_given)
		return c->format;
	return !c->output && isatty(STDOUT_FILENO) ? HI_FORMAT_TABLE : HI_FORMAT_NDJSON;
}

int hi_show_open(struct hi_show *s, struct hi_run *run, struct hi_error *e)
{
	*s = (struct hi_show){ .format = hi_show_format(run->common) };
	hi_buf_init(&s->scratch, SCRATCH_MAX);
	if (s->format == HI_FORMAT_TABLE) {
		s->table = hi_table_new(titles, sizeof(titles) / sizeof(titles[0]));
		return s->table ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for a table");
	}
	if (s->format == HI_FORMAT_NDJSON)
		return HI_OK;
	int status = hi_csv_export_new(&s->csv, false, false, NULL, 0, e);
	if (status == HI_OK)
		hi_csv_export_header(s->csv, &s->scratch);
	flush_csv(s, run);
	return status;
}

/* The text of a member as a cell; empty where there is none. */
static struct hi_slice text_of(struct hi_show *s, const struct hi_rec *rec, const char *key)
{
	hi_buf_reset(&s->scratch);
	struct hi_slice text = hi_rec_text(rec, key, &s->scratch);
	if (s->scratch.failed)
		hi_table_fail(s->table);
	return text;
}

/* "alert HYPOXIA ACTIVE" */
static void put_record_name(struct hi_show *s, const struct hi_rec *rec)
{
	static const char *const keys[] = { "type", "alert_type", "status", "act",
					    "ward", "every",	  "reason" };
	char text[256];
	size_t n = 0;
	if (rec->type == HI_T_READING) {
		hi_table_cell(s->table, hi_rec_is_score(rec) ? HI_LIT("score") : HI_LIT(""));
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct hi_slice t = text_of(s, rec, keys[i]);
		if (t.len == 0 || t.len + 1 > sizeof(text) - n)
			continue;
		if (n)
			text[n++] = ' ';
		memcpy(text + n, t.ptr, t.len);
		n += t.len;
	}
	hi_table_cell(s->table, (struct hi_slice){ text, n });
}

static void put_value(struct hi_show *s, const struct hi_rec *rec)
{
	hi_buf_reset(&s->scratch);
	if (rec->has & HI_HAS_CODE) {
		hi_table_cell(s->table, rec->code);
		return;
	}
	if (rec->has & HI_HAS_VALUE)
		hi_rec_value(rec, &s->scratch);
	if (s->scratch.failed)
		hi_table_fail(s->table);
	const struct hi_member *m =
		rec->type == HI_T_ALERT ? hi_rec_member(rec, "observed_value") : NULL;
	bool known = m && m->kind != HI_JSON_NULL; /* an alarm of silence has no value */
	hi_table_cell(s->table, known ? m->value : hi_buf_view(&s->scratch));
}

/* An alert that has ended stands at its end, as among the records of a store. */
static size_t time_of(struct hi_show *s, const struct hi_rec *rec, char out[HI_TIME_TEXT_MAX])
{
	struct hi_time ended;
	if (rec->type == HI_T_ALERT &&
	    hi_time_parse(text_of(s, rec, "ended"), &ended, NULL) == HI_OK)
		return hi_time_format(ended.t_us, hi_time_digits(ended.t_us), out);
	if (rec->has & HI_HAS_TIME)
		return hi_time_format(rec->t_us, hi_time_digits(rec->t_us), out);
	return 0;
}

static void show_row(struct hi_show *s, struct hi_run *run, const struct hi_rec *rec)
{
	char time[HI_TIME_TEXT_MAX];
	size_t n = time_of(s, rec, time);
	hi_table_cell(s->table, (struct hi_slice){ time, n });
	hi_table_cell(s->table, rec->has & HI_HAS_PATIENT ? rec->patient_id : HI_LIT(""));
	hi_table_cell(s->table, rec->has & HI_HAS_METRIC ? rec->metric_name : HI_LIT(""));
	put_value(s, rec);
	hi_table_cell(s->table, rec->type == HI_T_READING ? hi_rec_unit(rec) : rec->unit);
	put_record_name(s, rec);
	hi_table_row(s->table, run->out);
}

int hi_show_record(struct hi_show *s, struct hi_run *run, const struct hi_rec *rec,
		   struct hi_error *e)
{
	int status = HI_OK;
	if (s->format == HI_FORMAT_NDJSON) {
		hi_pass(run, rec);
	} else if (rec->type == HI_T_MARK) {
		return HI_OK; /* nothing for people */
	} else if (s->format == HI_FORMAT_TABLE) {
		show_row(s, run, rec);
	} else {
		status = hi_csv_export_record(s->csv, rec, &s->scratch, e);
		flush_csv(s, run);
	}
	return status;
}

void hi_show_pause(struct hi_show *s, struct hi_run *run)
{
	if (s->table)
		hi_table_flush(s->table, run->out);
}

static void note_left_out(const struct hi_csv_export_counts *counts)
{
	uint64_t n = 0;
	for (int t = 0; t < HI_TYPES; t++)
		n += counts->other[t];
	if (n > 0)
		hi_note("%" PRIu64 " record%s no reading%s no row in CSV", n,
			n == 1 ? " is" : "s are", n == 1 ? " and has" : "s and have");
}

int hi_show_close(struct hi_show *s, struct hi_run *run, struct hi_error *e)
{
	int status = HI_OK;
	hi_show_pause(s, run);
	if (s->csv) {
		status = hi_csv_export_end(s->csv, &s->scratch, e);
		flush_csv(s, run);
		note_left_out(hi_csv_export_counts(s->csv));
	}
	hi_csv_export_free(s->csv);
	hi_table_free(s->table);
	hi_buf_release(&s->scratch);
	return status;
}
