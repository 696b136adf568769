#!/bin/bash
# --last over files and pipes: the same as an independent count by jq.
. "$(dirname "$0")/../lib.sh"

hi-gen --patients 3 --duration 10m --fault late=0.2 >"$T/in"
last_n() { jq -cs --argjson n "$1" '
	[to_entries[] | {i: .key, r: .value}] | group_by([.r.patient_id, .r.metric_name])
	| map(sort_by([.r.timestamp, .i])[-$n:]) | add | sort_by(.i)[].r' "$T/in"; }
is "--last 3 of a pipe" "$(hi-detect --last 3 <"$T/in" | grep -v '"type"' | md5sum)" "$(last_n 3 | md5sum)"
is "--last 1 of a file" "$(hi-detect --last 1 "$T/in" | grep -v '"type"' | md5sum)" "$(last_n 1 | md5sum)"
is "--last 90s" "$(hi-detect --last 90s <"$T/in" | grep -v '"type"' | md5sum)" \
	"$(jq -cs '(map(.timestamp | fromdate) | max) as $m | .[] | select((.timestamp | fromdate) >= $m - 90)' \
		"$T/in" | md5sum)"
is "more than there are: all" "$(hi-detect --last 100000 <"$T/in" | grep -v '"type"' | md5sum)" \
	"$(md5sum <"$T/in")"
is "a selection comes before" "$(hi-detect --last 2 --patient P-002 --metric hr <"$T/in" | grep -cv '"type"')" 2
status "a bad line is told all the same" 3 hi-detect --last 2 <(echo nothing; cat "$T/in")

# What is given up is given back: the memory of a long input is that of its last lines.
# A line without a time, kept for ever, holds nothing else back.
cat >"$T/peak.py" <<'P'
import os, subprocess, sys
p = subprocess.Popen(sys.argv[2:], stdin=open(sys.argv[1]), stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(p.pid, 0)
print(usage.ru_maxrss if status == 0 else "failed")
P
{ echo '{"type":"note","text":"no time"}'; hi-gen --patients 50 --count 600000; } >"$T/long"
base=$(python3 "$T/peak.py" "$T/in" hi-cat --last 1)
for last in 20 1m; do
	peak=$(python3 "$T/peak.py" "$T/long" hi-cat --last $last)
	# The sanitizers keep freed memory.
	grep -q __asan_init "$BUILD/bin/hi-cat" || ok "--last $last: peak $peak KiB, $base KiB of 3 patients" test "$peak" -lt $((base + 6000))
done
is "--last 1m after a line without a time" "$(hi-cat --last 1m <"$T/long" | sort | md5sum)" \
	"$( (head -1 "$T/long"; tail -n +2 "$T/long" | hi-cat --last 1m) | sort | md5sum)"
is "--last 20 of a long input" "$(hi-cat --last 20 <"$T/long" | tail -n +2 | md5sum)" \
	"$(tail -n +2 "$T/long" | tac | awk -F'"' '++n[$4 " " $8] <= 20' | tac | md5sum)"

# One selection for files and stores: acts and statistics have times of their own.
cat >"$T/acts" <<'J'
{"type":"act","act_id":"1","alert_id":"a","act":"acknowledged","by":"n","at":"2025-12-28T06:00:00Z"}
{"type":"act","act_id":"2","alert_id":"a","act":"silenced","by":"n","at":"2025-12-29T06:00:00Z"}
{"type":"stat","from":"2025-12-28T00:00:00Z","every":"1d","metric_name":"spo2"}
{"type":"stat","from":"2025-12-29T00:00:00Z","every":"1d","metric_name":"spo2"}
{"type":"patient","patient_id":"P-1","at":"2025-01-01T00:00:00Z"}
J
hi-store -q "$T/ward" <"$T/acts"
from_store() { hi-cat -q --type act,stat,patient --day 2025-12-29 "$T/ward" | sort; }
is "acts and statistics of a day, from a file" "$(hi-cat -q --day 2025-12-29 "$T/acts" | sort)" "$(sed -n '2p;4p;5p' "$T/acts" | sort)"
is "and from a store" "$(from_store)" "$(sed -n '2p;4p;5p' "$T/acts" | sort)"
seq -f 'P-%03g' 1 20000 >"$T/ids"
is "20,000 ids" "$(hi-detect -qn --any --patient @"$T/ids" "$T/in" | md5sum)" "$(hi-detect -qn --any "$T/in" | md5sum)"
