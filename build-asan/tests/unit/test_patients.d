build-asan/tests/unit/test_patients.o: tests/unit/test_patients.c \
 lib/base/hash.h lib/base/slice.h lib/state/patients.h
lib/base/hash.h:
lib/base/slice.h:
lib/state/patients.h:
