/* What goes wrong on the way from a sensor, at given rates, the same for the same seed. */
#ifndef HI_GEN_FAULT_H
#define HI_GEN_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

/* A reading has one of these at most. */
enum hi_gen_fault {
	HI_GEN_MISSING,	  /* not written at all */
	HI_GEN_LATE,	  /* written 1 to HI_GEN_LATE_MAX sets later, with its own time */
	HI_GEN_DUPLICATE, /* written twice */
	HI_GEN_ARTEFACT,  /* its value is 0 or 500, which no vital sign can have */
	HI_GEN_GARBAGE,	  /* its line is broken, so that a reader has to refuse it */
	HI_GEN_FAULTS	  /* none */
};

enum { HI_GEN_LATE_MAX = 8 };

struct hi_gen_faults {
	uint64_t upto[HI_GEN_FAULTS]; /* of 2^32 readings, each with those before it */
};

/*
 * "missing=0.01,late=0.02": a name and the share of the readings, 0 to 1 in
 * decimals (at most nine), in any order; together at most 1. HI_OK, or HI_USAGE
 * with what was expected and the word as detail.
 */
int hi_gen_faults_parse(struct hi_slice text, struct hi_gen_faults *out, struct hi_error *e);

static inline bool hi_gen_faults_any(const struct hi_gen_faults *f)
{
	return f->upto[HI_GEN_FAULTS - 1] > 0;
}

/* True where the rate of that fault is not 0. */
static inline bool hi_gen_faults_has(const struct hi_gen_faults *f, enum hi_gen_fault fault)
{
	return f->upto[fault] > (fault ? f->upto[fault - 1] : 0);
}

/* The fault of the reading whose hash is h: decided by its upper half. */
static inline enum hi_gen_fault hi_gen_fault_of(const struct hi_gen_faults *f, uint64_t h)
{
	unsigned i = 0;
	while (i < HI_GEN_FAULTS && (h >> 32) >= f->upto[i])
		i++;
	return (enum hi_gen_fault)i;
}

/* Sets that a late reading with hash h is late: 1 to HI_GEN_LATE_MAX. */
static inline unsigned hi_gen_late_sets(uint64_t h)
{
	return 1 + (unsigned)(h % HI_GEN_LATE_MAX);
}

/*
 * Breaks the line [line, end), which hi-gen wrote and which ends with LF, in one of
 * several ways that h chooses. Returns its new end: at most as long as before.
 */
char *hi_gen_spoil(char *line, char *end, uint64_t h);

#endif
