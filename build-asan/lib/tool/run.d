build-asan/lib/tool/run.o: lib/tool/run.c lib/tool/run.h lib/base/buf.h \
 lib/base/slice.h lib/io/writer.h lib/base/status.h lib/tool/options.h \
 lib/vital/record.h lib/base/num.h lib/json/json.h lib/vital/metric.h \
 lib/base/hash.h lib/base/time.h lib/io/signal.h lib/store/store.h \
 lib/tool/message.h lib/tool/run_private.h lib/io/atomic.h lib/io/input.h \
 lib/tool/tail.h lib/vital/reader.h lib/vital/reject.h
lib/tool/run.h:
lib/base/buf.h:
lib/base/slice.h:
lib/io/writer.h:
lib/base/status.h:
lib/tool/options.h:
lib/vital/record.h:
lib/base/num.h:
lib/json/json.h:
lib/vital/metric.h:
lib/base/hash.h:
lib/base/time.h:
lib/io/signal.h:
lib/store/store.h:
lib/tool/message.h:
lib/tool/run_private.h:
lib/io/atomic.h:
lib/io/input.h:
lib/tool/tail.h:
lib/vital/reader.h:
lib/vital/reject.h:
