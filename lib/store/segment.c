#include "store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum {
	WRITE_LEN = 128 << 10, /* rows gathered before a write: fits in the second cache */
	ROWS_MAX = 16 << 20,   /* more than one row of a line of HI_LINE_MAX, all quotes */
	SYNC_EACH_MAX = 64     /* with more files than this one syncfs is cheaper */
};

static size_t bucket_of(enum hi_segment_kind kind, int64_t hour_us)
{
	uint64_t h = (uint64_t)(hour_us / 3600000000) * UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)((h >> 32) + (uint64_t)kind) % HI_SEGMENTS_BUCKETS;
}

void hi_segments_init(struct hi_segments *set, int store_fd)
{
	memset(set, 0, sizeof(*set));
	set->store_fd = store_fd;
}

struct hi_segment *hi_segments_find(struct hi_segments *set, enum hi_segment_kind kind,
				    int64_t hour_us)
{
	struct hi_segment *s = set->bucket[bucket_of(kind, hour_us)];
	while (s && (s->closed || s->kind != kind || s->hour_us != hour_us))
		s = s->next;
	return s;
}

/* Gives seg a place among the open descriptors. */
static void hold_fd(struct hi_segments *set, struct hi_segment *seg, int fd)
{
	struct hi_segment **place = &set->fds[set->fds_at++ % HI_SEGMENTS_FDS];
	if (*place) {
		close((*place)->fd);
		(*place)->fd = -1;
	}
	*place = seg;
	seg->fd = fd;
}

static int open_fd(struct hi_segments *set, struct hi_segment *seg, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	if (seg->fd >= 0)
		return HI_OK;
	hi_layout_path(seg->kind, seg->hour_us, seg->number, path);
	int fd = openat(set->store_fd, path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return hi_error_sys(e, "cannot open file", path);
	hold_fd(set, seg, fd);
	return HI_OK;
}

int hi_segments_add(struct hi_segments *set, enum hi_segment_kind kind, int64_t hour_us,
		    uint64_t number, struct hi_segment **out, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	struct hi_segment *seg = calloc(1, sizeof(*seg));
	if (!seg)
		return hi_error_set(e, HI_NOMEM, "no memory for a segment");
	hi_layout_path(kind, hour_us, number, path);
	int fd = hi_layout_create(set->store_fd, path, e);
	if (fd < 0) {
		free(seg);
		return HI_IO;
	}
	seg->kind = kind;
	seg->hour_us = hour_us;
	seg->number = number;
	seg->fresh = true;
	hi_buf_init(&seg->rows, ROWS_MAX);
	hold_fd(set, seg, fd);
	seg->next = set->bucket[bucket_of(kind, hour_us)];
	set->bucket[bucket_of(kind, hour_us)] = seg;
	set->n++;
	*out = seg;
	return HI_OK;
}

static int write_rows(struct hi_segments *set, struct hi_segment *seg, struct hi_error *e)
{
	int s = open_fd(set, seg, e);
	size_t done = 0;
	while (s == HI_OK && done < seg->rows.len) {
		ssize_t n = write(seg->fd, seg->rows.ptr + done, seg->rows.len - done);
		if (n >= 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			char path[HI_LAYOUT_PATH_MAX];
			hi_layout_path(seg->kind, seg->hour_us, seg->number, path);
			s = hi_error_sys(e, "cannot write", path);
		}
	}
	if (s)
		return s;
	seg->crc = hi_crc32c(seg->crc, seg->rows.ptr, seg->rows.len);
	seg->length += seg->rows.len;
	hi_buf_reset(&seg->rows);
	return HI_OK;
}

void hi_segment_note_line(struct hi_segment *seg, uint64_t seq)
{
	if (seg->rows_n++ == 0)
		seg->first_seq = seq;
	seg->last_seq = seq;
}

static void set_patient(char *to, uint8_t *len, struct hi_slice patient)
{
	memcpy(to, patient.ptr, patient.len);
	*len = (uint8_t)patient.len;
}

void hi_segment_note(struct hi_segment *seg, int64_t t_us, struct hi_slice patient, uint64_t seq)
{
	struct hi_slice first = { seg->first_patient, seg->first_patient_len };
	struct hi_slice last = { seg->last_patient, seg->last_patient_len };
	bool none = seg->rows_n == 0;
	if (none || t_us < seg->first_us)
		seg->first_us = t_us;
	if (none || t_us > seg->last_us)
		seg->last_us = t_us;
	if (none || hi_slice_cmp(patient, first) < 0)
		set_patient(seg->first_patient, &seg->first_patient_len, patient);
	if (none || hi_slice_cmp(patient, last) > 0)
		set_patient(seg->last_patient, &seg->last_patient_len, patient);
	hi_segment_note_line(seg, seq);
}

int hi_segments_put(struct hi_segments *set, struct hi_segment *seg, struct hi_error *e)
{
	if (!seg->touched) {
		seg->touched = true;
		seg->next_touched = set->touched;
		set->touched = seg;
		set->touched_n++;
	}
	if (seg->length + seg->rows.len >= HI_SEGMENT_CLOSE_LEN)
		seg->closed = true;
	return seg->rows.len < WRITE_LEN ? HI_OK : write_rows(set, seg, e);
}

static int sync_file(struct hi_segments *set, struct hi_segment *seg, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	int s = open_fd(set, seg, e);
	if (s)
		return s;
	hi_layout_path(seg->kind, seg->hour_us, seg->number, path);
	/* fdatasync writes the length too, which is all of the inode that a reader needs. */
	if (fdatasync(seg->fd))
		return hi_error_sys(e, "cannot sync", path);
	/* Both folders: the upper one may be another writer's that has not synced it yet. */
	return seg->fresh ? hi_layout_sync_folders(set->store_fd, path, e) : HI_OK;
}

int hi_segments_write(struct hi_segments *set, struct hi_error *e)
{
	int s = HI_OK;
	for (struct hi_segment *seg = set->touched; seg && s == HI_OK; seg = seg->next_touched) {
		if (seg->rows.len)
			s = write_rows(set, seg, e);
		/* One hour's buffer is worth keeping, two thousand hours' are not. */
		if (set->touched_n > SYNC_EACH_MAX)
			hi_buf_release(&seg->rows);
	}
	return s;
}

int hi_segments_sync(struct hi_segments *set, struct hi_error *e)
{
	int s = hi_segments_write(set, e);
	if (s == HI_OK && set->touched_n > SYNC_EACH_MAX)
		return syncfs(set->store_fd) ? hi_error_sys(e, "cannot sync the file system", "")
					     : HI_OK;
	for (struct hi_segment *seg = set->touched; seg && s == HI_OK; seg = seg->next_touched)
		s = sync_file(set, seg, e);
	return s;
}

static void forget(struct hi_segments *set, struct hi_segment *seg)
{
	for (size_t i = 0; i < HI_SEGMENTS_FDS; i++)
		if (set->fds[i] == seg)
			set->fds[i] = NULL;
	if (seg->fd >= 0)
		close(seg->fd);
	hi_buf_release(&seg->rows);
	free(seg);
	set->n--;
}

static void drop(struct hi_segments *set, bool all)
{
	for (size_t b = 0; b < HI_SEGMENTS_BUCKETS; b++) {
		struct hi_segment **at = &set->bucket[b];
		while (*at) {
			struct hi_segment *seg = *at;
			if (!all && !seg->closed) {
				at = &seg->next;
				continue;
			}
			*at = seg->next;
			forget(set, seg);
		}
	}
}

struct hi_segment *hi_segments_next(const struct hi_segments *set, const struct hi_segment *seg)
{
	if (seg && seg->next)
		return seg->next;
	for (size_t b = seg ? bucket_of(seg->kind, seg->hour_us) + 1 : 0; b < HI_SEGMENTS_BUCKETS;
	     b++)
		if (set->bucket[b])
			return set->bucket[b];
	return NULL;
}

void hi_segments_committed(struct hi_segments *set)
{
	for (struct hi_segment *seg = set->touched; seg; seg = seg->next_touched) {
		seg->touched = seg->fresh = false;
		seg->committed = seg->length;
	}
	set->touched = NULL;
	set->touched_n = 0;
	drop(set, false);
}

void hi_segments_release(struct hi_segments *set)
{
	drop(set, true);
	set->touched = NULL;
	set->touched_n = 0;
}

/* As recovery would: nothing is to be seen of what was never there. */
static int cut(struct hi_segments *set, struct hi_segment *seg, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	hi_layout_path(seg->kind, seg->hour_us, seg->number, path);
	if (seg->committed == 0)
		return unlinkat(set->store_fd, path, 0) ? hi_error_sys(e, "cannot remove", path)
							: HI_OK;
	if (seg->length == seg->committed)
		return HI_OK;
	int s = open_fd(set, seg, e);
	if (s == HI_OK && (ftruncate(seg->fd, (off_t)seg->committed) || fsync(seg->fd)))
		s = hi_error_sys(e, "cannot cut", path);
	return s;
}

int hi_segments_forget(struct hi_segments *set, struct hi_error *e)
{
	int s = HI_OK;
	for (struct hi_segment *seg = set->touched; seg && s == HI_OK; seg = seg->next_touched)
		s = cut(set, seg, e);
	hi_segments_release(set);
	return s;
}
