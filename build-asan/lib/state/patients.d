build-asan/lib/state/patients.o: lib/state/patients.c \
 lib/state/patients.h lib/base/slice.h
lib/state/patients.h:
lib/base/slice.h:
