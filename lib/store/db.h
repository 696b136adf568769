/*
 * store.db: opening, the schema, and SQLite's errors as ours.
 *
 * WAL, synchronous=FULL: a transaction that has returned is durable.
 */
#ifndef HI_STORE_DB_H
#define HI_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

/* The format's number. 0: not promised yet. A store with a greater one is refused. */
enum { HI_STORE_FORMAT = 0 };

/* In store.db's header (PRAGMA application_id), by which a store is known: "hist". */
enum { HI_DB_APPLICATION_ID = 0x68697374 };

/* True where the file at path (relative to dir_fd) is the database of a store. */
bool hi_db_is(int dir_fd, const char *path);

/*
 * Opens the database at path. write: it is made, and its schema, where it is not
 * there, and brought up to date where it is older. Else, where its folder may not be written to and
 * it has no log, it is read as one that nobody changes meanwhile. HI_OK; HI_USAGE: a newer format,
 * or a database of something else; else as hi_db_error.
 */
int hi_db_open(sqlite3 **out, const char *path, bool write, struct hi_error *e);

/* The last error of db as a status: HI_NOMEM, HI_CORRUPT, or HI_IO (sys ENOSPC where full). */
int hi_db_error(sqlite3 *db, const char *text, struct hi_error *e);

/* Runs sql, which has no parameters and whose rows do not matter. */
int hi_db_exec(sqlite3 *db, const char *sql, struct hi_error *e);

/* The first integer that sql gives. */
int hi_db_one_int(sqlite3 *db, const char *sql, int64_t *v, struct hi_error *e);

/* Makes the tables of an empty database, and the application id. */
int hi_schema_make(sqlite3 *db, struct hi_error *e);

/* Adds what a store of an earlier version of the same format does not have. */
int hi_schema_upgrade(sqlite3 *db, struct hi_error *e);

/* *whole: nothing of that is missing; a reader, which adds nothing, asks where it needs it. */
int hi_schema_is_whole(sqlite3 *db, bool *whole, struct hi_error *e);

/* Prepares a statement kept for long. */
int hi_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct hi_error *e);

/* Steps a statement that gives no rows, and resets it. */
int hi_db_run(sqlite3 *db, sqlite3_stmt *st, struct hi_error *e);

/*
 * Adds n to the counter of that name and returns in *first what it was: numbers
 * first..first+n-1 are the caller's and nobody's ever again. In a transaction of
 * its own unless one is open.
 */
int hi_db_take(sqlite3 *db, const char *counter, uint64_t n, uint64_t *first, struct hi_error *e);

void hi_db_bind_slice(sqlite3_stmt *st, int at, struct hi_slice s);
struct hi_slice hi_db_slice(sqlite3_stmt *st, int column);

#endif
