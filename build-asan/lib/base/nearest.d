build-asan/lib/base/nearest.o: lib/base/nearest.c lib/base/nearest.h \
 lib/base/slice.h
lib/base/nearest.h:
lib/base/slice.h:
