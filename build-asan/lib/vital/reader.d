build-asan/lib/vital/reader.o: lib/vital/reader.c lib/vital/reader.h \
 lib/base/status.h lib/io/input.h lib/base/slice.h lib/vital/record.h \
 lib/base/buf.h lib/base/num.h lib/json/json.h lib/vital/metric.h \
 lib/base/hash.h lib/base/scan.h lib/vital/parse.h lib/vital/template.h
lib/vital/reader.h:
lib/base/status.h:
lib/io/input.h:
lib/base/slice.h:
lib/vital/record.h:
lib/base/buf.h:
lib/base/num.h:
lib/json/json.h:
lib/vital/metric.h:
lib/base/hash.h:
lib/base/scan.h:
lib/vital/parse.h:
lib/vital/template.h:
