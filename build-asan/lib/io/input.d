build-asan/lib/io/input.o: lib/io/input.c lib/io/input.h lib/base/slice.h \
 lib/base/status.h
lib/io/input.h:
lib/base/slice.h:
lib/base/status.h:
