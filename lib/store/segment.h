/*
 * A writer's open segments: one an hour of event time, one for rejects, one for
 * unknown types. Rows gather in memory and go to the file in large pieces; at
 * most HI_SEGMENTS_FDS files are open at a time.
 */
#ifndef HI_STORE_SEGMENT_H
#define HI_STORE_SEGMENT_H

#include "base/buf.h"
#include "store/layout.h"

enum {
	HI_SEGMENT_CLOSE_LEN = 8 << 20, /* a segment this long takes no more rows */
	HI_SEGMENTS_MAX = 8192,		/* open segments at most; then all are closed, */
	HI_SEGMENTS_MARKED_MAX = 65536, /* but no commit may close them between two marks */
	HI_SEGMENTS_FDS = 64,
	HI_SEGMENTS_BUCKETS = 4096
};

struct hi_segment {
	enum hi_segment_kind kind;
	int64_t hour_us; /* readings: the start of its hour */
	uint64_t number;
	struct hi_buf rows;	   /* not in the file yet */
	uint64_t length;	   /* bytes in the file */
	uint64_t committed;	   /* of them */
	uint32_t crc;		   /* CRC-32C of them */
	uint64_t rows_n;	   /* with those in memory, and so all that follows */
	int64_t first_us, last_us; /* readings */
	uint64_t first_seq, last_seq;
	char first_patient[64], last_patient[64]; /* readings: bytewise least and greatest */
	uint8_t first_patient_len, last_patient_len;
	int fd;				 /* -1: not open now */
	bool fresh;			 /* its name is not durable yet */
	bool touched;			 /* has rows that are not committed */
	bool closed;			 /* takes no more rows; gone after the next commit */
	struct hi_segment *next;	 /* in its bucket */
	struct hi_segment *next_touched; /* since the last commit */
};

struct hi_segments {
	int store_fd;
	struct hi_segment *bucket[HI_SEGMENTS_BUCKETS];
	struct hi_segment *touched;
	size_t n, touched_n;
	struct hi_segment *fds[HI_SEGMENTS_FDS]; /* a ring: the oldest opened gives way */
	size_t fds_at;
};

void hi_segments_init(struct hi_segments *set, int store_fd);

/* Frees all; closes files; writes nothing. */
void hi_segments_release(struct hi_segments *set);

/* The open segment of that kind and hour, or NULL. */
struct hi_segment *hi_segments_find(struct hi_segments *set, enum hi_segment_kind kind,
				    int64_t hour_us);

/* Makes one with its file, number being the caller's alone. HI_OK, HI_IO or HI_NOMEM. */
int hi_segments_add(struct hi_segments *set, enum hi_segment_kind kind, int64_t hour_us,
		    uint64_t number, struct hi_segment **out, struct hi_error *e);

/* Counts a row that was put into seg->rows, and widens its ranges. */
void hi_segment_note(struct hi_segment *seg, int64_t t_us, struct hi_slice patient, uint64_t seq);

/* The same for a line that is no reading. */
void hi_segment_note_line(struct hi_segment *seg, uint64_t seq);

/* After bytes were put into seg->rows: notes it for the commit, writes what is much. */
int hi_segments_put(struct hi_segments *set, struct hi_segment *seg, struct hi_error *e);

/* All rows into their files. */
int hi_segments_write(struct hi_segments *set, struct hi_error *e);

/*
 * All rows into their files and the files onto the disk, with the folders of new
 * ones. After any failure nothing of this set may be committed.
 */
int hi_segments_sync(struct hi_segments *set, struct hi_error *e);

/* Every segment in turn: the one after seg, the first after NULL; NULL at the end. */
struct hi_segment *hi_segments_next(const struct hi_segments *set, const struct hi_segment *seg);

/*
 * What came since the last commit is cut off, files that no commit knows are
 * removed, and the set is empty. HI_OK or HI_IO.
 */
int hi_segments_forget(struct hi_segments *set, struct hi_error *e);

/* After the commit: nothing is touched, and closed segments are gone. */
void hi_segments_committed(struct hi_segments *set);

#endif
