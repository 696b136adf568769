/* Hashes: published vectors, the two CRCs alike, the table hash equal in its two forms. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "base/hash.h"

/* RFC 3720, appendix B.4, and the check value of the CRC catalogue. */
START_TEST(crc_vectors)
{
	unsigned char b[32];

	ck_assert_uint_eq(hi_crc32c(0, "", 0), 0);
	ck_assert_uint_eq(hi_crc32c(0, "123456789", 9), 0xE3069283);
	memset(b, 0, sizeof b);
	ck_assert_uint_eq(hi_crc32c(0, b, sizeof b), 0x8A9136AA);
	memset(b, 0xff, sizeof b);
	ck_assert_uint_eq(hi_crc32c(0, b, sizeof b), 0x62A8AB43);
	for (unsigned i = 0; i < 32; i++)
		b[i] = (unsigned char)i;
	ck_assert_uint_eq(hi_crc32c(0, b, sizeof b), 0x46DD794E);
	for (unsigned i = 0; i < 32; i++)
		b[i] = (unsigned char)(31 - i);
	ck_assert_uint_eq(hi_crc32c(0, b, sizeof b), 0x113FDB5C);
}
END_TEST

/* Every length, alignment and cut: the processor's, the portable one, and in two pieces. */
START_TEST(crc_forms_agree)
{
	unsigned char b[300];

	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (unsigned char)(i * 167 + 13);
	for (size_t from = 0; from < 9; from++) {
		for (size_t n = 0; n < 280; n++) {
			uint32_t want = hi_crc32c_portable(7, b + from, n);
			ck_assert_uint_eq(hi_crc32c(7, b + from, n), want);
			uint32_t first = hi_crc32c(7, b + from, n / 3);
			ck_assert_uint_eq(hi_crc32c(first, b + from + n / 3, n - n / 3), want);
		}
	}
}
END_TEST

START_TEST(hash_equals_hash16)
{
	char b[16];

	for (size_t n = 0; n <= 16; n++) {
		uint64_t w[2] = { 0, 0 };
		for (size_t i = 0; i < n; i++)
			b[i] = (char)(i * 91 + n * 7 + 129);
		memcpy(w, b, n);
		/* A copy of its own, so that ASan sees a byte too far. */
		char *copy = malloc(n ? n : 1);
		memcpy(copy, b, n);
		ck_assert_uint_eq(hi_hash(copy, n), hi_hash16(w[0], w[1], n));
		free(copy);
	}
	ck_assert_uint_eq(hi_hash_slice(HI_LIT("P-001")), hi_hash("P-001", 5));
}
END_TEST

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static size_t distinct(uint64_t *h, size_t n)
{
	size_t d = n ? 1 : 0;

	qsort(h, n, sizeof *h, by_value);
	for (size_t i = 1; i < n; i++)
		d += h[i] != h[i - 1];
	return d;
}

/* Each byte and the length count, at every length that the reader lets through and beyond. */
START_TEST(every_byte_counts)
{
	unsigned char b[200] = { 0 };
	uint64_t h[2000];

	for (size_t len = 0; len < 200; len++)
		h[len] = hi_hash(b, len);
	ck_assert_uint_eq(distinct(h, 200), 200);
	for (size_t len = 1; len < 200; len++) {
		size_t n = 0;
		for (size_t i = 0; i < len; i++) {
			for (int bit = 0; bit < 8; bit++) {
				b[i] ^= (unsigned char)(1 << bit);
				h[n++] = hi_hash(b, len);
				b[i] ^= (unsigned char)(1 << bit);
			}
		}
		ck_assert_uint_eq(distinct(h, n), n);
	}
}
END_TEST

/* Ids that count up fill a table evenly in their low and in their high half. */
START_TEST(spread)
{
	static unsigned low[1024], high[1024];

	memset(low, 0, sizeof low);
	memset(high, 0, sizeof high);
	for (unsigned i = 0; i < 102400; i++) {
		char id[32];
		int n = snprintf(id, sizeof id, "patient-%06u", i);
		uint64_t h = hi_hash(id, (size_t)n);
		low[h & 1023]++;
		high[h >> 54]++;
	}
	for (size_t i = 0; i < 1024; i++) { /* 100 a bucket, sd 10: 7 sd is far outside chance */
		ck_assert_uint_lt(low[i], 175);
		ck_assert_uint_gt(low[i], 35);
		ck_assert_uint_lt(high[i], 175);
		ck_assert_uint_gt(high[i], 35);
	}
}
END_TEST

START_TEST(seed_is_drawn_once)
{
	uint64_t seed = hi_hash_seed;

	ck_assert_uint_ne(seed, 0);
	hi_hash_start();
	ck_assert_uint_eq(hi_hash_seed, seed);
}
END_TEST

/* Fixed for ever: stored alerts are found again by these. */
START_TEST(uuid5)
{
	char text[HI_UUID_TEXT + 1] = "";
	uuid_t id;

	hi_uuid5(HI_LIT("P-001\nHYPOXIA\n2025-12-28T06:30:00Z"), text);
	ck_assert_str_eq(text, "ee8d0776-382b-56fe-b568-4c365f8f2f6c");
	ck_assert_int_eq(uuid_parse(text, id), 0);
	ck_assert_int_eq(uuid_type(id), 5);
	ck_assert_int_eq(uuid_variant(id), UUID_VARIANT_DCE);
	char other[HI_UUID_TEXT + 1] = "";
	hi_uuid5(HI_LIT("P-001\nHYPOXIA\n2025-12-28T06:30:01Z"), other);
	ck_assert_str_ne(text, other);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("hash");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, crc_vectors);
	tcase_add_test(t, crc_forms_agree);
	tcase_add_test(t, hash_equals_hash16);
	tcase_add_test(t, every_byte_counts);
	tcase_add_test(t, spread);
	tcase_add_test(t, seed_is_drawn_once);
	tcase_add_test(t, uuid5);
	Suite *s = suite_create("hash");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
