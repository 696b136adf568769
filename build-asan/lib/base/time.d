build-asan/lib/base/time.o: lib/base/time.c lib/base/time.h \
 lib/base/slice.h lib/base/status.h lib/base/hash.h lib/base/tz.h
lib/base/time.h:
lib/base/slice.h:
lib/base/status.h:
lib/base/hash.h:
lib/base/tz.h:
