/* What monitors are told of a source of topics: hi-kafka-bridge(1), METRICS. */
#include "base/num.h"
#include "base/prometheus.h"
#include "bridge/kafka_source_private.h"

/* Apart from hi_kafka_ask: this may come while a write waits, amid anything. */
static void ask_ends(struct hi_kafka_source *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->n);
	for (size_t i = 0; i < k->n; i++)
		rd_kafka_topic_partition_list_add(list, k->v[i]->topic->name, k->v[i]->number)
			->offset = HI_KAFKA_END;
	rd_kafka_offsets_for_times(k->rk, list, k->look_ms);
	/* The list keeps its order. */
	for (size_t i = 0; i < k->n; i++)
		if (list->elems[i].err == 0 && list->elems[i].offset >= 0)
			k->v[i]->known_end = list->elems[i].offset;
	rd_kafka_topic_partition_list_destroy(list);
}

/*
 * Offsets that no message has (ends of transactions, what compaction took) count until
 * the end was met; below 0: not known yet.
 */
static double lag_of(struct hi_kafka_source *k, const struct hi_kafka_partition *p)
{
	int64_t first, end = -1, at = p->at.offset;
	if (rd_kafka_get_watermark_offsets(k->rk, p->topic->name, p->number, &first, &end) ||
	    end < p->known_end)
		end = p->known_end;
	at = p->eof > at ? p->eof : at;
	return end <= 0 ? -1 : end > at ? (double)(end - at) : 0;
}

enum figure { MESSAGES, BYTES, OFFSET, LAG };

static double figure_of(struct hi_kafka_source *k, const struct hi_kafka_partition *p,
			enum figure figure)
{
	switch (figure) {
	case MESSAGES:
		return (double)p->given;
	case BYTES:
		return (double)p->bytes;
	case OFFSET:
		return (double)p->at.offset;
	case LAG:
		break;
	}
	return lag_of(k, p);
}

static void put_figure(struct hi_kafka_source *k, const char *tool, const char *name,
		       enum figure figure, struct hi_buf *text)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct hi_kafka_partition *p = k->v[i];
		char number[HI_NUM_TEXT_MAX];
		const struct hi_prom_label v[] = {
			{ "tool", hi_slice_of(tool) },
			{ "topic", hi_slice_of(p->topic->name) },
			{ "partition", { number, hi_num_format_u64((uint64_t)p->number, number) } },
		};
		const double value = figure_of(k, p, figure);
		if (p->placed && value >= 0)
			hi_prom_value(text, name, (struct hi_prom_labels){ v, 3 }, value);
	}
}

void hi_kafka_source_metrics(struct hi_kafka_source *k, const char *tool, bool ask,
			     struct hi_buf *text)
{
	static const struct {
		const char *name, *type, *help;
	} families[] = {
		[MESSAGES] = { "hi_kafka_consumed_messages_total", "counter",
			       "Messages read and given to the output." },
		[BYTES] = { "hi_kafka_consumed_bytes_total", "counter",
			    "Bytes of their keys and values." },
		[OFFSET] = { "hi_kafka_consumed_offset", "gauge",
			     "Offset of the next message to read." },
		[LAG] = { "hi_kafka_lag_messages", "gauge",
			  "Messages from there to the end of the partition." },
	};
	if (ask && k->n > 0)
		ask_ends(k);
	for (enum figure f = MESSAGES; f <= LAG; f++) {
		hi_prom_family(text, families[f].name, families[f].type, families[f].help);
		put_figure(k, tool, families[f].name, f, text);
	}
}
