build-asan/lib/io/atomic.o: lib/io/atomic.c lib/io/atomic.h \
 lib/base/status.h
lib/io/atomic.h:
lib/base/status.h:
