#include <stdlib.h>
#include <strings.h>

#include "csv/plan.h"

static const char why_known[] = "a known header";
static const char why_unknown[] = "not known";
static const char why_map[] = "the mapping";
static const char why_not_mapped[] = "not in the mapping";
static const char why_other[] = "another column is used for this";
static const char why_no_pair[] = "a narrow file has a metric column and a value column";

static void copy_name(char *to, size_t cap, struct hi_slice s)
{
	size_t n = s.len < cap ? s.len : cap - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)s.ptr[i] < 0x20 ? ' ' : s.ptr[i];
	to[n] = '\0';
}

void hi_csv_plan_release(struct hi_csv_plan *p)
{
	free(p->column);
	*p = (struct hi_csv_plan){ 0 };
}

static struct hi_csv_column *find_column(struct hi_csv_plan *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcasecmp(p->column[i].name, name) == 0)
			return &p->column[i];
	return NULL;
}

static int by_map(struct hi_csv_plan *p, const struct hi_csv_map *map, struct hi_error *e)
{
	for (size_t i = 0; i < p->n; i++)
		p->column[i].why = why_not_mapped;
	for (size_t i = 0; i < map->n; i++) {
		const struct hi_csv_rule *r = &map->rule[i];
		struct hi_csv_column *c = find_column(p, r->column);
		if (!c && r->column[0]) {
			hi_error_fmt(e, HI_USAGE, "the header has no column of the mapping's line",
				     "line %u, %s", (unsigned)r->line, r->column);
			return HI_USAGE;
		}
		/* A code of a metric makes its column the one that says which metric. */
		if (r->kind == HI_CSV_COLUMN)
			c->target = r->target;
		else if (r->kind == HI_CSV_CODE && r->target.role == HI_CSV_METRIC)
			c->target.role = HI_CSV_NAME;
		else if (r->kind == HI_CSV_CODE && r->target.role == HI_CSV_UNIT)
			c->target.role = HI_CSV_UNIT;
		else if (r->kind == HI_CSV_MISSING)
			continue;
		if (c)
			c->why = why_map;
	}
	p->patient_file = map->patient_file;
	p->patient_is = map->patient[0] ? map->patient : NULL;
	if (map->decimal)
		p->decimal_comma = map->decimal == ',';
	return HI_OK;
}

static bool has_column(const struct hi_csv_row *header, const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (hi_slice_is(header->cell[i], name))
			return true;
	return false;
}

static void by_header(struct hi_csv_plan *p, const struct hi_csv_row *header)
{
	/* As csv/export.c writes them; a metric that others call "temp_f" keeps that name. */
	p->own_names = has_column(header, "metric_name") && has_column(header, "plausible");
	for (size_t i = 0; i < p->n; i++) {
		struct hi_csv_column *c = &p->column[i];
		bool known = hi_csv_known_header(header->cell[i], &c->target, &c->rank);
		c->why = known ? why_known : why_unknown;
	}
}

int hi_csv_plan_make(struct hi_csv_plan *p, const struct hi_csv_row *header, char separator,
		     const struct hi_csv_map *map, struct hi_error *e)
{
	*p = (struct hi_csv_plan){ .map = map, .separator = separator };
	p->column = calloc(header->n ? header->n : 1, sizeof(*p->column));
	if (!p->column)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	p->n = header->n;
	p->decimal_comma = separator != ',';
	for (size_t i = 0; i < p->n; i++)
		copy_name(p->column[i].name, sizeof(p->column[i].name), header->cell[i]);
	if (map)
		return by_map(p, map, e);
	by_header(p, header);
	return HI_OK;
}

/* The best column of a role; the others lose it. */
static size_t settle_role(struct hi_csv_plan *p, enum hi_csv_role from, enum hi_csv_role to)
{
	size_t best = HI_CSV_NO_COLUMN;

	for (size_t i = 0; i < p->n; i++) {
		const struct hi_csv_column *c = &p->column[i];
		if (c->target.role < from || c->target.role > to)
			continue;
		if (best == HI_CSV_NO_COLUMN || c->rank < p->column[best].rank)
			best = i;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct hi_csv_column *c = &p->column[i];
		if (i == best || c->target.role < from || c->target.role > to)
			continue;
		c->target = (struct hi_csv_target){ .role = HI_CSV_IGNORE };
		c->why = why_other;
	}
	return best;
}

/* Of two columns of one key ("device", "device_id") the better one. */
static void settle_keys(struct hi_csv_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct hi_csv_column *a = &p->column[i];
		for (size_t k = 0; k < p->n && a->target.role == HI_CSV_KEY; k++) {
			const struct hi_csv_column *b = &p->column[k];
			if (k == i || b->target.role != HI_CSV_KEY ||
			    strcmp(a->target.name, b->target.name) != 0 || b->rank > a->rank ||
			    (b->rank == a->rank && k > i))
				continue;
			a->target = (struct hi_csv_target){ .role = HI_CSV_IGNORE };
			a->why = why_other;
		}
	}
}

static void drop_role(struct hi_csv_plan *p, size_t *index)
{
	if (*index == HI_CSV_NO_COLUMN)
		return;
	p->column[*index].target = (struct hi_csv_target){ .role = HI_CSV_IGNORE };
	p->column[*index].why = why_no_pair;
	*index = HI_CSV_NO_COLUMN;
}

static bool has_values(const struct hi_csv_plan *p)
{
	if (p->value != HI_CSV_NO_COLUMN)
		return true;
	for (size_t i = 0; i < p->n; i++)
		if (p->column[i].target.role == HI_CSV_METRIC ||
		    p->column[i].target.role == HI_CSV_PAIR)
			return true;
	return false;
}

/* What helps depends on what was tried. */
static int lacks(const struct hi_csv_plan *p, const char *known, const char *guessed,
		 const char *mapped, struct hi_error *e)
{
	return hi_error_set(e, HI_USAGE, p->map ? mapped : p->guessed ? guessed : known);
}

int hi_csv_plan_settle(struct hi_csv_plan *p, bool stamped, bool patient_given, struct hi_error *e)
{
	p->patient = settle_role(p, HI_CSV_PATIENT, HI_CSV_PATIENT);
	p->time = settle_role(p, HI_CSV_TIME, HI_CSV_CLOCK);
	p->name = settle_role(p, HI_CSV_NAME, HI_CSV_NAME);
	p->value = settle_role(p, HI_CSV_VALUE, HI_CSV_VALUE);
	p->text = settle_role(p, HI_CSV_TEXT, HI_CSV_TEXT);
	p->unit = settle_role(p, HI_CSV_UNIT, HI_CSV_UNIT);
	settle_keys(p);
	if (p->name == HI_CSV_NO_COLUMN || p->value == HI_CSV_NO_COLUMN) {
		drop_role(p, &p->name);
		drop_role(p, &p->value);
		drop_role(p, &p->text);
		drop_role(p, &p->unit);
	}
	if (!has_values(p))
		return lacks(p,
			     "no column of a vital sign is known: try --guess, or name them by "
			     "--map (--print-map writes one to edit)",
			     "no column of a vital sign could be guessed: name them by --map "
			     "(--print-map writes one to edit)",
			     "the mapping names no column of a vital sign", e);
	if (p->time == HI_CSV_NO_COLUMN && !stamped)
		return lacks(p,
			     "no column of a time is known: try --guess, name it by --map, or "
			     "--stamp",
			     "no column of a time could be guessed: name it by --map, or --stamp",
			     "the mapping names no column of a time (or --stamp)", e);
	if (p->patient == HI_CSV_NO_COLUMN && !p->patient_file && !p->patient_is && !patient_given)
		return lacks(p,
			     "no column of a patient is known: name it by --map, or --set "
			     "patient_id=ID",
			     "no column of a patient is known: name it by --map, or --set "
			     "patient_id=ID",
			     "the mapping names no column of a patient (nor patient file, "
			     "patient is ID)",
			     e);
	return HI_OK;
}

/* A mapping goes by names: a column without one, or the second of a name, has no rule. */
static bool is_nameable(const struct hi_csv_plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcasecmp(p->column[k].name, p->column[i].name) == 0)
			return false;
	return p->column[i].name[0] != '\0';
}

static void print_column(const struct hi_csv_plan *p, size_t i, struct hi_buf *b)
{
	static const char pad[] = "                        ";
	const struct hi_csv_column *c = &p->column[i];
	size_t from = b->len;

	if (!is_nameable(p, i))
		hi_buf_printf(b, "# column %zu has no name, or that of another: ", i + 1);
	hi_csv_map_word(b, hi_slice_of(c->name));
	if (b->len - from < sizeof(pad) - 1)
		hi_buf_puts(b, pad + (b->len - from));
	hi_buf_puts(b, " = ");
	hi_csv_map_target(b, &c->target);
	if (c->target.role == HI_CSV_IGNORE || c->detail[0])
		hi_buf_printf(b, "  # %s%s%s", c->why, c->detail[0] ? ": " : "", c->detail);
	hi_buf_putc(b, '\n');
}

void hi_csv_plan_print(const struct hi_csv_plan *p, struct hi_buf *b)
{
	hi_buf_puts(b, "# A mapping for hi-csv --map; hi-csv(1) explains every rule.\n");
	if (p->separator == '\t')
		hi_buf_puts(b, "separator tab\n");
	else if (p->separator != ',')
		hi_buf_printf(b, "separator %c\n", p->separator);
	if (p->decimal_comma)
		hi_buf_puts(b, "decimal comma\n");
	if (p->patient == HI_CSV_NO_COLUMN)
		hi_buf_puts(b, "patient file\n");
	for (size_t i = 0; i < p->n; i++)
		print_column(p, i, b);
	hi_buf_puts(b, "# missing 0 -32768\n");
}

void hi_csv_plan_tell(const struct hi_csv_plan *p, size_t i, struct hi_buf *b)
{
	const struct hi_csv_column *c = &p->column[i];

	hi_buf_printf(b, "%s: ", c->name);
	hi_csv_map_target(b, &c->target);
	hi_buf_printf(b, " (%s%s%s)", c->why, c->detail[0] ? ": " : "", c->detail);
}

void hi_csv_plan_unused(const struct hi_csv_plan *p, struct hi_buf *b)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->column[i].target.role == HI_CSV_IGNORE && p->column[i].why != why_map)
			hi_buf_printf(b, "%s%s", b->len > 0 ? ", " : "", p->column[i].name);
}
