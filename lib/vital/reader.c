#include "vital/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/scan.h"
#include "vital/parse.h"
#include "vital/reject.h"
#include "vital/template.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#endif

enum {
	BLOCK_LEN = 256 << 10,
	/* A line, its LF, and a block behind it. */
	BLOCK_MAX = HI_LINE_MAX + 1 + BLOCK_LEN,
	TEMPLATES = 8,
};

struct hi_reader {
	bool (*before_read)(void *arg, bool waits);
	void *arg;
	struct hi_input *in; /* NULL: none, or a text */
	char *block;	     /* cap + HI_SCAN_SLACK bytes, zero from end on */
	size_t cap;
	const char *pos, *end; /* not read yet; in block, or in a text that is another's */
	uint64_t line_no;
	bool eof;
	bool ref;      /* HI_SCAN=ref: the strict slicer only */
	bool skipping; /* within a line longer than HI_LINE_MAX */
	size_t last, victim;
	unsigned char follower[TEMPLATES]; /* which template matched after this one last time */
	struct hi_template templates[TEMPLATES];
	struct hi_memory memory;
	struct hi_parser parser;
	char long_text[HI_REJECT_TEXT_MAX + 1]; /* how the over-long line begins */
};

int hi_reader_new(struct hi_reader **out, bool (*before_read)(void *arg, bool waits), void *arg,
		  struct hi_error *e)
{
	struct hi_reader *r = calloc(1, sizeof(*r));
	const char *scan = getenv("HI_SCAN");

	*out = NULL;
	if (!r || !(r->block = calloc(1, BLOCK_LEN + HI_SCAN_SLACK))) {
		free(r);
		return hi_error_set(e, HI_NOMEM, "no memory for an input block");
	}
	hi_hash_start();
	hi_parser_init(&r->parser);
	hi_memory_init(&r->memory);
	r->before_read = before_read;
	r->arg = arg;
	r->cap = BLOCK_LEN;
	r->pos = r->end = r->block;
	r->eof = true;
	r->ref = scan && strcmp(scan, "ref") == 0;
	*out = r;
	return HI_OK;
}

void hi_reader_free(struct hi_reader *r)
{
	if (!r)
		return;
	hi_parser_release(&r->parser);
	free(r->block);
	free(r);
}

void hi_reader_open(struct hi_reader *r, struct hi_input *in)
{
	r->in = in;
	r->pos = r->end = r->block;
	memset(r->block, 0, HI_SCAN_SLACK);
	r->line_no = 0;
	r->eof = false;
	r->skipping = false;
}

void hi_reader_open_text(struct hi_reader *r, struct hi_slice text)
{
	r->in = NULL;
	r->pos = text.ptr;
	r->end = text.ptr + text.len;
	r->line_no = 0;
	r->eof = true; /* all of it is there: nothing is filled */
	r->skipping = false;
}

uint64_t hi_reader_line(const struct hi_reader *r)
{
	return r->line_no;
}

/* Moves what is left to the front of a block of cap bytes (the same or a new one). */
static int move_to_front(struct hi_reader *r, size_t cap, struct hi_error *e)
{
	size_t left = (size_t)(r->end - r->pos);
	char *block = r->block;
#ifdef ASAN
	bool fresh = true; /* a view that is used for too long meets freed memory */
#else
	bool fresh = cap != r->cap;
#endif
	if (fresh && !(block = malloc(cap + HI_SCAN_SLACK)))
		return hi_error_set(e, HI_NOMEM, "no memory for an input block");
	memmove(block, r->pos, left);
	if (fresh)
		free(r->block);
	r->block = block;
	r->cap = cap;
	r->pos = block;
	r->end = block + left;
	return HI_OK;
}

/* More input behind what is left. HI_OK (r->eof at its end), HI_END where it is over, or negative.
 */
static int fill(struct hi_reader *r, struct hi_error *e)
{
	size_t left = (size_t)(r->end - r->pos), cap = r->cap;
	if (r->before_read && !r->before_read(r->arg, !hi_input_ready(r->in, 0)))
		return HI_END;
	while (cap - left < BLOCK_LEN / 2 && cap < BLOCK_MAX)
		cap = 2 * cap < BLOCK_MAX ? 2 * cap : BLOCK_MAX;
	int s = move_to_front(r, cap, e);
	if (s)
		return s;
	char *end = r->block + left;
	memset(end, 0, HI_SCAN_SLACK);
	long n = hi_input_read(r->in, end, r->cap - left, e);
	if (n < 0)
		return (int)n;
	r->eof = n == 0;
	r->end = end + n;
	memset(end + n, 0, HI_SCAN_SLACK);
	return HI_OK;
}

static int refused(struct hi_reader *r, struct hi_error *e)
{
	if (e) {
		e->source = r->in ? hi_input_name(r->in) : NULL;
		e->line = r->line_no;
	}
	return HI_REFUSED;
}

/* Drops the line that has grown too long, up to its LF or the end. */
static int skip_long(struct hi_reader *r, struct hi_rec *rec, struct hi_error *e)
{
	if (!r->skipping) {
		memcpy(r->long_text, r->pos, sizeof(r->long_text));
		r->skipping = true;
	}
	for (;;) {
		const char *lf = memchr(r->pos, '\n', (size_t)(r->end - r->pos));
		if (lf || r->eof) {
			r->pos = lf ? lf + 1 : r->end;
			break;
		}
		r->pos = r->end;
		int s = fill(r, e);
		if (s)
			return s;
	}
	r->skipping = false;
	r->line_no++;
	*rec = (struct hi_rec){
		.line = hi_reject_cut((struct hi_slice){ r->long_text, sizeof(r->long_text) }),
	};
	hi_error_set(e, HI_REFUSED, "line longer than 1 MiB");
	if (e)
		e->column = HI_LINE_MAX + 1;
	return refused(r, e);
}

/*
 * A shape that the fast path does not take although it looks like one (bytes
 * beyond ASCII, say) must not push out one that it does.
 */
static void learn(struct hi_reader *r, const struct hi_rec *rec)
{
	struct hi_template t;
	struct hi_rec again;
	if (!hi_template_learn(&t, rec) ||
	    !hi_template_match(&t, &r->memory, rec->line.ptr, r->end, &again))
		return;
	size_t i = r->victim;
	r->victim = (i + 1) % TEMPLATES;
	r->templates[i] = t;
	r->follower[i] = r->follower[r->last] = (unsigned char)i;
	r->last = i;
}

static int take_line(struct hi_reader *r, const char *line_end, bool lf, struct hi_rec *rec,
		     struct hi_error *e)
{
	struct hi_slice line = { r->pos, (size_t)(line_end - r->pos) };
	r->pos = line_end + lf;
	r->line_no++;
	int s = hi_parse_line(&r->parser, line, rec, e);
	rec->line_lf = lf;
	if (s == HI_REFUSED)
		return refused(r, e);
	if (s == HI_OK && lf && !r->ref)
		learn(r, rec);
	return s;
}

static int next_slow(struct hi_reader *r, struct hi_rec *rec, struct hi_error *e)
{
	size_t searched = 0;
	for (;;) {
		if (r->skipping)
			return skip_long(r, rec, e);
		size_t left = (size_t)(r->end - r->pos);
		const char *lf = memchr(r->pos + searched, '\n', left - searched);
		size_t len = lf ? (size_t)(lf - r->pos) : left;
		if (len > HI_LINE_MAX)
			return skip_long(r, rec, e);
		if (lf)
			return take_line(r, lf, true, rec, e);
		if (r->eof)
			return left ? take_line(r, r->end, false, rec, e) : HI_END;
		searched = left;
		int s = fill(r, e);
		if (s)
			return s;
	}
}

/* The line at pos by the i-th template; false where it has another shape. */
static inline bool take_shape(struct hi_reader *r, size_t i, struct hi_rec *rec)
{
	const char *behind = hi_template_match(&r->templates[i], &r->memory, r->pos, r->end, rec);
	if (!behind)
		return false;
	r->pos = behind;
	r->last = i;
	r->line_no++;
	return true;
}

int hi_reader_next(struct hi_reader *r, struct hi_rec *rec, struct hi_error *e)
{
	size_t before = r->last, guess = r->follower[before];
	if (r->ref || r->skipping)
		return next_slow(r, rec, e);
	if (take_shape(r, guess, rec))
		return HI_OK;
	for (size_t i = 0; i < TEMPLATES; i++) {
		if (i != guess && take_shape(r, i, rec)) {
			r->follower[before] = (unsigned char)i;
			return HI_OK;
		}
	}
	return next_slow(r, rec, e);
}

int hi_reader_line_parse(struct hi_reader *r, struct hi_slice text, struct hi_rec *rec,
			 struct hi_error *e)
{
	int s = hi_parse_line(&r->parser, text, rec, e);
	rec->line_lf = false;
	return s;
}
