#!/bin/bash
# hi-detect's memory: silence and delays by the time in marks, and restarts that are
# not seen in the alerts, in the real pipe.
. "$(dirname "$0")/../lib.sh"
cd "$T"

mark() { # SEQ N [TIME]
	printf '{"type":"mark","run":"a","seq":%d,"n":%d%s,"positions":{"k":%d}}\n' "$1" "$2" \
		"${3:+,\"time\":\"2025-12-28T06:${3}Z\"}" "$1"
}
reading() { # PATIENT METRIC VALUE MM:SS
	printf '{"patient_id":"%s","metric_name":"%s","value":%s,"timestamp":"2025-12-28T06:%sZ"}\n' "$@"
}
patient() { # PATIENT VERSION STATUS MM:SS
	printf '{"type":"patient","patient_id":"%s","version":%d,"status":"%s","at":"2025-12-28T06:%sZ"}\n' "$@"
}
short() { jq -r 'if .type == "mark" then "mark" elif .type == "alert" then
	[.alert_type, .status, .patient_id, .timestamp[14:19], .ended[14:19]? // empty] | join(" ") else empty end' "$@"; }

echo 'SILENT technical any stale 1m
LOST technical spo2 stale 30s
LOW high spo2 < 92 for 10s' >rules

## Time in marks

{ mark 0 0; reading A spo2 90 00:00; mark 1 1 00:05; mark 2 0 00:11; mark 3 0 00:31; mark 4 0 01:01
	reading A spo2 95 02:00; mark 5 1; } >in
is "a tick ends delays and silence, before its mark" "$(hi-detect -nr rules in | short)" "mark
mark
LOW ACTIVE A 00:00
mark
LOST ACTIVE A 00:30
mark
SILENT ACTIVE A 01:00
mark
SILENT CLEARED A 01:00 02:00
LOST CLEARED A 00:30 02:00
LOW CLEARED A 00:00 02:00
mark"

## Other patients' readings move the stream's clock, but raise no alarm of a limit

{ reading A spo2 90 00:00; reading B heart_rate 70 00:20; reading B heart_rate 70 01:10; } >in
is "silence by the readings of others" "$(hi-detect -nr rules in | short)" "LOST ACTIVE A 00:30
SILENT ACTIVE A 01:00"
{ reading A spo2 97 30:00; reading B spo2 97 00:00; reading B spo2 97 00:05; } >in
is "one patient after the other: no alarms of history" "$(hi-detect -nr rules in | short)" ""
{ reading B spo2 97 00:00; reading B spo2 97 05:00; } >in
is "a gap in it is one" "$(hi-detect -nr rules in | short | grep -c SILENT)" 2

## Nobody is silent who is not there

{ mark 0 0; reading A spo2 97 00:00; patient A 1 standby 00:10; mark 1 2 05:00
	patient A 2 admitted 06:00; reading A spo2 97 06:00; mark 2 2 07:30; } >in
is "standby" "$(hi-detect -nr rules in | short)" "mark
mark
LOST ACTIVE A 06:30
SILENT ACTIVE A 07:00
mark"
{ mark 0 0; reading A spo2 97 00:00; mark 1 1 02:00; patient A 1 discharged 03:00; mark 2 1 05:00; } >in
is "a discharge ends it" "$(hi-detect -nr rules in | short | grep CLEARED | sort)" "LOST CLEARED A 00:30 03:00
SILENT CLEARED A 01:00 03:00"
is "null, and named any" "$(hi-detect -nr rules in | jq -c 'select(.alert_type=="SILENT") | [.metric_name, .observed_value, .limit]' | sort -u)" '["any",null,"stale 1m"]'
status "--each leaves them out" 0 hi-detect -n --each -r rules in
has "and says so" "$(cat .err)" 'stale rules are left out by --each'

## The preamble

echo 'LONG high spo2 < 92 for 50m clear > 94 for 20m' >long
status "rules that need more than the window" 2 hi-detect -r long \
	<<<'{"type":"mark","resume":"begin","window":"1h"}'
has "name the option" "$(cat .err)" '--window 1h, they need 70m'

## Restarts in the real pipe are not seen in the alerts, byte for byte

cat >ward.rules <<'R'
FAST medium heart_rate > 105 for 30s clear < 100 for 1m
LOW high spo2 < 94 for 10s
FEVER low temperature > 37.8 for 2m
SILENT technical spo2 stale 20s
R
gen=(hi-gen --patients 12 --duration 3h --fault late=0.03,missing=0.15,duplicate=0.02,artefact=0.01 --mark 500)
"${gen[@]}" | hi-detect -q -r ward.rules | hi-store -q whole >/dev/null
hi-cat --type alert whole >want
starts=0 s=1
while [ $s -ne 0 ] && [ $starts -lt 200 ]; do
	# The end of the pipe leaves after so many marks: the same as its death for those before it.
	"${gen[@]}" --resume parts 2>/dev/null | hi-detect -q -r ward.rules 2>/dev/null |
		awk -v n=$((RANDOM % 20 + 6)) '{ print; fflush() } /"type":"mark"/ && ++m == n { exit 1 }' | hi-store -q parts >/dev/null 2>&1
	s=${PIPESTATUS[2]} starts=$((starts + 1))
done
ok "there were restarts ($((starts - 1)))" test $starts -gt 8
ok "alerts ($(wc -l <want)) as of an undisturbed run" cmp -s want <(hi-cat --type alert parts)
ok "and readings" cmp -s <(hi-cat whole) <(hi-cat parts)
ok "each once, in their order" cmp -s <(hi-cat --raw whole) <(hi-cat --raw parts)
ok "every kind of alarm is among them" test "$(jq -r .alert_type want | sort -u | wc -l)" = 4
