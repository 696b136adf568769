#!/bin/bash
# hi-kafka-bridge produce and a real broker: lines arrive byte for byte, under their
# patient's key, where Java's and Python's producers would have put them; what does not
# arrive is told and kept; marks pass when what stands before them is the broker's.
. "$(dirname "$0")/broker.bash"
broker_need "produce to a real broker"
broker_start
cd "$T"
all() { kcat -C -q -b "$B" -e -t "$1" -f "${2:-%s\n}"; }

# --- there and back ------------------------------------------------------------------

hi-gen --patients 40 --count 5000 >gen.ndjson
for z in none gzip snappy lz4 zstd; do
	client topic "z-$z" 1
	status "produce --compression $z" 0 bridge produce -t "z-$z" --compression "$z" gen.ndjson
	ok "there and back, $z" cmp -s gen.ndjson <(bridge consume -q -t "z-$z" --from earliest --until-end)
	is "nothing on standard output" "$(head -c 200 "$T/.out")" ""
done
ok "another client reads the same" cmp -s gen.ndjson <(all z-lz4)

client topic keys 7
bridge produce -q -t keys gen.ndjson
is "the key is the patient" "$(all keys '%k %s\n' | sed -E 's/^(\S+) \{"patient_id":"([^"]*)".*/\1 \2/' |
	awk '$1 != $2' | head -n 3)" ""
is "in the partition that Java's and Python's producers choose" "$(all keys '%k %p\n' | sort -u)" "$(client where keys <gen.ndjson)"
is "a patient's order is kept" "$(all keys '%k %s\n' | grep '^P-007 ' | cut -d' ' -f2-)" "$(grep '"P-007"' gen.ndjson)"
client topic odd 1
printf '%s\n' '{"patient_id": "P-\u00fc \"x\"", "metric_name": "heart_rate", "value": 1.50, "timestamp": "2025-12-28 06:30:00"}' >odd.ndjson
bridge produce -q -t odd odd.ndjson
is "a key with escapes is the name itself" "$(all odd %k)" 'P-ü "x"'
is "and the line is not touched" "$(all odd)" "$(cat odd.ndjson)"

# --- alerts ------------------------------------------------------------------------------

client topic vitals 2
client topic alarms 2
hi-detect -q gen.ndjson >judged.ndjson
ok "there are alarms in it" grep -q '"type":"alert"' judged.ndjson
bridge produce -q -t vitals --alerts-topic alarms judged.ndjson
is "readings in their topic" "$(all vitals | sort)" "$(sort gen.ndjson)"
is "alerts in theirs" "$(all alarms | sort)" "$(grep '"type":"alert"' judged.ndjson | sort)"
client topic together 1
bridge produce -q -t together judged.ndjson
ok "without it in one" cmp -s judged.ndjson <(all together)
printf '%s\n' '{"type":"act","act_id":"a","alert_id":"b","act":"acknowledged","by":"x","at":"2025-12-28T06:30:00Z"}' >act.ndjson
client topic none 1
status "a type that it has no place for" 0 bridge produce -t none act.ndjson
has "is counted" "$(cat "$T/.err")" '1.*act|act.*1'
is "and not sent" "$(all none)" ""

# --- in a pipe: --pass and marks ---------------------------------------------------------------

client topic pass 1
bridge produce -q -t pass --pass judged.ndjson >passed
ok "--pass passes on every line" cmp -s judged.ndjson passed
client topic marked 2
hi-gen --patients 40 --count 5000 --mark 500 >marked.ndjson
bridge produce -q -t marked marked.ndjson >out.ndjson
is "marks come out, and they alone" "$(jq -c '[.type, .positions]' out.ndjson)" \
	"$(jq -c 'select(.type=="mark") | [.type, .positions]' marked.ndjson)"
is "no mark is sent" "$(all marked | grep -c '"type":"mark"')" 0
is "their n is that of this pipe" "$(jq -r .n out.ndjson | sort -u | xargs)" 0
bridge produce -q -t marked --pass marked.ndjson | hi-store -q w >/dev/null
is "with --pass a store can stand behind it" "$(hi-cat --raw --format ndjson w | wc -l)" 5000

# --- what the broker does not take --------------------------------------------------------------

client topic small 1 max.message.bytes=1000
big='{"patient_id":"P-001","metric_name":"heart_rate","value":1,"timestamp":"2025-12-28T06:30:00Z","note":"'$(printf '%01500d' 0 | sha256sum | cut -c1-64)'"}'
big=${big%\"\}}$(head -c 4000 /dev/urandom | base64 -w0)'"}'
{ head -n 5 gen.ndjson; echo "$big"; sed -n 6,10p gen.ndjson; } >with-big
status "a line that the broker finds too large: 5" 5 bridge produce -t small --undelivered left --compression none with-big
has "says so" "$(cat "$T/.err")" 'too (large|big)'
ok "and not what it was" test "$(grep -c 'P-0\|heart_rate' "$T/.err")" = 0
is "it is kept" "$(cat left)" "$big"
is "the others are there" "$(all small)" "$(head -n 10 gen.ndjson)"
client topic small2 1 max.message.bytes=1000
status "without --undelivered it ends there: 5" 5 bridge produce -t small2 --compression none with-big
status "a topic that is not there" 5 bridge produce -t nowhere --wait 1s gen.ndjson
has "says which" "$(cat "$T/.err")" 'nowhere'

# Lines of our own limit (1 MiB) go where the topic takes them.
client topic large 1 max.message.bytes=4000000
{ printf '{"patient_id":"P-001","metric_name":"heart_rate","value":1,"timestamp":"2025-12-28T06:30:00Z","note":"'
	head -c 700000 /dev/urandom | base64 -w0 | head -c 1040000; printf '"}\n'; } >large
status "a line of a mebibyte" 0 bridge produce -t large large
ok "there and back" cmp -s large <(bridge consume -q -t large --from earliest --until-end)

# --- from one cluster's topic to another topic, and into a store, at once --------------------------

client topic copy 2
bridge consume -q -t vitals --resume c --until-end | hi-kafka-bridge produce -q -b "$B" -t copy --pass | hi-store -q c >/dev/null
is "sinks in series: the topic" "$(all copy | sort)" "$(sort gen.ndjson)"
is "sinks in series: the store" "$(hi-cat --raw --format ndjson c | wc -l)" 5000
bridge consume -q -t vitals --resume c --until-end | hi-kafka-bridge produce -q -b "$B" -t copy --pass | hi-store -q c >/dev/null
is "and nothing twice" "$(all copy | wc -l) $(hi-cat --raw --format ndjson c | wc -l)" "5000 5000"
