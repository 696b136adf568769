build-asan/lib/json/object.o: lib/json/object.c lib/base/num.h \
 lib/base/slice.h lib/base/time.h lib/base/status.h lib/json/json.h \
 lib/base/buf.h
lib/base/num.h:
lib/base/slice.h:
lib/base/time.h:
lib/base/status.h:
lib/json/json.h:
lib/base/buf.h:
