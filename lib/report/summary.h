/*
 * What a report says, gathered from records in one pass: patients with a series
 * a metric, alarm episodes, rules, daily statistics, rejects. Shared by hi-report
 * and hi-serve; knows nothing of HTML.
 *
 * Memory is bounded whatever comes in: each list below has a maximum, what does
 * not fit is counted and the report says so, and where the charts' buckets reach
 * HI_SUMMARY_BUCKETS_MAX all of them become coarser. Event time only.
 */
#ifndef HI_REPORT_SUMMARY_H
#define HI_REPORT_SUMMARY_H

#include "report/series.h"
#include "rule/rule.h"
#include "state/patients.h"
#include "vital/record.h"

enum {
	HI_SUMMARY_PATIENTS_MAX = 100000,
	HI_SUMMARY_METRICS_MAX = 64,
	HI_SUMMARY_EPISODES_MAX = 200000,
	HI_SUMMARY_RULES_MAX = 512,
	HI_SUMMARY_STATS_MAX = 5000,
	HI_SUMMARY_REJECTS_MAX = 64,
	HI_SUMMARY_GROUPS_MAX = 20000,	  /* days x metrics that statistics are computed of */
	HI_SUMMARY_BUCKETS_MAX = 8 << 20, /* of all series together: 256 MiB */
	HI_SUMMARY_TEXT_MAX = 96	  /* bytes kept of a name, a limit, a reason */
};

/* Priorities are those of rules (enum hi_priority), in order of urgency, and one more. */
enum {
	HI_ALARM_UNKNOWN = HI_PRIORITIES, /* none was written: the replaced system's alerts */
	HI_ALARMS
};
const char *hi_alarm_name(unsigned priority); /* "high", ... "no" */
const char *hi_alarm_mark(unsigned priority); /* "***", ... "?" */

/* A text of at most TEXT_MAX bytes, cut between characters. */
struct hi_words {
	uint8_t len;
	char s[HI_SUMMARY_TEXT_MAX];
};

/* Copies s, cut between UTF-8 characters where it is too long. */
void hi_words_set(struct hi_words *w, struct hi_slice s);

static inline struct hi_slice hi_words_view(const struct hi_words *w)
{
	return (struct hi_slice){ w->s, w->len };
}

struct hi_summary_metric {
	const struct hi_metric *metric; /* NULL: not in the catalogue */
	struct hi_words name, unit;
	unsigned patients_n; /* with a series of it */
};

struct hi_patient_series {
	unsigned metric; /* index into hi_summary.metrics */
	struct hi_series series;
};

struct hi_rule_seen {
	struct hi_words type, metric, limit;
	unsigned priority;
	uint64_t episodes, active, each;
	int64_t total_us; /* time in alarm of the ended ones */
};

struct hi_summary_patient;
struct hi_agg;

/* An episode: the alert records of one alert_id. */
struct hi_alarm {
	struct hi_summary_patient *patient;
	struct hi_alarm *next; /* of the same patient, newest first once finished */
	uint32_t rule;
	unsigned priority;
	bool ended, latched, has_observed, has_worst;
	int64_t onset_us, end_us; /* end_us: where ended */
	struct hi_num observed, worst;
	char unit[HI_UNIT_MAX + 1];
};

struct hi_summary_patient {
	struct hi_slice id; /* lives in the table */
	size_t number;	    /* its place in hi_summary.order, once finished */
	struct hi_words *name, *ward, *bed, *status; /* of the patient record; NULL: none */
	int64_t version;
	struct hi_patient_series **series; /* catalogue order once finished */
	unsigned series_n;
	int64_t first_us, last_us; /* of readings; readings > 0 */
	int64_t monitored_us;	   /* steps of at most 1 h between readings */
	uint64_t readings;
	struct hi_alarm *episodes;
	unsigned episodes_n, active[HI_ALARMS], active_n;
	uint64_t each;	/* alerts of --each */
	unsigned worst; /* of its active alarms; HI_ALARMS: none */
};

enum {
	HI_STAT_AVG,
	HI_STAT_SD,
	HI_STAT_MIN,
	HI_STAT_P05,
	HI_STAT_P50,
	HI_STAT_P95,
	HI_STAT_MAX,
	HI_STAT_NUMBERS
};

