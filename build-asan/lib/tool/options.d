build-asan/lib/tool/options.o: lib/tool/options.c lib/tool/options.h \
 lib/base/slice.h lib/base/time.h lib/base/status.h lib/tool/message.h \
 lib/tool/option_table.h
lib/tool/options.h:
lib/base/slice.h:
lib/base/time.h:
lib/base/status.h:
lib/tool/message.h:
lib/tool/option_table.h:
