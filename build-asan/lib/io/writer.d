build-asan/lib/io/writer.o: lib/io/writer.c lib/io/writer.h \
 lib/base/slice.h lib/base/status.h
lib/io/writer.h:
lib/base/slice.h:
lib/base/status.h:
