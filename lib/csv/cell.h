/* What stands in one cell: a value or a time, as people and devices write them. */
#ifndef HI_CSV_CELL_H
#define HI_CSV_CELL_H

#include "base/buf.h"
#include "base/num.h"
#include "base/status.h"
#include "base/time.h"
#include "csv/known.h"

enum { HI_CSV_VALUE_MAX = 128 };

struct hi_csv_value {
	struct hi_slice json; /* as a record writes it: 95.10, "A"; points to the cell or to text */
	struct hi_num num;    /* not for a code */
	bool coded;
	struct hi_slice unit; /* written behind the number ("98 %"); len 0: none */
	char text[HI_CSV_VALUE_MAX];
};

/*
 * A cell as a value of m (NULL: a metric outside the catalogue). A number that is
 * JSON already keeps its text. Otherwise: a leading +, a bare decimal point, zeros
 * in front, a decimal comma where decimal_comma, and a unit after it. A coded
 * metric: its letters, words for them, or 0-4. HI_OK; HI_END: no value ("", NaN,
 * NA ...); HI_REFUSED with text.
 */
int hi_csv_cell_value(struct hi_slice cell, const struct hi_metric *m, bool decimal_comma,
		      struct hi_csv_value *out, struct hi_error *e);

/*
 * "120/80": its halves, blanks around them dropped. HI_OK, HI_END: no value,
 * HI_REFUSED: not two of them.
 */
int hi_csv_cell_pair(struct hi_slice cell, struct hi_slice half[2], struct hi_error *e);

/*
 * A timestamp: RFC 3339 with its seconds left out, or 28.12.2025 06:30, too; for
 * ELAPSED and CLOCK a time since target->since_us. Days and months in an order
 * that cannot be known (12/28/2025) are refused. HI_OK or HI_REFUSED.
 */
int hi_csv_cell_time(struct hi_slice cell, const struct hi_csv_target *target, bool decimal_comma,
		     struct hi_time *out, struct hi_error *e);

#endif
