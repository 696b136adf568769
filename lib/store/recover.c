/*
 * What a crash leaves: bytes behind a committed length, files that no commit
 * knows. Both were promised to nobody and go, as soon as nobody holds them. A
 * file that is shorter than its commit, or other than it, is corruption: said,
 * never repaired by guessing.
 *
 * A writer that was killed while SQLite synced its log may have committed without
 * anybody seeing it: those who have the database open do not, who opens it after the
 * last of them has died does. Only a write of another, which takes the place of
 * such a commit in the log, settles it. So each dead writer is first buried, by a
 * transaction, and what it left is looked at after that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/db.h"
#include "store/inside.h"

struct recovery {
	struct hi_store *store;
	int lock_fd;
	sqlite3_stmt *known, *left_open, *close, *next_number, *at_work, *bury;
};

/* The least writer above after that is not known to be done; 0: none. */
static int next_at_work(struct recovery *r, uint64_t after, uint64_t *number, struct hi_error *e)
{
	*number = 0;
	sqlite3_bind_int64(r->at_work, 1, (int64_t)after);
	int step = sqlite3_step(r->at_work);
	if (step == SQLITE_ROW)
		*number = (uint64_t)sqlite3_column_int64(r->at_work, 0);
	sqlite3_reset(r->at_work);
	return step == SQLITE_ROW || step == SQLITE_DONE
		       ? HI_OK
		       : hi_db_error(r->store->db, "the database failed", e);
}

/* It locked its byte before the catalogue showed it: where that is free now it is dead. */
static int ask_dead(const struct recovery *r, uint64_t writer, bool *dead, struct hi_error *e)
{
	bool held = true;
	int s = hi_store_held(r->lock_fd, HI_LOCK_WRITERS + writer, &held, e);
	*dead = !held;
	return s;
}

static int bury_all(struct recovery *r, struct hi_error *e)
{
	uint64_t writer = 0;
	for (;;) {
		bool dead;
		int s = next_at_work(r, writer, &writer, e);
		if (s || writer == 0)
			return s;
		s = ask_dead(r, writer, &dead, e);
		if (s == HI_OK && !dead)
			continue;
		if (s)
			return s;
		sqlite3_bind_int64(r->bury, 1, (int64_t)writer);
		s = hi_db_run(r->store->db, r->bury, e);
		if (s)
			return s;
	}
}

/* One died after the others were buried: what is its own is not known. */
static int ask_unburied(struct recovery *r, bool *is, struct hi_error *e)
{
	uint64_t writer = 0;
	*is = false;
	do {
		int s = next_at_work(r, writer, &writer, e);
		if (s == HI_OK && writer > 0)
			s = ask_dead(r, writer, is, e);
		if (s)
			return s;
	} while (writer > 0 && !*is);
	return HI_OK;
}

