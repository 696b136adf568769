/*
 * Where things lie in a store's folder, and how the folders are made.
 *
 *   store.db                             SQLite: the catalogue and mutable records
 *   lock                                 byte N is locked by the writer of segment N,
 *                                        byte 2^62 + N by the writer of number N
 *   readings/2025-12-28/06.000417.csv    a segment of one hour of event time (UTC)
 *   rejects/000012.ndjson                rejects, lines as they came
 *   other/000003.ndjson                  types that no tool knows
 *
 * Names come from dates and numbers only, and a number is never used twice.
 */
#ifndef HI_STORE_LAYOUT_H
#define HI_STORE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum hi_segment_kind { HI_SEGMENT_READING, HI_SEGMENT_REJECT, HI_SEGMENT_OTHER, HI_SEGMENT_KINDS };

/* "readings", "rejects", "other": the folder of each kind. */
extern const char *const hi_segment_folders[HI_SEGMENT_KINDS];

enum { HI_LAYOUT_PATH_MAX = 64 };

/* The start of t_us's hour. */
int64_t hi_layout_hour(int64_t t_us);

/* The path of a segment relative to the store. hour_us: start of its hour (readings only). */
void hi_layout_path(enum hi_segment_kind kind, int64_t hour_us, uint64_t number,
		    char out[HI_LAYOUT_PATH_MAX]);

/* The number in a segment's file name ("06.000417.csv", "000012.ndjson"); false: not one of ours.
 */
bool hi_layout_number(enum hi_segment_kind kind, const char *name, uint64_t *number);

/*
 * Splits an operand: "ward/@2025-12-28T05" and "ward@2025-12-28T05" are the hour
 * of the store ward. *folder is malloc'ed (the caller frees it), *hour_us is set
 * where the result is true. false: no hour; *folder is then the operand itself.
 * *folder NULL: no memory.
 */
bool hi_layout_operand(const char *operand, char **folder, int64_t *hour_us);

/*
 * Creates a segment's file for appending (0600, its folder 0700 where there is
 * none). Returns the descriptor, or -1 with e filled; a file of that name is an
 * error, which can happen only where the catalogue went back in time.
 */
int hi_layout_create(int store_fd, const char *relative, struct hi_error *e);

/* Syncs the folder that holds relative and the one above it. */
int hi_layout_sync_folders(int store_fd, const char *relative, struct hi_error *e);

#endif
