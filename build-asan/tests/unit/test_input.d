build-asan/tests/unit/test_input.o: tests/unit/test_input.c \
 lib/io/input.h lib/base/slice.h lib/base/status.h
lib/io/input.h:
lib/base/slice.h:
lib/base/status.h:
