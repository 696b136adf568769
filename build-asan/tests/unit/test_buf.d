build-asan/tests/unit/test_buf.o: tests/unit/test_buf.c lib/base/buf.h \
 lib/base/slice.h lib/base/status.h
lib/base/buf.h:
lib/base/slice.h:
lib/base/status.h:
