/* The table of patients: a million ids, states that stay where they are, the memory it says. */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "state/patients.h"

static struct hi_slice id_text(char *b, size_t i)
{
	return (struct hi_slice){ b, (size_t)sprintf(b, "P-%07zu", i) };
}

START_TEST(a_million)
{
	enum { N = 1000000, STATE = 16 };
	struct hi_patients *t = hi_patients_new(STATE, N);
	uint64_t **state = malloc(N * sizeof *state);
	size_t heap = mallinfo2().uordblks + mallinfo2().hblkhd;
	char b[64];

	for (size_t i = 0; i < N; i++) {
		struct hi_slice id = id_text(b, i);
		state[i] = hi_patients_get(t, id, hi_hash_slice(id));
		if (!state[i] || state[i][0] != 0 || state[i][1] != 0)
			ck_abort_msg("state %zu is not zeroed", i);
		state[i][0] = i;
		state[i][1] = ~i;
	}
	heap = mallinfo2().uordblks + mallinfo2().hblkhd - heap;
	ck_assert_uint_eq(hi_patients_count(t), N);
	for (size_t i = 0; i < N; i++) {
		struct hi_slice id = id_text(b, i), at;
		if (hi_patients_find(t, id, hi_hash_slice(id)) != state[i] ||
		    hi_patients_get(t, id, hi_hash_slice(id)) != state[i] ||
		    hi_patients_at(t, i, &at) != state[i] || !hi_slice_eq(at, id) ||
		    state[i][0] != i || state[i][1] != ~i)
			ck_abort_msg("patient %zu", i);
	}
	struct hi_slice more = HI_LIT("one too many");
	ck_assert_ptr_null(hi_patients_get(t, more, hi_hash_slice(more)));
	ck_assert_ptr_null(hi_patients_find(t, more, hi_hash_slice(more)));
	ck_assert_uint_eq(hi_patients_count(t), N);

	/* 16.8 of table (load 0.48), 16 of state, 16 of id. */
	double a_patient = (double)hi_patients_bytes(t) / N;
	ck_assert_double_lt(a_patient, 50);
	ck_assert_double_gt(a_patient, 48);
#if !defined(__SANITIZE_ADDRESS__)
	ck_assert_double_lt((double)heap / N, a_patient + 1);
#endif
	printf("patients: %.1f bytes each with a state of %d, heap %.1f\n", a_patient, STATE,
	       (double)heap / N);
	free(state);
	hi_patients_free(t);
}
END_TEST

/* Ids whose hashes are all the same are slow but right. */
START_TEST(same_hash)
{
	struct hi_patients *t = hi_patients_new(4, SIZE_MAX);
	char b[64];

	for (uint32_t i = 0; i < 500; i++)
		*(uint32_t *)hi_patients_get(t, id_text(b, i), 42) = i;
	for (uint32_t i = 0; i < 500; i++)
		ck_assert_uint_eq(*(uint32_t *)hi_patients_find(t, id_text(b, i), 42), i);
	ck_assert_ptr_null(hi_patients_find(t, id_text(b, 500), 42));
	hi_patients_free(t);
}
END_TEST

/* Any bytes are an id, also none and more than an arena's block. */
START_TEST(odd_ids)
{
	struct hi_patients *t = hi_patients_new(1, 10);
	static char large[70000];
	struct hi_slice ids[] = {
		{ "", 0 },     { "\0", 1 },	 { "\0\0", 2 },
		{ "a\nb", 3 }, { large, 65535 }, { large, 65534 },
	};
	size_t n = sizeof ids / sizeof *ids;
	struct hi_slice at;

	for (size_t i = 0; i < n; i++)
		*(char *)hi_patients_get(t, ids[i], hi_hash_slice(ids[i])) = (char)('a' + i);
	ck_assert_uint_eq(hi_patients_count(t), n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(*(char *)hi_patients_at(t, i, &at), 'a' + (int)i);
		ck_assert(hi_slice_eq(at, ids[i]));
	}
	ck_assert_ptr_null(hi_patients_get(t, (struct hi_slice){ large, 65536 }, 1));
	hi_patients_free(t);
	hi_patients_free(NULL);
}
END_TEST

/* Ids of every length stand behind their state or apart, and harm no neighbour. */
START_TEST(every_length)
{
	static const size_t sizes[] = { 0, 1, 4, 8, 15, 16, 17, 24, 40 };
	char text[300];
	struct hi_slice at;

	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct hi_patients *t = hi_patients_new(sizes[k], SIZE_MAX);
		for (size_t len = 0; len < sizeof text; len++) {
			memset(text, 'a' + (int)(len % 26), len);
			struct hi_slice id = { text, len };
			memset(hi_patients_get(t, id, hi_hash_slice(id)), 0xff, sizes[k]);
		}
		ck_assert_uint_eq(hi_patients_count(t), sizeof text);
		for (size_t len = 0; len < sizeof text; len++) {
			memset(text, 'a' + (int)(len % 26), len);
			struct hi_slice id = { text, len };
			char *state = hi_patients_find(t, id, hi_hash_slice(id));
			ck_assert_ptr_eq(state, hi_patients_at(t, len, &at));
			ck_assert(hi_slice_eq(at, id));
			for (size_t i = 0; i < sizes[k]; i++)
				ck_assert_int_eq(state[i], (char)0xff);
		}
		hi_patients_free(t);
	}
}
END_TEST

START_TEST(large_states_and_none)
{
	struct hi_patients *t = hi_patients_new(200000, 3);
	struct hi_patients *set = hi_patients_new(0, 3);
	char b[64];

	for (size_t i = 0; i < 3; i++)
		memset(hi_patients_get(t, id_text(b, i), i), (int)i + 1, 200000);
	for (size_t i = 0; i < 3; i++) {
		unsigned char *p = hi_patients_find(t, id_text(b, i), i);
		ck_assert(p[0] == i + 1 && p[199999] == i + 1);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
	}
	ck_assert_ptr_nonnull(hi_patients_get(set, HI_LIT("x"), 1));
	ck_assert_ptr_null(hi_patients_find(set, HI_LIT("y"), 1));
	hi_patients_free(t);
	hi_patients_free(set);
}
END_TEST

struct swept {
	size_t kept, dropped;
};

static bool is_odd(void *arg, const void *state)
{
	(void)arg;
	return *(const uint64_t *)state % 2;
}

static void count_moved(void *arg, void *from, void *to)
{
	struct swept *s = arg;

	ck_assert_int_eq(to != NULL, is_odd(NULL, from));
	if (to)
		ck_assert_uint_eq(*(uint64_t *)to, *(uint64_t *)from);
	*(to ? &s->kept : &s->dropped) += 1;
}

static bool is_any(void *arg, const void *state)
{
	(void)state;
	return arg != NULL;
}

static void ignore_moved(void *arg, void *from, void *to)
{
	(void)arg;
	(void)from;
	(void)to;
}

/* Those that are kept stand in their order under their ids, long ones too. */
START_TEST(sweep)
{
	enum { N = 5000 };
	struct hi_patients *t = hi_patients_new(sizeof(uint64_t), N);
	struct swept s = { 0 };
	size_t bytes;
	char b[300];
	struct hi_slice id, at;

	memset(b, 'x', sizeof b);
	for (size_t i = 0; i < N; i++) {
		id = id_text(b, i);
		id.len = i % 5 ? id.len : sizeof b;
		*(uint64_t *)hi_patients_get(t, id, hi_hash_slice(id)) = i;
		ck_assert(hi_slice_eq(hi_patients_id(t, hi_patients_find(t, id, hi_hash_slice(id))),
				      id));
	}
	bytes = hi_patients_bytes(t);
	ck_assert(hi_patients_sweep(&t, is_odd, count_moved, &s));
	ck_assert_uint_eq(s.kept, N / 2);
	ck_assert_uint_eq(s.dropped, N / 2);
	ck_assert_uint_eq(hi_patients_count(t), N / 2);
	ck_assert_uint_lt(hi_patients_bytes(t), bytes * 2 / 3);
	for (size_t i = 0; i < N; i++) {
		id = id_text(b, i);
		id.len = i % 5 ? id.len : sizeof b;
		uint64_t *state = hi_patients_find(t, id, hi_hash_slice(id));
		ck_assert_int_eq(state != NULL, i % 2);
		if (!state)
			continue;
		ck_assert_uint_eq(*state, i);
		ck_assert_ptr_eq(state, hi_patients_at(t, i / 2, &at));
		ck_assert(hi_slice_eq(at, id));
	}
	/* All of them, and none: the table is as good as new. */
	ck_assert(hi_patients_sweep(&t, is_any, ignore_moved, t));
	ck_assert_uint_eq(hi_patients_count(t), N / 2);
	ck_assert(hi_patients_sweep(&t, is_any, ignore_moved, NULL));
	ck_assert_uint_eq(hi_patients_count(t), 0);
	ck_assert_ptr_nonnull(hi_patients_get(t, HI_LIT("y"), hi_hash_slice(HI_LIT("y"))));
	hi_patients_free(t);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("patients");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_million);
	tcase_add_test(t, same_hash);
	tcase_add_test(t, odd_ids);
	tcase_add_test(t, every_length);
	tcase_add_test(t, large_states_and_none);
	tcase_add_test(t, sweep);
	Suite *s = suite_create("patients");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
