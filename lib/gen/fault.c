#include "gen/fault.h"

#include "base/num.h"

static const char *const names[HI_GEN_FAULTS] = {
	"missing", "late", "duplicate", "artefact", "garbage",
};

static int refused(struct hi_error *e, const char *text, struct hi_slice word)
{
	return hi_error_fmt(e, HI_USAGE, text, "%.*s", (int)(word.len < 100 ? word.len : 100),
			    word.ptr);
}

/* A share of 0 to 1 as so many of 2^32, cut. */
static bool share_parse(struct hi_slice text, uint64_t *out)
{
	struct hi_num n;
	uint64_t ten = 1;

	if (!hi_num_parse(text, &n) || !n.exact || n.mant < 0 || n.scale > 9)
		return false;
	for (unsigned i = 0; i < n.scale; i++)
		ten *= 10;
	if ((uint64_t)n.mant > ten)
		return false;
	*out = ((uint64_t)n.mant << 32) / ten;
	return true;
}

static int one_parse(struct hi_slice word, uint64_t rates[HI_GEN_FAULTS], struct hi_error *e)
{
	const char *eq = memchr(word.ptr, '=', word.len);
	size_t name_len = eq ? (size_t)(eq - word.ptr) : word.len;

	for (unsigned i = 0; i < HI_GEN_FAULTS; i++) {
		if (!hi_slice_is((struct hi_slice){ word.ptr, name_len }, names[i]))
			continue;
		if (!eq ||
		    !share_parse((struct hi_slice){ eq + 1, word.len - name_len - 1 }, &rates[i]))
			return refused(e, "fault: not a share such as missing=0.01", word);
		return HI_OK;
	}
	return refused(e, "fault: not one of missing, late, duplicate, artefact, garbage", word);
}

int hi_gen_faults_parse(struct hi_slice text, struct hi_gen_faults *out, struct hi_error *e)
{
	uint64_t rates[HI_GEN_FAULTS] = { 0 }, sum = 0;
	const char *p = text.ptr, *end = text.ptr + text.len;

	for (;;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *stop = comma ? comma : end;
		int s = one_parse((struct hi_slice){ p, (size_t)(stop - p) }, rates, e);
		if (s != HI_OK)
			return s;
		if (!comma)
			break;
		p = comma + 1;
	}
	for (unsigned i = 0; i < HI_GEN_FAULTS; i++)
		out->upto[i] = sum += rates[i];
	return sum <= UINT64_C(1) << 32 ? HI_OK : refused(e, "fault: more than 1 together", text);
}

/* Where the text after key begins in a line that hi-gen wrote. */
static char *after(char *line, char *end, const char *key)
{
	size_t len = strlen(key);
	char *p = memmem(line, (size_t)(end - line), key, len);
	return p ? p + len : line;
}

/* The value's digits become text, or as much of it as they have room for. */
static char *spoil_value(char *line, char *end, const char *text)
{
	char *from = after(line, end, "\"value\":");
	char *to = memchr(from, ',', (size_t)(end - from));
	size_t len = strlen(text);

	if (!to)
		return end;
	if (len > (size_t)(to - from))
		len = (size_t)(to - from);
	memcpy(from, text, len);
	memmove(from + len, to, (size_t)(end - to));
	return end - ((size_t)(to - from) - len);
}

char *hi_gen_spoil(char *line, char *end, uint64_t h)
{
	char *p;

	switch (h >> 8 & 7) {
	case 0: /* nothing but the end of the line */
		line[0] = '\n';
		return line + 1;
	case 1: /* a number that JSON has not; two digits are always there */
		return spoil_value(line, end, "-");
	case 2: /* an impossible month */
		memcpy(after(line, end, "\"timestamp\":\"") + 5, "13", 2);
		return end;
	case 3: /* not UTF-8 */
		memcpy(after(line, end, "\"patient_id\":\""), "\xff\x80", 2);
		return end;
	case 4: /* a key is missing */
		memcpy(after(line, end, "\"metric_name") - 4, "nom_", 4);
		return end;
	default: /* cut short: what a gateway that lost power leaves */
		p = line + 1 + (h >> 16) % (uint64_t)(end - line - 2);
		*p = '\n';
		return p + 1;
	}
}
