build-asan/lib/io/signal.o: lib/io/signal.c lib/io/signal.h
lib/io/signal.h:
