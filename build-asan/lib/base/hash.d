build-asan/lib/base/hash.o: lib/base/hash.c lib/base/hash.h \
 lib/base/slice.h
lib/base/hash.h:
lib/base/slice.h:
