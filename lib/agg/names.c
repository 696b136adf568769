#include "agg/names.h"

int hi_names_init(struct hi_names *t)
{
	*t = (struct hi_names){ .last_len = UINT8_MAX };
	t->table = hi_patients_new(sizeof(uint32_t), HI_NAMES_MAX);
	return t->table ? HI_OK : HI_NOMEM;
}

void hi_names_release(struct hi_names *t)
{
	hi_patients_free(t->table);
	t->table = NULL;
}

uint32_t hi_names_get_new(struct hi_names *t, struct hi_slice text, uint64_t hash)
{
	uint32_t *number = hi_patients_get(t->table, text, hash); /* from 1; 0: new */

	if (!number)
		return HI_NO_NAME;
	if (*number == 0)
		*number = (uint32_t)hi_patients_count(t->table);
	if (text.len <= HI_NAME_KEPT) {
		t->last_hash = hash;
		t->last = *number - 1;
		t->last_len = (uint8_t)text.len;
		memcpy(t->last_text, text.ptr, text.len);
	}
	return *number - 1;
}

struct hi_slice hi_names_text(const struct hi_names *t, uint32_t i)
{
	struct hi_slice text = { NULL, 0 };

	if (i != HI_NO_NAME)
		hi_patients_at(t->table, i, &text);
	return text;
}
