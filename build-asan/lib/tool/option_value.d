build-asan/lib/tool/option_value.o: lib/tool/option_value.c \
 lib/base/num.h lib/base/slice.h lib/base/time.h lib/base/status.h \
 lib/tool/option_table.h lib/tool/options.h lib/vital/metric.h \
 lib/vital/record.h lib/base/buf.h lib/json/json.h
lib/base/num.h:
lib/base/slice.h:
lib/base/time.h:
lib/base/status.h:
lib/tool/option_table.h:
lib/tool/options.h:
lib/vital/metric.h:
lib/vital/record.h:
lib/base/buf.h:
lib/json/json.h:
