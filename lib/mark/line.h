/*
 * Where a source of lines stands: "LINE:CRC32C", the number of the next line, from 1,
 * and the CRC-32C of the bytes of the line before it, without their line end, as 8 hex
 * digits, so that another file in the place of the one before is noticed.
 * "1:00000000" is the beginning. hi-record(5).
 */
#ifndef HI_MARK_LINE_H
#define HI_MARK_LINE_H

#include "mark/positions.h"

struct hi_line_position {
	uint64_t line; /* number of the last line that was read; 0: the beginning */
	uint32_t crc;  /* of it */
};

/* The position behind that line. */
struct hi_line_position hi_line_position(uint64_t number, struct hi_slice line);

/* Reads a position as JSON, as hi_positions_find gives it; NULL is the beginning. False: not one.
 */
bool hi_line_position_read(struct hi_line_position *p, const char *json);

/* to[key] becomes p. As hi_positions_set. */
int hi_line_position_set(struct hi_positions *to, const char *key, struct hi_line_position p,
			 struct hi_error *e);

static inline bool hi_line_position_equal(struct hi_line_position a, struct hi_line_position b)
{
	return a.line == b.line && a.crc == b.crc;
}

#endif
