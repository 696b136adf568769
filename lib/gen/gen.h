/*
 * Readings of invented patients as lines.
 *
 * All patients give a set of six vitals each at the same moments; readings are
 * numbered set by set, patient by patient, vital by vital. Where in that order to
 * begin is free (hi_gen_seek) and costs nothing, so that the number is the whole
 * state of a run. Faults do not shift it: a reading that is missing or late keeps
 * its number.
 */
#ifndef HI_GEN_GEN_H
#define HI_GEN_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "gen/fault.h"
#include "gen/vitals.h"

enum {
	HI_GEN_PATIENTS_MAX = 100000000,
	/* Room for what one patient can give at one moment, and for wide copies beyond it. */
	HI_GEN_ROOM_MIN = 16 << 10
};

#define HI_GEN_NO_COUNT UINT64_MAX

struct hi_gen_config {
	uint64_t seed;
	uint64_t patients_n;	/* 1 to HI_GEN_PATIENTS_MAX */
	int64_t start_us;	/* event time */
	int64_t every_least_us; /* from one set to the next; > 0 */
	int64_t every_most_us;	/* >= least; between the two by hash, in whole s, ms or us as they
				   are */
	int64_t duration_us;	/* sets before start + duration; < 0: no end */
	uint64_t count;		/* readings at most; HI_GEN_NO_COUNT */
	bool plain;		/* hi_gen_plain, not hi_gen_vitals */
	struct hi_gen_faults faults;
};

/* A piece of a line, copied whole as often as it is needed. */
struct hi_gen_piece {
	char text[64];
	unsigned len;
};

struct hi_gen {
	struct hi_gen_config c;
	uint64_t end;	/* readings in all */
	uint64_t limit; /* of n: end, and the sets in which late ones still come */
	uint64_t n;	/* the next reading */
	uint64_t lines; /* written so far */
	/* private to gen.c from here: where n lies, and what its set's lines share */
	uint64_t set, patient;
	int64_t t_us;
	int32_t daylight;
	struct hi_gen_piece middle[HI_GEN_VITALS], tail[HI_GEN_VITALS];
	const char *unit[HI_GEN_VITALS];
	bool tenths[HI_GEN_VITALS];
	char digits[1000][4]; /* 0..999 and, in the last byte, how many digits that is */
};

/* Copies c; begins at reading 0. HI_OK, or HI_USAGE for what cannot be (e says what). */
int hi_gen_init(struct hi_gen *g, const struct hi_gen_config *c, struct hi_error *e);

/* Goes to reading n, at most g->limit. */
void hi_gen_seek(struct hi_gen *g, uint64_t n);

/* The time of a set, counted from 0. */
int64_t hi_gen_set_time(const struct hi_gen *g, uint64_t set);

/* Readings a set: patients times six. */
static inline uint64_t hi_gen_set_size(const struct hi_gen *g)
{
	return g->c.patients_n * HI_GEN_VITALS;
}

/*
 * How many readings from g->n on give at most so many lines, whatever their faults;
 * 1 where that may give more.
 */
uint64_t hi_gen_within(const struct hi_gen *g, uint64_t lines);

/*
 * Writes the lines of the readings from g->n on, as far as stop (at most
 * g->limit) and as whole lines fit into out[0..cap), cap >= HI_GEN_ROOM_MIN;
 * moves g->n. Returns the bytes written: 0 may also mean that all were missing.
 * The end is reached when g->n is g->limit.
 */
size_t hi_gen_fill(struct hi_gen *g, uint64_t stop, char *out, size_t cap);

#endif
