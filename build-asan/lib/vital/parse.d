build-asan/lib/vital/parse.o: lib/vital/parse.c lib/vital/parse.h \
 lib/base/status.h lib/vital/record.h lib/base/buf.h lib/base/slice.h \
 lib/base/num.h lib/json/json.h lib/vital/metric.h lib/base/hash.h \
 lib/base/time.h
lib/vital/parse.h:
lib/base/status.h:
lib/vital/record.h:
lib/base/buf.h:
lib/base/slice.h:
lib/base/num.h:
lib/json/json.h:
lib/vital/metric.h:
lib/base/hash.h:
lib/base/time.h:
