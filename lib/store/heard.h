/*
 * What is heard of each patient while rows pass in order of arrival: the patient's
 * clock, and the latest reading of each metric by where its row stands.
 *
 * Memory: about 200 bytes a patient, and 80 for each of the patient's metrics.
 */
#ifndef HI_STORE_HEARD_H
#define HI_STORE_HEARD_H

#include "state/clock.h"
#include "state/patients.h"
#include "store/arrival.h"

/* A row, to be compared and to be read again. Times are since HI_CLOCK_ZERO; t 0: none. */
struct hi_heard_row {
	int64_t t;
	uint64_t seq;
	const struct hi_part *part;
	uint64_t at : 40, len : 24;
};

/* Of one patient and metric. */
struct hi_heard_latest {
	struct hi_heard_row row;   /* of the times that the clock has taken the greatest */
	struct hi_heard_row ahead; /* waits for the clock to take it, or not */
	uint32_t metric;	   /* its number */
	uint32_t next;		   /* of the same patient: an index, 0: none */
};

struct hi_heard_patient {
	struct hi_patient_clock clock;
	int64_t first;	 /* the time of the first row */
	uint32_t latest; /* an index of latest, 0: none */
	bool single;	 /* one row so far */
	bool mistaken;	 /* that one was not believed */
	/* The last row after which no time far ahead waits. */
	uint64_t calm_writer, calm_seq;
	/* What the preamble decides by: preamble_rows.c. */
	bool begun, older;
	int64_t newest, start;
	struct hi_heard_row now, ahead; /* the rows that have set clock.now, clock.ahead */
};

struct hi_heard {
	bool cut; /* rows have come before the first one: a patient's first may be wrong */
	struct hi_patients *patients, *metrics;
	struct hi_heard_latest *latest; /* indices from 1 */
	uint32_t latest_n, latest_cap;
	uint32_t next; /* where the next row's metric may stand: they come in the same order */
	/* The last row's patient: vitals of one patient come in a row. NULL: none. */
	struct hi_heard_patient *last;
	size_t last_len;
	char last_id[HI_PATIENT_ID_MAX];
};

/* HI_OK or HI_NOMEM; release in both cases. */
int hi_heard_init(struct hi_heard *h, bool cut, struct hi_error *e);
void hi_heard_release(struct hi_heard *h);

struct hi_heard_row hi_heard_row(const struct hi_arrival_row *row);

/* Takes the next row. HI_OK or HI_NOMEM. */
int hi_heard_note(struct hi_heard *h, const struct hi_arrival_row *row, struct hi_error *e);

/* The patient, or NULL. */
struct hi_heard_patient *hi_heard_find(struct hi_heard *h, struct hi_slice id);

/* The latest of p's metric of that name, or NULL. */
struct hi_heard_latest *hi_heard_latest(const struct hi_heard *h, const struct hi_heard_patient *p,
					struct hi_slice metric_name);

#endif
