/* The command line: what it fills, what it refuses with which line, --help, ids wiped. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "tool/message.h"
#include "tool/options.h"

struct options {
	int64_t patients;
	double speed;
	bool each;
	const char *rules;
	struct hi_strings maps, names;
	int64_t every_us;
	struct hi_time_given start;
};

#define AT(field) offsetof(struct options, field)
static const struct hi_option own[] = {
	{ "patients", 'n', HI_OPT_INT, AT(patients), "N", "how many patients" },
	{ "each", 0, HI_OPT_FLAG, AT(each), NULL, "one a reading" },
	{ "speed", 0, HI_OPT_NUMBER, AT(speed), "X", "times as fast" },
	{ "rules", 'r', HI_OPT_STRING, AT(rules), "FILE", "rules" },
	{ "map", 0, HI_OPT_STRINGS, AT(maps), "A=B", "a mapping" },
	{ "names", 0, HI_OPT_LIST, AT(names), "A,B", "names" },
	{ "every", 0, HI_OPT_DURATION, AT(every_us), "TIME", "step" },
	{ "start", 0, HI_OPT_TIME, AT(start), "TIME", "start" },
	{ 0 },
};
static const struct hi_program program = {
	.name = "hi-gen",
	.summary = "patients that look like patients",
	.usage = "[OPTION]...",
	.examples = "hi-gen --patients 3 | hi-detect\nhi-gen -n 3\n",
	.groups = 1023,
	.options = own,
};

static struct options options;
static struct hi_common common;
static int first, argc;
static char *argv[40];
static char out[8192], err[2048];

/* What came through a temporary file put in the place of descriptor fd. */
static int divert(int fd, FILE **file)
{
	int saved = dup(fd);

	*file = tmpfile();
	ck_assert(saved >= 0 && *file && dup2(fileno(*file), fd) == fd);
	return saved;
}

static void restore(int fd, int saved, FILE *file, char *text, size_t cap)
{
	ck_assert_int_eq(fd, dup2(saved, fd));
	close(saved);
	rewind(file);
	text[fread(text, 1, cap - 1, file)] = '\0';
	fclose(file);
}

/* Parses the words of line (one space between); -1 or the exit status. */
static int parse(const char *line)
{
	static char words[4096];
	FILE *o, *e;

	snprintf(words, sizeof words, "hi-gen%s%s", *line ? " " : "", line);
	argc = 0;
	for (char *p = words, *end; p; p = end) {
		argv[argc++] = p;
		end = strchr(p, ' ');
		if (end)
			*end++ = '\0';
	}
	argv[argc] = NULL;
	options = (struct options){ .patients = 7 };
	fflush(stdout);
	int so = divert(1, &o), se = divert(2, &e);
	int status = hi_options_parse(&program, &options, &common, argc, argv, &first);
	fflush(stdout);
	restore(1, so, o, out, sizeof out);
	restore(2, se, e, err, sizeof err);
	return status;
}

START_TEST(nothing)
{
	ck_assert_int_eq(-1, parse(""));
	ck_assert_int_eq(1, first);
	ck_assert_int_eq(7, options.patients);
	ck_assert(!common.since.given && !common.format_given && !common.output);
	ck_assert_uint_eq(0, common.patients.n + common.metrics.n + common.types.n);
	ck_assert_str_eq("", out);
	ck_assert_str_eq("", err);
}
END_TEST

START_TEST(every_kind)
{
	ck_assert_int_eq(-1, parse("a --patients 12 --each --speed=1.5 -r x.rules b --map a=b "
				   "--map c,d --names e,f --names g --every 1h30m "
				   "--start 2025-12-28T06:30:00Z -- --each"));
	ck_assert_int_eq(12, options.patients);
	ck_assert(options.each);
	ck_assert(options.speed == 1.5);
	ck_assert_str_eq("x.rules", options.rules);
	ck_assert_uint_eq(2, options.maps.n);
	ck_assert_str_eq("c,d", options.maps.v[1]);
	ck_assert_uint_eq(3, options.names.n);
	ck_assert_str_eq("e", options.names.v[0]);
	ck_assert_str_eq("g", options.names.v[2]);
	ck_assert_int_eq(90 * HI_US_MIN, options.every_us);
	ck_assert(options.start.given);
	ck_assert_int_eq(INT64_C(1766903400000000), options.start.t_us);
	ck_assert_int_eq(3, argc - first);
	ck_assert_str_eq("a", argv[first]);
	ck_assert_str_eq("b", argv[first + 1]);
	ck_assert_str_eq("--each", argv[first + 2]);
}
END_TEST

START_TEST(shared_ones)
{
	ck_assert_int_eq(-1,
			 parse("-qvv -o out.csv --format csv --strict --progress --metrics m.prom "
			       "--type alert,act --metric hr,spo2,lactate --metric rr --last 20"));
	ck_assert(common.quiet && common.strict && common.progress);
	ck_assert_int_eq(2, common.verbose);
	ck_assert_str_eq("out.csv", common.output);
	ck_assert(common.format_given && common.format == HI_FORMAT_CSV);
	ck_assert_str_eq("m.prom", common.metrics_file);
	ck_assert_uint_eq(2, common.types.n);
	ck_assert_uint_eq(4, common.metrics.n);
	ck_assert_str_eq("heart_rate", common.metrics.v[0]);
	ck_assert_str_eq("lactate", common.metrics.v[2]);
	ck_assert_str_eq("respiratory_rate", common.metrics.v[3]);
	ck_assert_int_eq(20, common.last_n);
	ck_assert_int_eq(-1, parse("--last 24h"));
	ck_assert(common.last_n == 0 && common.last_us == 24 * HI_US_H);
}
END_TEST

START_TEST(marks_by_time_or_lines)
{
	ck_assert_int_eq(-1, parse("--mark 200ms --tick"));
	ck_assert(common.mark_us == 200 * HI_US_MS && common.mark_lines == 0 && common.tick);
	ck_assert_int_eq(-1, parse("--mark 200ms --mark 10000"));
	ck_assert(common.mark_us == 0 && common.mark_lines == 10000 && !common.tick);
	ck_assert_int_eq(-1, parse("--mark 10000 --mark 1s"));
	ck_assert(common.mark_us == HI_US_S && common.mark_lines == 0);
	ck_assert_int_eq(-1, parse("--resume ward --window 90m"));
	ck_assert_str_eq("ward", common.resume);
	ck_assert_int_eq(90 * HI_US_MIN, common.window_us);
	ck_assert_int_eq(-1, parse(""));
	ck_assert(!common.mark_us && !common.mark_lines && !common.resume && !common.window_us);
}
END_TEST

START_TEST(the_zone_may_come_last)
{
	ck_assert_int_eq(-1, parse("--day 2025-03-30 --tz Europe/Berlin"));
	ck_assert_str_eq("Europe/Berlin", hi_tz_name());
	ck_assert(common.since.given && common.until.given);
	ck_assert_int_eq(INT64_C(1743289200000000), common.since.t_us);
	ck_assert_int_eq(23 * HI_US_H, common.until.t_us - common.since.t_us);
	ck_assert_int_eq(0, setenv("HI_TZ", "+02:00", 1));
	ck_assert_int_eq(-1, parse("--since 2025-03-30"));
	ck_assert_int_eq(INT64_C(1743285600000000), common.since.t_us);
	ck_assert(!common.zone_given);
	ck_assert_int_eq(-1, parse("--since 2025-03-30 --tz UTC"));
	ck_assert_int_eq(INT64_C(1743292800000000), common.since.t_us);
	ck_assert(common.zone_given);
}
END_TEST

START_TEST(ids_are_wiped)
{
	char path[] = "/tmp/hi-ids.XXXXXX", line[128];
	int fd = mkstemp(path);

	ck_assert(fd >= 0);
	ck_assert_int_eq(14, write(fd, "P-3\r\n\nP 4\nP-\xc3\xbc", 14));
	close(fd);
	snprintf(line, sizeof line, "--patient P-1 --patient=P-2 --patient @%s x", path);
	ck_assert_int_eq(-1, parse(line));
	unlink(path);
	ck_assert_uint_eq(5, common.patients.n);
	ck_assert_str_eq("P-1", common.patients.v[0]);
	ck_assert_str_eq("P-2", common.patients.v[1]);
	ck_assert_str_eq("P-3", common.patients.v[2]);
	ck_assert_str_eq("P 4", common.patients.v[3]);
	ck_assert_str_eq("P-\xc3\xbc", common.patients.v[4]);
	for (int i = 0; i < argc; i++) {
		ck_assert_ptr_null(strstr(argv[i], "P-1"));
		ck_assert_ptr_null(strstr(argv[i], "P-2"));
	}
	/* And an id given as a key's value. */
	ck_assert_int_eq(-1, parse("--map ward=W1 --map patient_id=P-9"));
	ck_assert_str_eq("ward=W1", options.maps.v[0]);
	ck_assert_str_eq("patient_id=P-9", options.maps.v[1]);
	ck_assert_str_eq("ward=W1", argv[2]);
	ck_assert_ptr_null(strstr(argv[4], "P-9"));
	/* Also where the line is wrong, and then no message has them. */
	ck_assert_int_eq(2, parse("--patient P-1 --since never"));
	ck_assert_ptr_null(strstr(argv[2], "P-1"));
	ck_assert_ptr_null(strstr(err, "P-1"));
	ck_assert_int_eq(2, parse("--patient P-1 --patientid=P-2"));
	ck_assert_ptr_null(strstr(err, "P-"));
}
END_TEST

static const struct {
	const char *line, *err;
	int status;
} refusals[] = {
	{ "--patiens 3", "unknown option --patiens; did you mean --patients?", 2 },
	{ "--pateint=3", "unknown option --pateint; did you mean --patient?", 2 },
	{ "--fromat", "unknown option --fromat; did you mean --format?", 2 },
	{ "--colour=red", "unknown option --colour; hi-gen --help lists them", 2 },
	{ "--e", "option --e is not one alone: --each, --every", 2 },
	{ "-x", "unknown option -x; hi-gen --help lists them", 2 },
	{ "-qx", "unknown option -x; hi-gen --help lists them", 2 },
	{ "--since", "option --since needs TIME", 2 },
	{ "-n", "option --patients needs N", 2 },
	{ "--quiet=3", "option --quiet takes no argument", 2 },
	{ "--since never",
	  "--since: not a time (2025-12-28T06:30:00Z, 2025-12-28, 06:30, today, 4h): never", 2 },
	{ "--day now", "--day: not a day (2025-12-28, today, yesterday): now", 2 },
	{ "--every 5", "--every: not a duration (200ms, 10s, 4h, 30d): 5", 2 },
	{ "-n 3x", "--patients: not a whole number: 3x", 2 },
	{ "-n +3", "--patients: not a whole number: +3", 2 },
	{ "-n 99999999999999999999", "--patients: not a whole number: 99999999999999999999", 2 },
	{ "--speed 1,5", "--speed: not a number: 1,5", 2 },
	{ "--speed 0x10", "--speed: not a number: 0x10", 2 },
	{ "--last 0", "--last: must be above 0: 0", 2 },
	{ "--last 5y", "--last: not a duration (200ms, 10s, 4h, 30d): 5y", 2 },
	{ "--mark 0", "--mark: must be above 0: 0", 2 },
	{ "--mark 0s", "--mark: must be above 0: 0s", 2 },
	{ "--mark -5", "--mark: not a duration (200ms, 10s, 4h, 30d): -5", 2 },
	{ "--mark=", "--mark: not a whole number", 2 },
	{ "--window 0s", "--window: must be above 0: 0s", 2 },
	{ "--format tabl", "--format: not one of table, ndjson, csv: tabl", 2 },
	{ "--metric hr,,rr", "--metric: an empty name in a list: hr,,rr", 2 },
	{ "--type alert,", "--type: an empty name in a list: alert,", 2 },
	{ "--patient=", "--patient: a patient's id has 1 to 64 bytes", 2 },
	{ "--patient @/nowhere/x", "--patient: cannot open: /nowhere/x: No such file or directory",
	  4 },
	{ "--tz Mars/Phobos", "--tz: no such time zone: Mars/Phobos", 2 },
	{ "--since 2025-01-02 --until 2025-01-01", "--since is not before --until", 2 },
	{ "--since 2025-01-01 --until 2025-01-01", "--since is not before --until", 2 },
	{ "--tz \033[31m", "--tz: no such time zone: ?[31m", 2 },
};

START_TEST(refuses_in_one_line)
{
	char want[256];

	snprintf(want, sizeof want, "hi-gen: %s\n", refusals[_i].err);
	ck_assert_int_eq(refusals[_i].status, parse(refusals[_i].line));
	ck_assert_str_eq(want, err);
	ck_assert_str_eq("", out);
}
END_TEST

START_TEST(help_and_version)
{
	ck_assert_int_eq(0, parse("--help --nonsense"));
	ck_assert_str_eq("", err);
	ck_assert_ptr_eq(out, strstr(out, "Example:\n  hi-gen --patients 3 | hi-detect\n"));
	ck_assert_ptr_nonnull(strstr(out, "  -n, --patients N "));
	ck_assert_ptr_nonnull(strstr(out, "      --since TIME "));
	for (char *p = out, *lf; (lf = strchr(p, '\n')); p = lf + 1)
		ck_assert_msg(lf - p <= 100 && (lf == p || lf[-1] != ' '), "%s", p);
	ck_assert_int_eq(0, parse("-h"));
	ck_assert_int_eq(0, parse("-V"));
	char want[64];
	snprintf(want, sizeof want, "hi-gen %s\n", hi_version);
	ck_assert_str_eq(want, out);
}
END_TEST

START_TEST(only_the_groups_asked_for)
{
	struct hi_program bare = program;
	char *words[] = { "hi-gen", "--since", "4h", NULL };
	FILE *e;

	bare.groups = HI_GROUP_OUTPUT;
	int saved = divert(2, &e);
	int status = hi_options_parse(&bare, &options, &common, 3, words, &first);
	restore(2, saved, e, err, sizeof err);
	ck_assert_int_eq(2, status);
	ck_assert_ptr_nonnull(strstr(err, "unknown option --since"));
}
END_TEST

START_TEST(error_lines)
{
	struct hi_error e = {
		.text = "value: not a number", .source = "stdin", .line = 123, .column = 57
	};
	FILE *f;

	hi_message_start("hi-detect", true);
	int saved = divert(2, &f);
	hi_complain_error(&e);
	e.column = 0;
	hi_complain_error(&e);
	hi_error_sys(&e, "cannot open", "ward");
	e.sys = 2;
	hi_complain_error(&e);
	hi_note("not shown");
	hi_message_start("hi-detect", false);
	hi_note("shown");
	restore(2, saved, f, err, sizeof err);
	ck_assert_str_eq("hi-detect: stdin:123:57: value: not a number\n"
			 "hi-detect: stdin:123: value: not a number\n"
			 "hi-detect: cannot open: ward: No such file or directory\n"
			 "hi-detect: shown\n",
			 err);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("options");
	TCase *c = tcase_create("options");

	tcase_add_test(c, nothing);
	tcase_add_test(c, every_kind);
	tcase_add_test(c, shared_ones);
	tcase_add_test(c, marks_by_time_or_lines);
	tcase_add_test(c, the_zone_may_come_last);
	tcase_add_test(c, ids_are_wiped);
	tcase_add_loop_test(c, refuses_in_one_line, 0, (int)(sizeof refusals / sizeof *refusals));
	tcase_add_test(c, help_and_version);
	tcase_add_test(c, only_the_groups_asked_for);
	tcase_add_test(c, error_lines);
	suite_add_tcase(s, c);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