/* The committed bytes have the committed checksum. */
static int check_crc(struct recovery *r, const char *path, uint64_t length, uint32_t want,
		     struct hi_error *e)
{
	char block[1 << 16];
	uint32_t crc = 0;
	int fd = openat(r->store->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? hi_error_fmt(e, HI_CORRUPT, "a committed file is missing",
						      "%s", path)
				       : hi_error_sys(e, "cannot open file", path);
	int s = HI_OK;
	for (uint64_t at = 0; at < length && s == HI_OK;) {
		size_t want_n = length - at < sizeof(block) ? (size_t)(length - at) : sizeof(block);
		ssize_t n = pread(fd, block, want_n, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			s = hi_error_sys(e, "cannot read", path);
		else if (n == 0)
			s = hi_error_fmt(e, HI_CORRUPT, "shorter than what was committed", "%s",
					 path);
		else
			crc = hi_crc32c(crc, block, (size_t)n);
		at += n > 0 ? (uint64_t)n : 0;
	}
	close(fd);
	if (s == HI_OK && crc != want)
		return hi_error_fmt(e, HI_CORRUPT, "not what was committed (checksum)", "%s", path);
	return s;
}

/* Only what is longer is cut. */
static int cut(struct recovery *r, const char *path, uint64_t length, struct hi_error *e)
{
	struct stat st;
	int fd = openat(r->store->fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return hi_error_sys(e, "cannot open file", path);
	int s = HI_OK;
	if (fstat(fd, &st))
		s = hi_error_sys(e, "cannot read", path);
	else if ((uint64_t)st.st_size > length && (ftruncate(fd, (off_t)length) || fsync(fd)))
		s = hi_error_sys(e, "cannot cut", path);
	close(fd);
	return s;
}

/* One segment that its writer did not close; its lock is ours. */
static int take_over(struct recovery *r, uint64_t number, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	sqlite3_bind_int64(r->known, 1, (int64_t)number);
	/* Asked again under the lock: its writer may have committed since. */
	if (sqlite3_step(r->known) != SQLITE_ROW) {
		sqlite3_reset(r->known);
		return HI_OK;
	}
	const char *of = (const char *)sqlite3_column_text(r->known, 0);
	snprintf(path, sizeof(path), "%s", of ? of : "");
	uint64_t length = (uint64_t)sqlite3_column_int64(r->known, 1);
	uint32_t crc = (uint32_t)sqlite3_column_int64(r->known, 2);
	sqlite3_reset(r->known);
	int s = check_crc(r, path, length, crc, e);
	s = s ? s : cut(r, path, length, e);
	if (s)
		return s;
	sqlite3_bind_int64(r->close, 1, (int64_t)number);
	return hi_db_run(r->store->db, r->close, e);
}

/* The least number of an open segment above after; 0: none. */
static int next_open(struct recovery *r, uint64_t after, uint64_t *number, struct hi_error *e)
{
	*number = 0;
	sqlite3_bind_int64(r->left_open, 1, (int64_t)after);
	int step = sqlite3_step(r->left_open);
	if (step == SQLITE_ROW)
		*number = (uint64_t)sqlite3_column_int64(r->left_open, 0);
	sqlite3_reset(r->left_open);
	return step == SQLITE_ROW || step == SQLITE_DONE
		       ? HI_OK
		       : hi_db_error(r->store->db, "the database failed", e);
}

static int take_over_all(struct recovery *r, struct hi_error *e)
{
	uint64_t number = 0;
	for (;;) {
		int s = next_open(r, number, &number, e);
		if (s || number == 0)
			return s;
		s = hi_store_lock(r->lock_fd, number, 1, e);
		if (s == HI_END)
			continue;
		if (s)
			return s;
		s = take_over(r, number, e);
		hi_store_unlock(r->lock_fd, number, 1);
		if (s)
			return s;
	}
}

/* True where the catalogue has given out this number: the file is what a crash left. */
static bool given_out(struct recovery *r, uint64_t number)
{
	bool is = sqlite3_step(r->next_number) == SQLITE_ROW &&
		  number < (uint64_t)sqlite3_column_int64(r->next_number, 0);
	sqlite3_reset(r->next_number);
	return is;
}

/* A file of ours at path: removed where no commit knows it and no writer holds it. */
static int judge_file(struct recovery *r, const char *path, uint64_t number, struct hi_error *e)
{
	bool unburied = false;
	int s = hi_store_lock(r->lock_fd, number, 1, e);
	if (s)
		return s == HI_END ? HI_OK : s;
	sqlite3_bind_int64(r->known, 1, (int64_t)number);
	int step = sqlite3_step(r->known);
	bool known = step == SQLITE_ROW;
	const char *of = known ? (const char *)sqlite3_column_text(r->known, 0) : NULL;
	bool another = known && (!of || strcmp(of, path) != 0);
	sqlite3_reset(r->known);
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		s = hi_db_error(r->store->db, "the database failed", e);
	else if (another)
		s = hi_error_fmt(e, HI_CORRUPT, "store.db has another file under this number", "%s",
				 path);
	else if (!known && !given_out(r, number))
		s = hi_error_fmt(e, HI_CORRUPT, "store.db is older than this file", "%s", path);
	else if (!known)
		s = ask_unburied(r, &unburied, e);
	if (s == HI_OK && !known && !unburied && unlinkat(r->store->fd, path, 0) && errno != ENOENT)
		s = hi_error_sys(e, "cannot remove", path);
	hi_store_unlock(r->lock_fd, number, 1);
	return s;
}

static int sweep(struct recovery *r, enum hi_segment_kind kind, const char *folder, bool days,
		 struct hi_error *e)
{
	int fd = openat(r->store->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *f;
	int s = HI_OK;
	if (!d) {
		s = errno == ENOENT || errno == ENOTDIR
			    ? HI_OK
			    : hi_error_sys(e, "cannot open folder", folder);
		if (fd >= 0)
			close(fd);
		return s;
	}
	while (s == HI_OK && (errno = 0, f = readdir(d))) {
		char path[HI_LAYOUT_PATH_MAX];
		uint64_t number;
		/* What has not our form of name is not ours: it is left alone. */
		if (f->d_name[0] == '.' || (size_t)snprintf(path, sizeof(path), "%s/%s", folder,
							    f->d_name) >= sizeof(path))
			continue;
		if (days)
			s = sweep(r, kind, path, false, e);
		else if (hi_layout_number(kind, f->d_name, &number))
			s = judge_file(r, path, number, e);
	}
	if (s == HI_OK && errno)
		s = hi_error_sys(e, "cannot read the folder", folder);
	closedir(d);
	return s;
}

static int prepare(struct recovery *r, struct hi_error *e)
{
	sqlite3 *db = r->store->db;
	int s = hi_db_prepare(db, "SELECT path,length,crc32c FROM segments WHERE number=?1",
			      &r->known, e);
	s = s ? s
	      : hi_db_prepare(db,
			      "SELECT number FROM segments WHERE state='open' AND number>?1"
			      " AND writer NOT IN(SELECT number FROM writers WHERE done=0)"
			      " ORDER BY number LIMIT 1",
			      &r->left_open, e);
	s = s ? s
	      : hi_db_prepare(db,
			      "SELECT number FROM writers WHERE done=0 AND number>?1"
			      " ORDER BY number LIMIT 1",
			      &r->at_work, e);
	s = s ? s : hi_db_prepare(db, "UPDATE writers SET done=1 WHERE number=?1", &r->bury, e);
	s = s ? s
	      : hi_db_prepare(db, "UPDATE segments SET state='closed' WHERE number=?1", &r->close,
			      e);
	return s ? s
		 : hi_db_prepare(db, "SELECT value FROM meta WHERE key='next_segment'",
				 &r->next_number, e);
}

/* Opened anew: the caller's own locks would be no locks to its own descriptor. */
int hi_store_recover(struct hi_store *store, struct hi_error *e)
{
	struct recovery r = { .store = store };
	r.lock_fd = openat(store->fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (r.lock_fd < 0)
		return hi_error_sys(e, "cannot open file", "lock");
	int s = prepare(&r, e);
	s = s ? s : bury_all(&r, e);
	s = s ? s : take_over_all(&r, e);
	for (int k = 0; k < HI_SEGMENT_KINDS && s == HI_OK; k++)
		s = sweep(&r, (enum hi_segment_kind)k, hi_segment_folders[k],
			  k == HI_SEGMENT_READING, e);
	sqlite3_finalize(r.known);
	sqlite3_finalize(r.left_open);
	sqlite3_finalize(r.close);
	sqlite3_finalize(r.next_number);
	sqlite3_finalize(r.at_work);
	sqlite3_finalize(r.bury);
	close(r.lock_fd);
	return s;
}
