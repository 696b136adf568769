build-asan/lib/store/absent.o: lib/store/absent.c lib/store/store.h \
 lib/base/status.h lib/vital/record.h lib/base/buf.h lib/base/slice.h \
 lib/base/num.h lib/json/json.h lib/vital/metric.h
lib/store/store.h:
lib/base/status.h:
lib/vital/record.h:
lib/base/buf.h:
lib/base/slice.h:
lib/base/num.h:
lib/json/json.h:
lib/vital/metric.h:
