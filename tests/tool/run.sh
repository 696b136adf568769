#!/bin/bash
# The record loop from outside: ends by a signal, --strict, --metrics, -v, odd descriptors.
. "$(dirname "$0")/../lib.sh"

hi-gen --patients 50 --count 1500000 >"$T/in"
hi-gen --count 200000 | hi-csv -q --to narrow >"$T/in.csv"

cut_field() { awk -v n="$1" '{ print $n }' "$2"; }
# SIGTERM once it has surely begun to read a file; its status
cut() {
	"$@" 2>"$T/err" & local p=$! i
	for i in $(seq 500); do # until it has had two ticks of CPU time
		[ "$(cut_field 14 "/proc/$p/stat")" -ge 2 ] && break
	done
	kill -TERM $p; wait $p
}
cut hi-detect -o "$T/out" "$T/in"
is "a filter cut short within a file: status" $? 4
is "it says so, in one line" "$(cat "$T/err")" \
	"hi-detect: ended by a signal before the end of its input; $T/out is as it was"
is "and leaves no file" "$(ls "$T" | grep -c '^out')" 0
cut hi-agg -q "$T/in" >"$T/half"
is "a reducer cut short within a file: status" $? 4
echo before >"$T/kept"
cut hi-csv -q -o "$T/kept" "$T/in.csv"
is "hi-csv too" $? 4
is "a file that was there is as it was" "$(cat "$T/kept")" before

# --strict: the file would hold the part before the bad line.
{ head -3 "$T/in"; echo bad; } >"$T/bad"
status "--strict with -o" 3 hi-detect --strict -o "$T/out" "$T/bad"
is "leaves no file" "$(ls "$T" | grep -c '^out')" 0
status "without --strict" 3 hi-detect -o "$T/out" "$T/bad"
is "a file with the reject" "$(grep -c '"type":"reject"' "$T/out")" 1

hi-gen --count 10 --metrics "$T/nowhere/m" >"$T/gen" 2>"$T/err"
is "--metrics that cannot be written: status" $? 4
is "said once, the output is whole" "$(wc -l <"$T/err") $(wc -l <"$T/gen")" "1 10"
is "-v" "$(head -5 "$T/in" | hi-detect -v 2>&1 >"$T/gen")" \
	"hi-detect: 5 records read, 0 rejected, 5 lines written"

# A pipe that somebody has made non-blocking holds the writer back, and loses nothing.
cat >"$T/nonblock.py" <<'P'
import fcntl, os, subprocess, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)
p = subprocess.Popen(["hi-gen", "--count", "20000"], stdout=w)
os.close(w)
time.sleep(0.2)
n = 0
while b := os.read(r, 65536):
    n += b.count(b"\n")
print(n, p.wait())
P
is "a non-blocking pipe" "$(python3 "$T/nonblock.py")" "20000 0"

# A bad line whose reject would be too long for a line: the next tool would reject that.
for c in '"' '\\377' 'x'; do
	{ head -c $((1024 * 1024 - 8)) /dev/zero | tr '\0' "$c"; echo; hi-gen --count 2; } >"$T/long"
	hi-detect -q "$T/long" 2>/dev/null | hi-detect -q >"$T/twice" 2>"$T/err"
	is "a long bad line ($c): the second tool rejects nothing" "${PIPESTATUS[*]} $(cat "$T/err")" "3 0 "
	is "a long bad line ($c): one reject, which is a line" \
		"$(grep -c '"type":"reject"' "$T/twice") $(grep '"type":"reject"' "$T/twice" | awk '{ print length($0) <= 1048576 }')" "1 1"
	has "a long bad line ($c): its place" "$(head -c 300 "$T/twice")" "\"source\":\"$T/long\",\"line\":1,\"column\":1,"
done

# The wall clock is set back an hour while hi-store runs: it commits all the same.
cat >"$T/back.c" <<'C'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t)
{
	static long begun;
	int s = (int)syscall(SYS_clock_gettime, id, t);
	if (id != CLOCK_REALTIME)
		return s;
	if (!begun)
		begun = t->tv_sec;
	if (t->tv_sec > begun)
		t->tv_sec -= 3600;
	return s;
}
C
cc -shared -fPIC -o "$T/back.so" "$T/back.c"
mkfifo "$T/slow"
LD_PRELOAD=$T/back.so ASAN_OPTIONS=verify_asan_link_order=0 hi-store -q "$T/clock" <"$T/slow" &
pid=$!
exec 7>"$T/slow"
hi-gen --count 6 >&7
sleep 2.5
hi-gen --start 2025-12-28T07:00:00Z --count 6 >&7
for _ in $(seq 50); do
	[ "$(hi-cat -q --format ndjson "$T/clock" 2>/dev/null | wc -l)" = 12 ] && break
	sleep 0.1
done
is "a clock that is set back stops no commit" "$(hi-cat -q --format ndjson "$T/clock" | wc -l)" 12
exec 7>&-
wait $pid
