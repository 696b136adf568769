build-asan/lib/base/duration.o: lib/base/duration.c lib/base/num.h \
 lib/base/slice.h lib/base/time.h lib/base/status.h
lib/base/num.h:
lib/base/slice.h:
lib/base/time.h:
lib/base/status.h:
