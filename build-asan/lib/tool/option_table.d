build-asan/lib/tool/option_table.o: lib/tool/option_table.c \
 lib/tool/option_table.h lib/base/status.h lib/tool/options.h \
 lib/base/slice.h lib/base/nearest.h lib/tool/message.h
lib/tool/option_table.h:
lib/base/status.h:
lib/tool/options.h:
lib/base/slice.h:
lib/base/nearest.h:
lib/tool/message.h:
