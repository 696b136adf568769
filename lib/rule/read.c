/* A rule file, or the rules compiled in. */
#include "io/input.h"
#include "rule/rule.h"

static int read_all(struct hi_buf *b, const char *path, struct hi_error *e)
{
	struct hi_input *in;
	int status = hi_input_open(&in, path, e);
	long n = 0;

	if (status != HI_OK)
		return status;
	do {
		char *room = hi_buf_room(b, 4096); /* the last 4095 bytes of the bound go unused */
		if (!room) {
			n = b->max - b->len < 4096
				    ? hi_error_fmt(e, HI_USAGE, "a rule file has at most 1 MiB",
						   "%s", path)
				    : hi_error_set(e, HI_NOMEM, "out of memory");
			break;
		}
		n = hi_input_read_on(in, room, 4096, e);
		if (n > 0)
			b->len += (size_t)n;
	} while (n > 0);
	hi_input_close(in);
	return (int)n;
}

int hi_rules_read(struct hi_rules *rules, const char *path,
		  void (*wrong)(void *arg, const struct hi_error *e), void *arg, struct hi_error *e)
{
	struct hi_buf b;
	int status;

	if (hi_slice_is(hi_slice_of(path), "seed"))
		return hi_rules_parse(rules, hi_slice_of(hi_rules_seed), path, wrong, arg, e);
	hi_buf_init(&b, HI_RULES_BYTES_MAX);
	status = read_all(&b, path, e);
	if (status == HI_OK)
		status = hi_rules_parse(rules, hi_buf_view(&b), path, wrong, arg, e);
	hi_buf_release(&b);
	return status;
}
