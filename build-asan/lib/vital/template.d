build-asan/lib/vital/template.o: lib/vital/template.c \
 lib/vital/template.h lib/base/scan.h lib/base/num.h lib/base/slice.h \
 lib/vital/record.h lib/base/buf.h lib/json/json.h lib/base/status.h \
 lib/vital/metric.h lib/base/hash.h lib/base/time.h
lib/vital/template.h:
lib/base/scan.h:
lib/base/num.h:
lib/base/slice.h:
lib/vital/record.h:
lib/base/buf.h:
lib/json/json.h:
lib/base/status.h:
lib/vital/metric.h:
lib/base/hash.h:
lib/base/time.h:
