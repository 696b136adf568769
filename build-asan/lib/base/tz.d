build-asan/lib/base/tz.o: lib/base/tz.c lib/base/tz.h lib/base/time.h \
 lib/base/slice.h lib/base/status.h
lib/base/tz.h:
lib/base/time.h:
lib/base/slice.h:
lib/base/status.h:
