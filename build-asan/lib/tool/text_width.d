build-asan/lib/tool/text_width.o: lib/tool/text_width.c \
 lib/tool/text_width.h lib/base/buf.h lib/base/slice.h
lib/tool/text_width.h:
lib/base/buf.h:
lib/base/slice.h:
