/*
 * What a reader sees of segments: for each the range of bytes that was committed
 * when the catalogue was read. A list of them is a snapshot; beyond its ends
 * nobody reads.
 */
#ifndef HI_STORE_PART_H
#define HI_STORE_PART_H

#include "base/buf.h"
#include "store/inside.h"

struct hi_part {
	enum hi_segment_kind kind;
	bool open; /* its writer may still add to it */
	int64_t hour_us;
	uint64_t number, writer, first_seq, last_seq;
	uint64_t from, to;	   /* bytes to read */
	uint32_t crc_from, crc_to; /* CRC-32C of the bytes before each */
	uint64_t behind;	   /* in order of arrival: rows up to this one are not wanted */
	int64_t clock_us;	   /* the stream's at the last commit, where hi_parts_take had it */
};

struct hi_parts {
	struct hi_part *v;
	size_t n, cap;
};

void hi_parts_release(struct hi_parts *p);

/*
 * Appends the parts of kind that sel may want and that commits after commit_n
 * have changed: readings by hour, the rest by writer, each in order of arrival.
 * raw: readings, too, by writer and number.
 */
int hi_parts_load(struct hi_parts *p, struct hi_store *s, enum hi_segment_kind kind,
		  const struct hi_select *sel, uint64_t commit_n, struct hi_error *e);

/*
 * Appends the part that st, a choice of segments of the caller's own, stands at: number,
 * hour, writer, first_seq, length, crc32c, whether it is open, last_seq and, if it is
 * there, clock_us. HI_OK or HI_NOMEM.
 */
int hi_parts_take(struct hi_parts *p, enum hi_segment_kind kind, sqlite3_stmt *st,
		  struct hi_error *e);

/*
 * A part of a segment of which seen holds an earlier part begins where that ended;
 * seen is then brought up to p. It holds open segments only.
 */
int hi_parts_continue(struct hi_parts *p, struct hi_parts *seen, struct hi_error *e);

/* Appends all bytes of the part to to, and checks them. HI_CORRUPT, HI_IO, HI_NOMEM. */
int hi_part_read(struct hi_store *s, const struct hi_part *p, struct hi_buf *to,
		 struct hi_error *e);

/*
 * Appends at most n bytes of the part from *at on and moves *at and *crc, which
 * begin as from and crc_from. At the end of the part the checksum is compared.
 */
int hi_part_read_some(struct hi_store *s, const struct hi_part *p, uint64_t *at, uint32_t *crc,
		      size_t n, struct hi_buf *to, struct hi_error *e);

/* Appends n bytes of the part from at on, which were read, and so checked, before. */
int hi_part_read_again(struct hi_store *s, const struct hi_part *p, uint64_t at, size_t n,
		       struct hi_buf *to, struct hi_error *e);

/* HI_CORRUPT with the part's path. */
int hi_part_corrupt(const struct hi_part *p, const char *text, struct hi_error *e);

#endif
