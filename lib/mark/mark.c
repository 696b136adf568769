#include "mark/mark.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"

void hi_mark_init(struct hi_mark *m)
{
	*m = (struct hi_mark){ 0 };
}

void hi_mark_release(struct hi_mark *m)
{
	hi_positions_release(&m->positions);
}

/* Over what no filter changes. */
static uint32_t checksum(const struct hi_mark *m)
{
	char text[64];
	uint32_t crc = hi_crc32c(0, m->run, strlen(m->run));
	int n = snprintf(text, sizeof(text), "\n%" PRIu64 "\n%" PRId64 "\n", m->seq, m->window_us);
	crc = hi_crc32c(crc, text, (size_t)n);
	if (m->timed) {
		n = snprintf(text, sizeof(text), "%" PRId64, m->t_us);
		crc = hi_crc32c(crc, text, (size_t)n);
	}
	for (size_t i = 0; i < m->positions.n; i++) {
		const struct hi_position *p = &m->positions.v[i];
		crc = hi_crc32c(crc, "\n", 1);
		crc = hi_crc32c(crc, p->key, strlen(p->key));
		crc = hi_crc32c(crc, "\n", 1);
		crc = hi_crc32c(crc, p->value, strlen(p->value));
	}
	return crc;
}

static void checksum_text(const struct hi_mark *m, char out[16])
{
	snprintf(out, 16, "%08" PRIx32, checksum(m));
}

static int broken(struct hi_error *e, const char *text)
{
	return hi_error_set(e, HI_CONTRACT, text);
}

static const char *const keys[] = { "type",  "resume", "run",	    "seq",    "n",	"time",
				    "since", "window", "positions", "crc32c", "refused" };
enum { TYPE, RESUME, RUN, SEQ, N, TIME, SINCE, WINDOW, POSITIONS, CRC, REFUSED, KEYS };

static int key_of(const struct hi_member *m)
{
	for (int k = 0; k < KEYS; k++)
		if (hi_member_is(m, keys[k]))
			return k;
	return KEYS;
}

/* A key that is not known may be one of ours that was altered. */
static int find_members(const struct hi_rec *rec, const struct hi_member *at[KEYS],
			struct hi_error *e)
{
	for (int k = 0; k < KEYS; k++)
		at[k] = NULL;
	for (size_t i = 0; i < rec->members_n; i++) {
		int k = key_of(&rec->members[i]);
		if (k == KEYS)
			return broken(e, "a mark has a key that is not known");
		if (at[k])
			return broken(e, "a mark has a key twice");
		at[k] = &rec->members[i];
	}
	return HI_OK;
}

static bool is_string(const struct hi_member *m)
{
	return m && m->kind == HI_JSON_STRING && !m->value_escaped;
}

static struct hi_slice inside(const struct hi_member *m)
{
	return (struct hi_slice){ m->value.ptr + 1, m->value.len - 2 };
}

static bool read_count(const struct hi_member *m, uint64_t *out)
{
	uint64_t v = 0;
	if (!m || m->kind != HI_JSON_NUMBER || m->value.len > 18)
		return false;
	for (size_t i = 0; i < m->value.len; i++) {
		if (m->value.ptr[i] < '0' || m->value.ptr[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(m->value.ptr[i] - '0');
	}
	*out = v;
	return true;
}

static bool read_time(const struct hi_member *m, int64_t *t_us)
{
	struct hi_time t;
	if (!is_string(m) || hi_time_parse(inside(m), &t, NULL) != HI_OK)
		return false;
	*t_us = t.t_us;
	return true;
}

static int check_crc(const struct hi_mark *m, const struct hi_member *member, struct hi_error *e)
{
	char crc[16];
	if (!member)
		return HI_OK;
	checksum_text(m, crc);
	if (!is_string(member) || !hi_slice_is(inside(member), crc))
		return broken(e, "a mark is not the one that was written (crc32c)");
	return HI_OK;
}

static int read_begin(struct hi_mark *m, const struct hi_member *const at[KEYS], struct hi_error *e)
{
	m->kind = HI_MARK_BEGIN;
	m->timed = at[SINCE] != NULL;
	if (at[SINCE] && !read_time(at[SINCE], &m->t_us))
		return broken(e, "the preamble's since is no time");
	if (!is_string(at[WINDOW]) || hi_duration_parse(inside(at[WINDOW]), &m->window_us) != HI_OK)
		return broken(e, "the preamble's window is no duration");
	return check_crc(m, at[CRC], e);
}

/* Letters, digits and . _ - : nothing that is written in more than one way. */
static bool is_run(struct hi_slice s)
{
	static const char others[] = "._-";
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i], lower = (char)(c | 0x20);
		if ((c < '0' || c > '9') && (lower < 'a' || lower > 'z') &&
		    !memchr(others, c, sizeof(others) - 1))
			return false;
	}
	return s.len > 0 && s.len <= HI_MARK_RUN_MAX;
}

static int read_plain(struct hi_mark *m, const struct hi_member *const at[KEYS], struct hi_error *e)
{
	m->kind = HI_MARK_PLAIN;
	if (!is_string(at[RUN]) || !is_run(inside(at[RUN])))
		return broken(e, "a mark without a run");
	memcpy(m->run, inside(at[RUN]).ptr, inside(at[RUN]).len);
	if (!read_count(at[SEQ], &m->seq))
		return broken(e, "a mark without a seq");
	m->timed = at[TIME] != NULL;
	if (at[TIME] && !read_time(at[TIME], &m->t_us))
		return broken(e, "a mark's time is no time");
	return HI_OK;
}

static int read_positions(struct hi_mark *m, const struct hi_member *const at[KEYS],
			  struct hi_error *e)
{
	if (!at[POSITIONS] || at[POSITIONS]->kind != HI_JSON_OBJECT)
		return broken(e, "a mark without positions");
	int s = hi_positions_read(&m->positions, at[POSITIONS]->value, e);
	return s ? s : check_crc(m, at[CRC], e);
}

int hi_mark_read(struct hi_mark *m, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_positions positions = m->positions;
	const struct hi_member *at[KEYS];
	hi_positions_reset(&positions);
	*m = (struct hi_mark){ .positions = positions };
	int s = find_members(rec, at, e);
	if (s)
		return s;
	if (at[REFUSED])
		return broken(e, "a tool before this one has refused the stream");
	if (at[RESUME] && is_string(at[RESUME]) && hi_slice_is(inside(at[RESUME]), "begin"))
		return read_begin(m, at, e);
	m->counted = true;
	if (!read_count(at[N], &m->n))
		return broken(e, "a mark without an n");
	if (!at[RESUME]) {
		s = read_plain(m, at, e);
	} else {
		m->kind = HI_MARK_END;
		if (!is_string(at[RESUME]) || !hi_slice_is(inside(at[RESUME]), "end"))
			s = broken(e, "a mark's resume is neither begin nor end");
	}
	return s ? s : read_positions(m, at, e);
}

static void write_begin(struct hi_object *o, const struct hi_mark *m)
{
	char text[HI_TIME_TEXT_MAX];
	size_t n = hi_duration_format(m->window_us, text);
	hi_object_str(o, "resume", HI_LIT("begin"));
	if (m->timed)
		hi_object_time(o, "since", m->t_us);
	hi_object_str(o, "window", (struct hi_slice){ text, n });
}

void hi_mark_write(const struct hi_mark *m, struct hi_buf *b)
{
	char crc[16];
	struct hi_object o;
	hi_object_begin(&o, b);
	hi_object_str(&o, "type", HI_LIT("mark"));
	if (m->kind == HI_MARK_BEGIN) {
		write_begin(&o, m);
	} else {
		if (m->kind == HI_MARK_END) {
			hi_object_str(&o, "resume", HI_LIT("end"));
		} else {
			hi_object_str(&o, "run", hi_slice_of(m->run));
			hi_object_int(&o, "seq", (int64_t)m->seq);
		}
		if (m->counted)
			hi_object_int(&o, "n", (int64_t)m->n);
		if (m->timed)
			hi_object_time(&o, "time", m->t_us);
		hi_object_raw(&o, "positions", HI_LIT(""));
		hi_positions_write(&m->positions, b);
	}
	checksum_text(m, crc);
	hi_object_str(&o, "crc32c", hi_slice_of(crc));
	hi_object_end(&o);
}

void hi_mark_rewrite(const struct hi_rec *rec, uint64_t n, struct hi_buf *b)
{
	const struct hi_member *m = hi_rec_member(rec, "n");
	if (!m) {
		hi_buf_slice(b, rec->line);
		return;
	}
	size_t before = (size_t)(m->value.ptr - rec->line.ptr);
	hi_buf_put(b, rec->line.ptr, before);
	hi_buf_printf(b, "%" PRIu64, n);
	hi_buf_put(b, m->value.ptr + m->value.len, rec->line.len - before - m->value.len);
}

void hi_mark_write_refused(struct hi_buf *b)
{
	struct hi_object o;
	hi_object_begin(&o, b);
	hi_object_str(&o, "type", HI_LIT("mark"));
	hi_object_bool(&o, "refused", true);
	hi_object_end(&o);
}

bool hi_mark_is_torn(struct hi_slice line, bool whole)
{
	static const char begin[] = "{\"type\":\"mark\"";
	size_t n = sizeof(begin) - 1;
	if (!whole && line.len < n)
		n = line.len;
	return line.len >= n && memcmp(line.ptr, begin, n) == 0;
}
