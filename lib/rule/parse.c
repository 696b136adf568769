/* A rule file's lines: NAME PRIORITY METRIC, then a kind and its clauses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule/kind.h"
#include "json/json.h"

const struct hi_priority_look hi_priorities[HI_PRIORITIES] = {
	{ "high", "***", "red" },
	{ "medium", "**", "yellow" },
	{ "low", "*", "cyan" },
	{ "technical", "!", "grey" },
};

static const char *const priority_names[] = { "high", "medium", "low", "technical", NULL };
static const char *const kind_names[] = { ">=",	  "<=",	  ">",		 "<", "stale",
					  "rise", "fall", "implausible", NULL };
static const char *const clause_names[] = { "for", "clear", "latch", "plausible", NULL };

static const char not_yet[] =
	"not known yet: this version has thresholds with for and clear, and stale";

static bool name_byte(char c, bool first)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '_' || c == '-');
}

static int read_name(struct hi_words *w, const struct hi_rules *rules, struct hi_rule *r,
		     struct hi_error *e)
{
	bool right = w->word.len <= HI_RULE_NAME_MAX;

	if (w->word.ptr[0] == '[')
		return hi_words_refuse(w, e, not_yet, NULL);
	for (size_t i = 0; right && i < w->word.len; i++)
		right = name_byte(w->word.ptr[i], i == 0);
	if (!right)
		return hi_words_refuse(w, e,
				       "expected a rule's name: a letter, then letters, digits, "
				       "_ and -, 32 at most",
				       NULL);
	for (size_t i = 0; i < rules->n; i++) {
		if (!hi_slice_is(w->word, rules->v[i].name))
			continue;
		hi_words_refuse(w, e, "expected a name of its own", NULL);
		if (e)
			snprintf(e->detail, sizeof e->detail, "'%s' is the rule of line %u",
				 rules->v[i].name, (unsigned)rules->v[i].line);
		return HI_REFUSED;
	}
	memcpy(r->name, w->word.ptr, w->word.len);
	return HI_OK;
}

static int read_priority(struct hi_words *w, struct hi_rule *r, struct hi_error *e)
{
	if (hi_slice_is(w->word, "inhibits"))
		return hi_words_refuse(w, e, not_yet, NULL);
	for (int i = 0; i < HI_PRIORITIES; i++) {
		if (hi_slice_is(w->word, hi_priorities[i].name)) {
			r->priority = (enum hi_priority)i;
			return HI_OK;
		}
	}
	return hi_words_refuse(w, e, "expected a priority: high, medium, low or technical",
			       priority_names);
}

static bool metric_text(struct hi_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	if (s.len == 0 || s.len > HI_METRIC_NAME_MAX || strchr("<>=", s.ptr[0]))
		return false; /* a limit where the metric should stand is a slip */
	return hi_utf8_valid(s, NULL);
}

static int read_metric(struct hi_words *w, struct hi_rule *r, struct hi_error *e)
{
	struct hi_slice name = w->word;

	if (!metric_text(name))
		return hi_words_refuse(w, e, "expected a metric's name, 48 bytes at most", NULL);
	r->any = hi_slice_is(name, "any");
	if (hi_slice_is(name, "news2.min") || hi_slice_is(name, "news2.max"))
		return hi_words_refuse(w, e, not_yet, NULL);
	if (hi_slice_is(name, "risk"))
		return hi_words_refuse(w, e, "risk is computed from alerts: no rule may judge it",
				       NULL);
	r->metric = hi_metric_find_option(name);
	if (r->metric)
		name = hi_slice_of(r->metric->name);
	memcpy(r->metric_name, name.ptr, name.len);
	r->metric_column = (uint32_t)(w->word.ptr - w->begin) + 1;
	return HI_OK;
}

/* The row of the current word read on; text: what was expected where there is none. */
static int read_row(const struct hi_rule_word *row, struct hi_words *w, struct hi_rule *r,
		    const char *text, const char *const *names, struct hi_error *e)
{
	while (row->word && !hi_slice_is(w->word, row->word))
		row++;
	if (!row->word)
		return hi_words_refuse(w, e, text, names);
	if (!row->read)
		return hi_words_refuse(w, e, not_yet, NULL);
	return row->read(w, r, e);
}

/* A line that has words: w is at the first. */
static int read_rule(struct hi_words *w, const struct hi_rules *rules, struct hi_rule *r,
		     struct hi_error *e)
{
	int status = read_name(w, rules, r, e);

	if (status == HI_OK) {
		hi_words_next(w);
		status = read_priority(w, r, e);
	}
	if (status == HI_OK) {
		hi_words_next(w);
		status = read_metric(w, r, e);
	}
	if (status == HI_OK) {
		hi_words_next(w);
		status = read_row(hi_rule_kinds, w, r, "expected a limit: >, >=, < or <=; or stale",
				  kind_names, e);
	}
	while (status == HI_OK && hi_words_next(w))
		status = read_row(hi_rule_clauses, w, r, "expected for, clear or the line's end",
				  clause_names, e);
	return status;
}

static int append(struct hi_rules *rules, const struct hi_rule *r, struct hi_error *e)
{
	if (rules->n == HI_RULES_MAX)
		return hi_error_set(e, HI_REFUSED, "expected at most 1000 rules");
	if (rules->n == rules->cap) {
		size_t cap = rules->cap ? rules->cap * 2 : 16;
		struct hi_rule *v = realloc(rules->v, cap * sizeof *v);
		if (!v)
			return hi_error_set(e, HI_NOMEM, "no memory for rules");
		rules->v = v;
		rules->cap = cap;
	}
	rules->v[rules->n++] = *r;
	return HI_OK;
}

/* Cuts the next line, without its LF, off text. */
static struct hi_slice next_line(struct hi_slice *text)
{
	const char *lf = memchr(text->ptr, '\n', text->len);
	struct hi_slice line = { text->ptr, lf ? (size_t)(lf - text->ptr) : text->len };
	size_t used = line.len + (lf != NULL);

	text->ptr += used;
	text->len -= used;
	return line;
}

int hi_rules_parse(struct hi_rules *rules, struct hi_slice text, const char *name,
		   void (*wrong)(void *arg, const struct hi_error *e), void *arg,
		   struct hi_error *e)
{
	int result = HI_OK;

	if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0) { /* an editor's mark */
		text.ptr += 3;
		text.len -= 3;
	}
	for (uint32_t line = 1; text.len > 0; line++) {
		struct hi_rule r = { .line = line };
		struct hi_error bad = { 0 };
		struct hi_words w;
		int status;

		hi_words_begin(&w, next_line(&text));
		if (!hi_words_next(&w))
			continue;
		status = read_rule(&w, rules, &r, &bad);
		if (status == HI_OK)
			status = append(rules, &r, &bad);
		if (status == HI_OK)
			continue;
		bad.source = name;
		bad.line = line;
		if (wrong)
			wrong(arg, &bad);
		if (result == HI_OK && e)
			*e = bad;
		result = status;
		if (status != HI_REFUSED)
			break;
	}
	return result;
}

void hi_rules_release(struct hi_rules *rules)
{
	free(rules->v);
	*rules = (struct hi_rules){ 0 };
}