struct hi_day_row {
	int64_t from_us, to_us;
	struct hi_words every, who; /* who: a patient or a ward; empty: all */
	struct hi_words metric_name;
	const struct hi_metric *metric;
	char kind;    /* ' ' all, 'w' a ward, 'p' a patient */
	unsigned has; /* bits 1 << HI_STAT_... */
	double v[HI_STAT_NUMBERS];
	uint64_t count, patients, implausible;
	bool has_count, has_patients, has_implausible, incomplete, approx;
	uint32_t arrival; /* of two rows of one identity the later stands */
};

struct hi_reject_kind {
	struct hi_words tool, source, reason;
	uint64_t n, line; /* line of the first */
};

struct hi_summary {
	struct hi_patients *table;  /* of struct hi_summary_patient */
	struct hi_patients *alerts; /* of struct hi_alarm, by alert_id */
	struct hi_summary_metric metrics[HI_SUMMARY_METRICS_MAX];
	unsigned metrics_n;
	struct hi_rule_seen *rules;
	unsigned rules_n;
	struct hi_day_row *stats;
	unsigned stats_n, stats_cap;
	struct hi_agg
		*agg;  /* daily statistics where the input has none; NULL: it has, or too many */
	uint8_t *days; /* a bit a day that has readings */
	uint32_t days_n;
	bool stats_computed, stats_many; /* by us; too many windows to compute any */
	struct hi_reject_kind *rejects;
	unsigned rejects_n;
	struct hi_buf scratch;
	unsigned bucket_max; /* of one series, now */
	uint64_t buckets;    /* allocated in all */

	uint64_t types[HI_TYPES], scores, readings, implausible, zoneless;
	int64_t first_us, last_us; /* of readings and alerts; has_time */
	bool has_time;
	int64_t monitored_us;
	/* What did not fit. */
	uint64_t patients_left, metrics_left, episodes_left, rules_left, stats_left, rejects_left;
	uint64_t alerts_odd; /* alert records without what an episode needs */

	/* After hi_summary_finish: */
	struct hi_summary_patient **order; /* worst active alarm first, then by id */
	size_t patients_n;
	struct hi_alarm **episodes; /* active first, by priority; then ended, newest first */
	size_t episodes_n, active_n, active[HI_ALARMS];
	uint64_t each;
	unsigned metric_order[HI_SUMMARY_METRICS_MAX]; /* catalogue first, then by name */
};

/* HI_OK or HI_NOMEM. */
int hi_summary_init(struct hi_summary *s, struct hi_error *e);
void hi_summary_release(struct hi_summary *s);

/* Takes a record of any type. HI_OK, or HI_NOMEM where memory itself ends. */
int hi_summary_add(struct hi_summary *s, const struct hi_rec *rec, struct hi_error *e);

/* Sorts and counts; call once, after the last record. HI_OK or HI_NOMEM. */
int hi_summary_finish(struct hi_summary *s, struct hi_error *e);

/* The patient's series of metrics[metric], or NULL. */
const struct hi_series *hi_summary_series(const struct hi_summary_patient *p, unsigned metric);

/* -1 below, 0 within, 1 above m's normal range; 0 where it has none. */
int hi_summary_side(const struct hi_metric *m, double v);

/* Episodes a patient and day of monitored time; false where nothing was monitored. */
bool hi_summary_burden(const struct hi_summary *s, double *per_bed_day);

/* --- pieces that the summary is made of; not for users of it --- */
struct hi_summary_patient *hi_summary_patient_get(struct hi_summary *s, const struct hi_rec *rec,
						  int *rc);
int hi_summary_alert(struct hi_summary *s, const struct hi_rec *rec);
int hi_summary_stat(struct hi_summary *s, const struct hi_rec *rec);
int hi_summary_reject(struct hi_summary *s, const struct hi_rec *rec);
int hi_summary_stats_open(struct hi_summary *s, struct hi_error *e);
int hi_summary_stats_add(struct hi_summary *s, const struct hi_rec *rec);
int hi_summary_stats_finish(struct hi_summary *s, struct hi_error *e);
void hi_summary_time(struct hi_summary *s, int64_t t_us);
/* Members of rec: a text (empty where there is none), true, a whole number. */
void hi_summary_text(struct hi_summary *s, const struct hi_rec *rec, const char *key,
		     struct hi_words *w);
bool hi_summary_true(const struct hi_rec *rec, const char *key);
bool hi_summary_count(const struct hi_rec *rec, const char *key, uint64_t *n);

#endif
