build-asan/lib/base/timeopt.o: lib/base/timeopt.c lib/base/time.h \
 lib/base/slice.h lib/base/status.h
lib/base/time.h:
lib/base/slice.h:
lib/base/status.h:
