#!/bin/bash
# hi-cat: every selection against an independent answer by jq and awk.
. "$(dirname "$0")/../lib.sh"

S=$T/ward
# Three hours of two sets a minute, shuffled, a part twice; scores, arriving twice; alerts.
hi-gen --patients 4 --interval 30s --start 2025-12-28T05:10:00Z --duration 3h >"$T/gen"
awk 'NR % 24 == 1' "$T/gen" | jq -c '{patient_id,metric_name:"news2",value:1,timestamp,tool:"hi-score"}' >"$T/scores1"
jq -c '.value = 2' "$T/scores1" >"$T/scores2"
for h in 05:20:00 06:20:00 07:20:00; do
	printf '{"type":"alert","alert_id":"%s","patient_id":"P-00%s","metric_name":"spo2","status":"ACTIVE","timestamp":"2025-12-28T%sZ"}\n' $h "${h:1:1}" $h
done >"$T/alerts"
shuf --random-source=<(yes) "$T/gen" >"$T/shuffled"
cat "$T/shuffled" <(head -500 "$T/shuffled") "$T/scores1" "$T/alerts" "$T/scores2" >"$T/in"
hi-store -q "$S" <"$T/in"

# Lines as they are written (jq would write 36.0 as 36), in event order.
ordered() { jq -Rr '. as $l | fromjson | [.timestamp, .patient_id, .metric_name, $l] | join("\t")' "$@" | sort | cut -f4-; }
chosen() { jq -Rr ". as \$l | fromjson | select($1) | \$l"; }
ordered "$T/gen" >"$T/all"
same() { is "$1" "$(md5sum <"$2")" "$(md5sum <"$3")"; }
try() { # NAME JQ-CONDITION OPTION...
	local name=$1 cond=$2; shift 2
	hi-cat "$@" "$S" >"$T/got"; chosen "$cond" <"$T/all" >"$T/want"
	ok "$name: not empty" test -s "$T/want"
	same "$name" "$T/got" "$T/want"
}
try 'event order, each once' true
try 'since' '.timestamp >= "2025-12-28T06:30:00Z"' --since 2025-12-28T06:30:00Z
try 'until' '.timestamp < "2025-12-28T06:30:00Z"' --until 2025-12-28T06:30:00Z
try 'since and until' '.timestamp >= "2025-12-28T06:59:30Z" and .timestamp < "2025-12-28T07:00:30Z"' \
	--since 2025-12-28T06:59:30Z --until 2025-12-28T07:00:30Z
try 'day' true --day 2025-12-28
try 'patient' '.patient_id == "P-002"' --patient P-002
try 'patients' '.patient_id == "P-002" or .patient_id == "P-004"' --patient P-002 --patient P-004
try 'metrics by short name' '.metric_name == "heart_rate" or .metric_name == "spo2"' --metric hr,spo2
try 'patient, metric and time' '.patient_id == "P-003" and .metric_name == "spo2" and .timestamp >= "2025-12-28T07:00:00Z"' \
	--patient P-003 --metric spo2 --since 2025-12-28T07:00:00Z
try 'last duration' '.timestamp >= "2025-12-28T07:09:30Z"' --last 1h
printf 'P-001\nP-003\n' >"$T/ids"
try 'patients of a file' '.patient_id == "P-001" or .patient_id == "P-003"' --patient "@$T/ids"

tac "$T/all" | awk -F'"' '++n[$4, $8] <= 5' | tac >"$T/want"
hi-cat --last 5 "$S" >"$T/got"; same 'last n of each patient and metric' "$T/got" "$T/want"
hi-cat --last 5 --patient P-002 --metric hr "$S" >"$T/got"
is 'last n of one' "$(cat "$T/got")" "$(chosen '.patient_id == "P-002" and .metric_name == "heart_rate"' <"$T/want")"
hi-cat --last 150 --patient P-002 --metric hr "$S" >"$T/got"
is 'last n over hours' "$(cat "$T/got")" "$(chosen '.patient_id == "P-002" and .metric_name == "heart_rate"' <"$T/all" | tail -150)"

hi-cat --derived "$S" >"$T/got"
ordered "$T/gen" "$T/scores2" >"$T/want"; same 'scores: the one that came last' "$T/got" "$T/want"
hi-cat --raw --type reading,alert --derived "$S" >"$T/got"; same 'raw: all, in order of arrival' "$T/got" "$T/in"
hi-cat --raw --metric news2 --derived "$S" >"$T/got"
same 'raw with a selection' "$T/got" <(cat "$T/scores1" "$T/scores2")

hi-cat --type reading,alert "$S" >"$T/got"
is 'alerts stand behind the readings of their time' "$(jq -sr '[., .[1:]] | transpose[] | select(.[0].type == "alert") | (.[0].timestamp < .[1].timestamp)' "$T/got" | sort -u)" true
is 'merged by time' "$(jq -r .timestamp "$T/got" | sort -c && echo sorted)" sorted
hi-cat --type alert --since 2025-12-28T06:00:00Z --patient P-006 "$S" >"$T/got"
is 'alerts selected' "$(cat "$T/got")" "$(sed -n 2p "$T/alerts")"
status 'a wrong type' 2 hi-cat --type readings "$S"

# --- hours
is 'hours, an operand a line' "$(hi-cat --hours "$S/")" "$S/@2025-12-28T05
$S/@2025-12-28T06
$S/@2025-12-28T07
$S/@2025-12-28T08"
hi-cat --hours "$S" | while read -r h; do hi-cat "$h"; done >"$T/got"
same 'the hours make the whole' "$T/got" "$T/all"
status 'hours of a file' 2 hi-cat --hours "$T/in"

# --- an empty answer
status 'an empty answer is one' 0 hi-cat --patient P-999 "$S"
has 'and says what there is' "$(cat "$T/.err")" '2025-12-28T05:10:00Z to 2025-12-28T08:09:30Z'

# --- files, formats, --set
gzip -k "$T/gen"; zstd -q "$T/gen"
for f in gen gen.gz gen.zst; do is "$f: byte for byte" "$(hi-cat "$T/$f" | md5sum)" "$(md5sum <"$T/gen")"; done
is 'files, selected' "$(hi-cat --patient P-002 --metric spo2 "$T/gen.gz" | md5sum)" \
	"$(chosen '.patient_id == "P-002" and .metric_name == "spo2"' <"$T/gen" | md5sum)"
status '--raw of a file is refused' 2 hi-cat --raw "$T/gen"
status '--raw and --last N' 2 hi-cat --raw --last 5 "$S"
is '--last of a file' "$(hi-cat --last 5 "$T/gen" | ordered | md5sum)" "$(hi-cat --last 5 "$S" | md5sum)"
is 'csv, narrow' "$(hi-cat --format csv --last 1 --patient P-001 --metric hr "$S" | cut -d, -f1-4)" \
	"patient_id,timestamp,metric_name,value
$(jq -r 'select(.patient_id == "P-001" and .metric_name == "heart_rate") | [.patient_id, (.timestamp | sub("T"; " ") | sub("Z"; ".000")), .metric_name, (.value|tostring)] | join(",")' "$T/all" | tail -1)"
is 'a table' "$(hi-cat --format table --last 1 --patient P-001 --metric hr,spo2 "$S" | awk '{print $2, $3}')" 'patient metric
P-001 heart_rate
P-001 spo2'
is 'set' "$(hi-cat --set ward=W7 --set 'note=a "b"' --last 1 --patient P-001 --metric hr "$S" | jq -c '[.ward, .note]')" '["W7","a \"b\""]'
is 'set in place of one that is there' "$(echo '{"patient_id":"P","metric_name":"spo2","value":97,"timestamp":"2025-12-28T06:00:00Z","ward":"W1"}' | hi-cat --set ward=W2)" \
	'{"patient_id":"P","metric_name":"spo2","value":97,"timestamp":"2025-12-28T06:00:00Z","ward":"W2"}'
is 'set in place of one with an escape in its key' "$(echo '{"patient_id":"P","metric_name":"spo2","value":97,"timestamp":"2025-12-28T06:00:00Z","w\u0061rd":"W1"}' | hi-cat --set ward=W2 | grep -o '"w[^,]*"' )" '"ward":"W2"'
status 'set of a key of the reading' 2 hi-cat --set value=3 "$S"

