/*
 * hi_detect after a restart is what it was: random streams are run as they are, and
 * with a restart at their marks, where all that it knows is a preamble. The preamble is
 * made here by the words of store/preamble.h, from what came and was said until then;
 * what is said after it must be the same, byte for byte and line for line.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "rule/detect.h"
#include "state/clock.h"
#include "vital/reader.h"

#define T0 (INT64_C(1766905200) * HI_US_S) /* 2025-12-28T07:00:00Z */

enum { ITEMS_MAX = 500, PATIENTS = 6, METRICS = 5, ALERTS_MAX = 20000, RULES_MAX = 12 };

static const char *const metric_names[METRICS] = { "heart_rate", "spo2", "temperature", "lactate",
						   "consciousness" };

enum kind { READING, PATIENT, MARK };

/* One line of the input. */
struct item {
	enum kind kind;
	int patient, metric;
	int64_t t_us;	    /* READING; MARK: its time; PATIENT: at */
	bool timed;	    /* MARK, PATIENT: t_us is there */
	bool far;	    /* READING: ahead of all clocks by more than some stale rule's time */
	const char *status; /* PATIENT */
	int version;	    /* PATIENT */
	int64_t stream_us;  /* the stream's clock behind it */
	struct hi_patient_clock clock; /* READING: the patient's behind it */
	char line[256];
};

/* What an alert's line says that a store has columns for. */
struct seen {
	char id[40], rule;
	int patient;
	bool cleared, value; /* value: no alarm of silence */
	int64_t onset_us, ended_us;
};

struct alert {
	int item; /* came with */
	char *line;
	struct seen seen;
};

struct alerts {
	struct alert v[ALERTS_MAX];
	int n;
};

struct stream {
	struct hi_rules rules;
	int64_t lateness_us, window_us;
	struct item v[ITEMS_MAX];
	int n;
};

/* A detector, and where its alerts go. */
struct run {
	struct hi_detect *d;
	struct hi_buf line;
	struct alerts *out;
	int item;
};

/* ck_assert tells its parent of every success, a system call each. */
#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			ck_abort_msg("%s", #what);                                                 \
	} while (0)

static struct hi_reader *reader;
static uint64_t random_state;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((random_state >> 33) % n);
}

static bool one_in(uint32_t n)
{
	return rnd(n) == 0;
}

static int64_t seconds(uint32_t n)
{
	return (int64_t)rnd(n) * HI_US_S;
}

/* ---- the stream ---- */

static void make_rules(struct stream *s)
{
	static const char *const text[] = {
		"A high hr > 120 for 10s clear < 110 for 20s",
		"B low hr > 140",
		"C low spo2 < 92 for 1m",
		"D medium lactate > 4 clear < 3 for 30m",
		"E low temp > 39 for 15m clear <= 38",
		"F low hr < 50 for 1s clear > 60 for 1s",
		"G technical spo2 stale 5m",
		"H technical any stale 2m",
		"I technical temp stale 12h",
		"J technical acvpu stale 1h",
		"K technical lactate stale 23h",
		"L medium spo2 < 85 clear > 90 for 45m",
	};
	struct hi_buf b;

	hi_buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		if (!one_in(3))
			hi_buf_printf(&b, "%s\n", text[i]);
	ck_assert_int_eq(HI_OK,
			 hi_rules_parse(&s->rules, hi_buf_view(&b), "test", NULL, NULL, NULL));
	hi_buf_release(&b);
	s->lateness_us = one_in(2) ? 0 : seconds(120);
	s->window_us = (1 + rnd(3)) * HI_US_H;
}

static void put_time(char *line, size_t cap, const char *key, int64_t t_us)
{
	char text[HI_TIME_TEXT_MAX];
	size_t n = hi_time_format(t_us, hi_time_digits(t_us), text), used = strlen(line);

	snprintf(line + used, cap - used, ",\"%s\":\"%.*s\"", key, (int)n, text);
}

static void add_reading(struct stream *s, int patient, int metric, int64_t t_us)
{
	static const int low[METRICS] = { 40, 80, 36, 1, 0 }, span[METRICS] = { 120, 20, 5, 6, 5 };
	struct item *it = &s->v[s->n++];
	char value[16];

	*it = (struct item){ .kind = READING, .patient = patient, .metric = metric, .t_us = t_us };
	if (metric == 4)
		snprintf(value, sizeof value, "\"%c\"", "ACVPU"[rnd(5)]);
	else if (one_in(3)) /* values that last, so that delays are over */
		snprintf(value, sizeof value, "%d", low[metric] + (one_in(2) ? span[metric] : 0));
	else
		snprintf(value, sizeof value, "%d.%d",
			 low[metric] + (int)rnd((uint32_t)span[metric]), (int)rnd(2) * 5);
	snprintf(it->line, sizeof it->line,
		 "{\"patient_id\":\"P%d\",\"metric_name\":\"%s\",\"value\":%s", patient,
		 metric_names[metric], one_in(15) ? "null" : value);
	put_time(it->line, sizeof it->line, "timestamp", t_us);
	strcat(it->line, "}");
}

static void add_patient(struct stream *s, int patient, int64_t at_us)
{
	static const char *const status[] = { "admitted", "standby", "discharged", NULL };
	struct item *it = &s->v[s->n++];

	*it = (struct item){ .kind = PATIENT, .patient = patient, .timed = !one_in(4) };
	it->status = one_in(2) ? "admitted" : status[rnd(4)];
	it->t_us = at_us;
	it->version = one_in(6) ? (int)rnd((uint32_t)s->n) : s->n;
	snprintf(it->line, sizeof it->line,
		 "{\"type\":\"patient\",\"patient_id\":\"P%d\",\"version\":%d", patient,
		 it->version);
	if (it->status)
		snprintf(it->line + strlen(it->line), 64, ",\"status\":\"%s\"", it->status);
	if (it->timed)
		put_time(it->line, sizeof it->line, "at", at_us);
	strcat(it->line, "}");
}

static void add_mark(struct stream *s, bool timed, int64_t t_us)
{
	s->v[s->n++] = (struct item){ .kind = MARK, .timed = timed, .t_us = t_us };
}

/* How the time goes on: mostly by seconds. */
static int64_t step(void)
{
	switch (rnd(30)) {
	case 0:
		return seconds(1200);
	case 1:
		return one_in(12) ? seconds(20000) : 0;
	case 2:
		return one_in(200) ? seconds(200000) : 0;
	case 3:
	case 4:
		return 0;
	default:
		return seconds(12);
	}
}

static int64_t jitter(int64_t now_us)
{
	switch (rnd(24)) {
	case 0:
		return now_us - seconds(300);
	case 1:
		return now_us - seconds(5);
	case 2:
		return one_in(3) ? now_us - seconds(20000) : now_us;
	case 3:
		return one_in(8) ? now_us + HI_US_H + seconds(100000) : now_us;
	case 4:
		return one_in(8) ? now_us + seconds(3000) : now_us;
	default:
		return now_us;
	}
}

/* Who sends now, whose readings are from another year, and who measures only now and then. */
static void make_items(struct stream *s)
{
	int64_t now_us = T0, year_us[PATIENTS] = { 0 };
	bool silent[PATIENTS] = { false };
	const bool ticks = !one_in(4);

	if (one_in(3))
		year_us[PATIENTS - 1] = (one_in(2) ? -1 : 1) * 400 * HI_US_DAY;
	s->n = 0;
	while (s->n < ITEMS_MAX - 5) {
		int p = (int)rnd(PATIENTS);
		int m = one_in(5) ? (int)rnd(METRICS) : (int)rnd(2);

		now_us += step();
		if (one_in(25)) {
			int who = (int)rnd(PATIENTS);
			silent[who] = !silent[who] && one_in(2);
		}
		if (one_in(12)) {
			bool timed = ticks && !one_in(3);
			add_mark(s, timed, now_us + (one_in(4) ? seconds(400) : 0));
			now_us = timed && s->v[s->n - 1].t_us > now_us ? s->v[s->n - 1].t_us
								       : now_us;
		}
		if (one_in(40))
			add_patient(s, p, now_us - seconds(10) + seconds(20));
		if (silent[p])
			continue;
		add_reading(s, p, m, jitter(now_us + year_us[p]));
		if (one_in(20)) {
			s->v[s->n] = s->v[s->n - 1];
			s->n++;
		}
	}
	add_mark(s, false, 0);
}

/* The clocks, which a preamble is made by. */
static void run_clocks(struct stream *s)
{
	struct hi_patient_clock clock[PATIENTS] = { { 0 } };
	struct hi_stream_clock stream;
	char id[8];

	hi_stream_clock_init(&stream);
	for (int i = 0; i < s->n; i++) {
		struct item *it = &s->v[i];

		if (it->kind == READING) {
			snprintf(id, sizeof id, "P%d", it->patient);
			hi_stream_clock_reading(&stream, hi_slice_of(id), it->t_us);
			hi_patient_clock_move(&clock[it->patient], it->t_us - HI_CLOCK_ZERO, 0);
			it->clock = clock[it->patient];
		} else if (it->kind == MARK && it->timed) {
			hi_stream_clock_tick(&stream, it->t_us);
		}
		it->stream_us = stream.now_us;
	}
}

/* ---- hi_detect ---- */

static int64_t time_in(const char *line, const char *key)
{
	const char *p = strstr(line, key);
	struct hi_time t;

	if (!p)
		return HI_TIME_MIN;
	p += strlen(key);
	MUST(hi_time_parse((struct hi_slice){ p, (size_t)(strchr(p, '"') - p) }, &t, NULL) ==
	     HI_OK);
	return t.t_us;
}

static struct seen see(const char *line)
{
	struct seen s = { .patient = atoi(strstr(line, "\"patient_id\":\"P") + 15),
			  .rule = strstr(line, "\"alert_type\":\"")[14],
			  .value = !strstr(line, "\"observed_value\":null"),
			  .cleared = strstr(line, "\"CLEARED\"") != NULL,
			  .onset_us = time_in(line, "\"timestamp\":\""),
			  .ended_us = time_in(line, "\"ended\":\"") };

	snprintf(s.id, sizeof s.id, "%.36s", strstr(line, "\"alert_id\":\"") + 12);
	return s;
}

static void heard(void *arg)
{
	struct run *r = arg;

	MUST(r->out->n < ALERTS_MAX);
	struct alert *a = &r->out->v[r->out->n++];
	*a = (struct alert){ .item = r->item, .line = strndup(r->line.ptr, r->line.len) };
	a->seen = see(a->line);
	hi_buf_reset(&r->line);
}

static void begin(struct run *r, const struct stream *s, struct alerts *out)
{
	struct hi_detect_setup setup = { .rules = &s->rules,
					 .lateness_us = s->lateness_us,
					 .forget_us = HI_US_DAY,
					 .line = &r->line,
					 .emit = heard,
					 .arg = r };

	*r = (struct run){ .out = out };
	hi_buf_init(&r->line, 1 << 16);
	MUST(hi_detect_new(&r->d, &setup, NULL) == HI_OK);
}

static void end(struct run *r)
{
	hi_detect_free(r->d);
	hi_buf_release(&r->line);
}

static void parse(const char *line, struct hi_rec *rec)
{
	struct hi_error e = { 0 };

	if (hi_reader_line_parse(reader, hi_slice_of(line), rec, &e))
		ck_abort_msg("%s: %s", e.text, line);
}

static void play(struct run *r, const struct stream *s, int i)
{
	const struct item *it = &s->v[i];
	struct hi_rec rec;
	int status;

	r->item = i;
	if (it->kind == MARK) {
		if (it->timed)
			MUST(hi_detect_tick(r->d, it->t_us, NULL) == HI_OK);
		return;
	}
	parse(it->line, &rec);
	if (it->kind == PATIENT) {
		MUST(hi_detect_patient(r->d, &rec, NULL) == HI_OK);
		return;
	}
	status = hi_detect_before(r->d, &rec, NULL);
	MUST(status >= HI_OK);
	if (status == HI_DETECT_JUDGE)
		MUST(hi_detect_after(r->d, &rec, NULL) == HI_OK);
}

/* ---- the preamble, by the words of store/preamble.h ---- */

/* Alert k is ACTIVE in a store that has the first n. */
static bool is_active(const struct alerts *a, int k, int n)
{
	const struct seen *s = &a->v[k].seen;

	for (int i = 0; i < n && !s->cleared; i++)
		if (a->v[i].seen.cleared && strcmp(a->v[i].seen.id, s->id) == 0)
			return false;
	return !s->cleared;
}

/* What the store knows of a patient at a mark. Numbers are items, -1: none. */
struct known {
	int last;    /* the last reading */
	int calm;    /* the last one after which no time far ahead waits */
	int record;  /* the latest patient record */
	int first;   /* reading that is given as it came */
	int seed[2]; /* readings before it that have set the clock: its time, and one ahead */
	int newest[METRICS]; /* reading that the clock has taken, and */
	int ahead[METRICS];  /* one that waits for it */
	int64_t stream_us;   /* the stream's clock at the last one */
	int64_t now_us, start_us;
	bool given, active;
};

/* The newest readings of each metric, as far as the clock believes them. */
static void note_newest(struct known *k, const struct stream *s, int i,
			const struct hi_patient_clock *before)
{
	const struct item *it = &s->v[i];
	const struct hi_patient_clock *c = &it->clock;
	int64_t t = it->t_us - HI_CLOCK_ZERO;
	bool settled = before->ahead && (c->now != before->now || !c->ahead);

	for (int m = 0; m < METRICS && settled; m++) {
		int a = k->ahead[m];
		if (a >= 0 && c->now >= before->ahead &&
		    s->v[a].t_us - HI_CLOCK_ZERO == before->ahead &&
		    (k->newest[m] < 0 || s->v[a].t_us >= s->v[k->newest[m]].t_us))
			k->newest[m] = a;
		k->ahead[m] = -1;
	}
	if (t > c->now)
		k->ahead[it->metric] = i;
	else if (k->newest[it->metric] < 0 || it->t_us >= s->v[k->newest[it->metric]].t_us)
		k->newest[it->metric] = i;
	if (!c->ahead)
		k->calm = i;
}

/* The first pass: clocks, and the onset of an alarm as the clock stood when it came. */
static void hear(struct known *k, const struct stream *s, const struct alerts *a, int alerts_n,
		 int m, int patient)
{
	struct hi_patient_clock before = { 0 };
	int64_t onset_us = HI_TIME_END;
	int n = 0;

	for (int i = 0; i <= m; i++) {
		const struct item *it = &s->v[i];

		if (it->kind == PATIENT && it->patient == patient &&
		    (k->record < 0 || it->version >= s->v[k->record].version))
			k->record = i;
		if (it->kind == READING && it->patient == patient) {
			note_newest(k, s, i, &before);
			before = it->clock;
			k->last = i;
		}
		for (; n < alerts_n && a->v[n].item <= i; n++) {
			const struct seen *seen = &a->v[n].seen;
			int64_t at_us = seen->onset_us;
			if (seen->patient != patient || !is_active(a, n, alerts_n))
				continue;
			k->active = true;
			if (at_us - HI_CLOCK_ZERO > before.now)
				at_us = before.now + HI_CLOCK_ZERO;
			if (seen->value && at_us < onset_us)
				onset_us = at_us;
		}
	}
	k->now_us = before.now + HI_CLOCK_ZERO;
	k->start_us = (onset_us < k->now_us ? onset_us : k->now_us) - s->window_us;
}

/* The second pass: where what is given begins. */
static void find_first(struct known *k, const struct stream *s, int m, int patient)
{
	struct hi_patient_clock before = { 0 };
	int now = -1, ahead = -1;

	for (int i = 0; i <= m; before = s->v[i].kind == READING && s->v[i].patient == patient
						 ? s->v[i].clock
						 : before,
		 i++) {
		const struct item *it = &s->v[i];
		const int64_t t = it->t_us - HI_CLOCK_ZERO;

		if (it->kind != READING || it->patient != patient)
			continue;
		if (it->clock.now < k->start_us - HI_CLOCK_ZERO &&
		    (it->t_us < k->start_us || it->t_us > k->now_us)) {
			if (it->clock.now != before.now)
				now = it->clock.now == t ? i : ahead;
			if (it->clock.ahead == t)
				ahead = i;
			continue;
		}
		k->first = i;
		if (before.now && (it->clock.now != t || it->clock.ahead || k->calm < i)) {
			k->seed[0] = now;
			k->seed[1] = before.ahead ? ahead : -1;
		}
		return;
	}
}

static void look_back(const struct stream *s, const struct alerts *a, int alerts_n, int m,
		      struct known *k, int patient)
{
	*k = (struct known){
		.last = -1, .calm = -1, .record = -1, .first = m + 1, .seed = { -1, -1 }
	};
	memset(k->newest, -1, sizeof k->newest);
	memset(k->ahead, -1, sizeof k->ahead);
	hear(k, s, a, alerts_n, m, patient);
	if (k->last < 0)
		return;
	k->stream_us = s->v[k->last].stream_us;
	k->given = k->stream_us >= s->v[m].stream_us - HI_US_DAY;
	find_first(k, s, m, patient);
}

static void give(struct run *r, const char *line)
{
	struct hi_rec rec;

	parse(line, &rec);
	MUST(hi_detect_preamble_record(r->d, &rec, NULL) == HI_OK);
}

static void give_alerts(struct run *r, const struct alerts *a, int alerts_n,
			const struct known *known)
{
	for (int i = 0; i < alerts_n; i++) {
		struct seen s = a->v[i].seen;
		const struct known *k = &known[s.patient];

		if (is_active(a, i, alerts_n) ||
		    (s.cleared && k->given && s.ended_us >= k->start_us))
			give(r, a->v[i].line);
	}
}

static void give_patients(struct run *r, const struct stream *s, int m, const struct known *known)
{
	for (int p = 0; p < PATIENTS; p++) {
		const struct item *it = known[p].record >= 0 ? &s->v[known[p].record] : NULL;

		if (!it || (it->status && strcmp(it->status, "discharged") == 0 && it->timed &&
			    it->t_us < s->v[m].stream_us - HI_US_DAY && !known[p].given))
			continue;
		give(r, it->line);
	}
}

static void give_newest(struct run *r, const struct stream *s, const struct known *k)
{
	for (int i = 0; i < METRICS; i++) {
		const struct item *it = k->newest[i] < 0 ? NULL : &s->v[k->newest[i]];
		if (it && k->newest[i] < k->first && it->t_us < k->start_us &&
		    it->t_us >= k->now_us - HI_US_DAY)
			give(r, it->line);
	}
}

static void give_readings(struct run *r, const struct stream *s, int m, const struct known *known)
{
	for (int i = 0; i <= m; i++) {
		const struct item *it = &s->v[i];
		const struct known *k = &known[it->patient];

		if (it->kind != READING || !k->given || i < k->first)
			continue;
		if (i == k->first && k->seed[0] >= 0)
			give(r, s->v[k->seed[0]].line);
		if (i == k->first && k->calm < i)
			give_newest(r, s, k);
		if (i == k->first && k->seed[1] >= 0)
			give(r, s->v[k->seed[1]].line);
		give(r, it->line);
		if (i == k->calm)
			give_newest(r, s, k);
	}
}

/* A new detector that goes on behind mark m, where so many alerts are known. */
static void resume(struct run *r, const struct stream *s, const struct alerts *a, int alerts_n,
		   int m, const struct known *known)
{
	struct hi_mark mark = { .kind = HI_MARK_BEGIN,
				.timed = s->v[m].stream_us != HI_TIME_MIN,
				.t_us = s->v[m].stream_us,
				.window_us = s->window_us };
	int n = r->out->n;

	MUST(hi_detect_preamble_begin(r->d, &mark, NULL) == HI_OK);
	give_alerts(r, a, alerts_n, known);
	give_patients(r, s, m, known);
	give_readings(r, s, m, known);
	MUST(hi_detect_preamble_end(r->d, NULL) == HI_OK);
	MUST(r->out->n == n);
}

static struct stream stream;
static struct alerts plain, resumed, chained;

static int alerts_until(const struct alerts *a, int item)
{
	int n = 0;

	while (n < a->n && a->v[n].item <= item)
		n++;
	return n;
}

/* ---- what cannot be the same: hi-detect(1), "After a restart" ---- */

enum reason { NONE, ID_TWICE, SILENT_ALARM, FAR_LAST, FAR_DAY, FORGOTTEN, LATE_ONSET, REASONS };

static const char *const reason_names[REASONS] = {
	"compared",	      "an id twice", "an alarm of a silent patient",
	"a far last reading", "a day ahead", "about to be forgotten",
	"a late onset",
};

/* Two episodes of one rule and patient began at the same time. */
static bool has_id_twice(const struct alerts *a)
{
	for (int i = 0; i < a->n; i++)
		for (int k = 0; k < i; k++)
			if (a->v[i].seen.cleared == a->v[k].seen.cleared &&
			    strcmp(a->v[i].seen.id, a->v[k].seen.id) == 0)
				return true;
	return false;
}

/*
 * A reading that was far ahead when it came, and after which a stale rule has heard none
 * in time: ahead of all clocks by more than the rule's time, or of the patient's own,
 * which did not believe it, so that it is not given.
 */
static bool is_far_last(const struct stream *s, const struct hi_rule *r, int patient,
			const struct known *k, int m)
{
	for (int i = m; i >= 0; i--) {
		const struct item *it = &s->v[i];
		int64_t now_us = it->clock.now + HI_CLOCK_ZERO;

		if (it->kind != READING || it->patient != patient ||
		    (!r->any && strcmp(r->metric_name, metric_names[it->metric]) != 0))
			continue;
		if (it->t_us > now_us && i < k->first)
			return true;
		now_us = it->stream_us > now_us ? it->stream_us : now_us;
		if (it->t_us - now_us > r->stale_us)
			return true;
		if (it->t_us >= it->clock.now + HI_CLOCK_ZERO)
			return false;
	}
	return false;
}

/*
 * One more than a day ahead that was wrong and that the stream's clock has reached since;
 * or one who comes back after a day with a wrong time.
 */
static bool is_far_day(const struct stream *s, int patient, const struct known *k, int m)
{
	int64_t now_us = 0, heard_us = 0, before_us = HI_TIME_MIN;

	for (int i = 0; i <= m; before_us = s->v[i++].stream_us) {
		const struct item *it = &s->v[i];
		const int64_t day_us = now_us + HI_US_DAY;

		if (it->kind != READING || it->patient != patient)
			continue;
		bool history = heard_us > day_us && before_us <= heard_us + HI_US_DAY;
		bool comes_back = before_us > day_us && !history;
		bool seems_to = it->t_us > day_us && it->t_us <= s->v[m].stream_us &&
				it->t_us >= s->v[m].stream_us - HI_US_DAY - s->window_us;
		bool given = i >= k->first || i == k->seed[0] || i == k->seed[1];
		if (heard_us && (comes_back || given) && comes_back != seems_to)
			return true;
		now_us = it->clock.now + HI_CLOCK_ZERO;
		heard_us = it->stream_us;
	}
	return false;
}

static bool has_reading(const struct stream *s, int from, int to, const struct seen *onset)
{
	for (int i = from; i <= to; i++)
		if (s->v[i].kind == READING && s->v[i].patient == onset->patient &&
		    s->v[i].t_us == onset->onset_us)
			return true;
	return false;
}

/*
 * A delay is running that began with a reading from before the end of the alarm before
 * it: where a tick had ended that one, a preamble does not say that it had.
 */
static bool is_late_onset(const struct stream *s, int alerts_n, int m)
{
	for (int i = 0; i < alerts_n; i++) {
		const struct seen *x = &plain.v[i].seen;
		if (!x->cleared || s->v[plain.v[i].item].kind != MARK)
			continue;
		for (int k = alerts_n; k < plain.n; k++) {
			const struct seen *y = &plain.v[k].seen;
			if (x->patient == y->patient && x->rule == y->rule && !y->cleared &&
			    y->onset_us < x->ended_us && has_reading(s, plain.v[i].item, m, y))
				return true;
		}
	}
	return false;
}

/* When a patient is forgotten is not known: whose times are a day behind the stream's. */
static bool is_forgotten(const struct stream *s, int patient, const struct known *k, int m)
{
	bool behind = k->now_us + HI_US_DAY < s->v[m].stream_us;
	int next = m + 1;

	if (!behind || !k->given)
		return !behind && !k->given;
	if (k->stream_us <= k->now_us + HI_US_DAY)
		return true;
	while (next < s->n && (s->v[next].kind == MARK || s->v[next].patient != patient))
		next++;
	return next < s->n && s->v[next - 1].stream_us > k->stream_us + HI_US_DAY;
}

static enum reason why_not(const struct stream *s, int m, const struct known *known)
{
	if (is_late_onset(s, alerts_until(&plain, m), m))
		return LATE_ONSET;
	for (int p = 0; p < PATIENTS; p++) {
		const struct known *k = &known[p];

		if (k->last < 0)
			continue;
		if (k->active && !k->given)
			return SILENT_ALARM;
		for (size_t i = 0; i < s->rules.n; i++)
			if (s->rules.v[i].type == HI_RULE_STALE &&
			    is_far_last(s, &s->rules.v[i], p, k, m))
				return FAR_LAST;
		if (is_far_day(s, p, k, m))
			return FAR_DAY;
		if (is_forgotten(s, p, k, m))
			return FORGOTTEN;
	}
	return NONE;
}

/* ---- the cases ---- */

static void release(struct alerts *a)
{
	for (int i = 0; i < a->n; i++)
		free(a->v[i].line);
	a->n = 0;
}

/* What was said behind mark m is the same. */
static void compare(const struct alerts *a, int from, const struct alerts *b, int seed, int m)
{
	for (int i = 0; i < b->n || from + i < a->n; i++) {
		const struct alert *x = from + i < a->n ? &a->v[from + i] : NULL;
		const struct alert *y = i < b->n ? &b->v[i] : NULL;

		if (x && y && x->item == y->item && strcmp(x->line, y->line) == 0)
			continue;
		ck_abort_msg("case %d, mark %d: want at %d: %s\n got at %d: %s", seed, m,
			     x ? x->item : -1, x ? x->line : "nothing", y ? y->item : -1,
			     y ? y->line : "nothing");
	}
}

static enum reason restart_at(int m, int seed)
{
	struct known known[PATIENTS];
	struct run r;
	int n = alerts_until(&plain, m);
	enum reason reason;

	for (int p = 0; p < PATIENTS; p++)
		look_back(&stream, &plain, n, m, &known[p], p);
	reason = why_not(&stream, m, known);
	if (reason != NONE)
		return reason;
	begin(&r, &stream, &resumed);
	resume(&r, &stream, &plain, n, m, known);
	for (int i = m + 1; i < stream.n; i++)
		play(&r, &stream, i);
	compare(&plain, n, &resumed, seed, m);
	release(&resumed);
	end(&r);
	return NONE;
}

/* One run with a restart at every mark that allows it: what it knows is what it said itself. */
static void restart_at_all(int seed)
{
	struct run r;

	begin(&r, &stream, &chained);
	for (int i = 0; i < stream.n; i++) {
		struct known known[PATIENTS];

		play(&r, &stream, i);
		if (stream.v[i].kind != MARK)
			continue;
		for (int p = 0; p < PATIENTS; p++)
			look_back(&stream, &chained, chained.n, i, &known[p], p);
		if (why_not(&stream, i, known) != NONE)
			continue;
		end(&r);
		begin(&r, &stream, &chained);
		resume(&r, &stream, &chained, chained.n, i, known);
	}
	compare(&plain, 0, &chained, seed, -1);
	release(&chained);
	end(&r);
}

static void one_case(int seed, unsigned *count, unsigned *alerts)
{
	struct run r;

	random_state = (uint64_t)seed;
	make_rules(&stream);
	make_items(&stream);
	run_clocks(&stream);
	begin(&r, &stream, &plain);
	for (int i = 0; i < stream.n; i++)
		play(&r, &stream, i);
	end(&r);
	*alerts += (unsigned)plain.n;
	if (has_id_twice(&plain)) {
		count[ID_TWICE]++;
	} else {
		for (int i = 0; i < stream.n; i++)
			if (stream.v[i].kind == MARK)
				count[restart_at(i, seed)]++;
		restart_at_all(seed);
	}
	release(&plain);
	hi_rules_release(&stream.rules);
}

START_TEST(restarts_are_not_seen)
{
	const char *cases = getenv("HI_CASES"), *first = getenv("HI_CASE");
	int from = first ? atoi(first) : 0, n = cases ? atoi(cases) : 150;
	unsigned count[REASONS] = { 0 }, alerts = 0;

	MUST(hi_reader_new(&reader, NULL, NULL, NULL) == HI_OK);
	for (int seed = from; seed < from + n; seed++)
		one_case(seed, count, &alerts);
	hi_reader_free(reader);
	printf("resume: %u alerts", alerts);
	for (int i = 0; i < REASONS; i++)
		printf(", %s %u", reason_names[i], count[i]);
	printf("\n");
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("resume");
	tcase_set_timeout(t, 600);
	tcase_add_test(t, restarts_are_not_seen);
	Suite *s = suite_create("resume");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
