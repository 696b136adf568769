#!/bin/bash
# What the bridge tells monitors, against a mock cluster: counts, lag, commit age, latency,
# as it runs, while the store is held, and at the end.
. "$(dirname "$0")/../lib.sh"
for p in "$BUILD/bin/hi-kafka-bridge" "$BUILD/tests/mock_cluster"; do
	[ -x "$p" ] || { skip 'metrics of the bridge' 'built without librdkafka'; exit 0; }
done
command -v kcat >/dev/null || { skip 'metrics of the bridge' 'no kcat (scripts/packages install test)'; exit 0; }

mkfifo "$T/commands"
"$BUILD/tests/mock_cluster" 1 <"$T/commands" >"$T/mock" &
mock=$!
exec 4>"$T/commands"
until_() { local end=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done; }
until_ 20 test -s "$T/mock"
B=$(head -n 1 "$T/mock")
echo 'topic vitals 2 1' >&4
send() { kcat -P -b "$B" -t vitals -p "$1" "${@:2}" 2>/dev/null; }
# Samples of the file, or of one that begin so; the value of one.
samples() { python3 "$ROOT/tests/tool/exposition.py" "$T/m" 2>&1 | sed -e 's/tool=hi-kafka-bridge,//' -e 's/,*tool=hi-kafka-bridge//' | grep -F "${1:-}"; }
value() { samples "$1" | sed 's/.* //'; }
above() { awk -v a="$(value "$1")" -v b="$2" 'BEGIN { exit !(a != "" && a > b) }'; }

hi-gen --count 1000 >"$T/in"
send 0 -k P-001 <"$T/in"
{ head -n 9 "$T/in"; echo bad; } | send 1
keys=$((1000 * 5)) bytes=$(($(wc -c <"$T/in") - 1000))

# Once, without a store.
hi-kafka-bridge consume -b "$B" -t vitals --from earliest --until-end --metrics "$T/m" >"$T/out" 2>"$T/err"
is 'a reject: status' $? 3
is 'messages' "$(samples hi_kafka_consumed_messages)" 'hi_kafka_consumed_messages_total{partition=0,topic=vitals} 1000
hi_kafka_consumed_messages_total{partition=1,topic=vitals} 10'
is 'bytes' "$(value 'hi_kafka_consumed_bytes_total{partition=0')" $((keys + bytes))
is 'offsets' "$(samples hi_kafka_consumed_offset)" 'hi_kafka_consumed_offset{partition=0,topic=vitals} 1000
hi_kafka_consumed_offset{partition=1,topic=vitals} 10'
is 'lag' "$(samples hi_kafka_lag)" 'hi_kafka_lag_messages{partition=0,topic=vitals} 0
hi_kafka_lag_messages{partition=1,topic=vitals} 0'
is 'records' "$(value hi_records_total)" 1010
is 'rejects' "$(value hi_rejects_total)" 1
is 'latency: all' "$(value hi_kafka_latency_seconds_count)" 1010
is 'latency: all are within +Inf' "$(value 'hi_kafka_latency_seconds_bucket{le=+Inf}')" 1010
ok 'latency: some' above hi_kafka_latency_seconds_sum 0
is 'no store: no age' "$(samples hi_commit_age)" ''

# Live, with a store that can be held. /proc tells when it is.
run() {
	hi-kafka-bridge consume -b "$B" -t vitals --resume "$T/ward" --metrics "$T/m" 2>>"$T/err" 4>&- |
		hi-store "$T/ward" >"$T/marks" 2>>"$T/err" 4>&- &
	store=$! # the last of the pipe
	bridge=$(until_ 20 pgrep -P $$ -f 'hi-kafka-bridge consume' >/dev/null && pgrep -P $$ -f 'hi-kafka-bridge consume')
}
rm "$T/m"
run
read_all() { [ "$(value 'hi_kafka_consumed_offset{partition=0')" = 1000 ]; }
stored_all() { read_all && [ "$(value hi_commit_age_seconds)" = 0 ]; }
ok 'live: read' until_ 60 read_all
ok 'live: the store has all' until_ 60 stored_all

kill -STOP "$store"
# More than the pipe, and what is read ahead, can hold.
for _ in 1 2 3 4 5; do cat "$T/in"; done | send 1
ok 'held: the age grows' until_ 90 above hi_commit_age_seconds 5
ok 'held: the lag is that of now' until_ 60 above 'hi_kafka_lag_messages{partition=1' 1000
kill -CONT "$store"
no_lag() { [ "$(value 'hi_kafka_lag_messages{partition=1')" = 0 ] && [ "$(value hi_commit_age_seconds)" = 0 ]; }
ok 'let go: no lag, and no age' until_ 60 no_lag
is 'all of it' "$(value 'hi_kafka_consumed_messages_total{partition=1')" 5010
kill "$bridge"
wait "$store"
is 'its end: status' $? 0
ok 'the last file is whole' test "$(value hi_records_total)" = 6010

# Into a topic: as it runs, while the broker is away, and at the end.
echo 'topic out 1 1' >&4
rm "$T/m"
{ cat "$T/in"; sleep 0.5; until [ -e "$T/go" ]; do sleep 0.1; done; cat "$T/in"; } |
	hi-kafka-bridge produce -b "$B" -t out --wait 60s --metrics "$T/m" >"$T/out" 2>"$T/err" 4>&- &
produce=$!
acked() { [ "$(value hi_kafka_produced_messages_total)" = "$1" ]; }
ok 'produce: acknowledged' until_ 30 acked 1000
is 'produce: bytes' "$(value hi_kafka_produced_bytes_total)" "$bytes"
is 'produce: nothing on its way' "$(value hi_kafka_unacknowledged_messages)" 0
echo 'down -1' >&4
touch "$T/go"
ok 'produce, no broker: what is on its way' until_ 30 above hi_kafka_unacknowledged_messages 999
echo 'up -1' >&4
wait "$produce"
is 'produce: its end' $? 0
ok 'produce: all' acked 2000
is 'produce: none refused, none on its way' \
	"$(value hi_kafka_refused_messages_total) $(value hi_kafka_unacknowledged_messages)" '0 0'
exec 4>&-
wait "$mock"
