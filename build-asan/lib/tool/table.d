build-asan/lib/tool/table.o: lib/tool/table.c lib/tool/table.h \
 lib/base/slice.h lib/io/writer.h lib/base/status.h lib/base/buf.h \
 lib/tool/text_width.h
lib/tool/table.h:
lib/base/slice.h:
lib/io/writer.h:
lib/base/status.h:
lib/base/buf.h:
lib/tool/text_width.h:
