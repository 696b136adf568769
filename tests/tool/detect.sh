#!/bin/bash
# hi-detect: passes everything, alerts in their places, the replaced system's
# alerts by another program, episodes worked out a second way, rule files.
. "$(dirname "$0")/../lib.sh"

# reading PATIENT METRIC VALUE SECONDS
reading() {
	printf '{"patient_id":"%s","metric_name":"%s","value":%s,"timestamp":"2025-12-28T06:%02d:%02dZ"}\n' \
		"$1" "$2" "$3" $(($4 / 60)) $(($4 % 60))
}
# What an alert says, short; anything else as a dot.
short() {
	jq -r 'if .type != "alert" then "." else
		[.alert_type, .status, .observed_value, .timestamp[14:19],
		 (if .ended then .ended[14:19], .worst_value else empty end)] | join(" ") end' "$@"
}

## Everything passes, alerts come behind their reading.

hi-gen --patients 5 --count 20000 --plain --fault garbage=0.001,late=0.01 >"$T/gen"
{
	reading "P \\\"x\\\"" spo2 88 0
	printf '%s\n' ' { "value" :8.8e1,"metric_name":"spo2" , "timestamp":"2025-12-28T06:00:01+00:00","patient_id":"a\u0062", "more":[1, {}]}'
	printf '%s\n' '{"type":"alert","alert_id":"x","patient_id":"P","status":"ACTIVE","timestamp":"2025-12-28T06:00:00Z"}'
	printf '%s\n' '{"type":"weather","sun":true}'
	printf '{"patient_id":"P","metric_name":"consciousness","value":"V","timestamp":"2025-12-28T06:00:00Z"}\r\n'
	printf '%s' '{"patient_id":"P","metric_name":"spo2","value":null,"timestamp":"2025-12-28T06:00:00Z"}'
} >"$T/odd"
hi-detect -q "$T/odd" >"$T/out"
is "odd lines pass byte for byte" "$(grep -v '"tool":"hi-detect"' "$T/out" | cksum)" \
	"$(sed '$a\' "$T/odd" | cksum)"
is "two alerts among them" "$(grep -c '"tool":"hi-detect"' "$T/out")" 2
is "an escaped id is one id" "$(jq -r 'select(.tool).patient_id' "$T/out")" $'P "x"\nab'
hi-detect <"$T/gen" >"$T/out" 2>"$T/err"
is "bad lines: status 3" $? 3
is "what passes is what came, less the bad lines" "$(grep -v '"tool":"hi-detect"' "$T/out" | cksum)" \
	"$(awk 'NR == FNR { bad[$1]; next } !(FNR in bad)' <(jq 'select(.type == "reject").line' "$T/out") "$T/gen" | cksum)"
has "a bad line is a reject" "$(grep -m1 '"type":"reject"' "$T/out")" '"tool":"hi-detect","source":"stdin","line":[0-9]+'
hi-detect --only-new <"$T/gen" >"$T/new" 2>"$T/err2"
ok "--only-new: the lines that it adds" cmp -s "$T/new" <(grep '"tool":"hi-detect"' "$T/out")

## Episodes by hand.

{ reading A spo2 91 0; reading A hr 130 0; reading A heart_rate 121 5; reading A spo2 85 5
  reading A heart_rate 120 10; reading A spo2 92 10; reading A temperature 39.1 15; } >"$T/in"
is "where each line stands" "$(hi-detect "$T/in" | short)" ".
HYPOXIA ACTIVE 91 00:00
.
.
TACHYCARDIA ACTIVE 121 00:05
.
.
TACHYCARDIA CLEARED 121 00:05 00:10 121
.
HYPOXIA CLEARED 91 00:00 00:10 85
.
FEVER ACTIVE 39.1 00:15"
has "an alert says it all" "$(hi-detect -n "$T/in" | sed -n 4p)" \
	'^\{"type":"alert","alert_id":"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}","patient_id":"A","metric_name":"spo2","alert_type":"HYPOXIA","priority":"high","status":"CLEARED","observed_value":91,"unit":"%","limit":"< 92","timestamp":"2025-12-28T06:00:00Z","ended":"2025-12-28T06:00:10Z","worst_value":85,"latched":false,"tool":"hi-detect","message":"SpO2 no longer below 92 % after 10 s, worst 85 %"\}$'

cat >"$T/delay.rules" <<'END'
LOW   high  spo2 < 92 for 10s clear >= 94 for 10s
FAST  low   hr > 120 for 20s
END
{ reading A spo2 88 0; reading A heart_rate 130 1; reading A spo2 88 5; reading A spo2 88 9
  reading B spo2 95 3000; reading A bp_systolic 120 60; reading A spo2 95 61
  reading A spo2 93 65; reading A spo2 96 70; reading A respiratory_rate 16 81; } >"$T/in"
is "delays: timers in order of deadlines, before what moved the clock" \
	"$(hi-detect -r "$T/delay.rules" "$T/in" | short)" ".
.
.
.
.
LOW ACTIVE 88 00:00
FAST ACTIVE 130 00:01
.
.
.
.
LOW CLEARED 88 00:00 01:10 88
."

# The replaced system wrote 120 alerts here, and none that it was over.
{ for ((t = 0; t < 600; t += 5)); do reading P-001 temperature 39.5 $t; done
  reading P-001 temperature 38.9 600; } >"$T/fever"
is "a ten-minute fever is one episode" "$(hi-detect -n "$T/fever" | short)" "FEVER ACTIVE 39.5 00:00
FEVER CLEARED 39.5 00:00 10:00 39.5"
is "--each: 120 alerts" "$(hi-detect -n --each "$T/fever" | jq -r '[.each, .status, .limit] | @tsv' | uniq -c)" \
	$'    120 true\tACTIVE\t> 39'
is "--each: as many ids" "$(cat "$T/fever" "$T/fever" | hi-detect -n --each | jq -r .alert_id | sort -u | wc -l)" 120
is "--each: equal readings in a row have ids of their own" \
	"$(sed p "$T/fever" | hi-detect -n --each | jq -r .alert_id | sort -u | wc -l)" 240
is "the same input, the same bytes" "$(hi-detect -q <"$T/gen" 2>&1 | cksum)" "$(hi-detect -q <"$T/gen" 2>&1 | cksum)"
is "an episode has one id, another another" \
	"$(hi-detect -nq <"$T/gen" 2>/dev/null | jq -r 'select(.type == "alert") | .alert_id + .status' | sort | uniq -d | wc -l)" 0

{ reading A heart_rate 90 10; reading A heart_rate 130 5; reading A heart_rate 130 10; } >"$T/late"
is "a late reading is not judged" "$(hi-detect "$T/late" 2>"$T/err" | short)" $'.\n.\n.\nTACHYCARDIA ACTIVE 130 00:10'
has "and that is said" "$(cat "$T/err")" '^hi-detect: 1 reading came late and was not judged \(--lateness; '
is "--lateness" "$(hi-detect --lateness 5s "$T/late" | short)" $'.\n.\nTACHYCARDIA ACTIVE 130 00:05\n.'
is "--each judges late ones" "$(hi-detect --each -n "$T/late" | short)" $'TACHYCARDIA ACTIVE 130 00:05\nTACHYCARDIA ACTIVE 130 00:10'
is "implausible and converted values are judged" "$(
	printf '%s\n' '{"patient_id":"A","metric_name":"temperature","value":212,"unit":"F","timestamp":"2025-12-28T06:00:00Z"}' |
		hi-detect -n | jq -c '[.observed_value, .unit]')" '[100,"C"]'

## --each is what the replaced system raised, by jq.

hi-gen --plain --patients 40 --count 200000 --seed 7 >"$T/big"
for rule in 'heart_rate > 120 TACHYCARDIA' 'spo2 < 92 HYPOXIA' 'temperature > 39 FEVER'; do
	read -r metric op limit name <<<"$rule"
	jq -r --arg name "$name" "select(.metric_name == \"$metric\" and .value $op $limit)
		| [.patient_id, .metric_name, .value, \$name, .timestamp] | @tsv" "$T/big"
done | sort >"$T/want"
hi-detect --each --only-new -q "$T/big" |
	jq -r '[.patient_id, .metric_name, .observed_value, .alert_type, .timestamp] | @tsv' | sort >"$T/got"
ok "--each on 200,000 readings is what jq finds" cmp -s "$T/got" "$T/want"
ok "which is something" test "$(wc -l <"$T/want")" -gt 1000

## Episodes a second way, on generated and on real readings.

cat >"$T/slow.rules" <<'END'
LOWSAT  high    spo2 < 92 for 7200s clear >= 94 for 10800s
FAST    medium  heart_rate >= 110 for 3600s clear <= 100
FASTER  high    heart_rate > 130
HOT     low     temperature > 38.3 clear < 38 for 7200s
SLOW    low     respiratory_rate <= 8 for 1s
END
cat >"$T/quick.rules" <<'END'
LOWSAT  high    spo2 < 97 for 12s clear >= 98 for 7s
FAST    medium  heart_rate >= 85 for 5s clear <= 80 for 10s
HOT     low     temperature > 37.1 for 20s
SLOW    low     respiratory_rate <= 14 clear > 15
END
agree() { # NAME RULES READINGS
	python3 "$ROOT/tests/tool/episodes.py" "$2" <"$3" | sort >"$T/want"
	hi-detect -nq -r "$2" "$3" | jq -r '[.patient_id, .alert_type, .timestamp, .status,
		.observed_value, (if .ended then .ended, .worst_value else empty end)] | join(" ")' |
		sort >"$T/got"
	# jq writes 98.0 as 98.0 or as 98, as its version has it.
	sed -i -E 's/([0-9]+)\.0( |$)/\1\2/g' "$T/want" "$T/got"
	ok "$1" cmp -s "$T/got" "$T/want"
	ok "$1: $(wc -l <"$T/want") alerts" test "$(wc -l <"$T/want")" -gt "${4:-200}"
}
head -n 40000 "$T/big" >"$T/part"
agree "episodes of generated readings" "$T/quick.rules" "$T/part"
hi-csv -q "$ROOT/testdata/cinc2019_a_sample_wide.csv" >"$T/part"
agree "episodes of real readings" "$T/slow.rules" "$T/part" 90
if more cinc2019_b1.ndjson.zst; then
	zstd -dcq "$ROOT/../shared/data/cinc2019_b1.ndjson.zst" | head -n 200000 >"$T/part"
	agree "episodes of 200,000 real readings" "$T/slow.rules" "$T/part"
fi

## Rule files.

is "seed in canonical form" "$(hi-detect --check-rules)" \
	"# NAME       PRIORITY  METRIC       LIMIT
HYPOXIA      high      spo2         < 92
TACHYCARDIA  medium    heart_rate   > 120
FEVER        low       temperature  > 39"
is "the seed file is what is compiled in" "$(hi-detect --check-rules -r "$ROOT/lib/rule/seed.rules")" "$(hi-detect --check-rules)"
hi-detect --check-rules -r "$T/delay.rules" >"$T/canon"
is "canonical form reads back as itself" "$(hi-detect --check-rules -r "$T/canon")" "$(cat "$T/canon")"
has "short names are resolved" "$(cat "$T/canon")" 'FAST +low +heart_rate +> 120 for 20s'
printf 'A high spo2 < 92\n\nB hgih hr > 120\nA low hr > 1\nC low hr > 120 latch\n' >"$T/bad.rules"
status "a wrong file: status 2" 2 hi-detect -r "$T/bad.rules" "$T/in"
is "nothing is written" "$(cat "$T/.out")" ""
is "every wrong line is told" "$(cat "$T/.err")" \
	"hi-detect: $T/bad.rules:3:3: expected a priority: high, medium, low or technical: not 'hgih'; nearest: high
hi-detect: $T/bad.rules:4:1: expected a name of its own: 'A' is the rule of line 1
hi-detect: $T/bad.rules:5:16: not known yet: this version has thresholds with for and clear, and stale: 'latch'"
status "--check-rules of it: status 2" 2 hi-detect --check-rules -r "$T/bad.rules"
status "no such file: status 4" 4 hi-detect -r "$T/none.rules" "$T/in"
has "and it is named" "$(cat "$T/.err")" 'none\.rules.*No such file'
status "a folder is none" 4 hi-detect --check-rules -r "$T"
echo 'A high hart_rate > 120' >"$T/slip.rules"
status "a metric outside the catalogue is legal" 0 hi-detect -r "$T/slip.rules" "$T/in"
has "a slip in one is noted" "$(cat "$T/.err")" 'slip.rules:1:8: metric not in the catalogue: hart_rate; nearest: heart_rate'
ok "--check-rules to a full disk fails" test "$(hi-detect --check-rules >/dev/full 2>/dev/null; echo $?)" = 4

## The answer to a question.

status "--any: there is one" 0 hi-detect --any -n "$T/fever"
reading A heart_rate 80 0 >"$T/calm"
status "--any: there is none" 1 hi-detect --any -n "$T/calm"
status "--any --each: there is none" 1 hi-detect --any --each "$T/calm"
status "--each does not go with --lateness" 2 hi-detect --each --lateness 5s "$T/calm"
