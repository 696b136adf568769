build-asan/lib/vital/reject.o: lib/vital/reject.c lib/vital/reject.h \
 lib/base/buf.h lib/base/slice.h lib/base/status.h lib/json/json.h
lib/vital/reject.h:
lib/base/buf.h:
lib/base/slice.h:
lib/base/status.h:
lib/json/json.h:
