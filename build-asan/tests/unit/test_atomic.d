build-asan/tests/unit/test_atomic.o: tests/unit/test_atomic.c \
 lib/io/atomic.h lib/base/status.h lib/io/signal.h
lib/io/atomic.h:
lib/base/status.h:
lib/io/signal.h:
