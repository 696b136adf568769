#include "gen/gen.h"

#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "vital/metric.h"

enum {
	FOR_FAULT = 0xfa, /* apart from the purposes of vitals.c */
	LINE_MOST = 160,
	/* The widths of the copies of put_line: wide enough, and one or two moves each. */
	HEAD_WIDTH = 32,
	MIDDLE_WIDTH = 48,
	TAIL_WIDTH = 64
};

/* All a patient's lines of a set begin so. */
struct head {
	char text[HEAD_WIDTH];
	unsigned len;
};

/* Six readings, each twice, and every late one that may be due. */
_Static_assert((2 + HI_GEN_LATE_MAX) * HI_GEN_VITALS * LINE_MOST + TAIL_WIDTH < HI_GEN_ROOM_MIN,
	       "room for a patient's set");

int64_t hi_gen_set_time(const struct hi_gen *g, uint64_t set)
{
	const int64_t least = g->c.every_least_us, most = g->c.every_most_us;
	int64_t off_us = (int64_t)set * ((least + most) / 2);
	if (least == most)
		return g->c.start_us + off_us;
	/* Each is put off by its own share of half the difference: never nearer, never farther. */
	const int64_t unit = least % HI_US_S == 0 && most % HI_US_S == 0     ? HI_US_S
			     : least % HI_US_MS == 0 && most % HI_US_MS == 0 ? HI_US_MS
									     : 1;
	const uint64_t h = hi_gen_mix(hi_gen_mix(~g->c.seed) ^ set);
	off_us += (int64_t)((h >> 32) * ((uint64_t)(most - least) / 2) >> 32);
	return g->c.start_us + off_us - off_us % unit;
}

static uint64_t sets_within(const struct hi_gen *g, int64_t duration_us)
{
	const int64_t every = (g->c.every_least_us + g->c.every_most_us) / 2;
	uint64_t sets = (uint64_t)((duration_us + every - 1) / every);
	while (sets > 0 && hi_gen_set_time(g, sets - 1) >= g->c.start_us + duration_us)
		sets--;
	return sets;
}

static int check(const struct hi_gen_config *c, struct hi_error *e)
{
	if (c->patients_n < 1 || c->patients_n > HI_GEN_PATIENTS_MAX)
		return hi_error_set(e, HI_USAGE, "patients: not from 1 to 100000000");
	if (c->every_least_us <= 0 || c->every_most_us < c->every_least_us)
		return hi_error_set(e, HI_USAGE, "interval: not a duration, or from more to less");
	if (c->start_us < HI_TIME_MIN || c->start_us >= HI_TIME_END ||
	    c->every_most_us > (HI_TIME_END - c->start_us) / (HI_GEN_LATE_MAX + 2))
		return hi_error_set(e, HI_USAGE, "start: too near to the end of the year 9999");
	return HI_OK;
}

/* Sets g->end and g->limit. Time ends with the year 9999, and so does a run without end. */
static int measure(struct hi_gen *g, struct hi_error *e)
{
	const struct hi_gen_config *c = &g->c;
	const uint64_t size = hi_gen_set_size(g), after = HI_GEN_LATE_MAX * size;
	const int64_t room_us =
		HI_TIME_END - c->start_us - (HI_GEN_LATE_MAX + 1) * c->every_most_us;
	const uint64_t sets_max = sets_within(g, room_us);
	uint64_t most = sets_max > (UINT64_MAX >> 1) / size ? UINT64_MAX >> 1 : sets_max * size;

	if (c->duration_us > room_us || (c->count != HI_GEN_NO_COUNT && c->count > most))
		return hi_error_set(e, HI_USAGE, "the year 9999 ends before the run does");
	g->end = c->duration_us < 0 ? most : sets_within(g, c->duration_us) * size;
	if (g->end > c->count)
		g->end = c->count;
	g->limit = g->end;
	if (g->end > 0 && hi_gen_faults_has(&c->faults, HI_GEN_LATE))
		g->limit = (g->end - 1) / HI_GEN_VITALS * HI_GEN_VITALS + after + HI_GEN_VITALS;
	return HI_OK;
}

static void digits_build(char digits[1000][4])
{
	for (unsigned i = 0; i < 1000; i++) {
		char text[HI_NUM_TEXT_MAX];
		size_t len = hi_num_format_u64(i, text);
		memcpy(digits[i], text, 3);
		digits[i][3] = (char)len;
	}
}

int hi_gen_init(struct hi_gen *g, const struct hi_gen_config *c, struct hi_error *e)
{
	*g = (struct hi_gen){ .c = *c };
	int s = check(c, e);
	if (s == HI_OK)
		s = measure(g, e);
	if (s != HI_OK)
		return s;
	digits_build(g->digits);
	for (unsigned v = 0; v < HI_GEN_VITALS; v++) {
		const struct hi_metric *m = hi_metric_find(hi_slice_of(hi_gen_names[v]));
		struct hi_gen_piece *p = &g->middle[v];
		g->unit[v] = m->unit;
		g->tenths[v] = c->plain || m->decimals == 1;
		p->len = (unsigned)snprintf(p->text, MIDDLE_WIDTH + 1,
					    "\",\"metric_name\":\"%s\",\"value\":", m->name);
	}
	hi_gen_seek(g, 0);
	return HI_OK;
}

/* What follows the value in the lines of vital v at t_us. */
static void tail_build(const struct hi_gen *g, unsigned v, int64_t t_us, struct hi_gen_piece *p)
{
	char time[HI_TIME_TEXT_MAX];
	size_t len = hi_time_format(t_us, hi_time_digits(t_us), time);
	p->len = (unsigned)snprintf(p->text, sizeof(p->text),
				    ",\"unit\":\"%s\",\"timestamp\":\"%.*s\"}\n", g->unit[v],
				    (int)len, time);
}

static void set_begin(struct hi_gen *g)
{
	g->t_us = hi_gen_set_time(g, g->set);
	g->daylight = hi_gen_daylight(g->t_us);
	for (unsigned v = 0; v < HI_GEN_VITALS; v++)
		tail_build(g, v, g->t_us, &g->tail[v]);
}

void hi_gen_seek(struct hi_gen *g, uint64_t n)
{
	const uint64_t size = hi_gen_set_size(g);
	g->n = n;
	g->set = n / size;
	g->patient = n % size / HI_GEN_VITALS;
	set_begin(g);
}

/* To the next patient's first reading. */
static void go_on(struct hi_gen *g)
{
	g->n += HI_GEN_VITALS - g->n % HI_GEN_VITALS;
	if (++g->patient < g->c.patients_n)
		return;
	g->patient = 0;
	g->set++;
	set_begin(g);
}

/* P-001 is the first; three digits at least. */
static void head_build(uint64_t patient, struct head *h)
{
	static const char start[] = "{\"patient_id\":\"P-00";
	char number[HI_NUM_TEXT_MAX];
	size_t len = hi_num_format_u64(patient + 1, number);
	size_t fill = sizeof(start) - 1 - (len < 3 ? len - 1 : 2);

	memcpy(h->text, start, sizeof(start) - 1);
	memcpy(h->text + fill, number, len);
	h->len = (unsigned)(fill + len);
}

/* Copies by constant widths, each overwriting what the one before it wrote too much. */
static inline char *put_line(struct hi_gen *g, char *p, const struct head *h, unsigned v,
			     int32_t value, const struct hi_gen_piece *tail)
{
	const char *digits = g->digits[g->tenths[v] ? value / 10 : value];

	memcpy(p, h->text, HEAD_WIDTH);
	p += h->len;
	memcpy(p, g->middle[v].text, MIDDLE_WIDTH);
	p += g->middle[v].len;
	memcpy(p, digits, 4);
	p += digits[3];
	if (g->tenths[v]) {
		*p++ = '.';
		*p++ = (char)('0' + value % 10);
	}
	memcpy(p, tail->text, TAIL_WIDTH);
	g->lines++;
	return p + tail->len;
}

static inline void values_of(const struct hi_gen *g, uint64_t key, int64_t t_us, int32_t daylight,
			     int32_t out[HI_GEN_VITALS])
{
	if (g->c.plain)
		hi_gen_plain(key, t_us, out);
	else
		hi_gen_vitals(key, t_us, daylight, out);
}

static inline uint64_t fault_hash(uint64_t key, uint64_t set, unsigned v)
{
	return hi_gen_mix(key ^ ((set * 8 + v) << 8 | FOR_FAULT));
}

static char *put_late(struct hi_gen *g, char *p, const struct head *h, uint64_t key, uint64_t set,
		      unsigned v)
{
	const int64_t t_us = hi_gen_set_time(g, set);
	struct hi_gen_piece tail;
	int32_t values[HI_GEN_VITALS];

	values_of(g, key, t_us, hi_gen_daylight(t_us), values);
	tail_build(g, v, t_us, &tail);
	return put_line(g, p, h, v, values[v], &tail);
}

/* The readings of earlier sets that come now, the oldest first. */
static char *put_due(struct hi_gen *g, char *p, const struct head *h, uint64_t key)
{
	const uint64_t from = g->set > HI_GEN_LATE_MAX ? g->set - HI_GEN_LATE_MAX : 0;

	for (uint64_t set = from; set < g->set; set++) {
		const uint64_t n = (set * g->c.patients_n + g->patient) * HI_GEN_VITALS;
		for (unsigned v = 0; v < HI_GEN_VITALS && n + v < g->end; v++) {
			uint64_t hash = fault_hash(key, set, v);
			if (hi_gen_fault_of(&g->c.faults, hash) == HI_GEN_LATE &&
			    set + hi_gen_late_sets(hash) == g->set)
				p = put_late(g, p, h, key, set, v);
		}
	}
	return p;
}

static char *put_faulty(struct hi_gen *g, char *p, const struct head *h, uint64_t hash, unsigned v,
			int32_t value)
{
	char *end;

	switch (hi_gen_fault_of(&g->c.faults, hash)) {
	case HI_GEN_MISSING:
	case HI_GEN_LATE:
		return p;
	case HI_GEN_DUPLICATE:
		p = put_line(g, p, h, v, value, &g->tail[v]);
		break;
	case HI_GEN_ARTEFACT:
		value = (hash & 1) ? (g->tenths[v] ? 5000 : 500) : 0;
		break;
	case HI_GEN_GARBAGE:
		end = put_line(g, p, h, v, value, &g->tail[v]);
		return hi_gen_spoil(p, end, hash);
	case HI_GEN_FAULTS:
		break;
	}
	return put_line(g, p, h, v, value, &g->tail[v]);
}

/* The readings from g->n to stop, all of one patient's set. */
static char *put_patient(struct hi_gen *g, char *p, uint64_t stop)
{
	const uint64_t key = hi_gen_key(g->c.seed, g->patient), first = g->n - g->n % HI_GEN_VITALS;
	const unsigned from = (unsigned)(g->n - first), to = (unsigned)(stop - first);
	int32_t values[HI_GEN_VITALS];
	struct head h;

	head_build(g->patient, &h);
	values_of(g, key, g->t_us, g->daylight, values);
	if (!hi_gen_faults_any(&g->c.faults)) {
		for (unsigned v = from; v < to; v++)
			p = put_line(g, p, &h, v, values[v], &g->tail[v]);
		return p;
	}
	if (from == 0 && hi_gen_faults_has(&g->c.faults, HI_GEN_LATE))
		p = put_due(g, p, &h, key);
	for (unsigned v = from; v < to && first + v < g->end; v++)
		p = put_faulty(g, p, &h, fault_hash(key, g->set, v), v, values[v]);
	return p;
}

/* k readings lie with at most k / 6 + 1 patients, each with as many late ones as there are sets. */
uint64_t hi_gen_within(const struct hi_gen *g, uint64_t lines)
{
	const struct hi_gen_faults *f = &g->c.faults;
	const uint64_t late = hi_gen_faults_has(f, HI_GEN_LATE) ? HI_GEN_LATE_MAX : 0;
	const uint64_t first = late * HI_GEN_VITALS;
	const uint64_t each = late + (hi_gen_faults_has(f, HI_GEN_DUPLICATE) ? 2 : 1);
	return lines >= first + each ? (lines - first) / each : 1;
}

size_t hi_gen_fill(struct hi_gen *g, uint64_t stop, char *out, size_t cap)
{
	char *p = out, *last = out + cap - HI_GEN_ROOM_MIN;

	if (stop > g->limit)
		stop = g->limit;
	while (g->n < stop && p <= last) {
		uint64_t next = g->n - g->n % HI_GEN_VITALS + HI_GEN_VITALS;
		p = put_patient(g, p, next < stop ? next : stop);
		if (next <= stop)
			go_on(g);
		else
			g->n = stop;
	}
	return (size_t)(p - out);
}
