/*
 * Readings to statistics: a row a window, metric and, where asked, patient and
 * ward. In any order of readings the same rows come out.
 */
#ifndef HI_AGG_AGG_H
#define HI_AGG_AGG_H

#include "agg/stats.h"
#include "agg/window.h"
#include "vital/record.h"

/* One stat record (stream.md); slices live as long as the call of row(). */
struct hi_stat_row {
	struct hi_window window;
	int64_t every_us;
	struct hi_slice metric_name;
	struct hi_slice patient_id; /* ptr NULL: not by patient */
	struct hi_slice ward;	    /* ptr NULL: not by ward, or readings without one */
	uint64_t patient_count;	    /* different patients among the readings counted */
	struct hi_stats all, plausible;
	bool complete; /* oldest reading <= from and to <= newest reading */
};

struct hi_agg_options {
	struct hi_every every;
	bool by_patient, by_ward;
	bool derived; /* count readings that a tool made (scores) too */
	/*
	 * lateness_given: a window's rows come as soon as the clock is lateness_us past
	 * its end, and it is forgotten. Otherwise all come from hi_agg_finish.
	 */
	bool lateness_given;
	int64_t lateness_us;
	/* Takes a row: HI_OK, or a negative status that ends the call. */
	int (*row)(void *arg, const struct hi_stat_row *row, struct hi_error *e);
	void *arg;
};

struct hi_agg; /* opaque */

/* HI_OK, HI_NOMEM, or HI_USAGE as hi_every_check. */
int hi_agg_new(struct hi_agg **out, const struct hi_agg_options *options, struct hi_error *e);
void hi_agg_free(struct hi_agg *g);

/*
 * Counts a record where it is a reading with a number (and no score, unless
 * derived); others are nothing to it, HI_OK. HI_REFUSED: its window is already
 * out, it was left out of the statistics and counted in hi_agg_late. Negative:
 * no memory, or what row() returned.
 */
int hi_agg_add(struct hi_agg *g, const struct hi_rec *rec, struct hi_error *e);

/*
 * Event times known from elsewhere (a store's first and last reading), so that
 * complete is right although the readings outside of a selection are not read.
 */
void hi_agg_range(struct hi_agg *g, int64_t oldest_us, int64_t newest_us);

/*
 * Adds all that src holds, as if its readings had been added here; src stays as
 * it is. Both have the same options and no lateness. Commutative and associative.
 */
int hi_agg_merge(struct hi_agg *g, const struct hi_agg *src, struct hi_error *e);

/*
 * The rows of every window that is left, by window, metric (order of the
 * catalogue, then bytes), patient, ward (bytes; none first). The windows are
 * then forgotten.
 */
int hi_agg_finish(struct hi_agg *g, struct hi_error *e);

/* Readings that came after their window was out. */
uint64_t hi_agg_late(const struct hi_agg *g);

#endif
