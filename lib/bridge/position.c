#include "bridge/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A position is compared as text by whoever keeps it: there is one text for each, with quotes. */
enum { TEXT_MAX = 40, DIGITS_MAX = 18, PARTITION_DIGITS_MAX = 9 };

static size_t format(struct hi_offset_position p, char out[TEXT_MAX])
{
	int n = p.has_crc
			? snprintf(out, TEXT_MAX, "\"%" PRId64 ":%08" PRIx32 "\"", p.offset, p.crc)
			: snprintf(out, TEXT_MAX, "\"%" PRId64 "\"", p.offset);
	return (size_t)n;
}

/* The value is right where its one text is the text that was read. */
bool hi_offset_position_read(struct hi_offset_position *p, const char *json)
{
	char text[TEXT_MAX];
	*p = (struct hi_offset_position){ 0 };
	size_t digits = *json == '"' ? strspn(json + 1, "0123456789") : 0;
	if (digits == 0 || digits > DIGITS_MAX)
		return false;
	int n = sscanf(json, "\"%" SCNd64 ":%8" SCNx32, &p->offset, &p->crc);
	p->has_crc = n == 2;
	format(*p, text);
	/* Nothing stands before the first offset. */
	return strcmp(json, text) == 0 && (p->offset > 0 || !p->has_crc);
}

int hi_offset_position_set(struct hi_positions *to, const char *key, struct hi_offset_position p,
			   struct hi_error *e)
{
	char text[TEXT_MAX];
	struct hi_slice value = { text, format(p, text) };
	return hi_positions_set(to, hi_slice_of(key), value, e);
}

/* A number of digits only that fits an int32_t, as far as end (NULL: to the text's end). */
static bool number(const char *text, const char *end, int32_t *out)
{
	size_t n = strspn(text, "0123456789");
	if (n == 0 || n > PARTITION_DIGITS_MAX || (end ? text + n != end : text[n] != '\0'))
		return false;
	*out = (int32_t)strtol(text, NULL, 10);
	return true;
}

bool hi_offset_key_read(struct hi_offset_key *k, const char *key)
{
	static const char scheme[] = "kafka:";
	*k = (struct hi_offset_key){ 0 };
	if (strncmp(key, scheme, sizeof(scheme) - 1) != 0)
		return false;
	const char *cluster = key + sizeof(scheme) - 1;
	const char *slash = strchr(cluster, '/');
	const char *second = slash ? strchr(slash + 1, '/') : NULL;
	if (!second)
		return false;
	k->cluster = (struct hi_slice){ cluster, (size_t)(slash - cluster) };
	k->topic = (struct hi_slice){ slash + 1, (size_t)(second - slash - 1) };
	return k->cluster.len > 0 && k->topic.len > 0 && number(second + 1, NULL, &k->partition);
}

static bool add_range(struct hi_partition_ranges *r, const char *text, const char *end)
{
	struct hi_partition_range *one = &r->v[r->n];
	const char *dash = memchr(text, '-', (size_t)(end - text));
	if (!number(text, dash ? dash : end, &one->first))
		return false;
	one->last = one->first;
	if (dash && !number(dash + 1, end, &one->last))
		return false;
	r->n++;
	return one->first <= one->last;
}

int hi_partition_ranges_parse(struct hi_partition_ranges *r, const char *text, struct hi_error *e)
{
	r->n = 0;
	for (const char *p = text;; p++) {
		const char *end = p + strcspn(p, ",");
		if (r->n == HI_PARTITION_RANGES_MAX)
			return hi_error_set(e, HI_USAGE, "too many ranges of partitions");
		if (!add_range(r, p, end))
			return hi_error_fmt(e, HI_USAGE, "partitions: not as 0-7,9", "%s", text);
		p = end;
		if (*p == '\0')
			return HI_OK;
	}
}

bool hi_partition_ranges_have(const struct hi_partition_ranges *r, int32_t partition)
{
	for (size_t i = 0; i < r->n; i++)
		if (partition >= r->v[i].first && partition <= r->v[i].last)
			return true;
	return r->n == 0;
}
