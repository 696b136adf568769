/*
 * Is it still the partition of before, and is everything there that was not given yet?
 *
 * A partition is read from one message before its position on: that one is compared and
 * not given. What can be found in its place:
 *
 *   the same message                          all is well
 *   another one                               REPLACED: the topic was made anew
 *   a later one, at the position or behind    compaction has taken it: a note
 *   nothing, and the end lies before it       the same as above its end, below
 *   no such offset: below the first one       those up to it are lost, unless it was that
 *                                             one message alone: a note
 *   no such offset: above the end             the topic was made anew, or lost its tail
 */
#include <inttypes.h>

#include "base/time.h"
#include "bridge/kafka_source_private.h"

/* A leader that has just begun may not know of its last messages for a moment. */
#define SHORT_US (3 * HI_US_S)

void hi_kafka_set_trouble(struct hi_kafka_source *k, struct hi_kafka_partition *p,
			  enum hi_kafka_trouble trouble)
{
	if (p->trouble == HI_KAFKA_NO_TROUBLE)
		k->troubles++;
	p->trouble = trouble;
}

static void end_trouble(struct hi_kafka_source *k, struct hi_kafka_partition *p)
{
	k->troubles--;
	k->changed = true;
	p->trouble = HI_KAFKA_NO_TROUBLE;
	p->short_us = 0;
}

static void note_uncompared(struct hi_kafka_source *k, struct hi_kafka_partition *p)
{
	char name[HI_KAFKA_NAME_MAX];
	hi_kafka_name(p, name);
	p->check = false;
	k->calls.note(k->calls.arg, "the message before the position is gone, it was not compared",
		      name);
}

bool hi_kafka_take(struct hi_kafka_source *k, struct hi_kafka_partition *p,
		   const struct hi_message *m)
{
	if (p->trouble)
		return false;
	p->short_us = 0;
	if (p->check && m->offset == p->at.offset - 1) {
		p->check = false;
		if (hi_message_crc(m) != p->at.crc)
			hi_kafka_set_trouble(k, p, HI_KAFKA_REPLACED);
		return false;
	}
	if (m->offset < p->read)
		return false;
	if (p->check)
		note_uncompared(k, p);
	p->read = m->offset + 1;
	p->eof = -1;
	return true;
}

void hi_kafka_take_end(struct hi_kafka_source *k, struct hi_kafka_partition *p, int64_t offset)
{
	p->eof = offset;
	k->may_be_done = true;
	if (!p->check || p->trouble)
		return;
	if (offset >= p->at.offset)
		note_uncompared(k, p);
	else if (!p->short_us)
		p->short_us = hi_monotonic_us();
	if (p->short_us && !k->short_due_us)
		k->short_due_us = p->short_us + SHORT_US;
}

void hi_kafka_check_all(struct hi_kafka_source *k)
{
	for (size_t i = 0; i < k->n; i++)
		k->v[i]->check = k->v[i]->at.has_crc;
	k->changed = true;
}

void hi_kafka_check_short(struct hi_kafka_source *k, int64_t now_us)
{
	if (!k->short_due_us || now_us < k->short_due_us)
		return;
	k->short_due_us = 0;
	for (size_t i = 0; i < k->n; i++) {
		const int64_t short_us = k->v[i]->short_us;
		if (short_us && now_us - short_us >= SHORT_US)
			hi_kafka_set_trouble(k, k->v[i], HI_KAFKA_OUTSIDE);
		else if (short_us && !k->short_due_us)
			k->short_due_us = short_us + SHORT_US;
	}
}

/* --- what is to be said ---------------------------------------------------------- */

/* The position goes to the first message that there is. */
static int tell(struct hi_kafka_source *k, struct hi_kafka_partition *p, const char *text,
		struct hi_kafka_lost *lost, struct hi_error *e)
{
	char name[HI_KAFKA_NAME_MAX];
	hi_kafka_name(p, name);
	if (lost->first < lost->behind)
		hi_error_fmt(e, HI_PEER, text, "%s: offsets %" PRId64 " to %" PRId64, name,
			     lost->first, lost->behind - 1);
	else
		hi_error_fmt(e, HI_PEER, text,
			     "%s: the position is %" PRId64 ", the topic has %" PRId64
			     " to %" PRId64,
			     name, p->at.offset, p->first, p->end);
	if (!k->o.skip_lost)
		return HI_PEER;
	e->status = HI_REFUSED;
	p->at = (struct hi_offset_position){ .offset = p->first };
	p->moved = true;
	p->check = false;
	end_trouble(k, p);
	return HI_REFUSED;
}

static int tell_replaced(struct hi_kafka_source *k, struct hi_kafka_partition *p,
			 struct hi_kafka_lost *lost, struct hi_error *e)
{
	return tell(k, p, "the topic was made anew or its messages replaced", lost, e);
}

/* What the broker has is known. HI_OK: the offset is there after all. */
static int resolve(struct hi_kafka_source *k, struct hi_kafka_partition *p,
		   struct hi_kafka_lost *lost, struct hi_error *e)
{
	*lost = (struct hi_kafka_lost){ .topic = p->topic->name, .partition = p->number };
	lost->first = lost->behind = p->at.offset;
	if (p->trouble == HI_KAFKA_REPLACED)
		return tell_replaced(k, p, lost, e);
	if (p->end < p->at.offset)
		return tell(k, p,
			    "the position is above the end: the topic was made anew or has lost "
			    "its last messages",
			    lost, e);
	lost->behind = p->first;
	if (p->at.offset < p->first)
		return tell(k, p, "messages are gone from the topic that were not read yet", lost,
			    e);
	if (p->check && p->at.offset == p->first)
		note_uncompared(k, p);
	end_trouble(k, p);
	return HI_OK;
}

static int resolve_topic(struct hi_kafka_source *k, struct hi_kafka_topic *t,
			 struct hi_kafka_lost *lost, struct hi_error *e)
{
	*lost = (struct hi_kafka_lost){ .topic = t->name, .partition = -1 };
	hi_error_fmt(e, HI_REFUSED, "the store's positions are those of another cluster", "%s: %s",
		     t->name, t->other);
	t->other[0] = '\0';
	k->troubles--;
	return HI_REFUSED;
}

static int ask_bounds(struct hi_kafka_source *k, struct hi_error *e)
{
	for (size_t i = 0; i < k->n; i++)
		k->v[i]->asked = k->v[i]->trouble;
	int s = hi_kafka_ask_or_wait(k, HI_KAFKA_FIRST, e);
	for (size_t i = 0; i < k->n && s == HI_OK; i++) {
		k->v[i]->first = k->v[i]->answer;
		k->v[i]->asked = k->v[i]->trouble;
	}
	s = s ? s : hi_kafka_ask_or_wait(k, HI_KAFKA_END, e);
	for (size_t i = 0; i < k->n; i++) {
		if (s == HI_OK && k->v[i]->trouble)
			k->v[i]->end = k->v[i]->answer;
		k->v[i]->asked = false;
	}
	return s;
}

int hi_kafka_resolve(struct hi_kafka_source *k, struct hi_kafka_lost *lost, struct hi_error *e)
{
	for (size_t i = 0; i < k->o.topics_n && k->troubles; i++)
		if (k->topics[i].other[0])
			return resolve_topic(k, &k->topics[i], lost, e);
	if (k->troubles == 0)
		return HI_OK;
	int s = ask_bounds(k, e);
	if (s == HI_REFUSED)
		return HI_OK;
	for (size_t i = 0; i < k->n && s == HI_OK; i++)
		if (k->v[i]->trouble)
			s = resolve(k, k->v[i], lost, e);
	return s;
}
