build-asan/lib/json/string.o: lib/json/string.c lib/base/num.h \
 lib/base/slice.h lib/json/json.h lib/base/buf.h lib/base/status.h
lib/base/num.h:
lib/base/slice.h:
lib/json/json.h:
lib/base/buf.h:
lib/base/status.h:
