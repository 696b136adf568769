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
