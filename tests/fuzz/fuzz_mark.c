/*
 * A stream of lines. A mark that reads writes one that reads as the same; and of a
 * stream that the check takes, no line and no mark may be missing or there twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "mark/check.h"
#include "vital/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { LINES_MAX = 200, NOWHERE = LINES_MAX };

struct line {
	bool is_mark;
	struct hi_mark mark;
};

static void fail(const char *what, struct hi_slice text)
{
	fprintf(stderr, "fuzz_mark: %s\n%.*s\n", what, (int)text.len, text.ptr);
	abort();
}

static bool same(const struct hi_mark *a, const struct hi_mark *b)
{
	return a->kind == b->kind && strcmp(a->run, b->run) == 0 && a->seq == b->seq &&
	       a->counted == b->counted && a->n == b->n && a->timed == b->timed &&
	       a->t_us == b->t_us && a->window_us == b->window_us &&
	       hi_positions_equal(&a->positions, &b->positions);
}

static void write_and_read(struct hi_reader *reader, const struct hi_mark *m)
{
	struct hi_mark again;
	struct hi_rec rec;
	struct hi_buf b;
	struct hi_error e;

	hi_mark_init(&again);
	hi_buf_init(&b, 16 << 20);
	hi_mark_write(m, &b);
	if (b.failed || hi_reader_line_parse(reader, hi_buf_view(&b), &rec, &e) != HI_OK ||
	    rec.type != HI_T_MARK || hi_mark_read(&again, &rec, &e) != HI_OK || !same(m, &again))
		fail("a mark that was written reads as another", hi_buf_view(&b));
	hi_mark_release(&again);
	hi_buf_release(&b);
}

/* With line k left out (twice: there twice); true where nothing is wrong. */
static bool check(struct line *v, size_t n, size_t k, bool twice)
{
	struct hi_mark_check c = { 0 };
	struct hi_error e;
	int s = HI_OK;

	hi_mark_check_begin(&c, false);
	for (size_t i = 0; i < n && s == HI_OK; i++) {
		int times = i != k ? 1 : twice ? 2 : 0;
		for (int t = 0; t < times && s == HI_OK; t++)
			s = v[i].is_mark ? hi_mark_check_mark(&c, &v[i].mark, &e)
					 : hi_mark_check_line(&c, &e);
	}
	s = s ? s : hi_mark_check_end(&c, &e);
	hi_mark_check_release(&c);
	return s == HI_OK;
}

static bool plain(const struct line *v)
{
	return v->is_mark && v->mark.kind == HI_MARK_PLAIN;
}

/*
 * Nothing is lost with a mark that no line stands before and that nothing of its
 * run comes after; an opening mark alone is one.
 */
static bool may_be_missing(const struct line *v, size_t n, size_t k)
{
	if (!plain(&v[k]) || (v[k].mark.seq > 0 && !plain(&v[k - 1])))
		return false;
	/* Behind a preamble another opening mark stands for it. */
	if (k > 0 && v[k - 1].is_mark && v[k - 1].mark.kind == HI_MARK_END)
		return k + 1 < n && plain(&v[k + 1]) && v[k + 1].mark.seq == 0;
	return k + 1 == n || (v[k + 1].is_mark &&
			      (v[k + 1].mark.kind == HI_MARK_BEGIN || v[k + 1].mark.seq == 0));
}

static void look(struct line *v, size_t n, size_t size)
{
	if (n == 0 || !plain(&v[n - 1]) || !check(v, n, NOWHERE, false))
		return;
	size_t k = size % n;
	if (check(v, n, k, true))
		fail("there twice and not seen", HI_LIT(""));
	if (!may_be_missing(v, n, k) && check(v, n, k, false))
		fail("missing and not seen", HI_LIT(""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	static struct line v[LINES_MAX];
	struct hi_reader *reader;
	struct hi_rec rec;
	struct hi_error e;
	size_t n = 0;

	if (hi_reader_new(&reader, NULL, NULL, &e))
		abort();
	while (p < end && n < LINES_MAX) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		struct hi_slice text = { p, (size_t)((lf ? lf : end) - p) };
		p = lf ? lf + 1 : end;
		bool is = hi_reader_line_parse(reader, text, &rec, &e) == HI_OK;
		v[n].is_mark = is && rec.type == HI_T_MARK;
		if (v[n].is_mark && hi_mark_read(&v[n].mark, &rec, &e) != HI_OK)
			break;
		if (v[n].is_mark)
			write_and_read(reader, &v[n].mark);
		n++;
	}
	look(v, n, size);
	for (size_t i = 0; i < LINES_MAX; i++)
		hi_mark_release(&v[i].mark);
	hi_reader_free(reader);
	return 0;
}

static size_t pick(uint64_t *s, size_t n)
{
	*s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)((*s >> 33) % n);
}

/* A right stream: runs, some with a preamble; lines of no meaning between marks. */
static size_t make_stream(uint64_t *s, char *out, size_t cap)
{
	size_t len = 0;

	for (int run = 0; run < 3; run++) {
		size_t n = 0;
		if (pick(s, 2)) {
			n = pick(s, 3);
			len += (size_t)snprintf(out + len, cap - len,
						"{\"type\":\"mark\",\"resume\":\"begin\","
						"\"window\":\"1h\"}\n%.*s{\"type\":\"mark\","
						"\"resume\":\"end\",\"n\":%d,\"positions\":"
						"{\"g\":%d}}\n",
						(int)n * 2, "x\nx\nx\n", (int)n, run);
		}
		n = 0;
		for (size_t seq = 0, marks = 1 + pick(s, 4); seq < marks; seq++) {
			len += (size_t)snprintf(out + len, cap - len,
						"%.*s{\"type\":\"mark\",\"run\":\"%d\",\"seq\":%d,"
						"\"n\":%d,\"positions\":{\"g\":%d}}\n",
						(int)n * 2, "x\nx\nx\n", run, (int)seq, (int)n,
						seq ? (int)pick(s, 9) : run);
			n = pick(s, 4);
		}
	}
	return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	char *text = (char *)data;
	uint64_t s = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

	if (size == 0 || seed % 4 == 0)
		return max_size < 4096 ? 0 : make_stream(&s, text, max_size);
	if (seed % 4 == 1)
		return LLVMFuzzerMutate(data, size, max_size);
	return seed % 4 == 2 ? lines_repeat(s, text, size, max_size)
			     : lines_spoil(s, text, size, max_size);
}
