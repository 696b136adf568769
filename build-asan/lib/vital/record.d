build-asan/lib/vital/record.o: lib/vital/record.c lib/vital/record.h \
 lib/base/buf.h lib/base/slice.h lib/base/num.h lib/json/json.h \
 lib/base/status.h lib/vital/metric.h lib/base/time.h
lib/vital/record.h:
lib/base/buf.h:
lib/base/slice.h:
lib/base/num.h:
lib/json/json.h:
lib/base/status.h:
lib/vital/metric.h:
lib/base/time.h:
