/*
 * Numbers, times and durations as a person reads them, appended to a buffer as
 * plain text: HTML and a terminal show the same words. Times are in the
 * process's zone (hi_tz_set).
 */
#ifndef HI_REPORT_WORDS_H
#define HI_REPORT_WORDS_H

#include <stdint.h>

#include "base/buf.h"
#include "vital/metric.h"

/* "12,345". */
void hi_words_count(struct hi_buf *b, uint64_t n);

/* "1 reading", "12,345 readings": one is the singular, an s makes the plural. */
void hi_words_counted(struct hi_buf *b, uint64_t n, const char *one);

/* A metric outside the catalogue shows the decimals that were written, at most these. */
enum { HI_WORDS_DECIMALS_MAX = 4 };

/*
 * v with that many decimals; beyond 1e9, and where the most decimals would make 0 of
 * it, by two or three leading digits. Never "-0".
 */
void hi_words_value(struct hi_buf *b, double v, unsigned decimals);

/* "60\u2013100"; nothing where the range is unknown. */
void hi_words_range(struct hi_buf *b, const struct hi_range *r, unsigned decimals);

/* "2025-01-01 05:00", with seconds where they are not 0. */
void hi_words_time(struct hi_buf *b, int64_t t_us);

/* "05:00" where t_us is on the same calendar day as near_us, else as hi_words_time. */
void hi_words_time_near(struct hi_buf *b, int64_t t_us, int64_t near_us);

/* Two units at most, rounded down: "45 s", "12 min", "2 h 5 min", "3 d 4 h". */
void hi_words_duration(struct hi_buf *b, int64_t us);

/* "912 B", "38 kB", "2.4 MB": powers of 1000. */
void hi_words_bytes(struct hi_buf *b, uint64_t n);

#endif
