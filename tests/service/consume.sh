#!/bin/bash
# hi-kafka-bridge consume and a real broker: messages as they are, whoever wrote them and
# however they are packed; what is added, what becomes a reject; holes between offsets.
. "$(dirname "$0")/broker.bash"
broker_need "consume from a real broker"
broker_start
cd "$T"
all() { bridge consume -q --from earliest --until-end "$@"; } # what is there now

# --- byte for byte ---------------------------------------------------------------

client topic plain 1
cat >plain <<'END'
{"patient_id":"P-001","metric_name":"heart_rate","value":72.5,"unit":"bpm","timestamp":"2025-12-28T06:30:00Z"}
{"patient_id": "P-001", "metric_name": "heart_rate", "value": 72.5, "unit": "bpm", "timestamp": "2025-12-28 06:30:01"}
{ "timestamp" : "2025-12-28T06:30:02.250+01:00" ,"value":7.25e1,"metric_name":"heart_rate","patient_id":"P-\u00fc\u00df","note":"a \"b\" \\ ü"}
{"patient_id":"P-002","metric_name":"spo2","value":null,"absent":"off","timestamp":"2025-12-28T06:30:03Z","nested":{"a":[1,2.50,{"b":null}]}}
{"type":"patient","patient_id":"P-002","version":1,"name":"N","at":"2025-12-28T06:30:03Z","by":"x"}
{"type":"of somebody else","what":1}
END
kcat -P -b "$B" -t plain -p 0 plain -l
is "messages are lines, byte for byte" "$(all -t plain)" "$(cat plain)"
is "no mark unless it is asked for" "$(all -t plain | grep -c '"type":"mark"')" 0
is "marks, with the partition's position" \
	"$(all -t plain --mark 10s | jq -r 'select(.type=="mark") | .positions | to_entries[] | "\(.key) \(.value)"' |
		sed -E 's/kafka:[^ /]+/kafka:ID/; s/:[0-9a-f]{8}$/:CRC/' | xargs)" \
	"kafka:ID/plain/0 0 kafka:ID/plain/0 6:CRC"

# --- however they are packed -----------------------------------------------------

readings 0 1999 >many
for z in none gzip snappy lz4 zstd; do
	client topic "c-$z" 1
	client topic "python-$z" 1
	kcat -P -b "$B" -t "c-$z" -z "$z" <many
	if [ $z = none ]; then client send "python-$z" <many; else client send "python-$z" compression_type=$z <many; fi
	ok "compression $z, of librdkafka" cmp -s many <(all -t "c-$z")
	ok "compression $z, of Python" cmp -s many <(all -t "python-$z")
done

# --- the replaced system's producers ----------------------------------------------

# Local time without a zone. What the clock shows twice in autumn is read as the first;
# in spring it jumps, and what it never shows is refused.
client topic seed 1
sent=0
for begin in 2025-10-25T23:59:00Z 2025-10-26T00:59:00Z 2025-10-26T01:59:00Z 2026-03-29T00:59:00Z; do
	n=$(TZ=Europe/Berlin "$PYTHON" -B "$ROOT/scripts/seed-producer.py" "$B" seed --dump part \
		--from "$(date -u -d "$begin" +%s)" --seconds 120)
	sent=$((sent + n))
	cat part
done >dumped
cut -d' ' -f2- dumped >sent
is "the clock shows an hour twice" "$(grep -c '2025-10-26 02:' sent | awk '{ print ($1 > 5000) }')" 1
all -t seed >untouched 2>/dev/null
ok "as the replaced system's producers write it" cmp -s sent untouched
all -t seed --tz Europe/Berlin >zoned
is "with the zone: one line a message" "$(wc -l <zoned)" "$sent"
# blank FILE: without what the zone changes.
blank() { sed -E 's/"timestamp": "[^"]*"/"timestamp": ""/' "$1"; }
ok "with the zone: the rest byte for byte" cmp -s <(blank sent) <(blank zoned)
is "with the zone: the moment that was meant" "$(paste -d' ' <(cut -d' ' -f1 dumped) zoned | python3 -c '
import datetime, json, sys
wrong = 0
for line in sys.stdin:
	meant, _, message = line.partition(" ")
	text = json.loads(message)["timestamp"].replace("Z", "+00:00")
	read = datetime.datetime.fromisoformat(text).timestamp()
	# The repeated hour: 01:00 to 02:00 UTC is read as the hour before.
	again = 1761440400 <= int(meant) < 1761444000
	wrong += read != int(meant) - (3600 if again else 0)
print(wrong)')" 0
all -t seed --tz Europe/Berlin | hi-store -q dst >/dev/null
is "and so in the store" "$(hi-cat --raw --format ndjson dst | jq -r .timestamp | sort | uniq -c)" \
	"$(jq -r .timestamp zoned | TZ=UTC date -f - +%FT%TZ | sort | uniq -c)"
client topic spring 1
kcat -P -b "$B" -t spring <<<'{"patient_id": "P-001", "metric_name": "heart_rate", "value": 72.5, "unit": "bpm", "timestamp": "2026-03-29 02:30:00"}'
status "an hour that the clock never shows: status 3" 3 all -t spring --tz Europe/Berlin
is "it is a reject" "$(jq -r '.type, .source' "$T/.out" | xargs)" "reject spring/0/0"

# --- what is added ----------------------------------------------------------------

client topic added 2
line='{"patient_id":"P-001","metric_name":"heart_rate","value":72.5,"timestamp":"2025-12-28T06:30:00Z"}'
kcat -P -b "$B" -t added -p 1 <<<"${line/72.5/1}" # so that its offset is not 0
kcat -P -b "$B" -t added -p 1 -K '|' -H device=gw3 -H 'odd name=ü"\' <<<"Bett 7|$line"
printf 'k\377|%s\n' "$line" | kcat -P -b "$B" -t added -p 1 -K '|'
second() { all -t added "$@" | sed -n 2p; }
is "nothing is added unless it is asked for" "$(second)" "$line"
is "--keys" "$(second --keys | jq -c '.kafka_key')" '"Bett 7"'
is "--keys: one that is no UTF-8" "$(all -t added --keys | sed -n 3p | jq -r '.kafka_key_base64')" "$(printf 'k\377' | base64)"
is "--keys: none" "$(all -t added --keys | sed -n 1p | jq -c '[.kafka_key, .kafka_key_base64]')" '[null,null]'
is "--headers" "$(second --headers | jq -c '.kafka_headers')" '{"device":"gw3","odd name":"ü\"\\"}'
is "--meta" "$(second --meta | jq -c '[.kafka_topic, .kafka_partition, .kafka_offset]')" '["added",1,1]'
has "--meta: the message's own time" "$(second --meta | jq -r '.kafka_timestamp')" '^20[0-9-]+T[0-9:.]+Z$|^[0-9]+$'
is "all together, and the record stays" "$(second --keys --headers --meta |
	jq -c 'with_entries(select(.key | startswith("kafka_") | not))')" "$(jq -c . <<<"$line")"
is "the store keeps them" "$(all -t added --keys --meta | hi-store -q kept && hi-cat --raw --format ndjson kept |
	jq -c 'select(.kafka_key) | [.kafka_key, .kafka_partition, .kafka_offset]')" '["Bett 7",1,1]'

# --- what is none ------------------------------------------------------------------

# One message each, as files: some have line ends, some none, one has no value.
client topic odd 1
mkdir odd
printf '%s\r\n' "$line" >odd/0
printf '%s\n' "$line" >odd/1
jq . <<<"$line" >odd/2
printf '{"patient_id":"P-001"}' >odd/3
printf '{"type":"mark","run":"x","seq":1,"n":0,"time":"2025-12-28T06:30:00Z","positions":{}}' >odd/4
printf '{"type":"reject","tool":"x","source":"x","line":1,"reason":"x","text":"x"}' >odd/5
printf 'no json' >odd/6
printf '%s\n%s\n' "$line" "$line" >odd/7
printf 'a\377b' >odd/8
: >odd/9
printf '%s' "$line" >odd/end
for i in 0 1 2 3 4 5 6 7 8; do kcat -P -b "$B" -t odd -p 0 "odd/$i"; done
kcat -P -b "$B" -t odd -p 0 -Z -K '|' <<<'P-001|' # a tombstone
kcat -P -b "$B" -t odd -p 0 odd/end
status "messages that are none: status 3" 3 all -t odd
is "what is one is given, its line end cut off, its lines joined" \
	"$(grep -v '"type":"reject"' "$T/.out" | jq -c .)" "$(for _ in 1 2 3 4; do jq -c . <<<"$line"; done)"
is "a message of one line is not touched" "$(grep -cxF -- "$line" "$T/.out")" 4
is "the others are rejects, with their place" "$(jq -r 'select(.type=="reject").source' "$T/.out" | xargs)" \
	"$(printf 'odd/0/%d ' 3 4 5 6 7 8 9 | xargs)"
is "and what they said" "$(jq -r 'select(.source=="odd/0/6").text' "$T/.out")" "no json"
is "also where it is no UTF-8" "$(jq -r 'select(.source=="odd/0/8").text_base64' "$T/.out")" "$(printf 'a\377b' | base64)"
is "a forged mark is none" "$(jq -r 'select(.type=="mark")' "$T/.out")" ""
has "said on standard error" "$(cat "$T/.err")" 'odd/0/6'
ok "no payload on standard error" test "$(grep -c 'no json\|P-001' "$T/.err")" = 0

# --- holes between offsets -----------------------------------------------------------

into() { bridge consume -q "${@:2}" --resume "$1" --until-end | hi-detect -q | hi-store -q "$1" >/dev/null; }
seqs() { hi-cat --raw --format ndjson --type reading "$1" | jq '.seq' | sort -n | tr '\n' ' '; }

client topic holes 1
{
	readings 1 3
	echo commit
	readings 4 6
	echo abort
	readings 7 8
	echo commit
} | client transactions holes
into holes -t holes
is "aborted messages are not there" "$(seqs holes)" "1 2 3 7 8 "
is "offsets have holes" "$(client ends holes)" "0 0 11"
into holes -t holes
is "and again: nothing twice" "$(seqs holes)" "1 2 3 7 8 "
{ readings 9 9; echo abort; readings 10 10; } | client transactions holes
into holes -t holes
is "a position behind a hole" "$(seqs holes)" "1 2 3 7 8 10 "

# A transaction that is still open: what is in it is not there yet, and nothing waits for it.
client topic open 1
mkfifo pipe
client transactions open <pipe &
exec 7>pipe
{ readings 1 3; echo commit; readings 4 6; } >&7
sent() { [ "$(kcat -C -q -b "$B" -t open -e -X isolation.level=read_uncommitted | wc -l)" = 6 ]; }
ok "a transaction that is open" wait_for 20 sent
into open -t open
is "is not waited for" "$(seqs open)" "1 2 3 "
echo commit >&7
exec 7>&-
wait
into open -t open
is "is there when it is committed" "$(seqs open)" "1 2 3 4 5 6 "
has "--tick: at the end a mark has the time" "$(bridge consume -q -t open --resume open --until-end --tick | tail -n 1)" '"time":"20[0-9-]+T[0-9:.]+Z"'

client topic compact 1 cleanup.policy=compact segment.ms=200 min.cleanable.dirty.ratio=0.01
readings 1 5 | client send compact
into before -t compact
is "before compaction" "$(seqs before)" "1 2 3 4 5 "
for i in 20 40 60; do # the same five patients again and again, so that only the last stay
	sleep 0.25
	readings $((i + 1)) $((i + 5)) | client send compact
done
sleep 0.25
readings 70 70 | client send compact # the first of a new segment, so that those before may go
client settle compact 0 6
into compacted -t compact
is "what compaction has left" "$(seqs compacted)" "61 62 63 64 65 70 "
into before -t compact
is "who was there before goes on, though its message is gone" "$(seqs before)" "1 2 3 4 5 61 62 63 64 65 70 "

# --- several topics and partitions ------------------------------------------------------

client topic one 2
client topic two 3
readings 0 999 | client send one
readings 1000 1999 | client send two
bridge consume -q -t one,two --resume both --until-end >both.ndjson
hi-detect -q <both.ndjson | hi-store -q both >/dev/null
is "two topics: every message once" "$(seqs both)" "$(seq 0 1999 | tr '\n' ' ')"
is "one mark names all partitions" "$(tail -n 1 both.ndjson | jq -r '.positions | keys[]' | sed 's/kafka:[^/]*/kafka/' | xargs)" \
	"kafka/one/0 kafka/one/1 kafka/two/0 kafka/two/1 kafka/two/2"
is "a partition's order is kept" "$(all -t one,two --meta | jq -r '[.kafka_topic, .kafka_partition, .kafka_offset] | @tsv' |
	sort -s -k1,1 -k2,2n | sort -c -k1,1 -k2,2n -k3,3n 2>&1)" ""
is "--partitions" "$(all -t two --partitions 0,2 --meta | jq .kafka_partition | sort -u | xargs)" "0 2"
is "the rest of them" "$(($(all -t two --partitions 0,2 | wc -l) + $(all -t two --partitions 1 | wc -l)))" 1000

# --- from where, where nothing is stored ----------------------------------------------------

middle=$(kcat -C -b "$B" -t one -p 0 -o 100 -c 1 -f '%T')
is "--from TIME: the first message of that time" \
	"$(bridge consume -q -t one --partitions 0 --until-end --meta --from "$(date -u -d "@${middle%???}.${middle: -3}" +%FT%T.%3NZ)" |
		head -n 1 | jq '.kafka_offset <= 100')" true
is "--from latest: nothing that was there" "$(bridge consume -q -t one --from latest --until-end | wc -l)" 0
