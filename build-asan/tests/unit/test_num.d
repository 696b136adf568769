build-asan/tests/unit/test_num.o: tests/unit/test_num.c lib/base/num.h \
 lib/base/slice.h
lib/base/num.h:
lib/base/slice.h:
