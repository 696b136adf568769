#include "base/prometheus.h"

#include "base/num.h"
#include "base/time.h"

/* Escaped are what would end the text, and the backslash itself. */
static void put_escaped(struct hi_buf *b, struct hi_slice s, bool quotes)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '\n')
			hi_buf_puts(b, "\\n");
		else if (c == '\\' || (c == '"' && quotes))
			hi_buf_put(b, (const char[]){ '\\', c }, 2);
		else
			hi_buf_putc(b, c);
	}
}

void hi_prom_family(struct hi_buf *b, const char *name, const char *type, const char *help)
{
	hi_buf_puts(b, "# HELP ");
	hi_buf_puts(b, name);
	hi_buf_putc(b, ' ');
	put_escaped(b, hi_slice_of(help), false);
	hi_buf_puts(b, "\n# TYPE ");
	hi_buf_puts(b, name);
	hi_buf_putc(b, ' ');
	hi_buf_puts(b, type);
	hi_buf_putc(b, '\n');
}

static void put_label(struct hi_buf *b, char before, struct hi_prom_label l)
{
	hi_buf_putc(b, before);
	hi_buf_puts(b, l.name);
	hi_buf_puts(b, "=\"");
	put_escaped(b, l.value, true);
	hi_buf_putc(b, '"');
}

/* The line up to its value; le: a bucket's bound, ptr NULL: it is none. */
static void begin_line(struct hi_buf *b, const char *name, const char *suffix,
		       struct hi_prom_labels labels, struct hi_slice le)
{
	hi_buf_puts(b, name);
	hi_buf_puts(b, suffix);
	for (size_t i = 0; i < labels.n; i++)
		put_label(b, i ? ',' : '{', labels.v[i]);
	if (le.ptr)
		put_label(b, labels.n ? ',' : '{', (struct hi_prom_label){ "le", le });
	hi_buf_puts(b, labels.n || le.ptr ? "} " : " ");
}

static void end_count(struct hi_buf *b, uint64_t n)
{
	char text[HI_NUM_TEXT_MAX];
	hi_buf_put(b, text, hi_num_format_u64(n, text));
	hi_buf_putc(b, '\n');
}

static void end_value(struct hi_buf *b, double v)
{
	char text[HI_NUM_TEXT_MAX];
	hi_buf_put(b, text, hi_num_format(v, text));
	hi_buf_putc(b, '\n');
}

static const struct hi_slice no_bound = { NULL, 0 };

void hi_prom_count(struct hi_buf *b, const char *name, struct hi_prom_labels labels, uint64_t n)
{
	begin_line(b, name, "", labels, no_bound);
	end_count(b, n);
}

void hi_prom_value(struct hi_buf *b, const char *name, struct hi_prom_labels labels, double v)
{
	begin_line(b, name, "", labels, no_bound);
	end_value(b, v);
}

void hi_prom_histogram(struct hi_buf *b, const char *name, struct hi_prom_labels labels,
		       const struct hi_latency *l)
{
	uint64_t n = 0;
	for (size_t i = 0; i < HI_LATENCY_BOUNDS; i++) {
		char text[HI_NUM_TEXT_MAX];
		double bound_s = (double)hi_latency_bounds_us[i] / (double)HI_US_S;
		struct hi_slice le = { text, hi_num_format(bound_s, text) };
		n += l->count[i];
		begin_line(b, name, "_bucket", labels, le);
		end_count(b, n);
	}
	begin_line(b, name, "_bucket", labels, HI_LIT("+Inf"));
	end_count(b, l->n);
	begin_line(b, name, "_sum", labels, no_bound);
	end_value(b, l->sum_s);
	begin_line(b, name, "_count", labels, no_bound);
	end_count(b, l->n);
}