# --- pace: 2 s of event time at 10x are 0.2 s
t0=$(date +%s%N)
hi-cat --pace 10x --patient P-001 --metric hr --since 2025-12-28T06:00:00Z --until 2025-12-28T06:00:31Z "$S" >"$T/got" &
pid=$!; sleep 0.3; kill $pid; wait $pid 2>/dev/null
is 'pace: the second one is not due yet' "$(wc -l <"$T/got")" 1
t0=$(date +%s%N)
is 'pace: all come' "$(hi-cat --pace 100x --patient P-001 --metric hr --since 2025-12-28T06:00:00Z --until 2025-12-28T06:00:31Z "$S" | wc -l)" 2
ms=$((($(date +%s%N) - t0) / 1000000))
ok "pace: 30 s at 100x take 0.3 s ($ms ms)" test $ms -ge 290
status 'a wrong pace' 2 hi-cat --pace fast "$S"

# --- follow: what is there, then each commit soon, then an end by SIGTERM
F=$T/follow
head -100 "$T/gen" | hi-store -q "$F"
hi-cat --follow --type reading,alert "$F" >"$T/followed" & pid=$!
mkfifo "$T/pipe"; hi-store -q "$F" <"$T/pipe" & store=$!
exec 9>"$T/pipe"
until_lines() { for _ in $(seq 100); do [ "$(wc -l <"$T/followed")" -ge "$1" ] && return 0; sleep 0.02; done; return 1; }
ok 'follow: what is there' until_lines 100
sed -n 101,200p "$T/gen" >&9
ok 'follow: a commit' until_lines 200
head -1 "$T/alerts" >&9
ok 'follow: an alert' until_lines 201
sed -n 201,250p "$T/gen" >&9
ok 'follow: once more, from the middle of a segment' until_lines 251
exec 9>&-; wait $store
kill $pid; wait $pid; s=$?
is 'follow: ended by SIGTERM with 0' $s 0
is 'follow: everything once' "$(grep -v alert "$T/followed" | sort | md5sum)" "$(head -250 "$T/gen" | sort | md5sum)"
hi-cat --follow --raw "$F" >"$T/followed" & pid=$!
sleep 0.1; sed -n 251,300p "$T/gen" | hi-store -q "$F"
ok 'follow, raw' until_lines 300
kill $pid; wait $pid
is 'follow, raw: in order' "$(md5sum <"$T/followed")" "$(head -300 "$T/gen" | md5sum)"

# A reject is a row of a table and none of CSV; as a line of JSON it would break both.
printf '%s\n' oops "$(head -1 "$T/gen")" >"$T/bad"
hi-cat --format csv "$T/bad" >"$T/got" 2>"$T/err"
is 'CSV of a file with a bad line' "$? $(cut -d, -f1 "$T/got" | tr '\n' ' ')" '3 patient_id P-001 '
has 'the bad line is told' "$(cat "$T/err")" 'bad:1:1: not a JSON object'
hi-cat --format table "$T/bad" >"$T/got" 2>/dev/null
has 'a table of it' "$(sed -n 2p "$T/got")" '^ +reject not a JSON object$'
is 'NDJSON of it' "$(hi-cat "$T/bad" 2>/dev/null | jq -r '.type // "reading"' | tr '\n' ' ')" 'reject reading '
printf '%s\n' '{"type":"alert","alert_id":"x","patient_id":"P-1","metric_name":"spo2","alert_type":"HYPOXIA","status":"CLEARED","observed_value":88,"unit":"%","timestamp":"2025-12-28T05:00:00Z","ended":"2025-12-28T06:00:00Z"}' \
	"$(head -1 "$T/gen")" >"$T/two"
is 'a table: an ended alert at its end, no row with blanks behind it' "$(hi-cat --format table "$T/two")" \
'time                  patient  metric      value  unit  record
2025-12-28T06:00:00Z  P-1      spo2           88  %     alert HYPOXIA CLEARED
2025-12-28T05:10:00Z  P-001    heart_rate     62  bpm'
