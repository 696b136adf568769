/* Inside of lib/csv: the readings of one metric from one column or code, as text around a value. */
#ifndef HI_CSV_SERIES_H
#define HI_CSV_SERIES_H

#include "csv/map.h"
#include "csv/stats.h"

enum hi_csv_series_state {
	HI_CSV_SERIES_NEW,
	HI_CSV_SERIES_READY,
	HI_CSV_SERIES_NOT_NAMED, /* a code that the mapping does not name */
	HI_CSV_SERIES_BAD	 /* no name of a metric */
};

/* {"patient_id":"P","metric_name": + mid + VALUE + post + TIME" ... + method + } */
struct hi_csv_series {
	enum hi_csv_series_state state;
	bool off;			/* not selected */
	bool no_memory;			/* for its texts: nothing can be written with it */
	char name[HI_CSV_NAME_MAX + 1]; /* of the column or the code, for statistics */
	struct hi_csv_target target;
	char unit_own[HI_UNIT_MAX + 1]; /* the unit where the row names none */
	/* What the unit column held when post was made; "": nothing. */
	char unit_cell[HI_CSV_CODE_MAX + 1];
	struct hi_csv_stats *stats; /* NULL: too many columns */
	size_t mid_len, post_len, method_len;
	char mid[6 * HI_METRIC_NAME_MAX + 16];
	char post[6 * HI_UNIT_MAX + 40];
	char method[6 * HI_CSV_METHOD_MAX + 16];
};

struct hi_csv_stats_list {
	struct hi_csv_stats *s[HI_CSV_STATS_MAX];
	size_t n;
};

void hi_csv_stats_list_release(struct hi_csv_stats_list *l);

/* Makes the texts of a series for its target, and finds its statistics. */
void hi_csv_series_make(struct hi_csv_series *s, const char *name,
			const struct hi_csv_target *target, struct hi_csv_stats_list *l);

/* Gives it another unit ("" : none); at most HI_UNIT_MAX bytes. */
void hi_csv_series_unit(struct hi_csv_series *s, const char *unit, struct hi_csv_stats_list *l);

/* 1 to max bytes of UTF-8 without control characters: what an id, a name or a key's value may be.
 */
bool hi_csv_text_ok(struct hi_slice s, size_t max);

#endif
