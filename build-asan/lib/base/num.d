build-asan/lib/base/num.o: lib/base/num.c lib/base/num.h lib/base/slice.h
lib/base/num.h:
lib/base/slice.h:
