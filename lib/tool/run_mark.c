/* Marks in the loop: checked on the way in, counted anew on the way out. */
#include "tool/run_private.h"

int hi_run_bad_line(const struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	if (run->preamble)
		return hi_error_set(e, HI_CONTRACT, "a line of the preamble is no record");
	if (hi_mark_is_torn(rec->line, rec->line_lf))
		return hi_error_set(e, HI_CONTRACT, "a mark is not whole");
	return HI_OK;
}

/*
 * --last gives its answer behind everything: no mark and no preamble would still say
 * what it says there. Behind a gate stands a source, which makes marks of its own.
 */
int hi_run_mark(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	int s = hi_mark_read(&p->mark, rec, e);
	s = s ? s : hi_mark_check_mark(&p->check, &p->mark, e);
	if (s)
		return s;
	run->marked = true;
	run->preamble = p->mark.kind != HI_MARK_PLAIN;
	if (!p->tail && !p->gate) {
		run->mark = &p->mark;
		s = p->tool->record(run, rec, e);
		run->mark = NULL;
	}
	run->preamble = p->mark.kind == HI_MARK_BEGIN;
	return s;
}

void hi_run_pass_mark(struct hi_run *run, const struct hi_rec *rec)
{
	struct hi_run_private *p = run->p;
	const uint64_t n = run->lines_out - p->mark_out;

	if (rec->line_lf && (!p->mark.counted || p->mark.n == n)) {
		hi_writer_pass(run->out, rec->line.ptr, rec->line.len + 1);
	} else {
		hi_mark_rewrite(rec, n, &p->mark_line);
		hi_buf_putc(&p->mark_line, '\n');
		hi_writer_buf(run->out, &p->mark_line);
	}
	p->mark_out = ++run->lines_out;
}

void hi_run_pass_refusal(struct hi_run *run)
{
	hi_buf_reset(&run->line);
	hi_mark_write_refused(&run->line);
	hi_emit(run);
}
