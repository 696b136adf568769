build-asan/lib/tool/run_tell.o: lib/tool/run_tell.c lib/base/time.h \
 lib/base/slice.h lib/base/status.h lib/io/signal.h lib/tool/message.h \
 lib/tool/run_private.h lib/io/atomic.h lib/io/input.h lib/tool/tail.h \
 lib/vital/record.h lib/base/buf.h lib/base/num.h lib/json/json.h \
 lib/vital/metric.h lib/tool/run.h lib/io/writer.h lib/tool/options.h \
 lib/vital/reader.h
lib/base/time.h:
lib/base/slice.h:
lib/base/status.h:
lib/io/signal.h:
lib/tool/message.h:
lib/tool/run_private.h:
lib/io/atomic.h:
lib/io/input.h:
lib/tool/tail.h:
lib/vital/record.h:
lib/base/buf.h:
lib/base/num.h:
lib/json/json.h:
lib/vital/metric.h:
lib/tool/run.h:
lib/io/writer.h:
lib/tool/options.h:
lib/vital/reader.h:
