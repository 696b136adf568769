/*
 * The cluster as it is now: is it there, is it the one of before, which partitions are
 * there, where does each of them begin. It is asked again each few seconds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "bridge/kafka_source_private.h"

/* Looks while all is well, while something is away, and how long before that is told. */
#define WELL_US (5 * HI_US_S)
#define AWAY_US (200 * HI_US_MS)
#define TOLD_US HI_US_S
#define CONNECT_US (5 * HI_US_S)
/* How long an answer is waited for: it grows where one came too late. */
enum { LOOK_MS_MAX = 1000 };

/* --- what is away ------------------------------------------------------------ */

static void tell_away(struct hi_kafka_source *k, const char *text, const char *detail)
{
	char wait[HI_TIME_TEXT_MAX];
	char line[sizeof(((struct hi_error *)0)->detail) + 64];
	size_t n = hi_duration_format(k->o.wait_us, wait);
	snprintf(line, sizeof(line), "%s; waiting for it, %.*s at most", detail, (int)n, wait);
	k->calls.note(k->calls.arg, text, line);
	k->away_told = true;
}

int hi_kafka_away(struct hi_kafka_source *k, const char *text, const char *detail,
		  struct hi_error *e)
{
	const int64_t now_us = hi_monotonic_us();
	if (!k->away_us)
		k->away_us = now_us;
	if (now_us - k->away_us >= k->o.wait_us)
		return hi_error_fmt(e, HI_PEER, text, "%s", detail);
	if (!k->away_told && now_us - k->away_us >= TOLD_US)
		tell_away(k, text, detail);
	return HI_REFUSED;
}

/* Nobody but a person can change it. */
static bool is_final(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__FATAL:
		return true;
	default:
		return false;
	}
}

int hi_kafka_away_error(struct hi_kafka_source *k, rd_kafka_resp_err_t code, const char *text,
			const char *where, struct hi_error *e)
{
	struct hi_error own;
	hi_kafka_error(&own, code, text, where);
	if (code == RD_KAFKA_RESP_ERR__TIMED_OUT && k->look_ms < LOOK_MS_MAX)
		k->look_ms *= 2;
	/* Slow is not away. */
	if (code == RD_KAFKA_RESP_ERR__TIMED_OUT && hi_monotonic_us() - k->heard_us < WELL_US)
		return HI_REFUSED;
	if (!is_final(code))
		return hi_kafka_away(k, text, own.detail, e);
	if (e)
		*e = own;
	return HI_PEER;
}

static void well(struct hi_kafka_source *k)
{
	/* What answers a look need not give messages. */
	if (!k->away_us || hi_monotonic_us() - k->bad_us < TOLD_US)
		return;
	if (k->away_told)
		k->calls.note(k->calls.arg, "all is there now", k->o.brokers);
	hi_kafka_log_well(k->log);
	k->away_us = 0;
	k->away_told = false;
	if (k->begun)
		hi_kafka_check_all(k);
}

/* --- the cluster --------------------------------------------------------------- */

/* A key is made of it, with '/' between. */
static bool is_cluster_id(const char *id)
{
	for (const char *p = id; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '/')
			return false;
	return *id && strlen(id) < sizeof(((struct hi_kafka_topic *)0)->other);
}

/*
 * What the store knows of a topic. Positions of another cluster alone are not ours, and
 * to begin anew beside them is nothing that a person has asked for.
 */
static int know_topic(struct hi_kafka_source *k, struct hi_kafka_topic *t, struct hi_error *e)
{
	struct hi_slice other = { NULL, 0 };
	for (size_t i = 0; k->stored && i < k->stored->n; i++) {
		struct hi_offset_key key;
		if (!hi_offset_key_read(&key, k->stored->v[i].key) ||
		    !hi_slice_is(key.topic, t->name))
			continue;
		if (!hi_slice_is(key.cluster, k->cluster)) {
			other = key.cluster;
			continue;
		}
		t->known = true;
		if (key.partition >= t->stored_n &&
		    hi_partition_ranges_have(&k->o.partitions, key.partition))
			t->stored_n = key.partition + 1;
	}
	if (t->known || !other.ptr)
		return HI_OK;
	if (!k->o.skip_lost)
		return hi_error_fmt(e, HI_PEER,
				    "the store's positions are those of another cluster",
				    "%s: %.*s, and this one is %s", t->name, (int)other.len,
				    other.ptr, k->cluster);
	snprintf(t->other, sizeof(t->other), "%.*s", (int)other.len, other.ptr);
	t->known = true;
	k->troubles++;
	return HI_OK;
}

static int find_cluster(struct hi_kafka_source *k, struct hi_error *e)
{
	if (k->cluster)
		return HI_OK;
	char *id = rd_kafka_clusterid(k->rk, k->look_ms);
	/* To connect takes its time, also where nothing may be waited for. */
	if (!id && !k->last_error && hi_monotonic_us() - k->opened_us < CONNECT_US)
		return HI_REFUSED;
	if (!id)
		return hi_kafka_away_error(
			k, k->last_error ? k->last_error : RD_KAFKA_RESP_ERR__TIMED_OUT,
			"no broker answers", k->o.brokers, e);
	if (!is_cluster_id(id)) {
		rd_kafka_mem_free(k->rk, id);
		return hi_error_fmt(e, HI_PEER, "the cluster's id cannot stand in a position", "%s",
				    k->o.brokers);
	}
	k->cluster = id;
	int s = HI_OK;
	for (size_t i = 0; i < k->o.topics_n && s == HI_OK; i++)
		s = know_topic(k, &k->topics[i], e);
	return s;
}

/* --- its partitions ------------------------------------------------------------ */

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for partitions");
}

static int make_room(struct hi_kafka_source *k, struct hi_kafka_topic *t, int32_t number,
		     struct hi_error *e)
{
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		struct hi_kafka_partition **v = realloc(k->v, cap * sizeof(*v));
		if (!v)
			return no_memory(e);
		k->v = v;
		k->cap = cap;
	}
	if (number < t->n)
		return HI_OK;
	struct hi_kafka_partition **v = realloc(t->v, ((size_t)number + 1) * sizeof(*v));
	if (!v)
		return no_memory(e);
	for (int32_t i = t->n; i <= number; i++)
		v[i] = NULL;
	t->v = v;
	t->n = number + 1;
	return HI_OK;
}

static int add_partition(struct hi_kafka_source *k, struct hi_kafka_topic *t, int32_t number,
			 struct hi_error *e)
{
	if (k->n == HI_POSITIONS_MAX)
		return hi_error_fmt(e, HI_USAGE,
				    "more partitions than a mark can name; --partitions takes a "
				    "part of them",
				    "%s has more than %d", t->name, HI_POSITIONS_MAX);
	struct hi_kafka_partition *p = calloc(1, sizeof(*p));
	if (!p)
		return no_memory(e);
	*p = (struct hi_kafka_partition){
		.topic = t, .number = number, .eof = -1, .committed = -1
	};
	if (asprintf(&p->key, "kafka:%s/%s/%" PRId32, k->cluster, t->name, number) < 0) {
		free(p);
		return no_memory(e);
	}
	k->v[k->n++] = t->v[number] = p;
	return HI_OK;
}

static int see_partition(struct hi_kafka_source *k, struct hi_kafka_topic *t,
			 const rd_kafka_metadata_partition_t *m, struct hi_error *e)
{
	char name[HI_KAFKA_NAME_MAX];
	if (!hi_partition_ranges_have(&k->o.partitions, m->id))
		return HI_OK;
	snprintf(name, sizeof(name), "%s/%" PRId32, t->name, m->id);
	if (m->leader < 0)
		return hi_kafka_away(k, "a partition has no leader", name, e);
	if (m->id < t->n && t->v[m->id])
		return HI_OK;
	/* After the end that was asked for nothing is new. */
	if (k->begun && k->o.until_end)
		return HI_OK;
	int s = make_room(k, t, m->id, e);
	s = s ? s : add_partition(k, t, m->id, e);
	if (s == HI_OK && k->begun)
		k->calls.note(k->calls.arg, "a new partition, from its beginning", name);
	return s;
}

/* A topic never loses a partition: it was made anew. */
static int see_fewer(struct hi_kafka_source *k, const struct hi_kafka_topic *t, int32_t n,
		     struct hi_error *e)
{
	const int32_t before = t->n > t->stored_n || k->o.skip_lost ? t->n : t->stored_n;
	if (n >= before)
		return HI_OK;
	char detail[HI_KAFKA_NAME_MAX + 32];
	snprintf(detail, sizeof(detail), "%s: %" PRId32 ", and %" PRId32 " before", t->name, n,
		 before);
	return hi_kafka_away(k, "the topic has fewer partitions than before", detail, e);
}

/* Those that --partitions names and that are not there. */
static int see_missing(struct hi_kafka_source *k, const struct hi_kafka_topic *t,
		       struct hi_error *e)
{
	char name[HI_KAFKA_NAME_MAX];
	for (size_t i = 0; i < k->o.partitions.n; i++) {
		const struct hi_partition_range *r = &k->o.partitions.v[i];
		for (int32_t n = r->first; n <= r->last; n++) {
			if (n < t->n && t->v[n])
				continue;
			snprintf(name, sizeof(name), "%s/%" PRId32, t->name, n);
			return hi_kafka_away(k, "the topic has no such partition", name, e);
		}
	}
	return HI_OK;
}

static int see_topic(struct hi_kafka_source *k, struct hi_kafka_topic *t,
		     const rd_kafka_metadata_topic_t *m, struct hi_error *e)
{
	if (m->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
		t->absent = true;
		return hi_kafka_away(k, "there is no such topic", t->name, e);
	}
	if (m->err && m->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
		return hi_kafka_away_error(k, m->err, "the topic cannot be read", t->name, e);
	/* It came while this run waited for it: nothing of it was there before. */
	t->known |= t->absent;
	t->absent = false;
	if (m->partition_cnt == 0)
		return hi_kafka_away(k, "the topic has no partition yet", t->name, e);
	int s = see_fewer(k, t, m->partition_cnt, e);
	for (int i = 0; i < m->partition_cnt && s == HI_OK; i++)
		s = see_partition(k, t, &m->partitions[i], e);
	return s ? s : see_missing(k, t, e);
}

static int look_at_topic(struct hi_kafka_source *k, struct hi_kafka_topic *t, struct hi_error *e)
{
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->rk, 0, t->handle, &m, k->look_ms);
	if (code)
		return hi_kafka_away_error(k, code, "no broker answers", k->o.brokers, e);
	int s = m->topic_cnt == 1 ? see_topic(k, t, &m->topics[0], e)
				  : hi_kafka_away(k, "there is no such topic", t->name, e);
	rd_kafka_metadata_destroy(m);
	return s;
}

/* --- where each begins ----------------------------------------------------------- */

static void put(struct hi_kafka_partition *p, struct hi_offset_position at)
{
	p->at = at;
	p->read = at.offset;
	p->check = at.has_crc;
	p->placed = p->moved = true;
}

static int place_stored(struct hi_kafka_source *k, struct hi_error *e)
{
	struct hi_offset_position at;
	for (size_t i = 0; k->stored && i < k->n; i++) {
		struct hi_kafka_partition *p = k->v[i];
		const char *json = p->placed ? NULL : hi_positions_find(k->stored, p->key);
		if (!json)
			continue;
		if (!hi_offset_position_read(&at, json))
			return hi_error_fmt(e, HI_CONTRACT,
					    "the stored position is none of a partition", "%s",
					    p->key);
		put(p, at);
	}
	return HI_OK;
}

/*
 * Of a topic that is known, whatever --from says. A mark names all partitions, so that
 * this one was made after the last: its first message was offset 0, and where that is
 * gone by now it was lost. Where not all were asked for nothing can be said of it.
 */
static void place_new(struct hi_kafka_source *k)
{
	for (size_t i = 0; i < k->n && k->o.partitions.n == 0; i++)
		if (!k->v[i]->placed && k->v[i]->topic->known)
			put(k->v[i], (struct hi_offset_position){ .offset = 0 });
}

static bool begins_at_first(const struct hi_kafka_source *k, const struct hi_kafka_partition *p)
{
	return p->topic->known || k->o.from == HI_KAFKA_EARLIEST;
}

static int place_asked(struct hi_kafka_source *k, bool first, int64_t what_ms, struct hi_error *e)
{
	for (size_t i = 0; i < k->n; i++)
		k->v[i]->asked = !k->v[i]->placed && begins_at_first(k, k->v[i]) == first;
	int s = hi_kafka_ask_or_wait(k, what_ms, e);
	for (size_t i = 0; i < k->n && s == HI_OK; i++) {
		struct hi_kafka_partition *p = k->v[i];
		if (!p->placed && begins_at_first(k, p) == first && p->answer >= 0)
			put(p, (struct hi_offset_position){ .offset = p->answer });
	}
	return s;
}

static int ask_until(struct hi_kafka_source *k, struct hi_error *e)
{
	for (size_t i = 0; i < k->n; i++)
		k->v[i]->asked = true;
	int s = hi_kafka_ask_or_wait(k, HI_KAFKA_END, e);
	for (size_t i = 0; i < k->n && s == HI_OK; i++)
		k->v[i]->until = k->v[i]->answer;
	return s;
}

static int place(struct hi_kafka_source *k, struct hi_error *e)
{
	size_t missing = 0;
	for (size_t i = 0; i < k->n; i++)
		missing += !k->v[i]->placed;
	if (missing == 0)
		return HI_OK;
	/* A time behind which there is no message is the end: it is asked for after it. */
	const int64_t time_ms = k->o.from_us / HI_US_MS + (k->o.from_us % HI_US_MS > 0);
	int s = place_stored(k, e);
	if (s == HI_OK)
		place_new(k);
	s = s ? s : place_asked(k, true, HI_KAFKA_FIRST, e);
	if (s == HI_OK && k->o.from == HI_KAFKA_TIME)
		s = place_asked(k, false, time_ms > 0 ? time_ms : 0, e);
	s = s ? s : place_asked(k, false, HI_KAFKA_END, e);
	if (s == HI_OK && k->o.until_end && !k->begun)
		s = ask_until(k, e);
	k->changed |= s == HI_OK;
	return s;
}

/* All that is new from here on is new in a topic that is known. */
static void know_topics(struct hi_kafka_source *k)
{
	for (size_t i = 0; i < k->o.topics_n; i++)
		k->topics[i].known = true;
}

int hi_kafka_look(struct hi_kafka_source *k, struct hi_error *e)
{
	int s = find_cluster(k, e);
	for (size_t i = 0; i < k->o.topics_n && s == HI_OK; i++)
		s = look_at_topic(k, &k->topics[i], e);
	s = s ? s : place(k, e);
	if (s == HI_OK) {
		know_topics(k);
		well(k);
	}
	k->look_us = hi_monotonic_us() + (s == HI_OK && !k->away_us ? WELL_US : AWAY_US);
	return s;
}
