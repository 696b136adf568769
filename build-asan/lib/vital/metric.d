build-asan/lib/vital/metric.o: lib/vital/metric.c lib/base/status.h \
 lib/vital/metric.h lib/base/num.h lib/base/slice.h
lib/base/status.h:
lib/vital/metric.h:
lib/base/num.h:
lib/base/slice.h:
