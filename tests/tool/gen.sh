#!/bin/bash
# hi-gen: the same bytes for the same seed everywhere; options, faults, pace, signals.
. "$(dirname "$0")/../lib.sh"

sum() { sha256sum | cut -c1-16; }
lines() { wc -l | tr -d ' '; }

# The bytes are a contract: inputs of benchmarks are named by command and checksum.
is "default" "$(hi-gen | sum)" 8e76dffd3f4603e0
is "another seed" "$(hi-gen --seed 1 | sum)" 58b1e2c4b14926ec
is "plain" "$(hi-gen --plain | sum)" 347ee9bec0eac4b4
faults=missing=0.01,late=0.02,duplicate=0.01,artefact=0.005,garbage=0.005
is "faults" "$(hi-gen --fault $faults | sum)" 51d91d32518e60ba
is "irregular times" "$(hi-gen --interval 2s-5s | sum)" cc2b78c89e7a0634
is "many patients" "$(hi-gen --patients 1200 --count 50000 | sum)" 96ca6d63dc1eda52

# The same from other compilers and levels, with signed overflow trapped.
cat >"$T/bytes.c" <<'END'
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "gen/gen.h"

static struct hi_gen g;
static char out[64 << 10];

int main(int argc, char **argv)
{
	struct hi_gen_config c = { .seed = 7, .patients_n = 20, .start_us = 1766901600000000,
		.every_least_us = 5 * HI_US_S, .every_most_us = 5 * HI_US_S,
		.duration_us = HI_US_H, .count = HI_GEN_NO_COUNT, .plain = argc == 1 };
	if (argc > 1 && *argv[1] && hi_gen_faults_parse(hi_slice_of(argv[1]), &c.faults, NULL))
		return 1;
	if (hi_gen_init(&g, &c, NULL))
		return 1;
	while (g.n < g.limit)
		fwrite(out, 1, hi_gen_fill(&g, g.limit, out, sizeof(out)), stdout);
	return 0;
}
END
for cc in "gcc -O0 -ftrapv" "clang -O3 -ftrapv"; do
	set -- $cc
	if [ "$1" = clang ] && ! command -v clang >/dev/null; then
		c=$(compgen -c clang- | grep -x 'clang-[0-9]*' | sort -V | tail -1)
		[ -n "$c" ] || { skip "$cc" "no clang"; continue; }
		set -- "$c" "${@:2}"
	fi
	ok "$cc builds" "$@" -std=c11 -D_GNU_SOURCE -I"$ROOT/lib" -o "$T/bytes" "$T/bytes.c" \
		"$ROOT"/lib/gen/*.c "$ROOT/lib/vital/metric.c" "$ROOT"/lib/base/*.c -luuid -lm
	is "$cc: default" "$("$T/bytes" "" | sum)" 8e76dffd3f4603e0
	is "$cc: plain" "$("$T/bytes" | sum)" 347ee9bec0eac4b4
	is "$cc: faults" "$("$T/bytes" $faults | sum)" 51d91d32518e60ba
done

# What a run holds.
is "a line" "$(hi-gen -n 1)" \
	'{"patient_id":"P-001","metric_name":"heart_rate","value":62,"unit":"bpm","timestamp":"2025-12-28T06:00:00Z"}'
is "one hour of 20 patients" "$(hi-gen | lines)" $((720 * 20 * 6))
is "the last set" "$(hi-gen | tail -1 | grep -o '"timestamp.*')" '"timestamp":"2025-12-28T06:59:55Z"}'
is "count" "$(hi-gen --count 1003 | lines)" 1003
is "count is a beginning" "$(hi-gen --count 1003 | sum)" "$(hi-gen | head -1003 | sum)"
is "duration and interval" "$(hi-gen -d 10m -i 1m -p 2 | lines)" $((10 * 2 * 6))
is "a set at the start only" "$(hi-gen -d 1s -i 1m -p 1 | lines)" 6
is "no duration, no line" "$(hi-gen -d 0s | lines)" 0
is "milliseconds" "$(hi-gen -n 7 -p 1 -i 200ms | tail -1 | grep -o 'timestamp.*')" \
	'timestamp":"2025-12-28T06:00:00.200Z"}'
is "wide ids" "$(hi-gen -p 1001 -n 6006 | tail -1 | cut -c1-24)" '{"patient_id":"P-1001","'
is "a later start goes on with the same patients" \
	"$(hi-gen --start 2025-12-28T06:30:00Z -d 10m | sum)" \
	"$(hi-gen | sed -n "$((360 * 120 + 1)),$((480 * 120))p" | sum)"
is "more patients leave the others as they are" "$(hi-gen -p 30 -d 5m | grep P-00 | sum)" \
	"$(hi-gen -p 9 -d 5m | sum)"
is "years far off" "$(hi-gen --start 1800-01-01T00:00:00Z -n 1 | grep -o 'timestamp.*')" \
	'timestamp":"1800-01-01T00:00:00Z"}'

# Faults: each by itself.
hi-gen -d 10m >"$T/good"
hi-gen -d 10m --fault missing=0.1 >"$T/some"
is "missing only takes away" "$(diff "$T/good" "$T/some" | grep -c '^>')" 0
ok "missing takes a tenth" test $(($(lines <"$T/good") - $(lines <"$T/some"))) -gt 1300 -a \
	$(($(lines <"$T/good") - $(lines <"$T/some"))) -lt 1600
is "late: all come" "$(hi-gen -d 10m --fault late=0.2 | sort | sum)" "$(sort "$T/good" | sum)"
ok "late: not in order" test "$(hi-gen -d 10m --fault late=0.2 | sum)" != "$(sum <"$T/good")"
is "duplicates are neighbours" "$(hi-gen -d 10m --fault duplicate=0.2 | uniq | sum)" "$(sum <"$T/good")"
is "duplicate=1 is all twice" "$(hi-gen -d 10m --fault duplicate=1 | lines)" $((2 * $(lines <"$T/good")))
is "artefacts" "$(hi-gen -d 10m --fault artefact=1 | grep -cvE '"value":(0|500)(\.0)?,')" 0
is "garbage keeps the number of lines" "$(hi-gen -d 10m --fault garbage=1 | lines)" "$(lines <"$T/good")"
is "no good line in garbage" "$(hi-gen -d 10m --fault garbage=1 | grep -cxF -f "$T/good")" 0
is "every tool refuses garbage" "$(hi-gen -d 10m --fault garbage=1 | hi-agg 2>&1 | tail -1)" \
	"hi-agg: 14400 lines were rejected in all"
status "and nothing else" 0 bash -c "hi-gen --fault ${faults%,garbage*} | hi-agg"
if command -v jq >/dev/null; then
	is "jq reads every line" "$(hi-gen -d 1m | jq -e '.value > 0' | grep -c true)" 1440
	is "three whole sets a seed" "$(hi-gen -n 18 -p 1 | jq -r .metric_name | sort | uniq -c | awk '{print $1}' | sort -u)" 3
fi

# Pace and signals.
begun=$(date +%s%N)
is "at 10 times the pace" "$(hi-gen -p 1 -i 1s -d 5s --pace 10x | lines)" 30
ms=$((($(date +%s%N) - begun) / 1000000))
ok "took 0.4 s, not less ($ms ms)" test $ms -ge 400
now=$(date +%s)
first=$(timeout 5 hi-gen --live -p 1 | head -1)
at=$(date -d "$(sed 's/.*stamp":"\([^"]*\).*/\1/' <<<"$first")" +%s)
ok "live begins now, at once" test $((at - now)) -ge -1 -a $((at - now)) -le 2
hi-gen --live -p 2 -i 100ms >"$T/live" &
sleep 0.5
kill -TERM $!
wait $!
is "TERM ends a live run well" "$?" 0
n=$(lines <"$T/live")
ok "live: whole sets of a pace ($n lines)" test $((n % 12)) = 0 -a "$n" -ge 24 -a "$n" -le 120
hi-gen --live -p 1 -i 1h >"$T/next" &
for _ in $(seq 50); do [ -s "$T/next" ] && break; sleep 0.1; done # a slow build takes its time
is "live: a set is there before the next" "$(lines <"$T/next")" 6
kill -INT $! 2>/dev/null; kill -TERM $! 2>/dev/null
wait $!

# What cannot be.
status "help" 0 hi-gen --help
for wrong in "--patients 0" "--patients 100000001" "--interval 0s" "--interval 5s-2s" "--interval x" \
	"--pace 0x" "--pace fast" "--fault lost=1" "--fault late=2" "--start never" "--seed x" \
	"--start 9999-12-31T23:00:00Z --duration 2h" "--patinets 3" "file.ndjson"; do
	status "$wrong" 2 hi-gen $wrong
	is "$wrong: one line" "$(lines <"$T/.err")" 1
	is "$wrong: no output" "$(lines <"$T/.out")" 0
done
ok "full disk" test "$(hi-gen 2>/dev/null >/dev/full; echo $?)" = 4
status "a reader that leaves" 0 bash -c 'hi-gen --count 100000000 2>/dev/null | head -1 | grep -q P-001'
