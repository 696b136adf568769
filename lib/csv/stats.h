/*
 * What a column's values were: n, minimum, median, maximum, and what looks wrong.
 * The median is exact up to HI_CSV_DISTINCT_MAX different values; above that there
 * is none. Memory: at most 2 MiB a column, and HI_CSV_STATS_MAX columns.
 */
#ifndef HI_CSV_STATS_H
#define HI_CSV_STATS_H

#include "base/buf.h"
#include "csv/known.h"

enum { HI_CSV_DISTINCT_MAX = 65536, HI_CSV_STATS_MAX = 1024 };

struct hi_csv_count {
	double v;
	uint64_t n; /* 0: free */
};

struct hi_csv_stats {
	char name[HI_CSV_NAME_MAX + 1]; /* the column's, or the code's */
	struct hi_csv_target target;
	char unit[HI_UNIT_MAX + 1]; /* as written in records; "": the canonical one */
	bool code; /* of a code in a mapping, of which there may be none in a file */
	uint64_t n, coded;
	double min, max;
	bool over; /* more different values than are counted */
	struct hi_csv_count *count;
	size_t count_n, count_cap;
};

void hi_csv_stats_release(struct hi_csv_stats *s);

/* One value more. Where memory ends, the median is given up, nothing else. */
void hi_csv_stats_add(struct hi_csv_stats *s, double v);

static inline void hi_csv_stats_add_code(struct hi_csv_stats *s)
{
	s->n++;
	s->coded++;
}

/*
 * Appends "HR: heart_rate bpm: n 332788, min 20, median 83.5, max 280", and a
 * warning after "; " where the values do not look like the metric's.
 */
void hi_csv_stats_tell(struct hi_csv_stats *s, struct hi_buf *b);

#endif
