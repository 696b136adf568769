/* Prints the metric table as the mdoc tables of hi-record(5); scripts/metric-table runs it. */
#include <stdio.h>

#include "vital/metric.h"

/* What has no entry. */
static const char *or_none(const char *s)
{
	return s && *s ? s : "\\(en";
}

/* "°C" as roff writes it everywhere. */
static void put_unit(const char *unit)
{
	if (!strncmp(unit, "\u00b0", 2))
		printf("\\(de%s", unit + 2);
	else
		printf("%s", unit);
}

static void put_aliases(const struct hi_metric *m)
{
	bool first = true;
	for (const struct hi_unit_alias *a = m->aliases; a->name; a++, first = false) {
		printf("%s", first ? "" : ", ");
		put_unit(a->name);
	}
	if (first)
		printf("\\(en");
}

static void put_range(const struct hi_range *r)
{
	if (r->known)
		printf("%g %s v %s %g", r->low,
		       r->low_open ? "<" : "\\(<=", r->high_open ? "<" : "\\(<=", r->high);
	else
		printf("\\(en");
}

static void units(void)
{
	printf(".Bl -column \"supplemental_oxygen\" \"scale\" \"ACVPU\" \"a b c d e f g h i j\"\n"
	       ".It Em metric_name Ta Em short Ta Em unit Ta Em also read\n");
	for (size_t i = 0; i < hi_metrics_n; i++) {
		const struct hi_metric *m = &hi_metrics[i];
		printf(".It %s Ta %s Ta %s Ta ", m->name, m->short_name, or_none(m->unit));
		put_aliases(m);
		printf("\n");
	}
	printf(".El\n");
}

static void ranges(void)
{
	printf(".Bl -column \"supplemental_oxygen\" \"0 <= v <= 100\" \"36.5 <= v <= 37.5\"\n"
	       ".It Em metric_name Ta Em plausible Ta Em normal\n");
	for (size_t i = 0; i < hi_metrics_n; i++) {
		const struct hi_metric *m = &hi_metrics[i];
		printf(".It %s Ta ", m->name);
		put_range(&m->plausible);
		printf(" Ta ");
		put_range(&m->normal);
		printf("\n");
	}
	printf(".El\n");
}

static void codes(void)
{
	printf(".Bl -column \"supplemental_oxygen\" \"2708-6 59408-5\" \"mm[Hg]\" \"150021 150033 "
	       "150037\"\n"
	       ".It Em metric_name Ta Em LOINC Ta Em UCUM Ta Em MDC Ta Em MDC unit\n");
	for (size_t i = 0; i < hi_metrics_n; i++) {
		const struct hi_metric *m = &hi_metrics[i];
		printf(".It %s Ta %s Ta %s Ta %s Ta %s\n", m->name, or_none(m->loinc),
		       or_none(m->ucum), or_none(m->mdc), or_none(m->mdc_unit));
	}
	printf(".El\n");
}

int main(int argc, char **argv)
{
	const char *which = argc == 2 ? argv[1] : "";

	if (!strcmp(which, "units"))
		units();
	else if (!strcmp(which, "ranges"))
		ranges();
	else if (!strcmp(which, "codes"))
		codes();
	else
		return 2;
	return fflush(stdout) ? 4 : 0;
}
