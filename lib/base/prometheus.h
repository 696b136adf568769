/*
 * Counters as text that a monitor reads: Prometheus' text format 0.0.4.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/ : all lines of a
 * name stand together, behind their HELP and TYPE; a counter's name ends in _total, a
 * unit's name stands in it (_seconds, _bytes).
 */
#ifndef HI_BASE_PROMETHEUS_H
#define HI_BASE_PROMETHEUS_H

#include "base/buf.h"
#include "base/latency.h"

struct hi_prom_label {
	const char *name;      /* [a-zA-Z_][a-zA-Z0-9_]* */
	struct hi_slice value; /* UTF-8; escaped as it is written */
};

struct hi_prom_labels {
	const struct hi_prom_label *v;
	size_t n;
};

/* Before the lines of a name. type: "counter", "gauge" or "histogram"; help: one line. */
void hi_prom_family(struct hi_buf *b, const char *name, const char *type, const char *help);

/* One line of the name. */
void hi_prom_count(struct hi_buf *b, const char *name, struct hi_prom_labels labels, uint64_t n);
void hi_prom_value(struct hi_buf *b, const char *name, struct hi_prom_labels labels, double v);

/* The lines of a histogram in seconds: NAME_bucket for each bound, NAME_sum, NAME_count. */
void hi_prom_histogram(struct hi_buf *b, const char *name, struct hi_prom_labels labels,
		       const struct hi_latency *l);

#endif
