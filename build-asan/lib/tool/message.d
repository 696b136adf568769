build-asan/lib/tool/message.o: lib/tool/message.c lib/tool/message.h \
 lib/base/status.h
lib/tool/message.h:
lib/base/status.h:
