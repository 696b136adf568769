/* Writing one object, key by key. */
#include "base/num.h"
#include "base/time.h"
#include "json/json.h"

void hi_object_begin(struct hi_object *o, struct hi_buf *b)
{
	*o = (struct hi_object){ b, false };
	hi_buf_putc(b, '{');
}

static void put_key(struct hi_object *o, const char *key)
{
	if (o->more)
		hi_buf_putc(o->b, ',');
	o->more = true;
	hi_json_quote(o->b, hi_slice_of(key));
	hi_buf_putc(o->b, ':');
}

void hi_object_raw(struct hi_object *o, const char *key, struct hi_slice json)
{
	put_key(o, key);
	hi_buf_slice(o->b, json);
}

void hi_object_str(struct hi_object *o, const char *key, struct hi_slice value)
{
	put_key(o, key);
	hi_json_quote(o->b, value);
}

void hi_object_base64(struct hi_object *o, const char *key, struct hi_slice bytes)
{
	put_key(o, key);
	hi_json_base64(o->b, bytes);
}

void hi_object_num(struct hi_object *o, const char *key, double value)
{
	char text[HI_NUM_TEXT_MAX];
	hi_object_raw(o, key, (struct hi_slice){ text, hi_num_format(value, text) });
}

void hi_object_int(struct hi_object *o, const char *key, int64_t value)
{
	char text[HI_NUM_TEXT_MAX];
	hi_object_raw(o, key, (struct hi_slice){ text, hi_num_format_decimal(value, 0, text) });
}

void hi_object_bool(struct hi_object *o, const char *key, bool value)
{
	hi_object_raw(o, key, value ? HI_LIT("true") : HI_LIT("false"));
}

void hi_object_time(struct hi_object *o, const char *key, int64_t t_us)
{
	char text[HI_TIME_TEXT_MAX];
	size_t n = hi_time_format(t_us, hi_time_digits(t_us), text);
	hi_object_str(o, key, (struct hi_slice){ text, n });
}

void hi_object_end(struct hi_object *o)
{
	hi_buf_putc(o->b, '}');
}
