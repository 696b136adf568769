/* The tables of store.db, and what an older store lacks of them. */
#include <stdio.h>

#include "store/db.h"

_Static_assert(HI_STORE_FORMAT == 0, "the schema below writes format 0");

/*
 * Every row that a commit writes carries its number (commit_n), so that a
 * follower reads what is new by an index; writer and seq give the order of
 * arrival. Times are microseconds since 1970, hours the second they begin at.
 * A writer has a row in writers from its opening on; keys, a JSON array, and clock_us
 * only where it keeps a marked stream; done once nothing more can come of it. audit
 * is used by what comes with format 1.
 */
#define NEW_ID "('id',lower(hex(randomblob(16))))"
#define CLOCK_US "clock_us INTEGER"
#define DONE "done INTEGER NOT NULL DEFAULT 0"
#define WRITERS                                                                                    \
	"CREATE TABLE writers(number INTEGER PRIMARY KEY, keys TEXT, clock_us INTEGER," DONE ")"
#define WRITERS_AT_WORK "CREATE INDEX writers_at_work ON writers(number) WHERE done=0"

#define ALERTS_ARRIVAL "CREATE INDEX alerts_arrival ON alerts(writer, seq)"

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"INSERT INTO meta VALUES('format',0),"
	"('next_segment',1),('next_writer',1),('next_commit',1)," NEW_ID ";"
	"CREATE TABLE segments("
	" number INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL CHECK(kind IN('reading','reject','other')),"
	" hour INTEGER,"
	" state TEXT NOT NULL CHECK(state IN('open','closed','sealed','dead')),"
	" path TEXT NOT NULL UNIQUE,"
	" writer INTEGER NOT NULL,"
	" length INTEGER NOT NULL,"
	" rows INTEGER NOT NULL,"
	" crc32c INTEGER NOT NULL,"
	" first_us INTEGER, last_us INTEGER,"
	" first_patient TEXT, last_patient TEXT,"
	" first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
	" replaced_by INTEGER, died_us INTEGER,"
	" commit_n INTEGER NOT NULL," CLOCK_US ");"
	"CREATE INDEX segments_hour ON segments(hour);"
	"CREATE INDEX segments_commit ON segments(commit_n);"
	"CREATE INDEX segments_open ON segments(number) WHERE state='open';"

	"CREATE TABLE alerts(alert_id TEXT NOT NULL, status TEXT NOT NULL,"
	" patient_id TEXT, metric_name TEXT, alert_type TEXT,"
	" onset_us INTEGER, at_us INTEGER,"
	" writer INTEGER NOT NULL, seq INTEGER NOT NULL, commit_n INTEGER NOT NULL,"
	" line TEXT NOT NULL, PRIMARY KEY(alert_id, status));"
	"CREATE INDEX alerts_onset ON alerts(onset_us);"
	"CREATE INDEX alerts_patient ON alerts(patient_id, onset_us);"
	"CREATE INDEX alerts_commit ON alerts(commit_n);" ALERTS_ARRIVAL ";"

	"CREATE TABLE acts(act_id TEXT PRIMARY KEY NOT NULL, alert_id TEXT, act TEXT,"
	" at_us INTEGER,"
	" writer INTEGER NOT NULL, seq INTEGER NOT NULL, commit_n INTEGER NOT NULL,"
	" line TEXT NOT NULL);"
	"CREATE INDEX acts_alert ON acts(alert_id);"
	"CREATE INDEX acts_commit ON acts(commit_n);"

	"CREATE TABLE patients(patient_id TEXT NOT NULL, version INTEGER NOT NULL,"
	" ward TEXT, at_us INTEGER,"
	" writer INTEGER NOT NULL, seq INTEGER NOT NULL, commit_n INTEGER NOT NULL,"
	" line TEXT NOT NULL, PRIMARY KEY(patient_id, version));"
	"CREATE INDEX patients_commit ON patients(commit_n);"

	"CREATE TABLE stats(from_us INTEGER NOT NULL, every TEXT NOT NULL, tz TEXT NOT NULL,"
	" metric_name TEXT NOT NULL, patient_id TEXT NOT NULL, ward TEXT NOT NULL,"
	" at_us INTEGER,"
	" writer INTEGER NOT NULL, seq INTEGER NOT NULL, commit_n INTEGER NOT NULL,"
	" line TEXT NOT NULL,"
	" PRIMARY KEY(from_us, every, tz, metric_name, patient_id, ward));"
	"CREATE INDEX stats_commit ON stats(commit_n);"

	"CREATE TABLE voids(void_id TEXT PRIMARY KEY NOT NULL, patient_id TEXT,"
	" metric_name TEXT, since_us INTEGER, until_us INTEGER, at_us INTEGER,"
	" writer INTEGER NOT NULL, seq INTEGER NOT NULL, commit_n INTEGER NOT NULL,"
	" line TEXT NOT NULL);"
	"CREATE INDEX voids_commit ON voids(commit_n);"

	"CREATE TABLE positions(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;" WRITERS
	";" WRITERS_AT_WORK ";"
	"CREATE TABLE audit(number INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
	" what TEXT NOT NULL, detail TEXT);";

/*
 * Tables and application id come to be in one transaction, before WAL begins: the
 * file's header, which hi_db_is reads, is a store's from the moment on at which
 * all else is. A crash before it leaves an empty database, made whole here.
 */
int hi_schema_make(sqlite3 *db, struct hi_error *e)
{
	int64_t tables = 0;
	char mark[64];
	int s = hi_db_one_int(db, "SELECT count(*) FROM sqlite_master", &tables, e);
	if (s || tables)
		return s;
	s = hi_db_exec(db, "PRAGMA synchronous=FULL; BEGIN IMMEDIATE", e);
	s = s ? s : hi_db_one_int(db, "SELECT count(*) FROM sqlite_master", &tables, e);
	snprintf(mark, sizeof(mark), "PRAGMA application_id=%d", HI_DB_APPLICATION_ID);
	if (s == HI_OK && tables == 0)
		s = hi_db_exec(db, mark, e);
	if (s == HI_OK && tables == 0)
		s = hi_db_exec(db, schema, e);
	if (s == HI_OK)
		return hi_db_exec(db, "COMMIT", e);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return s;
}

/* What came into format 0 after its first version: how to see that it is there, how to make it. */
static const struct {
	const char *is_there, *make;
} added[] = {
	{ "SELECT count(*) FROM meta WHERE key='id'", "INSERT INTO meta VALUES" NEW_ID },
	{ "SELECT count(*) FROM pragma_table_info('segments') WHERE name='clock_us'",
	  "ALTER TABLE segments ADD COLUMN " CLOCK_US },
	{ "SELECT count(*) FROM sqlite_master WHERE type='table' AND name='writers'", WRITERS },
	{ "SELECT count(*) FROM pragma_table_info('writers') WHERE name='done'",
	  "ALTER TABLE writers ADD COLUMN " DONE },
	{ "SELECT count(*) FROM sqlite_master WHERE name='writers_at_work'", WRITERS_AT_WORK },
	{ "SELECT count(*) FROM sqlite_master WHERE name='alerts_arrival'", ALERTS_ARRIVAL },
};

enum { ADDED_N = sizeof(added) / sizeof(added[0]) };

int hi_schema_is_whole(sqlite3 *db, bool *whole, struct hi_error *e)
{
	int s = HI_OK;
	*whole = true;
	for (size_t i = 0; i < ADDED_N && s == HI_OK && *whole; i++) {
		int64_t n = 0;
		s = hi_db_one_int(db, added[i].is_there, &n, e);
		*whole = n > 0;
	}
	return s;
}

int hi_schema_upgrade(sqlite3 *db, struct hi_error *e)
{
	bool whole;
	int s = hi_schema_is_whole(db, &whole, e);
	if (s || whole)
		return s;
	s = hi_db_exec(db, "BEGIN IMMEDIATE", e);
	if (s)
		return s;
	for (size_t i = 0; i < ADDED_N && s == HI_OK; i++) {
		int64_t n = 0; /* asked again: another writer may have been here meanwhile */
		s = hi_db_one_int(db, added[i].is_there, &n, e);
		if (s == HI_OK && n == 0)
			s = hi_db_exec(db, added[i].make, e);
	}
	if (s == HI_OK)
		return hi_db_exec(db, "COMMIT", e);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return s;
}
