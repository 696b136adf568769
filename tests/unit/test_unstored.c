/* Marks on their way to a store: the age of the oldest that it does not have yet. */
#include <check.h>
#include <stdlib.h>

#include "tool/unstored.h"

static struct hi_positions p;

/* Two partitions; b -1: the second is not there. */
static const struct hi_positions *at(int64_t a, int64_t b)
{
	hi_positions_reset(&p);
	ck_assert_int_eq(hi_positions_set_int(&p, "kafka:c/t/0", a, NULL), HI_OK);
	if (b >= 0)
		ck_assert_int_eq(hi_positions_set_int(&p, "kafka:c/t/1", b, NULL), HI_OK);
	return &p;
}

START_TEST(the_oldest)
{
	struct hi_unstored u;

	hi_unstored_begin(&u, at(0, 0));
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 0);
	hi_unstored_add(&u, at(0, 0), 100); /* where it began: nothing is on its way */
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 0);
	hi_unstored_add(&u, at(1, 0), 200);
	hi_unstored_add(&u, at(1, 0), 300); /* nothing new */
	hi_unstored_add(&u, at(1, 1), 400);
	hi_unstored_add(&u, at(2, 1), 500);
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 800);
	hi_unstored_settle(&u, at(0, 0)); /* the store has none of them */
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 800);
	hi_unstored_settle(&u, at(1, 0));
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 600);
	hi_unstored_settle(&u, at(1, 0));
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 600);
	hi_unstored_settle(&u, at(2, 1));
	ck_assert_int_eq(hi_unstored_age_us(&u, 1000), 0);
	hi_unstored_add(&u, at(2, 1), 1100);
	ck_assert_int_eq(hi_unstored_age_us(&u, 1200), 0);
	hi_unstored_add(&u, at(3, 1), 1200);
	ck_assert_int_eq(hi_unstored_age_us(&u, 1200), 0);
	ck_assert_int_eq(hi_unstored_age_us(&u, 1201), 1);
	hi_unstored_release(&u);
}
END_TEST

/* Keys and positions are not one text: what moves from one to the other is another place. */
START_TEST(another_place)
{
	struct hi_unstored u;

	hi_unstored_begin(&u, at(1, 2));
	hi_unstored_add(&u, at(2, 1), 10);
	ck_assert_int_eq(hi_unstored_age_us(&u, 20), 10);
	hi_unstored_settle(&u, at(2, -1)); /* of a key that came later the store has none */
	ck_assert_int_eq(hi_unstored_age_us(&u, 20), 10);
	hi_unstored_settle(&u, at(2, 1));
	ck_assert_int_eq(hi_unstored_age_us(&u, 20), 0);
	hi_unstored_release(&u);
}
END_TEST

/* A store that stands still for hours: bounded, and the oldest and the newest are kept. */
START_TEST(very_many)
{
	struct hi_unstored u;
	const int64_t n = 10 * HI_UNSTORED_MAX;

	hi_unstored_begin(&u, at(0, 0));
	for (int64_t i = 1; i <= n; i++) {
		hi_unstored_add(&u, at(i, 0), i * 1000);
		ck_assert_uint_le(u.n, HI_UNSTORED_MAX);
	}
	ck_assert_int_eq(hi_unstored_age_us(&u, n * 1000), (n - 1) * 1000);
	hi_unstored_settle(&u, at(n, 0));
	ck_assert_int_eq(hi_unstored_age_us(&u, n * 1000 + 5), 0);
	hi_unstored_release(&u);
	hi_unstored_release(&u);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("unstored");
	tcase_add_test(t, the_oldest);
	tcase_add_test(t, another_place);
	tcase_add_test(t, very_many);
	Suite *s = suite_create("unstored");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	hi_positions_release(&p);
	return failed != 0;
}
