build-asan/tests/unit/test_hash.o: tests/unit/test_hash.c lib/base/hash.h \
 lib/base/slice.h
lib/base/hash.h:
lib/base/slice.h:
