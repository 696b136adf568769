/* Positions of a broker's partitions, their keys, and ranges of partitions. */
#include <check.h>
#include <stdlib.h>

#include "bridge/position.h"

static struct hi_offset_position p;
static struct hi_error e;

static void is_read(const char *json, int64_t offset, bool has_crc, uint32_t crc)
{
	struct hi_positions to;
	ck_assert_msg(hi_offset_position_read(&p, json), "%s", json);
	ck_assert_int_eq(offset, p.offset);
	ck_assert_int_eq(has_crc, p.has_crc);
	ck_assert_uint_eq(crc, p.crc);
	/* There is one text for each: a store compares them as text. */
	hi_positions_init(&to);
	ck_assert_int_eq(HI_OK, hi_offset_position_set(&to, "kafka:c/t/0", p, &e));
	ck_assert_str_eq(json, hi_positions_find(&to, "kafka:c/t/0"));
	hi_positions_release(&to);
}

START_TEST(a_position_is_read_and_written)
{
	is_read("\"0\"", 0, false, 0);
	is_read("\"17\"", 17, false, 0);
	is_read("\"1:00000000\"", 1, true, 0);
	is_read("\"123456:5f3a9c01\"", 123456, true, 0x5f3a9c01);
	is_read("\"999999999999999999:ffffffff\"", INT64_C(999999999999999999), true, UINT32_MAX);
}
END_TEST

START_TEST(what_is_no_position_is_refused)
{
	static const char *const bad[] = { "17",
					   "\"\"",
					   "\"-1\"",
					   "\"+1\"",
					   "\" 1\"",
					   "\"01\"",
					   "\"0:12345678\"", /* nothing stands before the first */
					   "\"5:\"",
					   "\"5:1234567\"",
					   "\"5:123456789\"",
					   "\"5:5F3A9C01\"",
					   "\"5:5f3a9c0g\"",
					   "\"5:5f3a9c01 \"",
					   "\"5;5f3a9c01\"",
					   "\"1000000000000000000\"",
					   "\"99999999999999999999:5f3a9c01\"",
					   "\"5:5f3a9c01",
					   "null",
					   "",
					   "\"" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!hi_offset_position_read(&p, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(a_key_is_taken_apart)
{
	struct hi_offset_key k;
	ck_assert(hi_offset_key_read(&k, "kafka:MkU3OEVBNTcwNTJENDM2Qg/patient-vitals/12"));
	ck_assert(hi_slice_is(k.cluster, "MkU3OEVBNTcwNTJENDM2Qg"));
	ck_assert(hi_slice_is(k.topic, "patient-vitals"));
	ck_assert_int_eq(12, k.partition);
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
	static const char *const bad[] = { "gen:7",	   "kafka:",	    "kafka:c",
					   "kafka:c/t",	   "kafka:c/t/",    "kafka:/t/0",
					   "kafka:c//0",   "kafka:c/t/x",   "kafka:c/t/-1",
					   "kafka:c/t/1x", "kafka:c/t/1/2", "kafka:c/t/9999999999",
					   "Kafka:c/t/0" };
	struct hi_offset_key k;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!hi_offset_key_read(&k, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(ranges_are_read)
{
	struct hi_partition_ranges r;
	ck_assert_int_eq(HI_OK, hi_partition_ranges_parse(&r, "0-7,9,20-20", &e));
	ck_assert_uint_eq(3, r.n);
	ck_assert(hi_partition_ranges_have(&r, 0));
	ck_assert(hi_partition_ranges_have(&r, 7));
	ck_assert(!hi_partition_ranges_have(&r, 8));
	ck_assert(hi_partition_ranges_have(&r, 9));
	ck_assert(hi_partition_ranges_have(&r, 20));
	ck_assert(!hi_partition_ranges_have(&r, 21));
	r.n = 0;
	ck_assert(hi_partition_ranges_have(&r, 12345));
}
END_TEST

START_TEST(bad_ranges_are_refused)
{
	static const char *const bad[] = { "",	  ",",	  "1,",	   ",1", "a",	"1-",	     "-1",
					   "7-0", "1--2", "1-2-3", "1 ", "0x1", "9999999999" };
	struct hi_partition_ranges r;
	char many[8 * HI_PARTITION_RANGES_MAX] = "0";
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(hi_partition_ranges_parse(&r, bad[i], &e) == HI_USAGE, "%s", bad[i]);
	for (int i = 0; i < HI_PARTITION_RANGES_MAX - 1; i++)
		strcat(many, ",1");
	ck_assert_int_eq(HI_OK, hi_partition_ranges_parse(&r, many, &e));
	strcat(many, ",1");
	ck_assert_int_eq(HI_USAGE, hi_partition_ranges_parse(&r, many, &e));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("position");
	TCase *t = tcase_create("position");
	tcase_add_test(t, a_position_is_read_and_written);
	tcase_add_test(t, what_is_no_position_is_refused);
	tcase_add_test(t, a_key_is_taken_apart);
	tcase_add_test(t, what_is_no_key_is_refused);
	tcase_add_test(t, ranges_are_read);
	tcase_add_test(t, bad_ranges_are_refused);
	suite_add_tcase(suite, t);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
