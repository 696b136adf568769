#include "tool/table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tool/text_width.h"

enum {
	ROWS_MAX = 4000,
	COLUMNS_MAX = 64,
	GAP = 2,
	HELD_MAX = 64 << 20 /* bytes of cells held; rows that come after it stream */
};

struct column {
	const char *title;
	size_t width;
	bool right;
};

struct hi_table {
	struct column columns[COLUMNS_MAX];
	size_t columns_n;
	struct hi_buf text;  /* the cells held, each ended by NUL, clean */
	struct hi_buf clean; /* one cell */
	size_t cells_n;	     /* held */
	size_t owed;	     /* spaces before the row's next text */
	bool fixed;	     /* the head is written, widths do not change */
};

/* text made harmless, until the next call. */
static struct hi_slice cleaned(struct hi_table *t, struct hi_slice text)
{
	hi_buf_reset(&t->clean);
	hi_text_clean(&t->clean, text);
	return hi_buf_view(&t->clean);
}

struct hi_table *hi_table_new(const char *const *titles, size_t n)
{
	struct hi_table *t = n <= COLUMNS_MAX ? calloc(1, sizeof *t) : NULL;

	if (!t)
		return NULL;
	t->columns_n = n;
	hi_buf_init(&t->text, HELD_MAX);
	hi_buf_init(&t->clean, HELD_MAX);
	for (size_t i = 0; i < n; i++) {
		struct column *c = &t->columns[i];
		c->right = titles[i][0] == '>';
		c->title = titles[i] + c->right;
		c->width = hi_text_width(cleaned(t, hi_slice_of(c->title)));
		if (t->clean.failed) {
			hi_table_free(t);
			return NULL;
		}
	}
	return t;
}

void hi_table_fail(struct hi_table *t)
{
	t->text.failed = true;
}

void hi_table_free(struct hi_table *t)
{
	if (!t)
		return;
	hi_buf_release(&t->text);
	hi_buf_release(&t->clean);
	free(t);
}

void hi_table_cell(struct hi_table *t, struct hi_slice text)
{
	struct column *c = &t->columns[t->cells_n % t->columns_n];
	struct hi_slice clean = cleaned(t, text);

	if (!t->fixed) {
		size_t width = hi_text_width(clean);
		c->width = width > c->width ? width : c->width;
	}
	hi_buf_slice(&t->text, clean);
	hi_buf_putc(&t->text, '\0');
	t->text.failed |= t->clean.failed;
	t->cells_n++;
}

static void put_spaces(struct hi_writer *w, size_t n)
{
	static const char spaces[] = "                ";

	for (; n > 0; n -= n < sizeof spaces - 1 ? n : sizeof spaces - 1)
		hi_writer_put(w, spaces, n < sizeof spaces - 1 ? n : sizeof spaces - 1);
}

/* One cell of column i. Spaces wait for the text behind them: no row ends with any. */
static void put_cell(struct hi_table *t, struct hi_writer *w, size_t i, struct hi_slice text)
{
	const struct column *c = &t->columns[i];
	size_t width = hi_text_width(text), pad = width < c->width ? c->width - width : 0;
	bool last = i + 1 == t->columns_n;

	t->owed += c->right ? pad : 0;
	if (text.len > 0) {
		put_spaces(w, t->owed);
		hi_writer_slice(w, text);
		t->owed = 0;
	}
	t->owed += GAP + (c->right ? 0 : pad);
	if (!last)
		return;
	hi_writer_put(w, "\n", 1);
	t->owed = 0;
}

void hi_table_flush(struct hi_table *t, struct hi_writer *w)
{
	const char *p = hi_buf_view(&t->text).ptr, *end = p + t->text.len;

	for (size_t i = 0; i < t->columns_n && !t->fixed; i++) {
		put_cell(t, w, i, cleaned(t, hi_slice_of(t->columns[i].title)));
		t->text.failed |= t->clean.failed;
	}
	t->fixed = true;
	if (t->text.failed) { /* a cell, or the NUL that ends it, is missing */
		hi_writer_fail(w, ENOMEM);
		end = p;
	}
	for (size_t i = 0; p < end; i++) {
		struct hi_slice text = hi_slice_of(p);
		put_cell(t, w, i % t->columns_n, text);
		p += text.len + 1;
	}
	hi_buf_reset(&t->text);
	t->cells_n = 0;
}

void hi_table_row(struct hi_table *t, struct hi_writer *w)
{
	while (t->cells_n % t->columns_n != 0)
		hi_table_cell(t, HI_LIT(""));
	if (t->fixed || t->cells_n / t->columns_n >= ROWS_MAX || t->text.len > HELD_MAX / 2)
		hi_table_flush(t, w);
}
